"""Costs by class of demand: worked by hand on three children."""

from datetime import date
from decimal import Decimal

import pyarrow as pa
import pytest

from careloom.costs import cost_classes
from careloom.engine import DuckDBEngine

CLASSES = [
    ("early", "ann", 2, date(2019, 1, 1), 0),
    ("late", "ann", 1, date(2020, 1, 1), 1),  # the latest counts
    ("only", "ben", 2, date(2020, 1, 1), 2),
]
PATTERNS = [(0, 1, 0.1), (0, 2, 0.9), (1, 1, 0.8), (1, 2, 0.2), (2, 1, 0.4), (2, 2, 0.6)]
LINES = [
    ("ann", "LAC 3", "fee", 10, 1000),
    ("ann", "LAC 3", "case_management", 10, 200),
    ("ann", "CIN 5", "case_management", 1, 500),
    ("ben", "LAC 3", "fee", 4, 300),
    ("cat", "LAC 6", "case_management", 1, 450),  # without an assessment
]


@pytest.fixture
def made(duck: DuckDBEngine) -> DuckDBEngine:
    classes = [
        {"assessment_id": a, "person_id": p, "class_no": k, "assessed_on": day, "pattern_no": n}
        for a, p, k, day, n in CLASSES
    ]
    duck.load("class_of", pa.Table.from_pylist(classes))
    duck.load("assessment_pattern", pa.Table.from_pylist(classes).select(["assessment_id", "pattern_no"]))
    belonging = [{"pattern_no": n, "class_no": k, "probability": share} for n, k, share in PATTERNS]
    duck.load("pattern_membership", pa.Table.from_pylist(belonging))
    lines = [
        {"person_id": p, "process": process, "kind": kind, "quantity": Decimal(n), "subtotal": Decimal(cost)}
        for p, process, kind, n, cost in LINES
    ]
    duck.load("cost", pa.Table.from_pylist(lines))
    return duck


def row(engine: DuckDBEngine, costs_of: str, class_no: int | None) -> dict[str, float]:
    found = engine.arrow("SELECT * FROM class_cost").to_pylist()
    (one,) = [each for each in found if (each["costs_of"], each["class_no"]) == (costs_of, class_no)]
    return dict(one)


def test_each_child_counts_in_each_class_by_its_probability(made: DuckDBEngine) -> None:
    cost_classes(made, seed=1)
    one = row(made, "care", 1)  # ann 0.8 x 1200 and ben 0.4 x 300
    assert one["weight"] == pytest.approx(1.2)
    assert one["cost"] == pytest.approx(960 + 120)
    assert one["nights"] == pytest.approx(8 + 1.6)
    assert (one["largest"], one["next_largest"]) == pytest.approx((960, 120))
    assert (one["children"], one["modal_cost"]) == (1, 1200)
    two = row(made, "care", 2)
    assert two["cost"] == pytest.approx(0.2 * 1200 + 0.6 * 300)
    assert (two["children"], two["modal_cost"], two["modal_largest"], two["modal_next"]) == (1, 300, 300, 0)
    everything = row(made, "all", 1)
    assert everything["cost"] == pytest.approx(0.8 * 1700 + 0.4 * 300)


def test_children_of_no_class_are_apart_and_nothing_is_lost(made: DuckDBEngine) -> None:
    cost_classes(made, seed=1)
    assert row(made, "care", None)["cost"] == 450
    for costs_of, total in (("care", 1950), ("all", 2450)):
        ((cost, modal, children),) = made.rows(
            f"SELECT sum(cost) AS cost, sum(modal_cost) AS modal, sum(children) AS children FROM class_cost WHERE costs_of = '{costs_of}'"
        )
        assert (float(cost), float(modal), int(children)) == (pytest.approx(total), total, 3)


def test_limits_hold_the_mean_and_stay_with_the_seed(made: DuckDBEngine) -> None:
    cost_classes(made, seed=1)
    first = row(made, "care", 1)
    mean = first["cost"] / first["weight"]
    assert 300 - 1e-9 <= first["lower"] <= mean <= first["upper"] <= 1200 + 1e-9
    cost_classes(made, seed=1)
    assert row(made, "care", 1) == first


def test_without_costs_or_classes_there_is_an_empty_table_or_one_without_class(made: DuckDBEngine) -> None:
    made.make("class_of", "SELECT * FROM class_of WHERE 1 = 0")
    cost_classes(made, seed=1)
    assert {each["class_no"] for each in made.arrow("SELECT * FROM class_cost").to_pylist()} == {None}
    made.make("cost", "SELECT * FROM cost WHERE 1 = 0")
    cost_classes(made, seed=1)
    assert made.rows("SELECT count(*) AS rows FROM class_cost") == [(0,)]
