"""Results under several ways of linking: read with the errors they have, combined by Rubin's rules, and never without their children."""

from math import exp, log

import pyarrow as pa
import pytest

from careloom.engine import DuckDBEngine
from careloom.stats.proportions import SURE
from careloom.stats.rubin import combine_sets
from careloom.study.link_results import HAZARD, MEAN, SHARE, TOTAL, Result, log_log, results_of, said_rows

KEY = (HAZARD, "re_entry", "sex", "F", "M")
USUAL = {"model": "M2", "method": "cause_specific", "period": "all"}


def hazard(level: str, **other: object) -> dict[str, object]:
    ratio = {"hazard_ratio": 1.2, "lower": 1.2 * exp(-SURE * 0.1), "upper": 1.2 * exp(SURE * 0.1)}
    about = {"outcome": "re_entry", "term": "sex", "level": level, "reference": "M"}
    return {**USUAL, **about, **ratio, "children": 300, "children_with_event": 40, **other}


@pytest.fixture
def results(duck: DuckDBEngine) -> DuckDBEngine:
    """Two hazard ratios that count and five that do not; a share; four children who cost, two of them in class 1 by half."""
    blank = dict.fromkeys(("hazard_ratio", "lower", "upper"))
    duck.load(
        "hazard_ratio",
        pa.Table.from_pylist([
            hazard("F"),
            hazard("U", children_with_event=12),
            hazard("X", **blank),
            hazard("F", model="M1"),
            hazard("F", method="fine_gray"),
            hazard("F", period="first 12 months"),
            hazard("F", reference="mean of all"),
        ]),
    )  # fmt: skip
    share = {"outcome": "re_entry", "of_whom": "all children", "children": 300, "children_with_event": 60}
    duck.load(
        "read_off",
        pa.Table.from_pylist([
            {**share, "class_no": 0, "days": 366, "share": 0.2, "lower": 0.15, "upper": 0.26},
            {**share, "class_no": 0, "days": 92, "share": 0.1, "lower": 0.05, "upper": 0.16},
            {**share, "class_no": 1, "days": 366, "share": 0.3, "lower": 0.25, "upper": 0.36},
            {**share, "class_no": 0, "days": 1827, "share": None, "lower": None, "upper": None},
        ]),
    )  # fmt: skip
    costs = {"a": 100.0, "b": 200.0, "c": 300.0, "d": 400.0}
    duck.load(
        "cost_of_child",
        pa.Table.from_pylist([{"costs_of": "all", "person_id": p, "cost": c} for p, c in costs.items()]),
    )
    part = [
        ("a", 1, 0.5, 0),
        ("a", 2, 0.5, 1),
        ("b", 1, 0.5, 1),
        ("b", 2, 0.5, 0),
        ("c", 2, 1.0, 1),
        ("d", None, 1.0, None),
    ]
    duck.load(
        "cost_part",
        pa.Table.from_pylist([
            {"costs_of": "all", "person_id": p, "cost": costs[p], "class_no": k, "probability": w, "is_modal": m} for p, k, w, m in part
        ]),
    )  # fmt: skip
    return duck


def test_a_hazard_ratio_has_the_error_that_its_limits_say(results: DuckDBEngine) -> None:
    found = {key: each for key, each in results_of(results).items() if key[0] == HAZARD}
    assert set(found) == {KEY, (HAZARD, "re_entry", "sex", "U", "M")}
    own = found[KEY]
    assert own.value == pytest.approx(log(1.2))
    assert own.variance == pytest.approx(0.01)
    assert (own.degrees, own.children, own.children_with_event) == (50.0, 300, 40)  # 40 + 12 events at two levels


def test_a_share_is_told_of_all_children_by_the_months_that_are_shown(results: DuckDBEngine) -> None:
    found = {key: each for key, each in results_of(results).items() if key[0] == SHARE}
    assert set(found) == {(SHARE, "re_entry", "", "12", "")}
    (own,) = found.values()
    assert own.value == pytest.approx(log_log(0.2))
    assert own.variance == pytest.approx(((log_log(0.26) - log_log(0.15)) / (2 * SURE)) ** 2)
    assert own.degrees == 59


def test_costs_together_and_on_average_by_hand(results: DuckDBEngine) -> None:
    """Together 1,000, of 4 with a variance of 50,000/3: 4 x that is the total's. Class 2: (50 + 100 + 300) / 2 = 225."""
    found = results_of(results)
    total, mean = found[TOTAL, "all", "", "", ""], found[MEAN, "all", "class_no", "0", ""]
    assert exp(total.value) == pytest.approx(1000)
    assert total.variance * 1000**2 == pytest.approx(4 * 50_000 / 3)
    assert exp(mean.value) == pytest.approx(250)
    assert mean.variance * 250**2 == pytest.approx(50_000 / 16)
    assert (total.cost, total.largest, total.next_largest, total.children) == (1000, 400, 300, 4)
    two = found[MEAN, "all", "class_no", "2", ""]
    assert exp(two.value) == pytest.approx(225)
    assert two.variance * 225**2 == pytest.approx((0.25 * 125**2 + 0.25 * 25**2 + 75**2) / 4)
    assert (two.children, two.largest) == (2, 300)
    assert (MEAN, "all", "class_no", "-1", "") not in found  # one child has no variance, so no limits either


def result(
    value: float, children: int = 100, with_event: int = 30, money: tuple[float, float, float] = (0, 0, 0)
) -> Result:
    """With a variance of 0.04; `money` is the sum, and what the two who add most add."""
    return Result(value, 0.04, 60.0, children, with_event, *money)


def test_one_way_is_told_as_it_is() -> None:
    (row,) = said_rows([{KEY: result(log(1.5))}])
    assert (row["kind"], row["subject"], row["level"], row["sets"]) == (HAZARD, "re_entry", "F", 1)
    assert row["estimate"] == pytest.approx(1.5)
    assert (row["lower"], row["upper"]) == (pytest.approx(1.5 * exp(-0.2 * SURE)), pytest.approx(1.5 * exp(0.2 * SURE)))
    assert "share_of_doubt" not in row


def test_sets_are_combined_and_rest_on_the_fewest_children() -> None:
    values = [0.1, 0.3, 0.5]
    (row,) = said_rows([{KEY: result(value, children=100 - n, with_event=30 - n)} for n, value in enumerate(values)])
    both = combine_sets(values, [0.04] * 3, 60.0)
    assert row["estimate"] == pytest.approx(exp(0.3))
    assert row["lower"] == pytest.approx(exp(float(both.limits()[0])))
    assert row["between_error"] == pytest.approx(0.2)
    assert row["within_error"] == pytest.approx(0.2)
    assert row["missing_information"] == pytest.approx(float(both.missing_information))
    assert (row["sets"], row["children"], row["children_with_event"]) == (3, 98, 28)


def test_what_only_one_set_has_is_not_told_and_what_most_have_is_told_of_those() -> None:
    other = (HAZARD, "re_entry", "sex", "U", "M")
    sets = [{KEY: result(0.1), other: result(0.5)}, {KEY: result(0.3)}, {}]
    (row,) = said_rows(sets)
    assert (row["level"], row["sets"]) == ("F", 2)


def test_money_in_which_one_child_stands_out_in_any_set_is_told_so_to_the_door() -> None:
    key = (MEAN, "all", "class_no", "1", "")
    (row,) = said_rows([{key: result(5.0, money=(1000, 90, 80))}, {key: result(5.1, money=(900, 800, 50))}])
    assert [row[name] for name in ("cost", "largest", "next_largest")] == [900.0, 800.0, 50.0]


def test_nothing_is_told_of_nothing() -> None:
    assert list(said_rows([{}])) == []
    assert list(said_rows([{}, {}])) == []
