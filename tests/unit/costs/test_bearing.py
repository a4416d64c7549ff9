"""Which segment of a period bears what is done on a day: the one that contains it, else the one that ended on it."""

from datetime import date

import pyarrow as pa
import pytest

from careloom.costs.numbers import BEARING
from careloom.engine import DuckDBEngine


def day(number: int) -> date:
    return date(2021, 5, number)


@pytest.fixture
def bearing(duck: DuckDBEngine) -> DuckDBEngine:
    """One period: a from the 1st to the 5th, b empty on the 5th, c from the 5th to the 9th; then d, still open, from the 12th."""
    segments = [("a", 1, 5), ("b", 5, 5), ("c", 5, 9), ("d", 12, None)]
    named = {"placement_id": [name for name, _, _ in segments], "period_id": ["p"] * 4}
    days = {"starts_on": [day(n) for _, n, _ in segments], "ends_on": [n and day(n) for _, _, n in segments]}
    duck.load("costed_segment", pa.table(named | days))
    numbers = pa.array([1, 2, 3, 4, 5], pa.int32())
    duck.load(
        "cost_stretch", pa.table({"spell_id": ["a", "b", "c", "d", "p"], "stretch_no": numbers, "place_no": numbers})
    )
    duck.make("cost_bearing", BEARING)
    return duck


@pytest.mark.parametrize(
    ("on", "borne_by"), [(1, [1]), (4, [1]), (5, [3]), (8, [3]), (9, [3]), (10, []), (11, []), (12, [4]), (30, [4])]
)
def test_each_day_is_borne_once_and_a_gap_by_nobody(bearing: DuckDBEngine, on: int, borne_by: list[int]) -> None:
    found = bearing.rows(
        f"SELECT placement_no FROM cost_bearing WHERE period_no = 5 AND starts_on <= DATE '{day(on)}' AND ends_on > DATE '{day(on)}'"
    )
    assert [number for (number,) in found] == borne_by
