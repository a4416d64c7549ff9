"""Weekly costs from the top down against those that the Local Authority Interactive Tool publishes for England."""

import csv
from pathlib import Path

import pytest

from careloom.costs.reconcile import topdown_weekly

with (Path(__file__).parent / "outturn" / "england.csv").open(encoding="utf-8", newline="") as file:
    ROWS = list(csv.DictReader(file))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["year"])
def test_the_published_weekly_cost_comes_of_the_published_spending_and_children(row: dict[str, str]) -> None:
    """To the £5 that it is published to, leap years (2019-20, 2023-24) too."""
    weekly = topdown_weekly(int(row["spend"]), int(row["looked_after"]), basis="headcount_31_march")
    assert weekly == int(row["weekly"])


def test_a_leap_year_of_366_days_would_not_give_the_published_figure() -> None:
    """What the 365 days are worth: without them this would be £5 off, so the test above can fail."""
    row = next(row for row in ROWS if row["year"] == "2019-20")
    weekly = int(row["spend"]) / int(row["looked_after"]) / 366 * 7
    assert 5 * round(weekly / 5) != int(row["weekly"])
