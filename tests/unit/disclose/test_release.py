"""The door: what may not be shown is not, what is shown is rounded, and what is withheld cannot be worked out."""

from dataclasses import replace
from itertools import pairwise, product

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from careloom.disclose import (
    DEFAULT,
    Amount,
    Count,
    Estimate,
    Label,
    Points,
    Ratio,
    Released,
    Total,
    release,
    safe_points,
)

COLUMNS = (
    Label("kind"),
    Count("children"),
    Amount("cost", on="children", to=100),
    Ratio("each", "cost", "children", digits=0),
)
WHOLE = Total("kind", "All")


def kinds(counts: list[int], cost_each: int = 1000) -> Released:
    """A table of kinds with their total, released."""
    rows = [{"kind": f"k{n}", "children": count, "cost": float(count * cost_each)} for n, count in enumerate(counts)]
    rows.append({"kind": "All", "children": sum(counts), "cost": float(sum(counts) * cost_each)})
    return release(pa.Table.from_pylist(rows), COLUMNS, name="kinds", total=WHOLE)


@pytest.mark.parametrize(
    ("count", "shown"),
    [(0, 0), (1, None), (5, None), (6, 10), (7, 10), (8, 10), (12, 10), (13, 15), (17, 15), (18, 20), (1002, 1000)],
)
def test_a_count_is_withheld_or_rounded(count: int, shown: int | None) -> None:
    assert DEFAULT.shown(count) == shown


@given(st.integers(0, 10_000))
def test_could_be_is_exactly_the_counts_that_look_alike(count: int) -> None:
    low, high = DEFAULT.could_be(DEFAULT.shown(count))
    assert low <= count <= high
    assert {DEFAULT.shown(n) for n in range(low, high + 1)} == {DEFAULT.shown(count)}
    assert DEFAULT.shown(high + 1) != DEFAULT.shown(count)


@given(st.lists(st.integers(0, 40), min_size=1, max_size=8))
def test_no_released_count_is_small(counts: list[int]) -> None:
    released = kinds(counts)
    for row in released.rows.to_pylist():
        assert row["children"] is None or row["children"] == 0 or row["children"] >= 10
        assert row["children"] is None or row["children"] % 5 == 0
        if row["children"] is None:
            assert released.is_withheld(row, "children")
            assert (row["cost"], row["each"]) == (None, None)


@given(st.lists(st.integers(0, 9), min_size=2, max_size=4))
def test_every_withheld_count_leaves_a_reader_in_doubt(counts: list[int]) -> None:
    """Attack by brute force: try every set of counts that would be shown as these are."""
    shown = [row["children"] for row in kinds(counts).rows.to_pylist()]
    ranges = [range(low, high + 1) for low, high in map(DEFAULT.could_be, shown[:-1])]
    alike = [guess for guess in product(*ranges) if shown[-1] is None or DEFAULT.shown(sum(guess)) == shown[-1]]
    for part, value in enumerate(shown[:-1]):
        if value is None:
            assert len({guess[part] for guess in alike}) > 1


def test_a_total_that_gives_its_small_parts_away_is_withheld() -> None:
    # 13 is shown as 15 and 17 as 15: the other four can only be 1 each (17 - 13 = 4)
    assert kinds([13, 1, 1, 1, 1]).rows.to_pylist()[-1]["children"] is None
    assert kinds([13, 2, 2]).rows.to_pylist()[-1]["children"] == 15


@given(st.lists(st.integers(0, 30), min_size=1, max_size=8))
def test_money_less_shown_money_is_never_that_of_a_small_group(counts: list[int]) -> None:
    released = kinds(counts).rows.to_pylist()
    *parts, whole = released
    if whole["cost"] is None:
        return
    hidden = [count for count, row in zip(counts, parts, strict=True) if row["cost"] is None]
    assert not hidden or (sum(hidden) >= 6 and len(hidden) >= 2)


def test_ratios_come_from_released_numbers() -> None:
    rows = pa.table({"kind": ["a"], "found": [7], "seen": [13]})
    columns = (Label("kind"), Count("found"), Count("seen"), Ratio("share", "found", "seen", times=100, digits=1))
    assert release(rows, columns, name="t").rows.to_pylist() == [
        {"kind": "a", "found": 10, "seen": 15, "share": 66.7, "withheld": None}
    ]


def test_estimates_go_with_the_counts_they_rest_on() -> None:
    rows = pa.table({"n": [5, 6, 100, 100], "p": [0.5, 1.0, 0.034, 0.123]})
    columns = (Count("n"), Estimate("p", on=("n",), digits=2, is_share=True))
    # 0.034 of 100 is a count of 3; 0.123 of 100 is 12
    assert release(rows, columns, name="t").rows["p"].to_pylist() == [None, 1.0, None, 0.12]


def test_blank_is_not_withheld_and_nought_is_shown() -> None:
    rows = pa.table({"n": pa.array([0, None], pa.int64()), "cost": [0.0, None]})
    released = release(rows, (Count("n"), Amount("cost", "n", 100), Ratio("each", "cost", "n")), name="t")
    assert released.rows.to_pylist() == [
        {"n": 0, "cost": 0, "each": None, "withheld": None},
        {"n": None, "cost": None, "each": None, "withheld": None},
    ]


def test_a_column_nobody_declared_does_not_get_out() -> None:
    with pytest.raises(ValueError, match="person_id"):
        release(pa.table({"n": [9], "person_id": ["p"]}), (Count("n"),), name="t")


def test_the_account_adds_up() -> None:
    account = kinds([3, 10, 23]).account
    # 3 columns of numbers x 4 rows. Withheld: the 3 with its money and ratio, and the money and ratio of the 10 it hides
    # behind. Rounded: 23 -> 25 and 36 -> 35 children.
    assert (account.cells, account.withheld, account.rounded) == (12, 5, 2)


def test_totals_are_taken_within_their_group() -> None:
    rows = pa.table(
        {
            "year": [1, 1, 1, 2, 2],
            "kind": ["a", "b", "All", "a", "All"],
            "n": [3, 20, 23, 20, 20],
            "cost": [3.0, 20.0, 23.0, 20.0, 20.0],
        }
    )
    columns = (Label("year"), Label("kind"), Count("n"), Amount("cost", "n", 1))
    released = release(rows, columns, name="t", total=Total("kind", "All", within=("year",)))
    assert released.rows["cost"].to_pylist() == [None, None, 23, 20, 20]


POINTS = Points(by=("curve",), when="month", at_risk="left", events="events", first=(3, 6, 12))


def curve(steps: list[tuple[int, int]]) -> pa.Table:
    """Monthly points from (events in the month, children censored in it), of 200 children."""
    rows, left, events = [{"curve": "a", "month": 0, "left": 200, "events": 0}], 200, 0
    for month, (happened, censored) in enumerate(steps, start=1):
        left, events = max(0, left - happened - censored), events + happened
        rows.append({"curve": "a", "month": month, "left": left, "events": events})
    return pa.Table.from_pylist(rows)


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 12)), min_size=1, max_size=20))
def test_no_step_between_shown_points_is_a_small_number_of_events(steps: list[tuple[int, int]]) -> None:
    shown = safe_points(curve(steps), POINTS).to_pylist()
    assert all(row["left"] >= 6 for row in shown)
    assert not any(0 < later["events"] - earlier["events"] < 6 for earlier, later in pairwise(shown))
    assert shown[0]["month"] == 0


def test_the_months_people_ask_for_come_first() -> None:
    # 2 events a month: 6 by month 3, 12 by month 6; the months between would show 2 or 4 at a time
    assert safe_points(curve([(2, 0)] * 6), POINTS)["month"].to_pylist() == [0, 3, 6]


def test_the_first_named_month_wins_where_not_all_may_be_shown() -> None:
    asked = replace(POINTS, first=(12, 24, 6, 3))
    # 4 events by month 6 and 8 by month 12: shown at 6 and 12, either step would be 4 events
    steps = [(4, 0), *[(0, 0)] * 5, *[(2, 0)] * 2, *[(0, 0)] * 4]
    months = safe_points(curve(steps), asked)["month"].to_pylist()
    assert 12 in months
    assert not {3, 6} & set(months)


def test_a_curve_of_few_children_is_not_shown() -> None:
    rows = pa.table({"curve": ["a"], "month": [0], "left": [5], "events": [0]})
    assert safe_points(rows, POINTS).num_rows == 0
