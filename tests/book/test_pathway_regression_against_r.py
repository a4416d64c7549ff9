"""Our logistic regression gives R's numbers: estimates, both covariances, marginal predictions and their errors."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose
from numpy.typing import NDArray

from careloom.stats.binomial import BinomialFit, ClusterSums, fit_binomial

BOOK = Path(__file__).with_name("pathway_regression")
R = json.loads((BOOK / "reference.json").read_text(encoding="utf-8"))
# Both stop when a step changes nothing beyond about 1e-10; 1e-8 leaves room for another BLAS.
CLOSE = {"rtol": 1e-8, "atol": 1e-8}
Columns = dict[str, NDArray[Any]]


@pytest.fixture(scope="module")
def episodes() -> Columns:
    with (BOOK / "episodes.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return {name: np.array([float(row[name]) for row in rows]) for name in rows[0]}


def columns_of(names: list[str], data: Columns) -> NDArray[np.float64]:
    """The columns that R names: `sex`, a level such as `need2`, or a product of such, `sex:band1`."""

    def one(name: str) -> NDArray[np.float64]:
        return data[name] if name in data else (data[name[:-1]] == float(name[-1])).astype(float)

    return np.column_stack([np.prod([one(part) for part in name.split(":")], axis=0) for name in names])


def fit_as_r(model: str, data: Columns) -> tuple[BinomialFit, NDArray[np.float64]]:
    """Group the rows by pattern, add the clusters up the slow way, and fit; return the fit and the design of all rows."""
    x = columns_of(R["models"][model]["names"][1:], data)
    design, pattern = np.unique(x, axis=0, return_inverse=True)
    count = (int(data["child"].max()) + 1, len(design))
    n, y = np.zeros(count), np.zeros(count)
    np.add.at(n, (data["child"].astype(int), pattern), 1)
    np.add.at(y, (data["child"].astype(int), pattern), data["reached"])
    pairs = np.nonzero(n.T @ n)
    sums = ClusterSums(*pairs, (n.T @ n)[pairs], (y.T @ n)[pairs], (y.T @ y)[pairs])
    names = R["models"][model]["names"][1:]
    return fit_binomial(design, n.sum(axis=0), y.sum(axis=0), names=names, clusters=sums), x


@pytest.mark.parametrize("model", list(R["models"]))
def test_estimates_and_both_covariances_are_rs(episodes: Columns, model: str) -> None:
    fit, _ = fit_as_r(model, episodes)
    r = R["models"][model]
    assert (fit.trials, fit.successes) == (R["rows"], R["reached"])
    assert_allclose(fit.coefficients, r["coef"], **CLOSE)
    assert_allclose(fit.covariance, r["covariance"], **CLOSE)
    assert_allclose(fit.robust_covariance, r["robust"], **CLOSE)
    odds = fit.odds_ratios()
    assert_allclose([o.odds_ratio for o in odds], np.exp(r["coef"][1:]), **CLOSE)
    assert_allclose([o.p_value for o in odds], r["odds_ratio_p"][1:], rtol=1e-7, atol=1e-12)


@pytest.mark.parametrize("model", list(R["models"]))
def test_marginal_predictions_and_their_errors_are_rs(episodes: Columns, model: str) -> None:
    fit, _ = fit_as_r(model, episodes)
    names = R["models"][model]["names"][1:]
    for r in R["models"][model]["margins"]:
        changed = episodes | {r["term"]: np.full_like(episodes["sex"], float(r["level"]))}
        ours = fit.mean_probability(columns_of(names, changed), np.ones(R["rows"]))
        assert_allclose([ours.probability, ours.std_error], [r["probability"], r["std_error"]], **CLOSE)
        without = BinomialFit(fit.names, fit.coefficients, fit.covariance, None, fit.trials, fit.successes)
        model_error = without.mean_probability(columns_of(names, changed), np.ones(R["rows"])).std_error
        assert_allclose(model_error, r["std_error_model"], **CLOSE)


@pytest.mark.parametrize("need", "0123")
def test_a_model_within_each_need_is_rs_one_model_crossed_with_need(episodes: Columns, need: str) -> None:
    """Odds ratios within a need, and mean predictions for its own episodes, with errors clustered over all needs' children."""
    mine = {name: column[episodes["need"] == float(need)] for name, column in episodes.items()}
    rows = [row for row in R["within"] if row["need"] == need]
    names = ["band1", "band2", "sex", "grp1", "grp2"]
    design = columns_of(names, mine)
    child = np.unique(mine["child"], return_inverse=True)[1]
    pairs = np.nonzero(np.equal.outer(child, child))
    y = mine["reached"]
    sums = ClusterSums(*pairs, np.ones(len(pairs[0])), y[pairs[0]], y[pairs[0]] * y[pairs[1]])
    fit = fit_binomial(design, np.ones(y.size), y, names=names, clusters=sums)
    assert len(rows) == 6
    for row in rows:
        changed = {level: mine | {row["term"]: np.full_like(y, float(row[level]))} for level in ("level", "base")}
        ours = fit.mean_probability(columns_of(names, changed["level"]), np.ones(y.size))
        assert_allclose([ours.probability, ours.std_error], [row["probability"], row["std_error"]], **CLOSE)
        apart = np.append(0.0, (columns_of(names, changed["level"]) - columns_of(names, changed["base"]))[0])
        error = np.sqrt(apart @ fit.robust_covariance @ apart)
        assert_allclose([apart @ fit.coefficients, error], [row["log_odds_ratio"], row["log_odds_error"]], **CLOSE)


def test_the_reference_would_tell_the_two_covariances_apart() -> None:
    """The reference must be able to fail us: clustering changes some standard error by over 5 %."""
    r = R["models"]["main"]
    ratio = np.sqrt(np.diag(r["robust"]) / np.diag(r["covariance"]))
    assert np.abs(ratio - 1).max() > 0.05
