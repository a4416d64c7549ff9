"""Numbers in place of texts: whom work is done for, where, and in which authority.

A text that would stand in millions of lines is written down once, beside its number; lines carry numbers, and joins compare them.
"""

from collections.abc import Sequence

from careloom.costs.needs import NO_NEED
from careloom.engine import Engine, text

# What work is done for: cases of every kind, periods of care, segments of placements; and children of an authority, for
# work that belongs to no spell.
SPELLS = """
SELECT spell_id, 0 AS of_care, 0 AS is_placed, person_id, coalesce(la, '') AS la, '' AS placement_code, '' AS provider, '' AS area
FROM spell WHERE kind NOT IN ('period_of_care', 'placement', 'placement_segment', 'legal_status')
UNION ALL
SELECT spell_id, 1 AS of_care, 0 AS is_placed, person_id, coalesce(la, '') AS la, '' AS placement_code, '' AS provider, '' AS area
FROM costed_care WHERE kind = 'period_of_care' AND set_aside = ''
UNION ALL
SELECT placement_id AS spell_id, 0 AS of_care, 1 AS is_placed, person_id, coalesce(la, '') AS la, placement_code,
       coalesce(provider, '') AS provider, coalesce(area, '') AS area
FROM costed_segment
UNION ALL
SELECT DISTINCT '' AS spell_id, 0 AS of_care, 0 AS is_placed, person_id, coalesce(la, '') AS la, '' AS placement_code, '' AS provider, '' AS area
FROM cost_own
"""
PERSONS = """
SELECT CAST(row_number() OVER (ORDER BY k.person_id) AS INTEGER) AS person_no, k.person_id, month_of(c.born_on) AS birth_month
FROM (SELECT person_id FROM spell UNION SELECT person_id FROM cost_own) AS k
LEFT JOIN person AS c ON c.person_id = k.person_id
"""
LAS = "SELECT coalesce(la, '') AS la FROM spell UNION SELECT coalesce(la, '') AS la FROM cost_own"
PLACES = """
SELECT '' AS placement_code, '' AS provider, '' AS area
UNION SELECT placement_code, coalesce(provider, '') AS provider, coalesce(area, '') AS area FROM costed_segment
"""
STRETCHES = """
SELECT CAST(row_number() OVER (ORDER BY p.person_no, s.spell_id, a.la_no) AS INTEGER) AS stretch_no, s.spell_id,
       s.person_id, s.of_care, s.is_placed, p.person_no, a.la_no, w.place_no
FROM ({spells}) AS s
JOIN cost_person AS p ON p.person_id = s.person_id
JOIN cost_la AS a ON a.la = s.la
JOIN cost_place AS w ON w.placement_code = s.placement_code AND w.provider = s.provider AND w.area = s.area
"""
SEGMENTS = """
SELECT s.stretch_no, p.stretch_no AS period_no, s.place_no, c.starts_on, c.ends_on
FROM costed_segment AS c
JOIN cost_stretch AS s ON s.spell_id = c.placement_id
JOIN cost_stretch AS p ON p.spell_id = c.period_id
"""
NEEDS = """
SELECT p.person_no, n.starts_on, n.ends_on, g.need_no
FROM need_stretch AS n
JOIN cost_person AS p ON p.person_id = n.person_id
JOIN cost_need_group AS g ON g.need_group = n.need_group
"""
FEES = """
SELECT p.person_no, f.starts_on, f.ends_on, f.per_night
FROM fee_stretch AS f
JOIN cost_person AS p ON p.person_id = f.person_id
"""


def number_all(engine: Engine) -> None:
    """Make `cost_stretch`, what work is done for, each with its numbers, and the small tables that say what these mean.

    Reads `cost_own`, the work that belongs to no spell. `cost_stretch` has spell_id (blank where it is the child alone), what,
    person_id, and the numbers of stretch, person, la and place; `cost_segment` the segments of placements with the period each
    is part of; `cost_need` and `cost_fee` the stretches of need groups and recorded fees; `cost_person`, `cost_la`, `cost_place`
    and `cost_need_group` the texts. A place of blanks is no placement; need 0 is no need.
    """
    engine.make("cost_person", PERSONS)
    engine.make("cost_la", numbered("la_no", ["la"], LAS))
    engine.make("cost_place", numbered("place_no", ["placement_code", "provider", "area"], PLACES))
    engine.make("cost_stretch", STRETCHES.format(spells=SPELLS))
    engine.make("cost_segment", SEGMENTS)
    groups = numbered("need_no", ["need_group"], "SELECT DISTINCT need_group FROM need_stretch")
    engine.make("cost_need_group", f"{groups} UNION ALL SELECT 0 AS need_no, {text(NO_NEED)} AS need_group")
    engine.make("cost_need", NEEDS)
    engine.make("cost_fee", FEES)


def numbered(number: str, columns: Sequence[str], select: str) -> str:
    """Return the SELECT of a small table's rows, numbered from 1 in the order of these columns, which tell them apart."""
    named = ", ".join(columns)
    return f"SELECT CAST(row_number() OVER (ORDER BY {named}) AS INTEGER) AS {number}, {named} FROM ({select}) AS told"
