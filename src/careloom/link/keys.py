"""Identifiers, and the keys by which two of them are one child: key A and key B of the study method, section 3."""

from collections.abc import Collection

import pyarrow as pa

from careloom.core import Ledger
from careloom.engine import Engine, count, text, value
from careloom.link.impossible import make_apart
from careloom.link.unite import MOST, Link, components, unite

KEYS = {"la_child_id": ("identifier", "la, child_id"), "upn": ("identifier_upn", "upn")}
"""By rule: what two identifiers share, and the table that has it. The authority's own number first: a UPN is somebody else's number copied down."""
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
    """Make `identifier` and `identifier_upn`, the pupil numbers that each identifier has or had (identifier_no, upn).

    Left out are fillers, and numbers that more identifiers carry than one child can have; `identifier` has the newest.
    """
    engine.make("identifier_told", identifier_select(extracts))
    engine.make("upn_told", upn_told_select(engine))
    engine.make(
        "upn_carried",
        f"""
        SELECT upn, count(DISTINCT identifier_no) AS identifiers, CASE WHEN {NO_PUPIL_NUMBER} THEN TRUE ELSE FALSE END AS is_filler
        FROM upn_told GROUP BY upn""",
    )
    engine.make(
        "identifier_upn",
        f"""
        SELECT t.identifier_no, t.upn, max(t.told_in) AS told_in FROM upn_told AS t
        JOIN (SELECT upn FROM upn_carried WHERE NOT is_filler AND identifiers <= {MOST}) AS k ON k.upn = t.upn
        GROUP BY t.identifier_no, t.upn""",
    )
    engine.make(
        "identifier",
        """
        SELECT t.identifier_no, t.la, t.return_name, t.child_id, t.is_extract, u.upn, t.born_on, t.is_expected_birth, t.sex
        FROM identifier_told AS t
        LEFT JOIN (SELECT identifier_no, upn FROM identifier_upn
                   QUALIFY row_number() OVER (PARTITION BY identifier_no ORDER BY told_in DESC, upn) = 1) AS u
          ON u.identifier_no = t.identifier_no""",
    )
    told, fillers, kept = (
        int(value(engine, f"SELECT coalesce(sum(identifiers), 0) AS n FROM upn_carried WHERE {which}"))
        for which in ("TRUE", "is_filler", f"NOT is_filler AND identifiers <= {MOST}")
    )
    aside = {"stands for no pupil number": fillers, f"carried by more than {MOST} identifiers": told - fillers - kept}
    ledger.note("take pupil numbers as keys", "pupil number told", "pupil number used", told, kept, aside)


def upn_told_select(engine: Engine) -> str:
    """Every pupil number told of an identifier in any year, and those it is said to have had before (identifier_no, upn, told_in)."""
    told = ["SELECT la, return_name, child_id, upn, coalesce(collection_year, 0) AS told_in FROM record"]
    if engine.columns("former_upn_row"):
        told.append("SELECT la, return_name, child_id, upn, -1 AS told_in FROM former_upn_row")
    return f"""
        SELECT i.identifier_no, t.upn, t.told_in FROM identifier_told AS i
        JOIN ({" UNION ALL ".join(told)}) AS t ON t.la = i.la AND t.return_name = i.return_name AND t.child_id = i.child_id
        WHERE t.upn IS NOT NULL"""


def is_extract(return_name: str, extracts: Collection[str]) -> str:
    """SQL that is 1 where the column names one of `extracts`, by which to put them after the others, or before."""
    names = ", ".join(text(name) for name in ("", *sorted(extracts)))
    return f"CASE WHEN {return_name} IN ({names}) THEN 1 ELSE 0 END"


def identifier_select(extracts: Collection[str]) -> str:
    """One row an identifier: (authority, return, child id), with what its latest record says of the child."""
    return f"""
        SELECT row_number() OVER (ORDER BY {is_extract("return_name", extracts)}, la, return_name, child_id) - 1 AS identifier_no,
               la, return_name, child_id, {is_extract("return_name", extracts)} = 1 AS is_extract, born_on, is_expected_birth, sex
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
    table, key = KEYS[rule]
    return f"""
        SELECT DISTINCT '{rule}' AS link_rule, lowest AS first_no, identifier_no AS second_no
        FROM (SELECT k.identifier_no, min(k.identifier_no) OVER (PARTITION BY {key}) AS lowest
              FROM {table} AS k JOIN (SELECT identifier_no AS number FROM ({identifiers}) AS known) AS chosen ON chosen.number = k.identifier_no
              WHERE {key.split(", ")[-1]} IS NOT NULL) AS keyed
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
    links = []
    for rule in RULES_OF[mode]:
        table, key = KEYS[rule]
        within = f"""
            SELECT k.*, c.person_no FROM {table} AS k JOIN {component} AS c ON c.identifier_no = k.identifier_no
            JOIN {suspect} AS s ON s.person_no = c.person_no"""
        on = " AND ".join(f"one.{column} = two.{column}" for column in key.split(", "))
        pairs = engine.rows(
            f"SELECT DISTINCT one.identifier_no AS first_no, two.identifier_no AS second_no FROM ({within}) AS one "
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
