"""Children of two yearly returns who share no key, and are one by birthday, sex, authority and dates: only where nobody else could be.

Source: study method section 3, specification 3: exact date of birth, sex and authority, and overlapping dates, accepted only if
unique. Others of that birthday count as rivals even where a key has joined them already, so twins are never joined so.
"""

import pyarrow as pa

from careloom.core import Ledger
from careloom.engine import Engine, count
from careloom.link.alike import groups_of
from careloom.link.impossible import make_apart
from careloom.link.keys import apart_of, links_table
from careloom.link.unite import Link, components, unite

BY_BIRTH = "birth_and_dates"
MODES = ("both", "probabilistic")
"""The link modes that join so; the others are of one key alone."""
ONLY = """
    SELECT p.first_no, p.second_no FROM birth_pair AS p
    JOIN (SELECT identifier_no, return_name FROM birth_rival GROUP BY identifier_no, return_name HAVING count(*) = 1) AS one
      ON one.identifier_no = p.first_no AND one.return_name = p.second_return
    JOIN (SELECT identifier_no, return_name FROM birth_rival GROUP BY identifier_no, return_name HAVING count(*) = 1) AS two
      ON two.identifier_no = p.second_no AND two.return_name = p.first_return
    LEFT JOIN birth_known AS k ON k.person_no = p.first_person AND k.la = p.la AND k.return_name = p.second_return
    LEFT JOIN birth_known AS m ON m.person_no = p.second_person AND m.la = p.la AND m.return_name = p.first_return
    WHERE k.person_no IS NULL AND m.person_no IS NULL
    ORDER BY p.first_no, p.second_no"""
"""Of the pairs, those of whom neither could be another's, nor has a record in the other return of that authority by a key."""


def link_by_birth(engine: Engine, links: str, ledger: Ledger) -> tuple[str, str]:
    """Make `birth_link` and `birth_broken`: what is joined beside the `links` of the returns, and what was not to be; return both names.

    Reads `identifier`, the table `links` (link_rule, first_no, second_no), and `spell_row` and `care_episode_row`.
    """
    size = count(engine, "identifier")
    numbers = pa.array(range(size), pa.int64())
    keyed = engine.arrow(f"SELECT first_no, second_no FROM {links}")
    units = components(size, keyed)
    engine.load("birth_person", pa.table({"identifier_no": numbers, "person_no": pa.array(units, pa.int64())}))
    make_pairs(engine)
    found = [Link(one, two, BY_BIRTH) for one, two in engine.rows(ONLY)]
    together = components(size, pa.concat_tables([keyed, links_table(found).select(keyed.column_names)]))
    engine.load("birth_component", pa.table({"identifier_no": numbers, "person_no": pa.array(together, pa.int64())}))
    make_apart(engine, "birth_component")
    united = unite(found, apart_of(engine), groups=groups_of(units, found))
    whys = [why for _, why in united.refused]
    engine.load("birth_link", links_table(united.held))
    engine.load("birth_broken", links_table([link for link, _ in united.refused], whys))
    aside = {why: whys.count(why) for why in sorted(set(whys))}
    held = len(united.held)
    aside["joined already, through another"] = len(found) - held - len(whys)
    ledger.note(
        "link returns by birth and dates", "pairs that nobody else could be", "links by birth", len(found), held, aside
    )
    return "birth_link", "birth_broken"


def make_pairs(engine: Engine) -> None:
    """Make `birth_pair`, pairs of two returns that fit; `birth_rival`, whom each fits; and `birth_known`, where each person is known."""
    engine.make("birth_lived", lived_select(engine))
    told = """
        SELECT i.identifier_no, i.la, i.return_name, i.born_on, i.sex, p.person_no FROM identifier AS i
        JOIN birth_person AS p ON p.identifier_no = i.identifier_no
        WHERE NOT i.is_extract AND i.born_on IS NOT NULL AND NOT i.is_expected_birth AND i.sex IN ('M', 'F')"""
    engine.make(
        "birth_pair",
        f"""
        SELECT DISTINCT one.la, one.identifier_no AS first_no, two.identifier_no AS second_no, one.return_name AS first_return,
               two.return_name AS second_return, one.person_no AS first_person, two.person_no AS second_person
        FROM ({told}) AS one JOIN ({told}) AS two ON two.la = one.la AND two.born_on = one.born_on AND two.sex = one.sex
        JOIN birth_lived AS l ON l.identifier_no = one.identifier_no
        JOIN birth_lived AS m ON m.identifier_no = two.identifier_no AND m.starts_on <= l.ends_on AND l.starts_on <= m.ends_on
        WHERE one.return_name < two.return_name""",
    )
    engine.make(
        "birth_rival",
        """
        SELECT first_no AS identifier_no, second_return AS return_name, second_no AS rival_no FROM birth_pair
        UNION ALL SELECT second_no AS identifier_no, first_return AS return_name, first_no AS rival_no FROM birth_pair""",
    )
    engine.make(
        "birth_known",
        """
        SELECT DISTINCT p.person_no, i.la, i.return_name FROM birth_person AS p
        JOIN identifier AS i ON i.identifier_no = p.identifier_no""",
    )


def lived_select(engine: Engine) -> str:
    """Stretches of each identifier; what is open is sure until 31 March of its return."""
    parts = [
        f"SELECT la, return_name, child_id, starts_on, ends_on, collection_year FROM {table} WHERE starts_on IS NOT NULL"
        for table in ("spell_row", "care_episode_row")
        if engine.columns(table)
    ]
    if not parts:
        return "SELECT identifier_no, CAST(NULL AS DATE) AS starts_on, CAST(NULL AS DATE) AS ends_on FROM identifier WHERE FALSE"
    return f"""
        SELECT i.identifier_no, t.starts_on,
               coalesce(t.ends_on, CAST(concat(CAST(t.collection_year AS VARCHAR), '-03-31') AS DATE)) AS ends_on
        FROM identifier AS i JOIN ({" UNION ALL ".join(parts)}) AS t
          ON t.la = i.la AND t.return_name = i.return_name AND t.child_id = i.child_id"""
