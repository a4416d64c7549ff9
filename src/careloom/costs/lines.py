"""Cost lines: how much of what, at which price. They hold numbers; table `cost` puts the texts beside them as it is read."""

from careloom.catalogue import PriceSheet
from careloom.costs.prices import KEYS
from careloom.engine import Engine, text

SAME_KEYS = " AND ".join(f"{{0}}.{key} = q.{key}" for key in KEYS)
# What one of it costs in one authority. A fee that is not recorded for the child is the average of its kind, the nearer one
# first: the authority's own fees before the sheet.
PRICES = f"""
SELECT CAST(row_number() OVER (ORDER BY q.la_no, {", ".join(f"q.{key}" for key in KEYS)}) AS INTEGER) AS price_no, q.*,
       CASE WHEN q.price_source = 'sheet' THEN q.unit_cost ELSE q.average END AS price,
       CASE WHEN q.price_source = 'sheet' THEN {{standing}} ELSE 'recorded' END AS standing,
       CASE WHEN q.price_source = 'sheet' THEN {{price_year}} ELSE 'as paid' END AS price_year
FROM (
  SELECT q.la_no, a.la, u.*, coalesce(two.per_night, three.per_night) AS average,
         CASE WHEN u.kind <> 'fee' THEN NULL WHEN two.per_night IS NOT NULL THEN 2 ELSE u.fee_level END AS level,
         CASE WHEN two.per_night IS NOT NULL THEN 'average of recorded fees' WHEN u.fee_level = 2 THEN 'sheet'
              WHEN three.per_night IS NOT NULL THEN 'average of recorded fees' ELSE 'sheet' END AS price_source
  FROM (SELECT DISTINCT la_no, {", ".join(KEYS)} FROM cost_quantity) AS q
  JOIN cost_sheet AS u ON {SAME_KEYS.format("u")}
  JOIN cost_la AS a ON a.la_no = q.la_no
  LEFT JOIN fee_average_2 AS two
    ON two.la = CASE WHEN u.kind = 'fee' THEN a.la END AND two.placement_code = u.placement_code AND two.provider = u.provider AND two.area = u.area
    AND two.age_band = u.age_band
  LEFT JOIN fee_average_3 AS three
    ON three.la = CASE WHEN u.kind = 'fee' THEN a.la END AND three.placement_code = u.placement_code) AS q
"""
LINES = f"""
SELECT q.stretch_no, q.placement_no, u.price_no, q.starts_on, q.ends_on, q.quantity, q.recorded, q.is_imputed, q.found_as
FROM cost_quantity AS q
JOIN cost_price AS u ON u.la_no = q.la_no AND {SAME_KEYS.format("u")}
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


def make_lines(engine: Engine, sheet: PriceSheet) -> int:
    """Make `cost_price`, what one of it costs in an authority, `cost_line` and `cost`; return the number of lines.

    `cost_line` is numbers: one row a line, with stretch_no and placement_no of `cost_stretch`, price_no, days, quantity, the
    child's own recorded fee in GBP a night (blank: the price counts), and in found_as the event that shows it, where it is no spell.
    """
    said = {"standing": text(sheet.standing), "price_year": text(sheet.price_year)}
    engine.make("cost_price", PRICES.format(**said))
    made = engine.make("cost_line", LINES)
    engine.view("cost", COST)
    return made
