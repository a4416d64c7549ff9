"""`careloom findings --by child`: which children have most findings, and what was found of one; every look is written down.

Children are told by pseudonym, as their pages are. Whose a finding is was worked out by the run, once children were linked.
"""

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

from careloom.catalogue import Catalogue
from careloom.core import CareloomError, NotFoundError, RequestError
from careloom.engine import Engine, text
from careloom.govern import note_access
from careloom.study.agreements import check_in_force
from careloom.study.file import Study, read_study
from careloom.study.findings import INSIDE, check_purpose, named_rule
from careloom.study.kept_demand import Told, kept
from careloom.study.listings import Listing
from careloom.study.look import Asked, log_of, look

PAGE = 25
"""Children on a page."""
OF_CHILDREN = ("child", "findings", "rules", "tables", "years")
OF_ONE = ("rule", "what it says", "table", "year", "file no.", "file", "line")


@dataclass(frozen=True)
class Children:
    """A page of children with findings, those with most first: `rows` are as OF_CHILDREN heads them.

    `children` are there in all on `pages` pages, `unnamed` findings are of rows that name no child that could be linked.
    """

    rows: tuple[tuple[object, ...], ...]
    page: int
    pages: int
    children: int
    unnamed: int


@dataclass(frozen=True)
class OfChild:
    """What was found of one child: `rows` are as OF_ONE heads them."""

    person_id: str
    rows: tuple[tuple[object, ...], ...]


def name_findings(engine: Engine) -> None:
    """Make `finding_child`, the findings by pseudonym, from `finding_row` and `person_of`; nothing where no rule was run before."""
    if not engine.columns("finding_row"):
        return
    engine.make(
        "finding_child",
        """SELECT k.person_id, f.rule, f.table_name, f.delivery_id, f.line FROM finding_row AS f
        LEFT JOIN person_of AS k ON k.la = f.la AND k.return_name = f.return_name AND k.child_id = f.child_id""",
    )


def find_children(study_file: Path, catalogue: Catalogue, *, purpose: str, rule: str = "", page: int = 1) -> Children:
    """Say which children have most findings, of all rules or of one, having written down who looked at whom.

    A refused access is written down, too. Raises RequestError without a purpose, for no such rule or page, NotFoundError without
    results, and AuditError when the access cannot be written down: nothing is shown then.
    """
    study = read_study(study_file, catalogue)
    log, purpose = log_of(study_file, study), purpose.strip()
    about = {"study": study.name, "command": "findings", "by": "child", "purpose": purpose, "wrote": []}
    try:
        check_in_force(study.governed, dt.date.today())
        with kept(study, "finding_child") as engine:
            check_purpose(purpose)
            of_rule = named_rule(engine, rule, purpose).rule if rule else ""
            found = children_of(engine, of_rule, page)
    except CareloomError as fault:
        note_access(log, {**about, "outcome": "refused", "why": str(fault)})
        raise
    seen = [row[0] for row in found.rows]
    note_access(log, {**about, "rule": of_rule, "page": page, "outcome": "shown", "records": seen})
    return found


def children_of(engine: Engine, rule: str, page: int) -> Children:
    """One page of the children with findings, and how many there are."""
    of_rule = f"WHERE rule = {text(rule)}" if rule else ""
    ((children, unnamed),) = engine.rows(
        f"""SELECT count(DISTINCT person_id) AS children, count(CASE WHEN person_id IS NULL THEN 1 END) AS unnamed
        FROM finding_child {of_rule}"""
    )
    pages = max(1, -(-children // PAGE))
    if not 1 <= page <= pages:
        raise RequestError(f"there is no such page: there are {pages}")
    rows = engine.rows(
        f"""SELECT f.person_id, count(*) AS findings, count(DISTINCT f.rule) AS rules, count(DISTINCT f.table_name) AS tables,
            min(d.collection_year) AS first_year, max(d.collection_year) AS last_year
        FROM finding_child AS f LEFT JOIN delivery AS d ON d.delivery_id = f.delivery_id
        {f"{of_rule} AND" if rule else "WHERE"} f.person_id IS NOT NULL
        GROUP BY f.person_id ORDER BY findings DESC, rules DESC, f.person_id"""
    )
    rows = [(*row[:-2], said_years(*row[-2:])) for row in rows]
    return Children(tuple(rows[PAGE * (page - 1) : PAGE * page]), page, pages, int(children), int(unnamed))


def said_years(first: int | None, last: int | None) -> str:
    """The years of the files that findings are in; blank for extracts, which are of none."""
    return "" if first is None else str(first) if first == last else f"{first} to {last}"


def find_of_child(study_file: Path, catalogue: Catalogue, asked: Asked, *, rule: str = "") -> OfChild:
    """Say what was found of one child, who is named as for their page, having written the access down.

    Raises what `look_at_child` raises, RequestError for no such rule, and NotFoundError where an earlier Careloom made the results.
    """

    def gather(engine: Engine, study: Study, person_id: str) -> OfChild:
        if not engine.columns("finding_child"):
            raise NotFoundError(
                f"{study.out}: an earlier Careloom made these results; run the study again with careloom run"
            )
        if not engine.rows(f"SELECT 1 AS one FROM person WHERE person_id = {text(person_id)}"):
            raise NotFoundError("this study holds no child of that ID; IDs are those of person_id in study.duckdb")
        of_rule = named_rule(engine, rule, asked.purpose).rule if rule else ""
        return OfChild(person_id, tuple(engine.rows(select_of_child(person_id, of_rule))))

    return look(study_file, catalogue, asked, "findings", gather).found


def select_of_child(person_id: str, rule: str) -> str:
    of_rule = f"AND f.rule = {text(rule)}" if rule else ""
    return f"""SELECT f.rule, s.message, f.table_name, d.collection_year, f.delivery_id, d.file_name, f.line
        FROM finding_child AS f
        LEFT JOIN rule_state AS s ON s.rule = f.rule
        LEFT JOIN delivery AS d ON d.delivery_id = f.delivery_id
        WHERE f.person_id = {text(person_id)} {of_rule}
        ORDER BY d.collection_year, f.rule, f.delivery_id, f.line"""


def tell_children(found: Children) -> Told:
    """A page of children as the command tells it."""
    if not found.children:
        return Told((INSIDE, "Nothing was found of a child.", *unnamed(found)))
    counted = f"{found.children:,} children with findings; page {found.page} of {found.pages}."
    listing = Listing("Children by findings", OF_CHILDREN, found.rows)
    return Told((INSIDE, counted, listing, *unnamed(found)))


def unnamed(found: Children) -> tuple[str, ...]:
    return (f"{found.unnamed:,} findings are of rows that name no child who could be linked.",) if found.unnamed else ()


def tell_of_child(found: OfChild) -> Told:
    """What was found of one child, as the command tells it."""
    if not found.rows:
        return Told((INSIDE, "Nothing was found of this child."))
    return Told((INSIDE, Listing(f"Findings of {found.person_id}", OF_ONE, found.rows)))
