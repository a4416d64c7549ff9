"""Cost lines: how much of what, at which price. They hold numbers; table `cost` puts the texts beside them as it is read."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from careloom.catalogue import PriceSheet, Process
from careloom.core import Ledger
from careloom.costs.prices import NUMBERS, check_room, make_sheet_costs, price_key
from careloom.costs.stages import age_number, stages
from careloom.engine import Engine, count, text, with_names

# What was done in the window. What it is told by is the child's age, worked out where it stays the same, and need group, where
# there is any; else the stages that it lasts into say both, and cut it. A window may hold no day, where no return reaches it.
PARTS = {
    "found": """
        SELECT * FROM cost_trigger
        WHERE quantity <> 0 AND starts_on < DATE '{end_day}' AND (ends_on IS NULL OR ends_on > DATE '{first_day}')
          AND DATE '{first_day}' < DATE '{end_day}'""",
    "within": """
        SELECT stretch_no, la_no, place_no, placement_no, period_no, child_no, is_told, born_month, element_no, is_event, variation, is_imputed, quantity, found_as,
               greatest(starts_on, DATE '{first_day}') AS starts_on, least(coalesce(ends_on, DATE '{end_day}'), DATE '{end_day}') AS ends_on
        FROM found""",
    "counted": """
        SELECT *, year(starts_on) * 12 + month(starts_on) - born_month AS months,
               CASE WHEN is_event = 0 THEN year(add_days(ends_on, -1)) * 12 + month(add_days(ends_on, -1)) - born_month END AS last_months
        FROM within""",
    "aged": f"""
        SELECT *, {age_number("months")} AS age_no, {age_number("last_months")} AS last_age_no FROM counted""",
    "to_cut": """
        SELECT *, CASE WHEN is_told > 0 OR (is_event = 0 AND age_no <> last_age_no) THEN child_no END AS cut_no FROM aged""",
}
LINES = f"""
SELECT stretch_no, placement_no, price_key, variation, starts_on, ends_on,
       CASE WHEN is_event = 1 THEN quantity ELSE CAST(days_between(starts_on, ends_on) AS DECIMAL(18, 6)) END AS quantity,
       recorded, is_imputed, found_as
FROM (
  SELECT t.stretch_no, coalesce(b.placement_no, t.placement_no) AS placement_no,
         {price_key(la_no="t.la_no", place_no="coalesce(b.place_no, t.place_no)")} + coalesce(s.price_key, {price_key(age_no="t.age_no")}) + t.element_no AS price_key,
         t.variation, coalesce(greatest(t.starts_on, s.starts_on), t.starts_on) AS starts_on, coalesce(least(t.ends_on, s.ends_on), t.ends_on) AS ends_on,
         t.is_event, t.quantity, s.recorded, t.is_imputed, t.found_as
  FROM to_cut AS t
  LEFT JOIN stage AS s ON s.child_no = t.cut_no AND s.ends_on > t.starts_on AND s.starts_on < t.ends_on
  LEFT JOIN cost_bearing AS b ON b.period_no = t.period_no AND b.starts_on <= t.starts_on AND b.ends_on > t.starts_on) AS line
"""
# What one of it costs in one authority. A fee that is not recorded for the child is the average of its kind, the nearer one
# first: the authority's own fees before the sheet.
PRICES = f"""
SELECT CAST(row_number() OVER (ORDER BY q.price_key, q.variation) AS INTEGER) AS price_no, q.*,
       CASE WHEN q.price_source = 'sheet' THEN q.unit_cost ELSE q.average END AS price,
       CASE WHEN q.price_source = 'sheet' THEN {{standing}} ELSE 'recorded' END AS standing,
       CASE WHEN q.price_source = 'sheet' THEN {{price_year}} ELSE 'as paid' END AS price_year
FROM (
  SELECT q.price_key, a.la, u.*, coalesce(two.per_night, three.per_night) AS average,
         CASE WHEN u.kind <> 'fee' THEN NULL WHEN two.per_night IS NOT NULL THEN 2 ELSE u.fee_level END AS level,
         CASE WHEN two.per_night IS NOT NULL THEN 'average of recorded fees' WHEN u.fee_level = 2 THEN 'sheet'
              WHEN three.per_night IS NOT NULL THEN 'average of recorded fees' ELSE 'sheet' END AS price_source
  FROM cost_key AS q
  JOIN cost_sheet AS u ON {" AND ".join(f"u.{name} = q.{name}" for name in (*NUMBERS, "variation"))}
  JOIN cost_la AS a ON a.la_no = q.la_no
  LEFT JOIN fee_average_2 AS two
    ON two.la = CASE WHEN u.kind = 'fee' THEN a.la END AND two.placement_code = u.placement_code AND two.provider = u.provider AND two.area = u.area
    AND two.age_band = u.age_band
  LEFT JOIN fee_average_3 AS three ON three.la = CASE WHEN u.kind = 'fee' THEN a.la END AND three.placement_code = u.placement_code) AS q
"""
# A key of many places and a text are slow to join by, and table `cost` is read often: here they become one small number.
PRICED = """
SELECT f.stretch_no, f.placement_no, u.price_no, f.starts_on, f.ends_on, f.quantity, f.recorded, f.is_imputed, f.found_as
FROM cost_found AS f
JOIN cost_price AS u ON u.price_key = f.price_key AND u.variation = f.variation
"""
COST = """
SELECT s.person_id, nullif(u.la, '') AS la, p.spell_id AS placement_id, nullif(u.placement_code, '') AS placement_code,
       nullif(u.provider, '') AS provider, nullif(u.area, '') AS area, u.need_group, nullif(u.age_band, '') AS age_band,
       u.process, u.process_name, u.element, u.variation, u.kind, u.perspective, u.component, l.starts_on, l.ends_on, u.basis, l.quantity,
       coalesce(l.recorded, u.price) AS unit_cost, CAST(l.quantity * coalesce(l.recorded, u.price) AS DECIMAL(18, 6)) AS subtotal,
       l.is_imputed, CASE WHEN l.recorded IS NULL THEN u.level ELSE 1 END AS fee_level,
       CASE WHEN l.recorded IS NULL THEN u.price_source ELSE 'recorded fee' END AS price_source,
       CASE WHEN l.recorded IS NULL AND u.price_source = 'sheet' THEN u.price_rows END AS price_rows,
       coalesce(l.found_as, nullif(s.spell_id, '')) AS trigger_id,
       CASE WHEN l.recorded IS NULL THEN u.standing ELSE 'recorded' END AS standing,
       CASE WHEN l.recorded IS NULL THEN u.price_year ELSE 'as paid' END AS price_year
FROM cost_line AS l
JOIN cost_price AS u ON u.price_no = l.price_no
JOIN cost_stretch AS s ON s.stretch_no = l.stretch_no
LEFT JOIN cost_stretch AS p ON p.stretch_no = l.placement_no
"""


def find_lines(engine: Engine, first_day: date, end_day: date) -> Ledger:
    """Make `cost_found` from `cost_trigger`: one event, or one stretch of nights in which nothing changes, in the window."""
    window = {"first_day": first_day.isoformat(), "end_day": end_day.isoformat()}
    parts = {name: part.format(**window) for name, part in PARTS.items()}
    made = engine.make("cost_found", with_names({"stage": stages(first_day, end_day), **parts}, LINES))
    for view in ("cost_trigger", "cost_in_need"):
        engine.drop(view)
    ledger = Ledger()
    ledger.note(
        "find what was done in the window, and cut it where something changes", "cost_trigger", "cost_found", made, made
    )
    return ledger


def price_lines(engine: Engine, processes: Sequence[Process], sheet: PriceSheet, share: Decimal = Decimal(1)) -> Ledger:
    """Make `cost_price`, what one of it costs in an authority, `cost_line` and `cost`.

    `cost_line` is numbers: one row a line, with stretch_no and placement_no of `cost_stretch`, price_no, days, quantity, the
    child's own recorded fee in GBP a night (blank: the price counts), and in found_as the event that shows it, where it is no spell.
    """
    check_room(engine)
    make_sheet_costs(engine, processes, sheet, share)
    engine.make("cost_price", PRICES.format(standing=text(sheet.standing), price_year=text(sheet.price_year)))
    found, made = count(engine, "cost_found"), engine.make("cost_line", PRICED)
    engine.drop("cost_found")
    engine.view("cost", COST)
    ledger = Ledger()
    ledger.note("price what was done", "cost_found", "cost", found, made)
    return ledger
