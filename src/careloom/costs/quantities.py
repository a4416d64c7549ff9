"""What was done, and how much of it falls in the window: each process asked of the record of care."""

from collections.abc import Sequence
from datetime import date

from careloom.catalogue import Element, Process
from careloom.core import Ledger
from careloom.engine import Engine, text, value, with_names

# The names that an element's `select` may use beside `spell`, `event` and `person`. A legal status is new unless it
# already held in the first episode returned: one that began with a move of placement alone (P, T) says nothing of it.
NAMES = {
    "period_of_care": "SELECT * FROM costed_care WHERE kind = 'period_of_care' AND set_aside = ''",
    "placement": "SELECT * FROM costed_care WHERE kind = 'placement' AND set_aside = ''",
    "legal_status": "SELECT * FROM costed_care WHERE kind = 'legal_status' AND set_aside = ''",
    "new_legal_status": """
        SELECT l.*
        FROM legal_status AS l
        JOIN period_of_care AS p ON p.spell_id = l.period_id
        WHERE l.starts_on > p.starts_on OR coalesce(l.start_reason, '') NOT IN ('P', 'T')""",
    "placement_segment": "SELECT * FROM costed_segment",
    "review": "SELECT * FROM costed_review",
}

EVENT = """
SELECT
  {process} AS process, {element} AS element, {variation} AS variation, {is_imputed} AS is_imputed,
  period_id, CAST(NULL AS VARCHAR) AS placement_id, happened_on,
  CASE WHEN happened_on >= DATE '{first_day}' AND happened_on < DATE '{end_day}' THEN 1 ELSE 0 END AS quantity
FROM {found}
"""

NIGHTS = """
SELECT
  {process} AS process, {element} AS element, {variation} AS variation, {is_imputed} AS is_imputed,
  CAST(NULL AS VARCHAR) AS period_id, placement_id, CAST(NULL AS DATE) AS happened_on,
  nights_in(starts_on, ends_on, DATE '{first_day}', DATE '{end_day}') AS quantity
FROM {found}
"""

# An event is borne by the segment of its period that contains the day; on the last day of care, by the one that ended.
QUANTITIES = """
WITH
happened AS (
  SELECT process, element, variation, is_imputed, period_id, happened_on, sum(quantity) AS quantity
  FROM cost_trigger
  WHERE period_id IS NOT NULL AND quantity > 0
  GROUP BY process, element, variation, is_imputed, period_id, happened_on),
placed AS (
  SELECT h.process, h.element, h.variation, h.is_imputed, h.period_id, h.quantity, s.placement_id, s.placement_code
  FROM happened AS h
  LEFT JOIN costed_segment AS s
    ON s.period_id = h.period_id AND s.starts_on <= h.happened_on
    AND h.happened_on <= coalesce(s.ends_on, DATE '9999-12-31')
  QUALIFY row_number() OVER (
    PARTITION BY h.process, h.element, h.variation, h.is_imputed, h.period_id, h.happened_on
    ORDER BY
      CASE WHEN h.happened_on = s.ends_on THEN 1 ELSE 0 END, s.starts_on DESC,
      s.placement_id DESC) = 1),
done AS (
  SELECT process, element, variation, is_imputed, period_id, placement_id, placement_code, quantity FROM placed
  UNION ALL
  SELECT t.process, t.element, t.variation, t.is_imputed, s.period_id, s.placement_id, s.placement_code, t.quantity
  FROM cost_trigger AS t
  JOIN costed_segment AS s ON s.placement_id = t.placement_id
  WHERE t.quantity > 0)
SELECT
  p.person_id, p.la, d.placement_id, d.placement_code, d.process, d.element, d.variation, d.is_imputed,
  CAST(sum(d.quantity) AS DOUBLE) AS quantity
FROM done AS d
JOIN costed_care AS p ON p.kind = 'period_of_care' AND p.spell_id = d.period_id
GROUP BY p.person_id, p.la, d.placement_id, d.placement_code, d.process, d.element, d.variation, d.is_imputed
"""


def find_triggers(engine: Engine, processes: Sequence[Process], first_day: date, end_day: date) -> Ledger:
    """Make `cost_trigger`: one event or stretch of nights that an element counts, and its quantity in the window."""
    parts = [
        window_of(engine, process, element, first_day, end_day) for process in processes for element in process.elements
    ]
    found = engine.make("cost_trigger", " UNION ALL ".join(parts))
    used = value(engine, "SELECT count(*) FILTER (WHERE quantity > 0) AS used FROM cost_trigger")
    ledger = Ledger()
    ledger.note(
        "count what was done in the window",
        "cost_trigger",
        "cost_trigger in the window",
        found,
        used,
        {"outside the window": found - used},
    )
    return ledger


def window_of(engine: Engine, process: Process, element: Element, first_day: date, end_day: date) -> str:
    """Make `cost_<process>_<element>` with all that the element finds; return the SELECT of its part in the window."""
    found = f"cost_{process.number}_{1 + process.elements.index(element)}"
    engine.make(found, with_names(NAMES, element.select))
    given = engine.columns(found)
    return (EVENT if element.basis == "event" else NIGHTS).format(
        process=process.number,
        element=text(element.name),
        variation="coalesce(variation, '')" if "variation" in given else "''",
        is_imputed="is_imputed" if "is_imputed" in given else "FALSE",
        first_day=first_day.isoformat(),
        end_day=end_day.isoformat(),
        found=found,
    )


def make_quantities(engine: Engine) -> int:
    """Make `cost_quantity`: one element for one child and placement, and its events or nights; return its rows."""
    return engine.make("cost_quantity", QUANTITIES)
