"""The same child across returns: deterministic, on authority and child identifier, and on the Unique Pupil Number."""

from collections.abc import Callable, Collection, Sequence

import numpy as np
import pyarrow as pa
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from careloom.core import Ledger
from careloom.engine import Engine, count, text

Pseudonym = Callable[[Sequence[str]], list[str]]

SAME_CHILD = """
    (one.sex = two.sex OR one.sex = 'U' OR two.sex = 'U')
    AND (one.born_on IS NULL OR two.born_on IS NULL OR one.is_expected_birth OR two.is_expected_birth
         OR abs(days_between(one.born_on, two.born_on)) <= 31)"""
"""What may not contradict a shared identifier: sex, and dates of birth more than a month apart (method section 3)."""

ETHNIC_GROUPS = {"W": "White", "M": "Mixed", "A": "Asian", "B": "Black", "C": "Other", "O": "Other"}


def link_persons(engine: Engine, pseudonym: Pseudonym, *, extracts: Collection[str] = ()) -> Ledger:
    """Make `person_of` and `person` from `record`.

    Two identifiers are one person when they share authority and child identifier (rule la_child_id) or UPN (rule upn)
    and neither sex nor date of birth contradicts it; persons are the connected components. `pseudonym` turns a
    person's first identifier into person_id. The returns named in `extracts` come after all others: they join persons of
    the yearly returns and never part them, and what they say of a person counts where no other says anything.
    Source: study method section 3, keys A and B; the place of extracts is ours.
    """
    engine.make("identifier", identifier_select(extracts))
    engine.make("identifier_link", link_select())
    known = engine.arrow("SELECT identifier_no, la, return_name, child_id FROM identifier ORDER BY identifier_no")
    links = engine.arrow("SELECT first_no, second_no FROM identifier_link WHERE is_same")
    engine.load("identifier_person", name_components(known, links, pseudonym))
    engine.make("person_of", person_of_select())
    engine.make("person", person_select(extracts))
    ledger = Ledger()
    rows = count(engine, "record")
    linked = count(
        engine, "(SELECT la, child_id FROM record JOIN person_of USING (la, return_name, child_id)) AS linked"
    )
    ledger.note("link records to persons", "record", "record linked", rows, linked)
    return ledger


def is_extract(return_name: str, extracts: Collection[str]) -> str:
    """SQL that is 1 where the column names one of `extracts`, by which to put them after the others, or before."""
    names = ", ".join(text(name) for name in ("", *sorted(extracts)))
    return f"CASE WHEN {return_name} IN ({names}) THEN 1 ELSE 0 END"


def identifier_select(extracts: Collection[str]) -> str:
    """One row an identifier: (authority, return, child id), with what its latest record says of the child."""
    return f"""
        SELECT row_number() OVER (ORDER BY {is_extract("return_name", extracts)}, la, return_name, child_id) - 1 AS identifier_no,
               la, return_name, child_id, upn, born_on, is_expected_birth, sex
        FROM (SELECT record.*, row_number() OVER (PARTITION BY la, return_name, child_id
                                                  ORDER BY coalesce(collection_year, 0) DESC, delivery_id DESC, line DESC) AS newest
              FROM record) AS told
        WHERE newest = 1"""


def link_select() -> str:
    """Pairs of identifiers that share a key, each to the first of its key, and whether they may be one child."""

    def pairs(rule: str, key: str) -> str:
        return f"""
            SELECT '{rule}' AS link_rule, one.identifier_no AS first_no, two.identifier_no AS second_no, coalesce({SAME_CHILD}, TRUE) AS is_same
            FROM (SELECT *, min(identifier_no) OVER (PARTITION BY {key}) AS lowest FROM identifier WHERE {key.split(", ")[-1]} IS NOT NULL) AS two
            JOIN identifier AS one ON one.identifier_no = two.lowest
            WHERE two.identifier_no <> two.lowest"""

    return pairs("la_child_id", "la, child_id") + " UNION ALL " + pairs("upn", "upn")


def name_components(known: pa.Table, links: pa.Table, pseudonym: Pseudonym) -> pa.Table:
    """Number the connected components and name each after its first identifier."""
    size = known.num_rows
    if not size:
        return pa.table({"identifier_no": pa.array([], pa.int64()), "person_id": pa.array([], pa.string())})
    first, second = (np.asarray(links[name].to_numpy(), dtype=np.int64) for name in ("first_no", "second_no"))
    graph = coo_array((np.ones(len(first), dtype=np.int8), (first, second)), shape=(size, size))
    _, component = connected_components(graph, directed=False)
    _, founders = np.unique(component, return_index=True)
    names = ["|".join(row.values()) for row in known.select(["la", "return_name", "child_id"]).to_pylist()]
    named = np.asarray(pseudonym([names[founder] for founder in founders]), dtype=object)
    return pa.table({"identifier_no": known["identifier_no"], "person_id": pa.array(named[component], pa.string())})


def person_of_select() -> str:
    return """
        SELECT identifier.la, identifier.return_name, identifier.child_id, named.person_id,
               coalesce(why.link_rule, 'alone') AS link_rule
        FROM identifier
        JOIN identifier_person AS named ON named.identifier_no = identifier.identifier_no
        LEFT JOIN (SELECT identifier_no, min(link_rule) AS link_rule
                   FROM (SELECT second_no AS identifier_no, link_rule FROM identifier_link WHERE is_same
                         UNION ALL SELECT first_no AS identifier_no, link_rule FROM identifier_link WHERE is_same) AS ends
                   GROUP BY identifier_no) AS why
          ON why.identifier_no = identifier.identifier_no"""


def person_select(extracts: Collection[str]) -> str:
    """One row a person: each attribute as last recorded, a real date of birth before an expected one.

    What `extracts` say comes first, so that any other return has the last word, whatever their years.
    """
    order = "is_extract DESC, coalesce(collection_year, 0), return_name, delivery_id, line, la, child_id"
    groups = " ".join(f"WHEN ethnicity LIKE '{letter}%' THEN '{group}'" for letter, group in ETHNIC_GROUPS.items())
    return f"""
        SELECT person_id, coalesce(sex, 'U') AS sex, ethnicity,
               CASE WHEN ethnicity IN ('REFU', 'NOBT') THEN 'Unknown' {groups} ELSE 'Unknown' END AS ethnic_group,
               born_on, month_of(born_on) AS birth_month, coalesce(is_expected_birth, FALSE) AS is_expected_birth,
               coalesce(is_uasc, FALSE) AS is_uasc, is_disabled, died_on
        FROM (
          SELECT person_id,
                 arg_max(sex, told) FILTER (WHERE sex IS NOT NULL AND sex <> 'U') AS sex,
                 arg_max(ethnicity, told) FILTER (WHERE ethnicity IS NOT NULL) AS ethnicity,
                 arg_max(born_on, told_of_birth) FILTER (WHERE born_on IS NOT NULL) AS born_on,
                 arg_max(is_expected_birth, told_of_birth) FILTER (WHERE born_on IS NOT NULL) AS is_expected_birth,
                 bool_or(is_uasc) AS is_uasc, bool_or(is_disabled) AS is_disabled, max(died_on) AS died_on
          FROM (SELECT *, row_number() OVER (ORDER BY {order}) AS told,
                       row_number() OVER (ORDER BY CASE WHEN is_expected_birth THEN 0 ELSE 1 END, {order}) AS told_of_birth
                FROM (SELECT record.*, person_of.person_id, {is_extract("record.return_name", extracts)} AS is_extract
                      FROM record JOIN person_of ON person_of.la = record.la AND person_of.return_name = record.return_name
                           AND person_of.child_id = record.child_id) AS linked) AS telling
          GROUP BY person_id) AS person"""
