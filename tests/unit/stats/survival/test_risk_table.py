"""Risk tables add: chunks, partitions and authorities sum to the table of all rows, and to its fit, to the last digit."""

from __future__ import annotations

from functools import reduce
from operator import add

import numpy as np
import pytest
from numpy.typing import NDArray

from careloom.stats.survival import fit_cox, proportional_hazards_test
from careloom.stats.survival.kaplan_meier import kaplan_meier, kaplan_meier_of_counts
from careloom.stats.survival.proportional_hazards import Transform
from careloom.stats.survival.residuals import residuals_of
from careloom.stats.survival.risk_table import RiskTable, fit_cox_table
from careloom.stats.survival.rows import count_upto, distinct_of

N, PATTERNS = 900, 8
NAMES = ("a", "b", "c")
DESIGN = np.indices((2, 2, 2)).reshape(3, -1).T.astype(float)


def rows(
    *, late: bool = False, weighted: bool = False, strata: int = 1, step: float = 1.0
) -> dict[str, NDArray[np.generic]]:
    random = np.random.default_rng(5)
    pattern = random.integers(0, PATTERNS, N)
    day = np.ceil(random.exponential(60 / np.exp(DESIGN[pattern] @ [0.5, -0.3, 0.8])) / step) * step
    end = random.integers(5, 90, N)
    entry = np.where(random.random(N) < 0.4, random.integers(0, 40, N), -1.0)
    exits = np.minimum(day, end)
    out: dict[str, NDArray[np.generic]] = {
        "pattern": pattern,
        "exit_days": np.where(exits <= entry, entry + 1, exits),
        "is_event": day <= end,
        "stratum": np.array(["north", "east", "south", "west"])[random.integers(0, strata, N)],
    }
    if late:
        out["entry_days"] = entry
    if weighted:
        out["weights"] = random.uniform(0.5, 3.0, N)
    return out


def some(columns: dict[str, NDArray[np.generic]], which: NDArray[np.generic]) -> dict[str, NDArray[np.generic]]:
    return {name: column[which] for name, column in columns.items()}


def table_of(columns: dict[str, NDArray[np.generic]]) -> RiskTable:
    return RiskTable.from_rows(patterns=PATTERNS, **columns)  # type: ignore[arg-type]


def same(one: RiskTable, other: RiskTable, atol: float = 0.0) -> bool:
    matrices = ((one.left, other.left), (one.events, other.events), (one.entered, other.entered))
    alike = all(np.allclose(a.toarray(), b.toarray(), rtol=0, atol=atol) for a, b in matrices)
    lines = np.array_equal(one.strata, other.strata) and np.array_equal(one.days, other.days)
    return alike and lines and np.array_equal(one.rows, other.rows)


CASES = [
    {},
    {"strata": 4},
    {"late": True, "strata": 3},
    {"weighted": True},
    {"late": True, "weighted": True, "strata": 2, "step": 7.0},
]


@pytest.mark.parametrize("case", CASES, ids=str)
@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_the_sum_of_chunks_fits_as_all_rows_at_once(case: dict[str, bool], ties: str) -> None:
    columns = rows(**case)  # type: ignore[arg-type]
    chunks = np.array_split(np.random.default_rng(1).permutation(N), 7)
    whole = reduce(add, [table_of(some(columns, chunk)) for chunk in chunks])
    exact = 0.0 if "weighted" not in case else 1e-12  # whole weights add without rounding
    assert same(whole, table_of(columns), exact)
    found = fit_cox_table(whole, DESIGN, names=NAMES, ties=ties)  # type: ignore[arg-type]
    other = dict(columns)
    expected = fit_cox(DESIGN, other.pop("pattern"), other.pop("exit_days"), other.pop("is_event"), names=NAMES, ties=ties, **other)  # type: ignore[arg-type] # fmt: skip
    assert found.n == N
    assert found.events == expected.events
    np.testing.assert_allclose(found.coefficients, expected.coefficients, rtol=0, atol=1e-12)
    np.testing.assert_allclose(found.covariance, expected.covariance, rtol=1e-12)
    assert found.loglik == pytest.approx(expected.loglik, rel=1e-13)


@pytest.mark.parametrize("transform", ["km", "identity", "log", "rank"])
@pytest.mark.parametrize("case", CASES[:3], ids=str)
def test_proportional_hazards_are_tested_on_counts_as_on_rows(case: dict[str, bool], transform: Transform) -> None:
    columns = rows(**case)  # type: ignore[arg-type]
    found = proportional_hazards_test(fit_cox_table(table_of(columns), DESIGN, names=NAMES), transform)
    other = dict(columns)
    fit = fit_cox(DESIGN, other.pop("pattern"), other.pop("exit_days"), other.pop("is_event"), names=NAMES, **other)  # type: ignore[arg-type] # fmt: skip
    for one, expected in zip(found, proportional_hazards_test(fit, transform), strict=True):
        assert one.chi_square == pytest.approx(expected.chi_square, rel=1e-9)


def test_a_row_with_a_count_is_so_many_rows() -> None:
    columns = rows(strata=2, step=10.0)
    keys = np.column_stack(
        [columns["pattern"], columns["exit_days"], columns["is_event"], columns["stratum"] == "north"]
    )
    _, first, counts = np.unique(keys.astype(float), axis=0, return_index=True, return_counts=True)
    assert counts.max() > 1
    grouped = RiskTable.from_rows(patterns=PATTERNS, counts=counts, **some(columns, first))  # type: ignore[arg-type]
    assert same(grouped, table_of(columns))


def test_tables_of_authorities_with_other_days_and_labels_add_in_any_order() -> None:
    columns = rows(strata=4)
    tables = [table_of(some(columns, columns["stratum"] == name)) for name in ("west", "east", "south", "north")]
    assert same(reduce(add, tables), reduce(add, tables[::-1]))
    assert same(reduce(add, tables), table_of(columns))


def test_a_chunk_without_events_adds_but_cannot_be_fitted() -> None:
    columns = rows()
    events = columns["is_event"].astype(bool)
    without = table_of(some(columns, ~events))
    with pytest.raises(ValueError, match="no events"):
        fit_cox_table(without, DESIGN, names=NAMES)
    assert same(without + table_of(some(columns, events)), table_of(columns))


def test_the_next_model_needs_no_new_counts() -> None:
    table = table_of(rows(strata=2))
    first = fit_cox_table(table, DESIGN, names=NAMES)
    second = fit_cox_table(table, DESIGN[:, :2], names=NAMES[:2])
    assert first.working.sets.leaving is second.working.sets.leaving


def test_what_needs_rows_is_refused() -> None:
    fit = fit_cox_table(table_of(rows()), DESIGN, names=NAMES)
    with pytest.raises(ValueError, match="not rows"):
        residuals_of(fit, "martingale")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"patterns": 7}, "pattern must be"),
        ({"counts": np.full(N, 0.5)}, "whole numbers"),
        ({"counts": np.ones(3)}, "whole numbers"),
        ({"counts": np.full(N, np.nan)}, "whole numbers"),
    ],
)
def test_bad_counts_are_refused(change: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        RiskTable.from_rows(**({"patterns": PATTERNS} | rows() | change))  # type: ignore[arg-type]


def test_tables_that_are_not_of_one_kind_do_not_add() -> None:
    columns = rows()
    table = table_of(columns)
    with pytest.raises(ValueError, match="same patterns"):
        table + RiskTable.from_rows(patterns=9, **columns)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="same kind of strata"):
        table + table_of({name: column for name, column in columns.items() if name != "stratum"})
    with pytest.raises(ValueError, match="each of the table's 8 patterns"):
        fit_cox_table(table, DESIGN[:4], names=NAMES)


# --- curves of counts -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("late", [False, True])
def test_a_curve_of_counts_is_the_curve_of_the_rows(late: bool) -> None:
    columns = rows(late=late)
    entry = columns.get("entry_days")
    days = np.unique(np.concatenate((columns["exit_days"], [] if entry is None else entry)))
    count = [
        np.array([(part == day).sum() for day in days])
        for part in (columns["exit_days"][columns["is_event"].astype(bool)], columns["exit_days"])
    ]
    entered = None if entry is None else [(entry == day).sum() for day in days]
    found = kaplan_meier_of_counts(days, *count, entered)
    expected = kaplan_meier(columns["exit_days"], columns["is_event"], entry_days=entry)
    for name in ("days", "at_risk", "events", "censored", "survival", "std_error", "lower", "upper"):
        np.testing.assert_allclose(getattr(found, name), getattr(expected, name), rtol=1e-14)


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        (([1, 1], [0, 1], [1, 1]), "rise"),
        (([1, 2], [0], [1, 1]), "one length"),
        (([1, 2], [2, 0], [1, 1]), "more events"),
        (([1, 2], [0, 0], [0, 0]), "somebody must leave"),
        (([1, 2], [0, 0], [1, np.nan]), "known"),
    ],
)
def test_counts_of_no_curve_are_refused(counts: tuple[list[float], ...], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        kaplan_meier_of_counts(*counts)


# --- values on a grid -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "values",
    [
        np.array([3, 1, 3, 2, 2, 1]),
        np.array([-3, 1, -3, 0, 0, 1, 1, 1, 1], dtype=np.int8),
        np.array([-100, 100, 3], dtype=np.int8),
        np.array([0.5, 2, 1, 0.5, 3, 2, 2, 2]),
        np.array([0.1, 1.1, 2.1, 0.1, 1.1, 2.1, 0.1, 0.1]),
        np.array([0.3, 7.25, 0.3]),
        np.array([2.0**60, 2.0**60 + 512, 2.0**60]),
        np.array([True, False, True]),
        np.array(["b", "a", "b"]),
        np.arange(50)[::-1] * 1_000_000,
    ],
    ids=str,
)
def test_distinct_values_and_places_are_those_of_sorting(values: NDArray[np.generic]) -> None:
    distinct, which = np.unique(values, return_inverse=True)
    found, place = distinct_of(values)
    assert found.dtype == values.dtype
    np.testing.assert_array_equal(found, distinct)
    np.testing.assert_array_equal(place, which)
    ordered = distinct[::2]
    np.testing.assert_array_equal(count_upto(ordered, values), np.searchsorted(ordered, values, side="right"))
