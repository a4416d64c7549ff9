"""Attacks on released tables of levels and steps: from all that is shown, no withheld number can be found."""

from collections.abc import Callable
from math import log
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from scipy.optimize import Bounds, LinearConstraint, milp

from careloom.disclose import DEFAULT, Count, Estimate, Label, Parts, Ratio, Released, Steps, Total, release
from careloom.report.question import FOLDER, read_question

COLUMNS = (
    Label("group"),
    Label("level"),
    Count("children_of_level"),
    Count("children_known"),
    Count("rows_of_level", on="children_of_level"),
    Count("rows_known", on="children_known"),
    Ratio("share", "rows_of_level", "rows_known", digits=2, at_least=25),
    Estimate("difference", ("children_of_level",), digits=1),
)
TOTAL = Total("group", "All", within=("level",))
ADDING = (
    Parts("rows_of_level", "rows_known", within=("group",)),
    Parts("children_of_level", "children_known", within=("group",)),
)


def levels(children: np.ndarray, rows: np.ndarray) -> Released:
    """A table of groups by levels (G, L) with all groups together, released."""
    told = []
    for group in range(len(children) + 1):
        is_all = group == len(children)
        c, r = (np.sum(of, axis=0) if is_all else of[group] for of in (children, rows))
        told += [
            {
                "group": "All" if is_all else str(group),
                "level": str(level),
                "children_of_level": int(c[level]),
                "children_known": int(c.sum()),
                "rows_of_level": int(r[level]),
                "rows_known": int(r.sum()),
                "difference": 0.5,
            }
            for level in range(children.shape[1])
        ]
    return release(pa.Table.from_pylist(told), COLUMNS, name="levels", total=TOTAL, adding=ADDING)


def ranges(shape: tuple[int, int], shown: Callable[[int, int], int | None], most: int) -> np.ndarray:
    """Least and greatest value of each inner cell for which all cells, summed over groups and levels, would be shown as they are.

    Integer programming; `most` is the most that a withheld cell could be. Shape (G, L, 2).
    """
    groups, of_levels = shape
    cells = groups * of_levels
    rows, low, high = [], [], []
    for group in range(groups + 1):
        for level in range(of_levels + 1):
            row = np.zeros(shape)
            row[group if group < groups else slice(None), level if level < of_levels else slice(None)] = 1
            value = shown(group, level)
            least, greatest = (1, most) if value is None else DEFAULT.could_be(value)
            rows.append(row.ravel())
            low.append(least)
            high.append(greatest)
    known = LinearConstraint(np.array(rows), low, high)
    found = np.zeros((cells, 2), dtype=int)
    for cell in range(cells):
        for end, sign in enumerate((1, -1)):
            aim = sign * np.eye(cells)[cell]
            answer = milp(aim, constraints=known, integrality=np.ones(cells), bounds=Bounds(0, 10_000))
            assert answer.success
            found[cell, end] = round(answer.x[cell])
    return found.reshape(*shape, 2)


def attack(children: np.ndarray, rows: np.ndarray) -> None:
    """Bound every withheld number of children and rows: none behind which few children are is found."""
    told = {(row["group"], row["level"]): row for row in levels(children, rows).rows.to_pylist()}
    groups, of_levels = children.shape

    def shown(name: str) -> Callable[[int, int], int | None]:
        def of(group: int, level: int) -> int | None:
            row = told["All" if group == groups else str(group), str(min(level, of_levels - 1))]
            value = row[f"{name}_known" if level == of_levels else f"{name}_of_level"]
            assert value is None or value == 0 or value >= 10
            return value

        return of

    for name, numbers in (("children", children), ("rows", rows)):
        found = ranges(children.shape, shown(name), 10_000)
        for cell in np.ndindex(children.shape):
            if 0 < children[cell] < DEFAULT.threshold:
                assert shown(name)(*cell) is None
                assert found[cell][0] < found[cell][1], (name, numbers.tolist(), cell)
                assert found[cell][0] < DEFAULT.threshold, (name, numbers.tolist(), cell)


def test_six_assessments_of_one_child_are_not_told() -> None:
    (row, *_) = levels(np.array([[1, 30]]), np.array([[6, 40]])).rows.to_pylist()
    assert (row["rows_of_level"], row["children_of_level"], row["share"], row["difference"]) == (None,) * 4


def test_levels_that_the_whole_gives_away_are_hidden_among_others() -> None:
    # 13 is shown as 15 and their whole, 17, as 15: the other four could only be 1 each
    numbers = np.array([[13, 1, 1, 1, 1]])
    told = levels(numbers, numbers).rows.to_pylist()
    assert [row["rows_of_level"] for row in told if row["group"] == "0"] == [None] * 5
    attack(numbers, numbers)


def test_many_rows_of_one_child_are_not_what_is_left_of_the_whole() -> None:
    children, rows = np.array([[50, 20, 1], [40, 30, 20]]), np.array([[100, 30, 60], [50, 40, 30]])
    attack(children, rows)
    attack(np.array([[50, 20], [3, 0]]), np.array([[90, 40], [40, 0]]))


@pytest.mark.parametrize("seed", range(12))
def test_no_withheld_level_is_found(seed: int) -> None:
    chance = np.random.default_rng(seed)
    shape = int(chance.integers(1, 4)), int(chance.integers(2, 6))
    children = chance.choice([0, 1, 1, 2, 3, 5, 8, 13, 17, 18, 22], shape)
    rows = children * chance.choice([1, 1, 1, 4], shape) + chance.integers(0, 2, shape) * (children > 0)
    attack(children, rows)


def test_what_a_step_dropped_of_few_children_is_not_what_the_next_has_less() -> None:
    told: list[dict[str, Any]] = [
        {"flow": "f", "rows_dropped": d, "children_dropped": c, "rows_left": n, "children_left": 90}
        for d, c, n in ((0, 0, 500), (100, 60, 400), (40, 1, 360), (60, 50, 300), (0, 0, 300))
    ]
    columns = (
        Label("flow"),
        Count("children_dropped"),
        Count("children_left"),
        Count("rows_dropped", on="children_dropped"),
        Count("rows_left", on="children_left"),
    )
    adding = (Steps("rows_dropped", "rows_left", within=("flow",)),)
    rows = release(pa.Table.from_pylist(told), columns, name="flow", adding=adding).rows.to_pylist()
    left, dropped = ([row[name] for row in rows] for name in ("rows_left", "rows_dropped"))
    assert dropped[2] is None
    for first in range(5):  # between two numbers left that are shown, the 40 rows are never the only ones not shown
        for last in range(first + 1, 5):
            if first < 2 <= last and None not in (left[first], left[last]):
                assert dropped[first + 1 : last + 1].count(None) > 1


@pytest.mark.parametrize("shown", [20, 110, 665, 9510])
def test_criteria_of_fit_do_not_tell_the_number_that_was_rounded(shown: int) -> None:
    """BIC less AIC is (log n - 2) x parameters: of 663 assessments, shown as 665, seven models left 662 or 663."""
    question = read_question(FOLDER / "class_fit.toml")
    told = []
    for n in range(shown - 2, shown + 3):
        fits = [(classes, 35 * classes - 1, -8.0 * shown + 31.7 * classes) for classes in range(1, 8)]
        rows = [fit_row(*fit, n, gain=31.7 / n if fit[0] > 1 else None) for fit in fits]
        told.append(release(pa.Table.from_pylist(rows), question.columns, name="class_fit").rows.to_pylist())
    assert {row["assessments"] for rows in told for row in rows} == {shown}
    assert all(rows == told[0] for rows in told)
    assert len({row["bic"] for row in told[0]}) == 7


def fit_row(classes: int, parameters: int, loglik: float, n: int, *, gain: float | None) -> dict[str, object]:
    """A row of `class_fit` with its criteria, and nothing in the columns that do not rest on the number of assessments."""
    question = read_question(FOLDER / "class_fit.toml")
    labels = {column.name: "" for column in question.columns if isinstance(column, Label)}
    others = {column.name: None for column in question.columns if isinstance(column, Estimate)}
    aic = 2.0 * parameters - 2.0 * loglik
    bic = aic + (log(n) - 2.0) * parameters
    criteria = {"aic": aic, "aic3": aic + parameters, "bic": bic, "caic": bic + parameters, "icl": bic + 12.0}
    sabic = aic + (log((n + 2.0) / 24.0) - 2.0) * parameters
    counted = {"classes": classes, "parameters": parameters, "assessments": n, "log_likelihood": loglik}
    return {**labels, **others, **criteria, **counted, "sabic": sabic, "gain_per_assessment": gain}
