"""Does it add up? Costs from the bottom up against what the authority says it spent, line by line of the section 251 outturn."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from careloom.catalogue.outturn import OutturnLine, Spending
from careloom.core import RequestError
from careloom.engine import Engine, text

DAYS = 365
"""Of every year, leap years too: as the Local Authority Interactive Tool has it."""

# A line of nights counts for the nights that fall in the year, an event for its day.
BOTTOM_UP = """
SELECT c.person_id, CASE WHEN c.basis = 'event' THEN CAST(c.subtotal AS DOUBLE)
  ELSE CAST(c.unit_cost AS DOUBLE) * nights_in(c.starts_on, c.ends_on, DATE '{first}', DATE '{end}') END AS cost
FROM cost AS c LEFT JOIN (SELECT * FROM spell WHERE kind = 'placement_segment') AS s ON s.spell_id = c.placement_id
WHERE c.la = {la} AND c.starts_on < DATE '{end}' AND c.ends_on > DATE '{first}' AND ({bottom_up})
"""
HEADCOUNT = """
SELECT count(DISTINCT s.person_id) AS children, count(DISTINCT s.person_id) AS days FROM spell AS s
WHERE s.la = {la} AND ({counted}) AND s.starts_on <= DATE '{last}' AND coalesce(s.ends_on, DATE '9999-12-31') > DATE '{last}'
"""
CARE_DAYS = """
SELECT count(DISTINCT s.person_id) AS children, coalesce(sum(nights_in(s.starts_on, coalesce(s.ends_on, DATE '9999-12-31'), DATE '{first}', DATE '{end}')), 0) AS days
FROM spell AS s
WHERE s.la = {la} AND ({counted}) AND s.starts_on < DATE '{end}' AND coalesce(s.ends_on, DATE '9999-12-31') > DATE '{first}'
"""


@dataclass(frozen=True)
class Reconciled:
    """One line of one authority and year: GBP spent and costed, and what either is divided by."""

    spending: Spending
    line: OutturnLine
    cost: float
    children: int
    largest: float
    next_largest: float
    counted_children: int
    denominator: int
    """Children on 31 March, or days of care in the year, as the basis says."""

    @property
    def coverage(self) -> float | None:
        """The share of spending that costs explain; None when nothing was spent."""
        return self.cost / self.spending.amount if self.spending.amount else None


def topdown_weekly(spend: float | Decimal, denominator: int, *, basis: str, round_to: int = 5) -> int | None:
    """Return GBP a week: spending over what it paid for, rounded to the nearest `round_to`; None when that is nobody.

    `headcount_31_march` divides by children and 365 days, in leap years too; `care_days` by days of care.
    Source: DfE, Local Authority Interactive Tool, data dictionary of the section 251 outturn weekly unit costs.
    """
    if basis not in ("headcount_31_march", "care_days"):
        raise ValueError("the basis is headcount_31_march or care_days")
    if denominator <= 0:
        return None
    weekly = Decimal(spend) / denominator * 7 / (DAYS if basis == "headcount_31_march" else 1)
    return int((weekly / round_to).quantize(Decimal(1), ROUND_HALF_UP)) * round_to


def reconcile(
    engine: Engine, spendings: Sequence[Spending], lines: dict[str, OutturnLine], *, first_day: date, end_day: date
) -> list[Reconciled]:
    """Hold each amount spent against what was costed in the same financial year.

    Raises RequestError when the window of the costs, [first_day, end_day), does not hold the whole of that year.
    """
    found = []
    for spent in spendings:
        first, last, end = date(spent.year - 1, 4, 1), date(spent.year, 3, 31), date(spent.year, 4, 1)
        if first < first_day or end > end_day:
            year = f"{spent.year - 1}-{spent.year % 100:02}"
            raise RequestError(f"the costs do not hold the whole of {year}: say from and to in [costs] of the study")
        line = lines[spent.line]
        words = {
            "la": text(spent.la), "first": first, "last": last, "end": end, "counted": line.counted, "bottom_up": line.bottom_up
        }  # fmt: skip
        each = engine.rows(
            f"SELECT person_id, sum(cost) AS cost FROM ({BOTTOM_UP.format(**words)}) AS line GROUP BY person_id ORDER BY cost DESC, person_id"
        )
        costs = [float(cost) for _, cost in each] + [0.0, 0.0]
        counted = CARE_DAYS if line.basis == "care_days" else HEADCOUNT
        ((children, denominator),) = engine.rows(counted.format(**words))
        found.append(
            Reconciled(spent, line, sum(costs), len(each), costs[0], costs[1], int(children), int(denominator))
        )
    return found
