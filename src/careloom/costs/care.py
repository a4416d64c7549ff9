"""Which stretches of care can be costed: those within a period of care, of children in one place at a time."""

import pyarrow as pa

from careloom.catalogue import PlacementCodes
from careloom.core import Ledger
from careloom.engine import Engine, text, with_names

KINDS = ("period_of_care", "placement", "placement_segment", "legal_status")
OVERLAP = "placements of the child overlap"
OUTSIDE = "not within a period of care"

# Every stretch of care with the period it belongs to; a segment belongs to it through its placement. The keys are
# worked out before they are joined on: DuckDB joins on anything but plain comparisons of columns by nested loops.
CARE = {
    "keyed": """
        SELECT spell_id, person_id, la, kind, starts_on, ends_on, start_reason, end_reason, code, detail, repairs, within_id,
               CASE WHEN kind = 'placement_segment' THEN within_id END AS placement_key
        FROM spell WHERE kind IN ('period_of_care', 'placement', 'placement_segment', 'legal_status')""",
    "placed": """
        SELECT s.*, c.starts_on AS placement_starts_on,
               CASE s.kind WHEN 'period_of_care' THEN s.spell_id WHEN 'placement_segment' THEN c.within_id ELSE s.within_id END
                 AS period_key
        FROM keyed AS s
        LEFT JOIN (SELECT * FROM spell WHERE kind = 'placement') AS c ON c.spell_id = s.placement_key""",
    "care": """
        SELECT s.*, p.spell_id AS period_id
        FROM placed AS s
        LEFT JOIN (SELECT spell_id FROM spell WHERE kind = 'period_of_care') AS p ON p.spell_id = s.period_key""",
}

# A segment that starts before an earlier one has ended; days after the year 9999 stand for "still open".
IN_TWO_PLACES = """
SELECT DISTINCT person_id, la
FROM (
  SELECT person_id, la, starts_on, max(coalesce(ends_on, DATE '9999-12-31')) OVER (
    PARTITION BY person_id, la ORDER BY starts_on, coalesce(ends_on, DATE '9999-12-31'), spell_id
    ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS taken_until
  FROM care
  WHERE kind = 'placement_segment' AND period_id IS NOT NULL) AS segment
WHERE starts_on < taken_until
"""

COSTED = f"""
SELECT c.spell_id, c.person_id, c.la, c.kind, c.starts_on, c.ends_on, c.start_reason, c.end_reason, c.code, c.detail, c.repairs,
       c.placement_starts_on, c.period_id,
       CASE WHEN c.period_id IS NULL THEN {text(OUTSIDE)} WHEN r.person_id IS NOT NULL THEN {text(OVERLAP)} ELSE '' END AS set_aside
FROM care AS c
LEFT JOIN cost_refused AS r ON r.person_id = c.person_id AND r.la = c.la
"""

AREAS = ("inside", "outside", "outside_over_20_miles")
"""Where a placement is, as event `placed_where` says of its first day: a key of the price sheet; blank when nothing says."""

# Type and provider first, then type with any provider, then what stands for everything else.
SEGMENTS = """
SELECT
  s.spell_id AS placement_id, s.person_id, s.la, s.period_id, s.starts_on, s.ends_on, s.placement_starts_on,
  coalesce(exact.placement_code, place.placement_code, rest.placement_code) AS placement_code,
  s.detail AS provider, w.area
FROM costed_care AS s
LEFT JOIN (
  SELECT person_id, la, happened_on, max(code) AS area FROM event WHERE event = 'placed_where' GROUP BY person_id, la, happened_on
) AS w ON w.person_id = s.person_id AND w.la = s.la AND w.happened_on = s.starts_on
LEFT JOIN placement_code AS exact ON exact.place = s.code AND exact.provider = s.detail AND exact.provider <> ''
LEFT JOIN placement_code AS place ON place.place = s.code AND place.provider = ''
LEFT JOIN placement_code AS rest ON rest.place = ''
WHERE s.kind = 'placement_segment' AND s.set_aside = ''
"""


def choose_spells(engine: Engine) -> Ledger:
    """Make `costed_care` from `spell`: its stretches of care, each with its period and, if so, why it is set aside."""
    engine.make("cost_refused", with_names(CARE, IN_TWO_PLACES))
    engine.make("costed_care", with_names(CARE, COSTED))
    found = engine.rows("SELECT kind, set_aside, count(*) AS spells FROM costed_care GROUP BY kind, set_aside")
    ledger = Ledger()
    for kind in KINDS:
        rows = {why: int(n) for of, why, n in found if of == kind}
        kept = rows.pop("", 0)
        read = kept + sum(rows.values())
        ledger.note("choose what to cost", f"spells: {kind}", f"costed: {kind}", read, kept, rows)
    return ledger


def choose_segments(engine: Engine, placement_codes: PlacementCodes) -> None:
    """Make `costed_segment`: one stretch of a placement of constant type and provider, with its cost code."""
    names = ("place", "provider", "placement_code")
    engine.load(
        "placement_code",
        pa.table({name: list(c) for name, c in zip(names, zip(*placement_codes.rows, strict=True), strict=True)}),
    )
    engine.make("costed_segment", SEGMENTS)
