"""The Cox model as an object: arrays, frames and formulas say the same; what is wrong is said by name."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from careloom.stats import CoxModel
from careloom.stats.distinct_rows import distinct_rows
from careloom.stats.survival import fit_cox


@pytest.fixture(scope="module")
def children() -> pd.DataFrame:
    random = np.random.default_rng(4)
    n = 400
    need = random.choice(["abuse", "disability", "stress"], n)
    age = random.integers(0, 18, n).astype(float)
    hazard = np.exp(0.6 * (need == "stress") - 0.03 * age)
    time = np.ceil(random.exponential(200 / hazard))
    return pd.DataFrame(
        {
            "child": np.arange(n) // 2,
            "la": random.choice(["A", "B", "C"], n),
            "need": need,
            "age": age,
            "entry": np.minimum(random.integers(0, 30, n), time - 1).astype(float),
            "time": time,
            "event": random.random(n) < 0.8,
            "weight": random.choice([1.0, 2.0], n),
        }
    )


def by_hand(data: pd.DataFrame) -> tuple[pd.DataFrame, CoxModel]:
    x = pd.DataFrame(
        {"disability": data.need == "disability", "stress": data.need == "stress", "age": data.age}
    ).astype(float)
    model = CoxModel().fit(
        x, time=data.time, event=data.event, entry=data.entry, strata=data.la, cluster=data.child, weights=data.weight
    )
    return x, model


def test_a_formula_says_what_arrays_say(children: pd.DataFrame) -> None:
    _, model = by_hand(children)
    formula = "Surv(entry, time, event) ~ need + age + strata(la) + cluster(child)"
    read = CoxModel.from_formula(formula, children, weights="weight")
    assert read.feature_names_ == ("need[T.disability]", "need[T.stress]", "age")
    assert_allclose(read.coef_, model.coef_, rtol=1e-10)
    assert model.robust_standard_errors_ is not None
    assert_allclose(read.robust_standard_errors_, model.robust_standard_errors_, rtol=1e-10)
    tests = read.test_proportional_hazards()
    assert (tests.term.tolist(), tests.df.tolist()) == (["need", "age", "GLOBAL"], [2, 1, 3])


def test_squares_interactions_and_offsets(children: pd.DataFrame) -> None:
    read = CoxModel.from_formula("Surv(time, event) ~ need * age + I(age ** 2) + offset(entry)", children)
    assert len(read.feature_names_) == 6
    x = children.assign(d=children.need == "disability", s=children.need == "stress", square=children.age**2)
    columns = np.column_stack([x.d, x.s, x.age, x.square, x.d * x.age, x.s * x.age]).astype(float)
    model = CoxModel().fit(columns, time=x.time, event=x.event, offset=x.entry)
    assert sorted(read.coef_) == pytest.approx(sorted(model.coef_), rel=1e-8)


def test_summary_is_a_tidy_frame(children: pd.DataFrame) -> None:
    x, model = by_hand(children)
    table = model.summary()
    assert table.columns.tolist() == [
        "term", "coef", "std_error", "robust_std_error", "hazard_ratio", "lower", "upper", "p_value",
    ]  # fmt: skip
    assert table.term.tolist() == list(x.columns)
    half = 1.959963984540054 * table.robust_std_error
    assert_allclose(table.lower, np.exp(table.coef - half))
    assert (model.n_, model.n_events_) == (400, int(children.event.sum()))
    assert model.log_likelihood_[1] > model.log_likelihood_[0]


def test_curves_fall_and_say_whose_baseline(children: pd.DataFrame) -> None:
    x, model = by_hand(children)
    low, high = model.predict_survival(x.iloc[[0, 1]], [10, 100, 300], stratum="A")
    assert (np.diff(low.survival) < 0).all()
    assert (low.lower < low.survival).all()
    with pytest.raises(ValueError, match="say which"):
        model.predict_survival(x.iloc[[0]], [10])
    with pytest.raises(ValueError, match="no such stratum"):
        model.predict_survival(x.iloc[[0]], [10], stratum="Z")
    assert high.survival.shape == (3,)


def test_deviance_residuals_have_the_sign_of_martingale_residuals(children: pd.DataFrame) -> None:
    _, model = by_hand(children)
    martingale, deviance = model.residuals("martingale"), model.residuals("deviance")
    assert (np.sign(martingale) == np.sign(deviance)).all()
    # The definition, on one row that has the event and one that has not.
    for event in (True, False):
        row = int(np.flatnonzero(children.event.to_numpy() == event)[0])
        m = martingale[row]
        inside = -2 * (m + (np.log(1 - m) if event else 0))
        assert deviance[row] == pytest.approx(np.sign(m) * np.sqrt(inside))


def test_scaled_schoenfeld_residuals_lie_about_the_coefficient(children: pd.DataFrame) -> None:
    x, _ = by_hand(children)
    model = CoxModel().fit(x, time=children.time, event=children.event)
    scaled = model.residuals("scaled schoenfeld")
    assert scaled.shape == (model.n_events_, 3)
    assert_allclose(scaled.mean(axis=0), model.coef_, atol=1e-8)


def test_dfbeta_is_about_what_leaving_a_row_out_does(children: pd.DataFrame) -> None:
    some = children.iloc[:120]
    x = np.column_stack([some.need == "stress", some.age]).astype(float)
    model = CoxModel().fit(x, time=some.time, event=some.event)
    dfbeta = model.residuals("dfbeta")
    assert_allclose(model.residuals("dfbetas"), dfbeta / model.standard_errors_)
    keep = np.arange(120) != 7
    without = CoxModel().fit(x[keep], time=some.time[keep], event=some.event[keep])
    assert_allclose(model.coef_ - without.coef_, dfbeta[7], atol=0.2 * np.abs(dfbeta[7]).max())


def test_recurrent_events_are_a_form_of_the_data(children: pd.DataFrame) -> None:
    """Andersen and Gill: all episodes on one clock. Prentice, Williams and Peterson: an own baseline for each turn."""
    turn = (np.arange(400) % 2) + 1
    gap = children.assign(turn=turn, gap=children.time - children.entry)
    for formula in (
        "Surv(entry, time, event) ~ age + cluster(child)",
        "Surv(entry, time, event) ~ age + strata(turn) + cluster(child)",
        "Surv(gap, event) ~ age + strata(turn) + cluster(child)",
    ):
        model = CoxModel.from_formula(formula, gap)
        assert model.robust_standard_errors_ is not None
        assert np.isfinite(model.coef_).all()
    by_turn = [fit_cox(gap.age.to_numpy()[turn == t, None], np.arange(200), gap.gap[turn == t], gap.event[turn == t], names=["age"]) for t in (1, 2)]  # fmt: skip
    assert model.log_likelihood_[0] == pytest.approx(sum(fit.loglik_null for fit in by_turn))


@pytest.mark.parametrize(
    ("formula", "says"),
    [
        ("time ~ age", "begins with Surv"),
        ("Surv(time, event) age", "begins with Surv"),
        ("Surv(time, event) ~ colour + age", "no column colour"),
        ("Surv(time, event) ~ age + strata(region)", "no column region"),
        ("Surv(time, event) ~ age + strata(la) + strata(need)", "more than once"),
        ("Surv(time, gappy) ~ age", r"missing values in gappy \(3 rows\)"),
        ("Surv(time, event) ~ gappy", r"missing values in gappy \(3 rows\)"),
    ],
)
def test_a_wrong_formula_is_said(children: pd.DataFrame, formula: str, says: str) -> None:
    gappy = children.assign(gappy=[np.nan] * 3 + [1.0] * 397)
    with pytest.raises(ValueError, match=says):
        CoxModel.from_formula(formula, gappy)


def test_wrong_numbers_are_said(children: pd.DataFrame) -> None:
    good: dict[str, Any] = {"time": [1, 2, 3], "event": [1, 0, 1]}
    with pytest.raises(ValueError, match=r"x1 \(2 rows\)"):
        CoxModel().fit([[1, np.nan], [0, 1], [1, np.inf]], **good)
    with pytest.raises(ValueError, match="must hold numbers"):
        CoxModel().fit([["a"], ["b"], ["a"]], **good)
    with pytest.raises(ValueError, match="rows, columns"):
        CoxModel().fit([1, 2, 3], **good)
    with pytest.raises(ValueError, match="offset"):
        CoxModel().fit([[1], [0], [1]], **good, offset=[1, 2])
    with pytest.raises(ValueError, match="kinds"):
        by_hand(children)[1].residuals("raw")  # type: ignore[arg-type]


def test_a_level_without_events_has_no_finite_coefficient_and_no_residuals() -> None:
    x = [[0.0], [0.0], [1.0], [1.0], [0.0], [0.0]]
    model = CoxModel().fit(x, time=[1, 2, 1, 3, 4, 5], event=[1, 1, 0, 0, 1, 0])
    assert model.fit_.monotone == ("x0",)
    assert np.isneginf(model.coef_[0])
    assert np.isnan(model.summary().upper[0])
    for ask in (lambda: model.residuals("score"), model.concordance, lambda: model.predict_survival([[1.0]], [1])):
        with pytest.raises(ValueError, match="x0"):
            ask()


def test_rows_that_share_a_number_are_still_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    table = np.array([[1.0, 2.0], [2.0, 1.0], [1.0, 2.0]])

    class EqualWeights:
        def uniform(self, _low: float, _high: float, size: int) -> Any:
            return np.ones(size)

    monkeypatch.setattr(np.random, "default_rng", lambda _seed: EqualWeights())
    distinct, number = distinct_rows(table)
    assert len(distinct) == 2
    assert (distinct[number] == table).all()


def test_pandas_and_formulaic_are_imported_only_when_asked_for() -> None:
    code = "import sys, careloom.stats.survival; print(sorted({'pandas', 'formulaic'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
