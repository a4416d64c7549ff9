"""What was done, and how much of it falls in the window: each process asked of the record."""

from collections.abc import Sequence
from datetime import date

from careloom.catalogue import Element, Process
from careloom.core import Ledger
from careloom.costs.needs import AGE_BANDS, NO_NEED, age_cases
from careloom.engine import Engine, text, with_names

# The names that an element's `select` may use beside the common tables. A legal status is new unless it already held in
# the first episode returned: one that began with a move of placement alone (P, T) says nothing of it.
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
    "cin_episode": "SELECT * FROM spell WHERE kind = 'cin_episode'",
    # What the study may do otherwise, in one row: see costing.CostChoices; end_day is the first day not costed.
    "choice": "SELECT * FROM cost_choice",
    "digit": " UNION ALL ".join(f"SELECT {n} AS digit" for n in range(10)),
    "whole_number": """
        SELECT 100 * hundreds.digit + 10 * tens.digit + ones.digit AS whole_number
        FROM digit AS hundreds CROSS JOIN digit AS tens CROSS JOIN digit AS ones""",
    # What happens so many `times`, up to 999, each with its number: joined on `times`, as engines loop over anything but "=".
    "repeated": """
        SELECT a.whole_number AS times, b.whole_number AS time_no
        FROM whole_number AS a JOIN whole_number AS b ON b.whole_number > 0 AND b.whole_number <= a.whole_number""",
    "in_need": "SELECT * FROM cost_in_need",
}
# Days of an open case of a child who is not looked after, one case a day: of two open at once, the later.
IN_NEED = """
SELECT t.person_id, t.starts_on, t.ends_on, c.spell_id AS case_id,
       CASE WHEN t.is_cp_plan THEN 'CP plan' WHEN t.is_cin_plan THEN 'CIN plan' ELSE 'no plan' END AS phase
FROM (SELECT * FROM timeline WHERE is_open_case AND NOT is_looked_after) AS t
JOIN (SELECT * FROM spell WHERE kind = 'cin_episode') AS c
  ON c.person_id = t.person_id AND c.starts_on <= t.starts_on AND coalesce(c.ends_on, DATE '9999-12-31') > t.starts_on
QUALIFY row_number() OVER (PARTITION BY t.person_id, t.starts_on ORDER BY c.starts_on DESC, c.spell_id DESC) = 1
"""
OPTIONAL = {
    "case_id": "CAST(NULL AS VARCHAR)",
    "placement_id": "CAST(NULL AS VARCHAR)",
    "person_id": "CAST(NULL AS VARCHAR)",
    "la": "CAST(NULL AS VARCHAR)",
    "variation": "''",
    "is_imputed": "FALSE",
    "quantity": "1",
}
CASES = """
SELECT spell_id AS case_id, person_id, la, CASE WHEN kind = 'period_of_care' THEN 'care' ELSE '' END AS of_care
FROM spell WHERE kind NOT IN ('period_of_care', 'placement', 'placement_segment', 'legal_status')
UNION ALL
SELECT spell_id AS case_id, person_id, la, 'care' AS of_care
FROM costed_care WHERE kind = 'period_of_care' AND set_aside = ''
"""

# An event of care is borne by the segment of its period that contains the day; on the last day of care, by the one that ended.
# One that names no case is the child's own.
EVENTS = {
    "happened": """
        SELECT t.process, t.element, t.variation, t.is_imputed, t.quantity, t.found_in, t.starts_on, t.ends_on, t.case_id,
               c.person_id, c.la, c.of_care
        FROM cost_trigger AS t JOIN cost_case AS c ON c.case_id = t.case_id
        WHERE t.basis = 'event'
        UNION ALL
        SELECT process, element, variation, is_imputed, quantity, found_in, starts_on, ends_on, case_id,
               person_id, la, '' AS of_care
        FROM cost_trigger
        WHERE basis = 'event' AND case_id IS NULL AND person_id IS NOT NULL""",
    "day_of_care": "SELECT DISTINCT case_id, starts_on FROM happened WHERE of_care = 'care'",
    "bearing": """
        SELECT d.case_id, d.starts_on, s.placement_id, s.placement_code, s.provider, s.area
        FROM day_of_care AS d
        JOIN costed_segment AS s
          ON s.period_id = d.case_id AND s.starts_on <= d.starts_on AND d.starts_on <= coalesce(s.ends_on, DATE '9999-12-31')
        QUALIFY row_number() OVER (
          PARTITION BY d.case_id, d.starts_on
          ORDER BY CASE WHEN d.starts_on = s.ends_on THEN 1 ELSE 0 END, s.starts_on DESC, s.placement_id DESC) = 1""",
}
EVENT_PIECES = """
SELECT h.person_id, h.la, b.placement_id, b.placement_code, b.provider, b.area, h.process, h.element, h.variation,
       h.is_imputed, h.found_in, h.starts_on, h.ends_on, CAST(h.quantity AS DECIMAL(18, 6)) AS quantity
FROM happened AS h
LEFT JOIN bearing AS b ON b.case_id = h.case_id AND b.starts_on = h.starts_on
"""

# Time is cut where the child's need group, age band or recorded fee changes, before the window cuts it.
TIMES = {
    "lasted": """
        SELECT t.process, t.element, t.variation, t.is_imputed, t.is_fee, t.found_in, t.starts_on,
               coalesce(t.ends_on, DATE '{end_day}') AS ends_on, t.case_id, CAST(NULL AS VARCHAR) AS placement_id,
               c.person_id, c.la, CAST(NULL AS VARCHAR) AS placement_code, CAST(NULL AS VARCHAR) AS provider,
               CAST(NULL AS VARCHAR) AS area
        FROM cost_trigger AS t JOIN cost_case AS c ON c.case_id = t.case_id
        WHERE t.basis <> 'event' AND t.placement_id IS NULL
        UNION ALL
        SELECT t.process, t.element, t.variation, t.is_imputed, t.is_fee, t.found_in, t.starts_on,
               coalesce(t.ends_on, DATE '{end_day}') AS ends_on, s.period_id AS case_id, t.placement_id,
               s.person_id, s.la, s.placement_code, s.provider, s.area
        FROM cost_trigger AS t JOIN costed_segment AS s ON s.placement_id = t.placement_id
        WHERE t.basis <> 'event'""",
    "within": "SELECT * FROM lasted WHERE starts_on < DATE '{end_day}' AND ends_on > DATE '{first_day}' AND starts_on < ends_on",
    "inner_cut": """
        SELECT w.*, c.on_day FROM within AS w
        JOIN cost_cut AS c
          ON c.person_id = w.person_id AND c.for_fees <= w.is_fee AND c.on_day > w.starts_on AND c.on_day < w.ends_on""",
    # Few stretches are cut: the others need no putting in order.
    "cut_ones": "SELECT DISTINCT process, element, variation, found_in, starts_on FROM inner_cut",
    "uncut": """
        SELECT w.* FROM within AS w
        LEFT JOIN cut_ones AS k
          ON k.process = w.process AND k.element = w.element AND k.variation = w.variation AND k.found_in = w.found_in
          AND k.starts_on = w.starts_on
        WHERE k.process IS NULL""",
    "begun": """
        SELECT w.*, w.starts_on AS on_day FROM within AS w
        JOIN cut_ones AS k
          ON k.process = w.process AND k.element = w.element AND k.variation = w.variation AND k.found_in = w.found_in
          AND k.starts_on = w.starts_on
        UNION ALL SELECT * FROM inner_cut""",
    "piece": """
        SELECT *, starts_on AS on_day, ends_on AS next_day FROM uncut
        UNION ALL
        SELECT *, coalesce(lead(on_day) OVER (PARTITION BY process, element, variation, found_in, starts_on ORDER BY on_day), ends_on)
          AS next_day
        FROM begun""",
}
TIME_PIECES = """
SELECT person_id, la, placement_id, placement_code, provider, area, process, element, variation, is_imputed, found_in,
       greatest(on_day, DATE '{first_day}') AS starts_on, least(next_day, DATE '{end_day}') AS ends_on,
       CAST(nights_in(on_day, next_day, DATE '{first_day}', DATE '{end_day}') AS DECIMAL(18, 6)) AS quantity
FROM piece WHERE next_day > DATE '{first_day}'
"""

# What a piece of work is told by: the child's need group and age on its first day, and where the child was.
QUANTITIES = """
SELECT p.person_id, p.la, p.placement_id, coalesce(p.placement_code, '') AS placement_code,
       coalesce(p.provider, '') AS provider, coalesce(p.area, '') AS area, coalesce(n.need_group, {no_need}) AS need_group,
       CASE {ages} ELSE '' END AS age_band, p.process, p.element, p.variation, p.is_imputed, p.found_in,
       p.starts_on, p.ends_on, p.quantity
FROM ({pieces}) AS p
LEFT JOIN need_stretch AS n ON n.person_id = p.person_id AND n.starts_on <= p.starts_on AND n.ends_on > p.starts_on
LEFT JOIN person AS c ON c.person_id = p.person_id
WHERE p.quantity <> 0
"""


def find_triggers(engine: Engine, processes: Sequence[Process]) -> None:
    """Make `cost_trigger`: one event or stretch of nights that an element counts, whenever it was."""
    engine.make("cost_in_need", IN_NEED)
    parts = [found(engine, process, element) for process in processes for element in process.elements]
    engine.make("cost_trigger", " UNION ALL ".join(parts))


def found(engine: Engine, process: Process, element: Element) -> str:
    """Return the SELECT of all that an element finds, as triggers."""
    asked = with_names(NAMES, element.select)
    engine.make("cost_heading", f"SELECT * FROM ({asked}) AS asked LIMIT 0")
    given = engine.columns("cost_heading")
    said = {name: name if name in given else nothing for name, nothing in OPTIONAL.items()}
    is_event = element.basis == "event"
    return f"""
        SELECT {text(process.key)} AS process, {text(element.name)} AS element, {text("event" if is_event else "night")} AS basis,
               {1 if element.kind == "fee" else 0} AS is_fee, {said["case_id"]} AS case_id, {said["placement_id"]} AS placement_id,
               {said["person_id"]} AS person_id, {said["la"]} AS la, coalesce({said["variation"]}, '') AS variation, {said["is_imputed"]} AS is_imputed,
               CAST({said["quantity"]} AS DECIMAL(18, 6)) AS quantity,
               coalesce({"trigger_id" if "trigger_id" in given else "NULL"}, {said["placement_id"]}, {said["case_id"]}) AS found_in,
               {"happened_on" if is_event else "starts_on"} AS starts_on,
               {"add_days(happened_on, 1)" if is_event else "ends_on"} AS ends_on
        FROM ({asked}) AS asked"""


def find_cuts(engine: Engine) -> None:
    """Make `cost_cut`: days on which a child's need group, age band or recorded fee (for fees only) changes.

    Ages change on the first day of the month of birth, so that no line of costs tells a birthday.
    """
    ages = " UNION ".join(
        f"SELECT person_id, 0 AS for_fees, birthday(month_of(born_on), {age}) AS on_day FROM person WHERE born_on IS NOT NULL"
        for age, _ in AGE_BANDS
    )
    engine.make(
        "cost_cut",
        f"""
        SELECT person_id, 0 AS for_fees, starts_on AS on_day FROM need_stretch
        UNION SELECT person_id, 0 AS for_fees, ends_on AS on_day FROM need_stretch
        UNION SELECT person_id, 1 AS for_fees, starts_on AS on_day FROM fee_stretch
        UNION SELECT person_id, 1 AS for_fees, ends_on AS on_day FROM fee_stretch
        UNION {ages}""",
    )


def make_quantities(engine: Engine, first_day: date, end_day: date) -> Ledger:
    """Make `cost_quantity` from `cost_trigger`: one event, or one stretch of nights in which nothing changes, in the window."""
    window = {"first_day": first_day.isoformat(), "end_day": end_day.isoformat()}
    engine.make("cost_case", CASES)
    events = with_names(EVENTS, EVENT_PIECES)
    times = with_names({name: part.format(**window) for name, part in TIMES.items()}, TIME_PIECES.format(**window))
    happened = "starts_on >= DATE '{first_day}' AND starts_on < DATE '{end_day}'".format(**window)
    pieces = f"SELECT * FROM ({events}) AS event_piece WHERE {happened} UNION ALL SELECT * FROM ({times}) AS time_piece"
    said = {"no_need": text(NO_NEED), "ages": age_cases("p.starts_on"), "pieces": pieces}
    made = engine.make("cost_quantity", QUANTITIES.format(**said))
    ((triggers, used),) = engine.rows(
        f"""SELECT count(*) AS triggers, count(*) FILTER (
              WHERE starts_on < DATE '{end_day}' AND coalesce(ends_on, DATE '{end_day}') > DATE '{first_day}') AS used
            FROM cost_trigger"""
    )
    ledger = Ledger()
    ledger.note(
        "find what was done in the window",
        "cost_trigger",
        "cost_trigger in the window",
        triggers,
        used,
        {"outside the window": triggers - used},
    )
    ledger.note("cut it where something changes", "cost_quantity", "cost_quantity", made, made)
    return ledger
