"""Cox models of a class that is known in part: the same as the file written out, and what attenuates and what does not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose
from numpy.typing import NDArray

from careloom.stats.survival import fit_cox, fit_cox_latent, fit_cox_soft
from careloom.stats.survival.latent_cox import _em
from careloom.stats.survival.risk_sets import checked_cox_rows
from careloom.stats.survival.soft_classes import with_classes

SHARES = np.array([0.5, 0.3, 0.2])
ITEMS = np.array([[0.1, 0.2, 0.1, 0.2, 0.1], [0.8, 0.7, 0.3, 0.2, 0.3], [0.2, 0.3, 0.8, 0.7, 0.6]])
EFFECTS = np.array([0.4, 0.9, -0.6])  # of x, of the second class, of the third
DESIGN = np.array([[0.0], [1.0]])
CLASSES = ("one", "two", "three")


@dataclass(frozen=True)
class Children:
    x: NDArray[np.int64]
    true: NDArray[np.int64]
    belongs: NDArray[np.float64]  # (n, 3) from the items alone
    day: NDArray[np.float64]
    event: NDArray[np.bool_]


def children(n: int, seed: int) -> Children:
    random = np.random.default_rng(seed)
    x, true = random.integers(0, 2, n), random.choice(3, n, p=SHARES)
    answers = random.random((n, 5)) < ITEMS[true]
    joint = SHARES * np.where(answers[:, None, :], ITEMS, 1 - ITEMS).prod(axis=2)
    hazard = np.exp(EFFECTS[0] * x + np.array([0, *EFFECTS[1:]])[true])
    day, censored = np.ceil(random.exponential(100 / hazard)), random.integers(10, 300, n)
    return Children(x, true, joint / joint.sum(axis=1, keepdims=True), np.minimum(day, censored), day <= censored)


def soft(data: Children, memberships: Any, **more: Any) -> Any:
    asked = {"names": ["x"], "classes": CLASSES, **more}
    return fit_cox_soft(DESIGN, data.x, data.day, data.event, memberships, **asked)


def latent(data: Children, prior: Any, **more: Any) -> Any:
    asked = {"names": ["x"], "classes": CLASSES, **more}
    return fit_cox_latent(DESIGN, data.x, data.day, data.event, prior, **asked)


def written_out(data: Children, memberships: NDArray[np.float64], **more: Any) -> Any:
    """Each row once for each class, with its membership as its weight."""
    n, k = memberships.shape
    row, of = np.repeat(np.arange(n), k), np.tile(np.arange(k), n)
    x = np.column_stack([data.x[row], of == 1, of == 2]).astype(float)
    each = {name: np.asarray(value)[row] for name, value in more.items()}
    weights = memberships.ravel() * each.pop("weights", 1.0)
    cluster = each.pop("cluster", row)
    return fit_cox(
        x, np.arange(row.size), data.day[row], data.event[row], names=["x", "two", "three"], ties="breslow",
        weights=weights, cluster=cluster, **each,
    )  # fmt: skip


def test_rows_that_belong_in_part_are_the_file_written_out() -> None:
    data = children(600, 1)
    random = np.random.default_rng(2)
    more = {
        "entry_days": np.minimum(random.integers(0, 9, 600), data.day - 1),
        "stratum": random.integers(0, 2, 600),
        "weights": random.choice([1.0, 2.5], 600),
        "cluster": np.arange(600) // 3,
    }
    ours, theirs = soft(data, data.belongs, **more), written_out(data, data.belongs, **more)
    assert_allclose(ours.coefficients, theirs.coefficients, atol=1e-10)
    assert_allclose(ours.covariance, theirs.covariance, rtol=1e-9)
    assert_allclose(ours.robust_covariance, theirs.robust_covariance, rtol=1e-9)
    assert_allclose(ours.loglik, theirs.loglik, rtol=1e-12)
    assert (ours.n, ours.events) == (600, int(data.event.sum()))  # children, not copies


def test_memberships_may_be_those_of_patterns() -> None:
    data = children(500, 3)
    patterns, own = np.unique(data.belongs, axis=0, return_inverse=True)
    assert len(patterns) <= 32
    for fit in (soft, latent):
        by_pattern = fit(data, patterns, member_of=own) if fit is soft else fit(data, patterns, prior_of=own)
        assert_allclose(by_pattern.coefficients, fit(data, data.belongs).coefficients, atol=1e-9)


def test_certain_classes_are_an_ordinary_factor() -> None:
    data = children(800, 4)
    certain = np.eye(3)[data.true]
    x = np.column_stack([data.x, data.true == 1, data.true == 2]).astype(float)
    hard = fit_cox(x, np.arange(800), data.day, data.event, names=["x", "two", "three"], ties="breslow", cluster=np.arange(800))  # fmt: skip
    for fit in (soft(data, certain), latent(data, certain)):
        assert_allclose(fit.coefficients, hard.coefficients, atol=1e-7)
        assert_allclose(fit.covariance, hard.covariance, rtol=1e-6)
        assert_allclose(fit.robust_covariance, hard.robust_covariance, rtol=1e-6)
    efron = fit_cox(x, np.arange(800), data.day, data.event, names=["x", "two", "three"])
    assert_allclose(soft(data, certain, ties="efron").coefficients, efron.coefficients, atol=1e-8)


def test_the_reference_only_moves_the_zero() -> None:
    data = children(700, 5)
    first, second = latent(data, data.belongs), latent(data, data.belongs, reference=1)
    assert first.names == ("x", "two", "three")
    assert second.names == ("x", "one", "three")
    assert_allclose(second.coefficients[1], -first.coefficients[1], atol=1e-4)
    assert_allclose(second.covariance[1, 1], first.covariance[1, 1], rtol=1e-3)


@pytest.mark.parametrize("strata", [1, 2])
def test_errors_are_those_of_the_full_likelihood_by_differences(strata: int) -> None:
    """Log-likelihood of coefficients and every step of the baseline, written plainly, and its curvature by differences."""
    data = children(150, 6)
    random = np.random.default_rng(1)
    stratum, entry = random.integers(0, strata, 150), np.minimum(random.integers(0, 9, 150), data.day - 1)
    fit = latent(data, data.belongs, stratum=stratum, entry_days=entry)
    rows = checked_cox_rows(data.x, data.day, data.event, patterns=2, entry_days=entry, stratum=stratum, weights=None)
    both, names = with_classes(DESIGN, ["x"], CLASSES, 0)
    scaled, found, _, _ = _em(rows, both, data.belongs, names)
    at_zero = np.exp(-(scaled.centre / scaled.width) @ found.at.beta)
    slots = found.sets.slots

    def loglik(values: NDArray[np.float64]) -> float:
        beta, log_step = values[:3], values[3:]
        ratio = np.exp(beta[0] * data.x[:, None] + np.array([0, beta[1], beta[2]]))
        there = (slots.stratum == stratum[:, None]) & (slots.day <= data.day[:, None]) & (slots.day > entry[:, None])
        lived = there @ np.exp(log_step)
        own = (there & (slots.day == data.day[:, None])) @ log_step
        chance = np.exp(-ratio * lived[:, None]) * np.where(data.event[:, None], ratio, 1.0)
        return float(np.log((data.belongs * chance).sum(axis=1)).sum() + own[data.event].sum())

    top = np.concatenate([fit.coefficients, np.log(found.at.a * at_zero)])
    assert loglik(top) == pytest.approx(fit.loglik, rel=1e-12)
    step = 1e-3 * np.eye(top.size)
    curvature = np.array(
        [
            [loglik(top + a + b) - loglik(top + a - b) - loglik(top - a + b) + loglik(top - a - b) for b in step]
            for a in step
        ]
    ) / 4e-6  # fmt: skip
    slow = np.linalg.inv(-curvature)[:3, :3]
    # EM ends 1e-8 short in likelihood, the differences are good to 1e-5 of the curvature.
    assert_allclose(fit.covariance, slow, rtol=1e-3, atol=1e-6)


def test_putting_children_into_their_likeliest_class_attenuates_and_the_corrections_do_not() -> None:
    """Mean of 12 files of 4,000: its Monte Carlo error is about 0.06 / sqrt(12); the modal bias is ten times that."""
    estimates: dict[str, list[Any]] = {"modal": [], "proportional": [], "bch": [], "two-step": []}
    for seed in range(12):
        data = children(4000, 100 + seed)
        modal = np.eye(3)[data.belongs.argmax(axis=1)]
        error = (data.belongs.T @ modal) / data.belongs.sum(axis=0)[:, None]
        weights = {"modal": modal, "proportional": data.belongs, "bch": modal @ np.linalg.inv(error)}
        for name, each in weights.items():
            estimates[name].append(soft(data, each).coefficients)
        estimates["two-step"].append(latent(data, data.belongs).coefficients)
    bias = {name: np.mean(found, axis=0) - EFFECTS for name, found in estimates.items()}
    assert bias["modal"][1] < -0.15
    assert bias["modal"][2] > 0.08
    assert bias["proportional"][1] < bias["modal"][1]
    for name in ("bch", "two-step"):
        assert np.abs(bias[name]).max() < 0.07


@pytest.mark.parametrize(
    ("memberships", "says"),
    [
        (np.full((3, 3), 0.5), "sum to one"),
        (np.full((3, 2), 0.5), "one column for each"),
        (np.full((2, 3), 1 / 3), "for every row"),
        (np.full((3, 3), np.nan), "must be known"),
    ],
)
def test_wrong_memberships_are_refused(memberships: Any, says: str) -> None:
    for fit in (fit_cox_soft, fit_cox_latent):
        with pytest.raises(ValueError, match=says):
            fit(DESIGN, [0, 1, 0], [1, 2, 3], [1, 1, 0], memberships, names=["x"], classes=CLASSES)


def test_weights_that_undo_errors_are_no_prior() -> None:
    with pytest.raises(ValueError, match="fit_cox_soft"):
        latent(children(3, 1), [[1.5, -0.5, 0.0]] * 3)
