"""Identifiers, and the keys by which two of them are one child: key A and key B of the study method, section 3."""

from collections.abc import Collection

import pyarrow as pa

from careloom.core import Ledger
from careloom.engine import Engine, count, text, value
from careloom.link.impossible import make_apart
from careloom.link.unite import MOST, Link, components, unite

KEYS = {"la_child_id": "la, child_id", "upn": "upn"}
"""By rule: what two identifiers share. The authority's own number first: a UPN is somebody else's number copied down."""
RULES_OF = {
    "within_authority": ("la_child_id",),
    "pupil_number": ("upn",),
    "both": ("la_child_id", "upn"),
    "probabilistic": ("la_child_id", "upn"),
}
"""By link mode: the rules that join identifiers by key."""
LINK_MODES = tuple(RULES_OF)
NO_PUPIL_NUMBER = """
    upn LIKE 'UN%' OR (length(upn) >= 6 AND replace(substr(upn, 2), substr(upn, 2, 1), '') = '')"""
"""A code that stands for a missing number (UN1 to UN9), or a filler: after the first letter one and the same sign."""


def make_identifiers(engine: Engine, extracts: Collection[str], ledger: Ledger) -> None:
    """Make `identifier`; a UPN that is a filler, or that more identifiers carry than one child can have, is blank there."""
    engine.make("identifier_told", identifier_select(extracts))
    engine.make(
        "upn_carried",
        f"""
        SELECT upn, count(*) AS identifiers, CASE WHEN {NO_PUPIL_NUMBER} THEN TRUE ELSE FALSE END AS is_filler
        FROM identifier_told WHERE upn IS NOT NULL GROUP BY upn""",
    )
    engine.make(
        "identifier",
        f"""
        SELECT t.identifier_no, t.la, t.return_name, t.child_id, t.is_extract, k.upn AS upn, t.born_on, t.is_expected_birth, t.sex
        FROM identifier_told AS t
        LEFT JOIN (SELECT upn FROM upn_carried WHERE NOT is_filler AND identifiers <= {MOST}) AS k ON k.upn = t.upn""",
    )
    told, fillers, kept = (
        int(value(engine, f"SELECT coalesce(sum(identifiers), 0) AS n FROM upn_carried WHERE {which}"))
        for which in ("TRUE", "is_filler", f"NOT is_filler AND identifiers <= {MOST}")
    )
    aside = {"stands for no pupil number": fillers, f"carried by more than {MOST} identifiers": told - fillers - kept}
    ledger.note("take pupil numbers as keys", "pupil number told", "pupil number used", told, kept, aside)


def is_extract(return_name: str, extracts: Collection[str]) -> str:
    """SQL that is 1 where the column names one of `extracts`, by which to put them after the others, or before."""
    names = ", ".join(text(name) for name in ("", *sorted(extracts)))
    return f"CASE WHEN {return_name} IN ({names}) THEN 1 ELSE 0 END"


def identifier_select(extracts: Collection[str]) -> str:
    """One row an identifier: (authority, return, child id), with what its latest record says of the child."""
    return f"""
        SELECT row_number() OVER (ORDER BY {is_extract("return_name", extracts)}, la, return_name, child_id) - 1 AS identifier_no,
               la, return_name, child_id, {is_extract("return_name", extracts)} = 1 AS is_extract, upn, born_on, is_expected_birth, sex
        FROM (SELECT record.*, row_number() OVER (PARTITION BY la, return_name, child_id
                                                  ORDER BY coalesce(collection_year, 0) DESC, delivery_id DESC, line DESC) AS newest
              FROM record) AS told
        WHERE newest = 1"""


def link_by_keys(engine: Engine, identifiers: str, mode: str, ledger: Ledger, whose: str) -> tuple[str, str]:
    """Link the identifiers of a SELECT by the keys of `mode`; return the tables of the links that hold, and of those broken.

    Links hold (link_rule, first_no, second_no) unless they would make an impossible child: then they are broken, weakest
    first, and listed with the reason (link_rule, first_no, second_no, why). `whose` tells one such pair of tables from another.
    """
    shared, held, broken = (f"{whose}_{what}" for what in ("shared", "link", "broken"))
    parts = [shared_select(identifiers, rule) for rule in RULES_OF[mode]]
    engine.make(shared, " UNION ALL ".join(parts))
    size = int(value(engine, "SELECT coalesce(max(identifier_no) + 1, 0) AS n FROM identifier"))
    firsts = components(size, engine.arrow(f"SELECT first_no, second_no FROM {shared}"))
    numbers = pa.array(range(size), pa.int64())
    engine.load(f"{whose}_component", pa.table({"identifier_no": numbers, "person_no": pa.array(firsts, pa.int64())}))
    make_apart(engine, f"{whose}_component")
    engine.make(f"{whose}_suspect", suspect_select(f"{whose}_component"))
    united = unite(suspect_links(engine, f"{whose}_suspect", mode), apart_of(engine))
    engine.load(f"{whose}_mended", links_table(united.held))
    kept = f"""
        SELECT l.link_rule, l.first_no, l.second_no FROM {shared} AS l JOIN {whose}_component AS c ON c.identifier_no = l.first_no
        LEFT JOIN {whose}_suspect AS s ON s.person_no = c.person_no WHERE s.person_no IS NULL"""
    engine.make(held, f"{kept} UNION ALL SELECT link_rule, first_no, second_no FROM {whose}_mended")
    engine.load(broken, links_table([link for link, _ in united.refused], [why for _, why in united.refused]))
    whys = dict(engine.rows(f"SELECT why, count(*) AS n FROM {broken} GROUP BY why ORDER BY why"))
    whole = count(engine, held) + sum(whys.values())
    ledger.note(
        f"link {whose} by key", f"keys shared by {whose}", f"links of {whose}", whole, count(engine, held), whys
    )
    return held, broken


def shared_select(identifiers: str, rule: str) -> str:
    """Pairs of identifiers that share a key, each to the first of its key."""
    key = KEYS[rule]
    return f"""
        SELECT '{rule}' AS link_rule, lowest AS first_no, identifier_no AS second_no
        FROM (SELECT identifier_no, min(identifier_no) OVER (PARTITION BY {key}) AS lowest
              FROM ({identifiers}) AS known WHERE {key.split(", ")[-1]} IS NOT NULL) AS keyed
        WHERE identifier_no <> lowest"""


def suspect_select(component_of: str) -> str:
    """The components that cannot stand as they are: two identifiers exclude each other, or there are too many."""
    return f"""
        SELECT DISTINCT c.person_no FROM apart AS a JOIN {component_of} AS c ON c.identifier_no = a.first_no
        UNION
        SELECT person_no FROM {component_of} GROUP BY person_no HAVING count(*) > {MOST}"""


def suspect_links(engine: Engine, suspect: str, mode: str) -> list[Link]:
    """Every pair of a suspect component that shares a key, strongest key first, then in the order of the identifiers."""
    component = suspect.replace("_suspect", "_component")
    within = f"""
        SELECT i.identifier_no, i.la, i.child_id, i.upn, c.person_no FROM identifier AS i
        JOIN {component} AS c ON c.identifier_no = i.identifier_no JOIN {suspect} AS s ON s.person_no = c.person_no"""
    links = []
    for rule in RULES_OF[mode]:
        on = " AND ".join(f"one.{column} = two.{column}" for column in KEYS[rule].split(", "))
        pairs = engine.rows(
            f"SELECT one.identifier_no AS first_no, two.identifier_no AS second_no FROM ({within}) AS one "
            f"JOIN ({within}) AS two ON {on} AND two.person_no = one.person_no WHERE one.identifier_no < two.identifier_no "
            "ORDER BY first_no, second_no"
        )
        links += [Link(first, second, rule) for first, second in pairs]
    return links


def apart_of(engine: Engine) -> dict[tuple[int, int], str]:
    return {(first, second): why for first, second, why in engine.rows("SELECT first_no, second_no, why FROM apart")}


def links_table(links: list[Link], whys: list[str] | None = None) -> pa.Table:
    """Links as a table (link_rule, first_no, second_no), with why where reasons are given."""
    columns = {
        "link_rule": pa.array([link.rule for link in links], pa.string()),
        "first_no": pa.array([link.first for link in links], pa.int64()),
        "second_no": pa.array([link.second for link in links], pa.int64()),
    }
    return pa.table({**columns, **({} if whys is None else {"why": pa.array(whys, pa.string())})})
