"""Latent classes of invented rows give what R gives: a plain EM, and derivatives taken numerically (the script is beside)."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from careloom.stats.latent_class import LatentClassFit, PatternTable, collapse, fit_latent_classes
from careloom.stats.latent_class.choosing.criteria import bic
from careloom.stats.latent_class.errors.intervals import profile_interval, profile_intervals
from careloom.stats.latent_class.errors.standard_errors import Kind, standard_errors
from careloom.stats.latent_class.rows.clusters import Clusters

BOOK = Path(__file__).with_name("latent_class")
AREA, WEIGHT, *ITEMS = range(9)
# R's derivatives are differences of the fourth order: good to some 1e-9 once, 1e-7 twice.
ERROR = 1e-6
# R's profile limits are found to 1e-7 in log odds; each is at the end of a numeric maximisation.
LIMIT = 1e-5


@cache
def rows() -> np.ndarray:
    with (BOOK / "rows.csv").open(encoding="utf-8", newline="") as lines:
        return np.array([[float(v) if v else np.nan for v in row.values()] for row in csv.DictReader(lines)])


@cache
def answers(model: str, quantity: str) -> dict[tuple[str, str, str], float]:
    """R's values by class, item and answer, each counted from 1 and empty where it does not apply."""
    with (BOOK / "reference.csv").open(encoding="utf-8", newline="") as lines:
        kept = [row for row in csv.DictReader(lines) if (row["model"], row["quantity"]) == (model, quantity)]
    assert kept
    return {(row["class"], row["item"], row["answer"]): float(row["value"]) for row in kept}


@cache
def table() -> tuple[PatternTable, np.ndarray]:
    return collapse(rows()[:, ITEMS], rows()[:, WEIGHT])


@cache
def fit(classes: int) -> LatentClassFit:
    return fit_latent_classes(table()[0], classes=classes, starts=9, seed=1, threads=1)


def compared(
    shares: np.ndarray, probabilities: list[np.ndarray], theirs: dict[tuple[str, str, str], float]
) -> tuple[np.ndarray, np.ndarray]:
    """Ours and R's, in one order."""
    ours = [
        probabilities[int(item) - 1][int(k) - 1, int(answer) - 1] if item else shares[int(k) - 1]
        for k, item, answer in theirs
    ]
    return np.array(ours), np.array(list(theirs.values()))


@pytest.mark.parametrize("classes", [1, 2])
def test_the_maximum(classes: int) -> None:
    found, name = fit(classes), f"K={classes}"
    ours = {"loglik": found.loglik, "parameters": found.n_parameters, "bic": bic(found), "entropy": found.entropy}
    for quantity, value in ours.items():
        if classes > 1 or quantity != "entropy":
            assert value == pytest.approx(answers(name, quantity)["", "", ""], rel=1e-10)
    estimates, theirs = compared(found.shares, found.probabilities, answers(name, "estimate"))
    assert estimates.size == (34 + 2 if classes == 2 else 17)
    assert estimates == pytest.approx(theirs, abs=1e-8)
    assert found.certificate.verdict == "certified"


@pytest.mark.parametrize("kind", ["observed", "opg", "robust", "cluster", "cluster_small_sample"])
@pytest.mark.parametrize("classes", [1, 2])
def test_standard_errors(classes: int, kind: str) -> None:
    patterns, pattern_of = table()
    asked: Kind = "cluster" if kind.startswith("cluster") else kind  # type: ignore[assignment]
    clusters = Clusters(rows()[:, AREA], pattern_of, rows()[:, WEIGHT]) if asked == "cluster" else None
    small = kind.endswith("small_sample")
    errors = standard_errors(patterns, fit(classes), kind=asked, clusters=clusters, small_sample=small)
    ours, theirs = compared(errors.shares, errors.probabilities, answers(f"K={classes}", kind))
    assert ours == pytest.approx(theirs, rel=ERROR)


def test_the_kinds_of_standard_error_differ_in_these_rows() -> None:
    """Else the tests above could not tell one from another."""
    kinds = ["observed", "opg", "robust", "cluster", "cluster_small_sample"]
    by_kind = np.array([list(answers("K=2", kind).values()) for kind in kinds])
    apart = np.abs(by_kind[:, None] / by_kind[None] - 1.0).max(axis=2)
    assert (apart[np.triu_indices(5, 1)] > 0.01).all()


def test_profile_intervals() -> None:
    lower, upper = answers("K=2", "profile_lower"), answers("K=2", "profile_upper")
    assert list(lower) == [("2", "", ""), ("1", "1", "2"), ("2", "1", "2")]
    whole = profile_intervals(table()[0], fit(2), threads=1)
    for k, item, answer in lower:
        theirs = lower[k, item, answer], upper[k, item, answer]
        place = {"item": int(item) - 1, "answer": int(answer) - 1} if item else {}
        assert profile_interval(table()[0], fit(2), of_class=int(k) - 1, **place) == pytest.approx(theirs, abs=LIMIT)
        ours = whole.probabilities[int(item) - 1][int(k) - 1, int(answer) - 1] if item else whole.shares[int(k) - 1]
        assert ours == pytest.approx(theirs, abs=LIMIT)
