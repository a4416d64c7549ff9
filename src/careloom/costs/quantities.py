"""How much of what was done falls in the window: events, and stretches of nights in which nothing changes that a price may ask."""

from datetime import date

from careloom.core import Ledger
from careloom.costs.needs import AGE_BANDS
from careloom.engine import Engine, with_names

# An event of care is borne by the segment of its period that contains the day; on the last day of care, by the one that ended.
EVENTS = {
    "happened": "SELECT * FROM cost_trigger WHERE is_event = 1 AND starts_on >= DATE '{first_day}' AND starts_on < DATE '{end_day}'",
    "day_of_care": "SELECT DISTINCT stretch_no, starts_on FROM happened WHERE of_care = 1",
    "bearing": """
        SELECT d.stretch_no, d.starts_on, s.stretch_no AS placement_no, s.place_no
        FROM day_of_care AS d
        JOIN cost_segment AS s
          ON s.period_no = d.stretch_no AND s.starts_on <= d.starts_on AND d.starts_on <= coalesce(s.ends_on, DATE '9999-12-31')
        QUALIFY row_number() OVER (
          PARTITION BY d.stretch_no, d.starts_on
          ORDER BY CASE WHEN d.starts_on = s.ends_on THEN 1 ELSE 0 END, s.starts_on DESC, s.stretch_no DESC) = 1""",
}
EVENT_PIECES = """
SELECT h.stretch_no, b.placement_no, h.person_no, h.la_no, coalesce(b.place_no, h.place_no) AS place_no, h.element_no, h.is_fee,
       h.variation, h.is_imputed, h.found_as, h.starts_on, h.ends_on, h.quantity
FROM happened AS h
LEFT JOIN bearing AS b ON b.stretch_no = h.stretch_no AND b.starts_on = h.starts_on
"""

# Nights of the window, cut where the child's need group, age band or recorded fee changes. Few stretches are cut: the others
# need no putting in order.
SAME = "k.stretch_no = w.stretch_no AND k.element_no = w.element_no AND k.variation = w.variation AND k.starts_on = w.starts_on"
TIMES = {
    "within": """
        SELECT * FROM (
          SELECT stretch_no, placement_no, person_no, la_no, place_no, element_no, is_fee, variation, is_imputed, found_as, greatest(starts_on, DATE '{first_day}') AS starts_on,
                 least(coalesce(ends_on, DATE '{end_day}'), DATE '{end_day}') AS ends_on
          FROM cost_trigger WHERE is_event = 0) AS lasted
        WHERE starts_on < ends_on""",
    "inner_cut": """
        SELECT w.*, c.on_day FROM within AS w
        JOIN cost_cut AS c
          ON c.person_no = w.person_no AND c.for_fees <= w.is_fee AND c.on_day > w.starts_on AND c.on_day < w.ends_on""",
    "cut_one": "SELECT DISTINCT stretch_no, element_no, variation, starts_on FROM inner_cut",
    "begun": f"SELECT w.*, w.starts_on AS on_day FROM within AS w JOIN cut_one AS k ON {SAME} UNION ALL SELECT * FROM inner_cut",
    "piece": f"""
        SELECT w.*, w.starts_on AS on_day, w.ends_on AS next_day FROM within AS w LEFT JOIN cut_one AS k ON {SAME}
        WHERE k.stretch_no IS NULL
        UNION ALL
        SELECT *, coalesce(lead(on_day) OVER (PARTITION BY stretch_no, element_no, variation, starts_on ORDER BY on_day), ends_on)
          AS next_day
        FROM begun""",
}
TIME_PIECES = """
SELECT stretch_no, placement_no, person_no, la_no, place_no, element_no, is_fee, variation, is_imputed, found_as,
       on_day AS starts_on, next_day AS ends_on, CAST(days_between(on_day, next_day) AS DECIMAL(18, 6)) AS quantity
FROM piece
"""

# What a piece of work is told by: the child's need group and age on its first day, and where the child was; a fee, by what was
# paid for the child.
QUANTITIES = """
SELECT p.stretch_no, p.placement_no, p.la_no, p.place_no, coalesce(n.need_no, 0) AS need_no, {age} AS age_no, p.element_no,
       p.variation, p.is_imputed, p.found_as, p.starts_on, p.ends_on, p.quantity, f.per_night AS recorded
FROM (SELECT *, CASE WHEN is_fee = 1 THEN person_no END AS payee_no FROM ({pieces}) AS piece WHERE quantity <> 0) AS p
JOIN cost_person AS c ON c.person_no = p.person_no
LEFT JOIN cost_need AS n ON n.person_no = p.person_no AND n.starts_on <= p.starts_on AND n.ends_on > p.starts_on
LEFT JOIN cost_fee AS f ON f.person_no = p.payee_no AND f.starts_on <= p.starts_on AND f.ends_on > p.starts_on
"""


def find_cuts(engine: Engine, first_day: date, end_day: date) -> None:
    """Make `cost_cut`: days of the window on which a child's need group, age band or recorded fee (for fees only) changes.

    Ages change on the first day of the month of birth, so that no line of costs tells a birthday.
    """
    ages = [
        f"SELECT person_no, 0 AS for_fees, birthday(birth_month, {age}) AS on_day FROM cost_person WHERE birth_month IS NOT NULL"
        for age, _ in AGE_BANDS
    ]
    changes = [
        f"SELECT person_no, {for_fees} AS for_fees, {day} AS on_day FROM {table}"
        for table, for_fees in (("cost_need", 0), ("cost_fee", 1))
        for day in ("starts_on", "ends_on")
    ]
    cuts = " UNION ALL ".join([*ages, *changes])
    engine.make(
        "cost_cut",
        f"""SELECT DISTINCT person_no, for_fees, on_day FROM ({cuts}) AS change
            WHERE on_day > DATE '{first_day.isoformat()}' AND on_day < DATE '{end_day.isoformat()}'""",
    )


def make_quantities(engine: Engine, first_day: date, end_day: date) -> Ledger:
    """Make `cost_quantity` from `cost_trigger`: one event, or one stretch of nights in which nothing changes, in the window."""
    window = {"first_day": first_day.isoformat(), "end_day": end_day.isoformat()}
    events, times = (
        with_names({name: part.format(**window) for name, part in names.items()}, pieces)
        for names, pieces in ((EVENTS, EVENT_PIECES), (TIMES, TIME_PIECES))
    )
    pieces = f"SELECT * FROM ({events}) AS event_piece UNION ALL SELECT * FROM ({times}) AS time_piece"
    made = engine.make("cost_quantity", QUANTITIES.format(pieces=pieces, age=age_number("p.starts_on")))
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


def age_number(on_day: str) -> str:
    """Which of AGE_BANDS, from 1, person `c` is in on a day; 0 when 18 or over, or the month of birth is not known."""
    months = f"(year({on_day}) - year(c.birth_month)) * 12 + month({on_day}) - month(c.birth_month)"
    cases = " ".join(f"WHEN {months} < {12 * age} THEN {number}" for number, (age, _) in enumerate(AGE_BANDS, start=1))
    return f"CASE {cases} ELSE 0 END"
