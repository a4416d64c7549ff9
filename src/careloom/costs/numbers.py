"""Numbers in place of texts: whom work is done for, where, and in which authority.

A text that would stand in millions of lines is written down once, beside its number; lines carry numbers, and joins compare them.
"""

from collections.abc import Sequence

from careloom.costs.needs import NO_NEED
from careloom.engine import Engine, text

# What work is done for: cases of every kind, periods of care, segments of placements; and children of an authority, for
# work that belongs to no spell.
SPELLS = """
SELECT spell_id, 0 AS of_care, 0 AS is_placed, person_id, coalesce(la, '') AS la, 1 AS place_no
FROM spell WHERE kind NOT IN ('period_of_care', 'placement', 'placement_segment', 'legal_status')
UNION ALL
SELECT spell_id, 1 AS of_care, 0 AS is_placed, person_id, coalesce(la, '') AS la, 1 AS place_no
FROM costed_care WHERE kind = 'period_of_care' AND set_aside = ''
UNION ALL
SELECT s.placement_id AS spell_id, 0 AS of_care, 1 AS is_placed, s.person_id, coalesce(s.la, '') AS la, w.place_no
FROM costed_segment AS s
JOIN cost_place AS w
  ON w.placement_code = s.placement_code AND w.provider = coalesce(s.provider, '') AND w.area = coalesce(s.area, '')
UNION ALL
SELECT DISTINCT '' AS spell_id, 0 AS of_care, 0 AS is_placed, person_id, coalesce(la, '') AS la, 1 AS place_no FROM cost_own
"""
PERSONS = """
SELECT CAST(row_number() OVER (ORDER BY k.person_id) AS INTEGER) AS person_no, k.person_id, month_of(c.born_on) AS birth_month,
       year(c.born_on) * 12 + month(c.born_on) AS born_month,
       CASE WHEN n.person_id IS NULL THEN 0 ELSE 1 END AS is_told, CASE WHEN f.person_id IS NULL THEN 0 ELSE 1 END AS is_paid
FROM (SELECT person_id FROM spell UNION SELECT person_id FROM cost_own) AS k
LEFT JOIN person AS c ON c.person_id = k.person_id
LEFT JOIN (SELECT DISTINCT person_id FROM need_stretch) AS n ON n.person_id = k.person_id
LEFT JOIN (SELECT DISTINCT person_id FROM fee_stretch) AS f ON f.person_id = k.person_id
"""
LAS = "SELECT coalesce(la, '') AS la FROM spell UNION SELECT coalesce(la, '') AS la FROM cost_own"
# The place of blanks, which is no placement, comes first: its number is 1.
PLACES = """
SELECT '' AS placement_code, '' AS provider, '' AS area
UNION SELECT placement_code, coalesce(provider, '') AS provider, coalesce(area, '') AS area FROM costed_segment
"""
STRETCHES = f"""
SELECT CAST(row_number() OVER (ORDER BY p.person_no, s.spell_id, a.la_no) AS INTEGER) AS stretch_no, s.spell_id, s.person_id, s.of_care, s.is_placed,
       p.person_no, p.born_month, p.is_told, p.is_paid, a.la_no, s.place_no
FROM ({SPELLS}) AS s
JOIN cost_person AS p ON p.person_id = s.person_id
JOIN cost_la AS a ON a.la = s.la
"""
# An event of care is borne by the segment of its period that contains the day; on the last day of care, and where nothing
# follows at once, by the one that ended.
BEARING = """
SELECT period_no, placement_no, place_no, starts_on,
       CASE WHEN ends_on IS NULL THEN DATE '9999-12-31' WHEN next_on <= ends_on THEN ends_on ELSE add_days(ends_on, 1) END AS ends_on
FROM (
  SELECT p.stretch_no AS period_no, s.stretch_no AS placement_no, s.place_no, c.starts_on, c.ends_on,
         lead(c.starts_on) OVER (
           PARTITION BY p.stretch_no ORDER BY c.starts_on, coalesce(c.ends_on, DATE '9999-12-31'), s.stretch_no) AS next_on
  FROM costed_segment AS c
  JOIN cost_stretch AS s ON s.spell_id = c.placement_id
  JOIN cost_stretch AS p ON p.spell_id = c.period_id) AS segment
"""


def number_all(engine: Engine) -> None:
    """Make `cost_stretch`, what work is done for, each with its numbers, and the small tables that say what these mean.

    Reads `cost_own`, the work that belongs to no spell. `cost_stretch` has spell_id (blank where it is the child alone),
    person_id, the numbers of stretch, person, la and place, the month of birth, and whether needs (is_told) and fees (is_paid) of
    the child are known; `cost_bearing` the days on which each segment bears what is done in its period; `cost_person`, `cost_la`,
    `cost_place` and `cost_need_group` the texts. Place 1 is no placement; need 0 is no need.
    """
    engine.make("cost_person", PERSONS)
    engine.make("cost_la", numbered("la_no", ["la"], LAS))
    engine.make("cost_place", numbered("place_no", ["placement_code", "provider", "area"], PLACES))
    engine.make("cost_stretch", STRETCHES)
    engine.make("cost_bearing", BEARING)
    groups = numbered("need_no", ["need_group"], "SELECT DISTINCT need_group FROM need_stretch")
    engine.make("cost_need_group", f"{groups} UNION ALL SELECT 0 AS need_no, {text(NO_NEED)} AS need_group")


def numbered(number: str, columns: Sequence[str], select: str) -> str:
    """Return the SELECT of a small table's rows, numbered from 1 in the order of these columns, which tell them apart."""
    named = ", ".join(columns)
    return f"SELECT CAST(row_number() OVER (ORDER BY {named}) AS INTEGER) AS {number}, {named} FROM ({select}) AS told"
