"""The same child across returns, systems and years: who is one person, and which rule said so."""

from collections.abc import Callable, Collection, Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from careloom.core import Ledger
from careloom.engine import Engine, count, with_names
from careloom.link.alike import link_alike
from careloom.link.by_birth import BY_BIRTH, MODES, link_by_birth
from careloom.link.impossible import SAME_CHILD
from careloom.link.keys import RULES_OF, is_extract, link_by_keys, make_identifiers
from careloom.link.likeness import QUESTIONS
from careloom.link.quality import describe_links
from careloom.link.unite import components
from careloom.link.weighed import Likeness, Weighed

Pseudonym = Callable[[Sequence[str]], list[str]]

USUAL = Likeness()
STRONGEST = ("la_child_id", "upn", BY_BIRTH, "decided", "alike")
"""The rules of links, the surest first."""
DOUBTFUL = "pair_doubtful"
"""Pairs that a person should look at: in working memory only."""
ETHNIC_GROUPS = {"W": "White", "M": "Mixed", "A": "Asian", "B": "Black", "C": "Other", "O": "Other"}


def link_persons(
    engine: Engine,
    pseudonym: Pseudonym,
    *,
    extracts: Collection[str] = (),
    mode: str = "both",
    likeness: Likeness = USUAL,
) -> Ledger:
    """Make `person_of`, `person`, `link_broken` and what tells how good the links are (see `quality`) from `record`.

    Two identifiers are one person when they share authority and child identifier (rule la_child_id) or UPN (rule upn),
    as far as `mode` asks for these, and nothing known of the person contradicts it (see `impossible`): persons are the
    connected components of the links that hold. Mode `probabilistic` adds what `likeness` joins (see `alike`). `pseudonym` turns a person's first identifier into person_id. The returns
    named in `extracts` come after all others: each of their
    identifiers joins one person of the yearly returns at most (see `join_select`), so that they never part or fuse
    those, and what they say of a person counts where no other says anything. Those that join none are linked among
    themselves. Source: study method section 3, keys A and B; the place of extracts is ours.
    """
    ledger = Ledger()
    make_identifiers(engine, extracts, ledger)
    link_identifiers(engine, mode, ledger)
    known = engine.arrow("SELECT identifier_no, la, return_name, child_id FROM identifier ORDER BY identifier_no")
    if mode == "probabilistic":
        doubtful = link_alike(engine, likeness, pseudonyms_of(known, pseudonym), ledger)
        engine.load(DOUBTFUL, doubtful_table(doubtful))
    firsts = components(known.num_rows, engine.arrow("SELECT first_no, second_no FROM identifier_link"))
    engine.load("identifier_person", name_persons(known, firsts, pseudonym))
    engine.make("person_of", person_of_select())
    engine.make("person", person_select(extracts))
    engine.make("link_broken", broken_select())
    describe_links(engine)
    rows = count(engine, "record")
    linked = count(
        engine, "(SELECT la, child_id FROM record JOIN person_of USING (la, return_name, child_id)) AS linked"
    )
    ledger.note("link records to persons", "record", "record linked", rows, linked)
    return ledger


def link_identifiers(engine: Engine, mode: str, ledger: Ledger) -> None:
    """Make `identifier_link`: the returns' links, what joins extracts to their persons, and links of the other extracts."""
    returned, broken = link_by_keys(engine, "SELECT * FROM identifier WHERE NOT is_extract", mode, ledger, "returns")
    parts, broken_parts = [returned], [broken]
    if mode in MODES:
        also, also_broken = link_by_birth(engine, returned, ledger)
        parts.append(also)
        broken_parts.append(also_broken)
    links = engine.arrow(" UNION ALL ".join(f"SELECT first_no, second_no FROM {part}" for part in parts))
    firsts = pa.array(components(count(engine, "identifier"), links), pa.int64())
    numbers = pa.array(range(len(firsts)), pa.int64())
    engine.load("identifier_first", pa.table({"identifier_no": numbers, "person_no": firsts}))
    engine.make(
        "person_0", "SELECT f.* FROM identifier_first AS f JOIN identifier USING (identifier_no) WHERE NOT is_extract"
    )
    # An extract may lend its person a key that no return has, such as a UPN: by such keys others join in a second round.
    for number in (1, 2):
        engine.make(f"joined_{number}", join_select(f"person_{number - 1}", RULES_OF[mode]))
        joined = f"SELECT second_no AS identifier_no, person_no FROM joined_{number}"
        engine.make(f"person_{number}", f"SELECT identifier_no, person_no FROM person_{number - 1} UNION ALL {joined}")
    others, others_broken = link_by_keys(engine, without("person_2"), mode, ledger, "extracts")
    for table, of, columns in (
        ("identifier_link", [*parts, "joined_1", "joined_2", others], "link_rule, first_no, second_no"),
        ("identifier_broken", [*broken_parts, others_broken], "link_rule, first_no, second_no, why"),
    ):
        engine.make(table, " UNION ALL ".join(f"SELECT {columns} FROM {part}" for part in of))


def without(persons: str) -> str:
    """The identifiers that belong to none of `persons`: those of extracts, as all others have a person from the start."""
    return f"""
        SELECT i.* FROM identifier AS i LEFT JOIN {persons} AS placed ON placed.identifier_no = i.identifier_no
        WHERE placed.identifier_no IS NULL"""


def join_select(persons: str, rules: Collection[str] = ("la_child_id", "upn")) -> str:
    """What joins extracts to the table `persons` (identifier_no, person_no): at most one row for each identifier not in it.

    It joins a person with whom it shares a key and none of whose identifiers contradicts it: first one of the same
    authority and child identifier, of several one of the same UPN as well, of several the first. Where the two keys lead
    to two persons the child identifier wins: it is the authority's own number, in a list of that authority, whereas a
    UPN is somebody else's number copied down.
    """

    def sharing(one: str, child_id_no: str, upn_no: str) -> str:
        return f"""
            SELECT two.identifier_no AS second_no, person.person_no AS person_no, {child_id_no} AS child_id_no, {upn_no} AS upn_no
            FROM ({without(persons)}) AS two {one}
            JOIN {persons} AS person ON person.identifier_no = one.identifier_no"""

    nothing, number = "CAST(NULL AS BIGINT)", "one.identifier_no"
    of_number = "JOIN identifier AS one ON one.la = two.la AND one.child_id = two.child_id"
    of_pupil = "JOIN identifier_upn AS own ON own.identifier_no = two.identifier_no JOIN identifier_upn AS one ON one.upn = own.upn"
    by = {"la_child_id": (of_number, number, nothing), "upn": (of_pupil, nothing, number)}
    return with_names(
        {
            "shared": " UNION ALL ".join(sharing(*by[rule]) for rule in rules),
            "candidate": """
                SELECT second_no, person_no, min(child_id_no) AS child_id_no, min(upn_no) AS upn_no
                FROM shared GROUP BY second_no, person_no""",
            "contradicted": f"""
                SELECT c.second_no, c.person_no
                FROM candidate AS c
                JOIN {persons} AS person ON person.person_no = c.person_no
                JOIN identifier AS one ON one.identifier_no = person.identifier_no
                JOIN identifier AS two ON two.identifier_no = c.second_no
                GROUP BY c.second_no, c.person_no
                HAVING max(CASE WHEN coalesce({SAME_CHILD}, TRUE) THEN 0 ELSE 1 END) = 1""",
        },
        """
        SELECT CASE WHEN c.child_id_no IS NULL THEN 'upn' ELSE 'la_child_id' END AS link_rule,
               coalesce(c.child_id_no, c.upn_no) AS first_no, c.second_no AS second_no, c.person_no AS person_no
        FROM candidate AS c LEFT JOIN contradicted AS x ON x.second_no = c.second_no AND x.person_no = c.person_no
        WHERE x.second_no IS NULL
        QUALIFY row_number() OVER (PARTITION BY c.second_no
                                   ORDER BY CASE WHEN c.child_id_no IS NULL THEN 1 ELSE 0 END, CASE WHEN c.upn_no IS NULL THEN 1 ELSE 0 END,
                                            c.person_no) = 1""",
    )


def pseudonyms_of(known: pa.Table, pseudonym: Pseudonym) -> list[str]:
    """The pseudonym of every identifier; that of its first identifier is a person's."""
    rows = known.select(["la", "return_name", "child_id"]).to_pylist()
    return pseudonym(["|".join(row.values()) for row in rows])


def doubtful_table(doubtful: Sequence[Weighed]) -> pa.Table:
    """The pairs that a person should look at, most likely first."""
    rows = [
        {"one_no": pair.one, "two_no": pair.two, "probability": pair.probability, "doubt": pair.doubt, **pair.levels}
        for pair in doubtful
    ]
    types = {"one_no": pa.int64(), "two_no": pa.int64(), "probability": pa.float64(), "doubt": pa.string()}
    return pa.Table.from_pylist(rows, schema=pa.schema({**types, **dict.fromkeys(QUESTIONS, pa.int64())}))


def name_persons(known: pa.Table, firsts: NDArray[np.int64], pseudonym: Pseudonym) -> pa.Table:
    """Name each person after its first identifier."""
    founders, person = np.unique(firsts, return_inverse=True)
    founding = known.select(["la", "return_name", "child_id"]).take(founders).to_pylist()
    named = np.asarray(pseudonym(["|".join(row.values()) for row in founding]), dtype=object)
    return pa.table({"identifier_no": known["identifier_no"], "person_id": pa.array(named[person], pa.string())})


def broken_select() -> str:
    """The joins that were broken: which rule said so and why not, as the persons that came of it."""
    return """
        SELECT b.link_rule, b.why, one.la, two.la AS other_la, one.return_name, two.return_name AS other_return,
               p.person_id, q.person_id AS other_person_id
        FROM identifier_broken AS b
        JOIN identifier AS one ON one.identifier_no = b.first_no
        JOIN identifier AS two ON two.identifier_no = b.second_no
        JOIN identifier_person AS p ON p.identifier_no = b.first_no
        JOIN identifier_person AS q ON q.identifier_no = b.second_no
        WHERE p.person_id <> q.person_id"""


def person_of_select() -> str:
    """Each identifier with its person and the strongest rule that joined it to another."""
    rank = " ".join(f"WHEN '{rule}' THEN {number}" for number, rule in enumerate(STRONGEST))
    rule = " ".join(f"WHEN {number} THEN '{rule}'" for number, rule in enumerate(STRONGEST))
    return f"""
        SELECT identifier.la, identifier.return_name, identifier.child_id, named.person_id,
               CASE why.strongest {rule} ELSE 'alone' END AS link_rule
        FROM identifier
        JOIN identifier_person AS named ON named.identifier_no = identifier.identifier_no
        LEFT JOIN (SELECT identifier_no, min(CASE link_rule {rank} END) AS strongest
                   FROM (SELECT second_no AS identifier_no, link_rule FROM identifier_link
                         UNION ALL SELECT first_no AS identifier_no, link_rule FROM identifier_link) AS ends
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
