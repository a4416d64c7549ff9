"""Standard errors of four kinds: by hand where that can be done, against finite differences, and nan where there is none."""

from __future__ import annotations

import sys
from dataclasses import replace
from importlib import import_module
from math import sqrt
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

from careloom.stats.latent_class import (
    LatentClassFit,
    PatternTable,
    collapse,
    fit_latent_classes,
    from_yes,
)
from careloom.stats.latent_class.errors.standard_errors import Kind, standard_errors
from careloom.stats.latent_class.model.objective import PatternObjective
from careloom.stats.latent_class.rows.clusters import Clusters

sys.path.insert(0, str(Path(__file__).parents[1]))
from planted_classes import LEVELS, draw, table_of

KINDS: list[Kind] = ["observed", "opg", "robust"]
PARTED = [[1, 1, 0, 0], [0, 0, 1, 1]]


def fit(table: PatternTable, classes: int = 3, prior: float = 0.0) -> LatentClassFit:
    return fit_latent_classes(table, classes=classes, starts=6, seed=1, prior=prior, threads=1)


@pytest.fixture(scope="module")
def rows() -> np.ndarray:
    return draw(3000, seed=41, missing=0.1)[0]


@pytest.fixture(scope="module")
def table(rows: np.ndarray) -> PatternTable:
    return table_of(rows)


@pytest.fixture(scope="module")
def fitted(table: PatternTable) -> LatentClassFit:
    found = fit(table)
    assert found.certificate.verdict == "certified"
    return found


# --- by hand ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_one_class_and_one_item_is_a_multinomial(kind: Kind) -> None:
    table, _ = collapse([[0], [1], [2], [-1]], [50, 30, 20, 7])
    errors = standard_errors(table, fit(table, 1), kind=kind)
    assert errors.probabilities[0][0] == pytest.approx([sqrt(p * (1 - p) / 100) for p in (0.5, 0.3, 0.2)], rel=1e-9)
    assert np.isnan(errors.shares).all()  # the share of a single class is no estimate
    assert errors.kind == kind


@pytest.mark.parametrize("kind", KINDS)
def test_where_classes_are_certain_shares_are_a_binomial(kind: Kind) -> None:
    """Two groups that never overlap: 60 and 40 of 100; every probability is 0 or 1 and has no error."""
    table, _ = collapse(PARTED, [60, 40])
    errors = standard_errors(table, fit(table, 2), kind=kind)
    assert errors.shares == pytest.approx([sqrt(0.24 / 100)] * 2, rel=1e-6)
    assert all(np.isnan(item).all() for item in errors.probabilities)


@pytest.mark.parametrize("kind", KINDS)
def test_one_answer_at_0_leaves_the_others_their_errors(kind: Kind) -> None:
    table, _ = collapse([[0], [1]], [50, 50], [[0, 1, 2]])
    errors = standard_errors(table, fit(table, 1), kind=kind).probabilities[0][0]
    assert errors[:2] == pytest.approx([0.05, 0.05], rel=1e-6)
    assert np.isnan(errors[2])


def test_two_items_of_one_class_that_go_together() -> None:
    """Their proportions stay binomial, as the sandwich says; the outer products think their correlation away.

    Scores are y - p for both items, the same for every row: OPG is singular, and neither item alone can be told.
    """
    table, _ = collapse([[0, 0], [1, 1]], [60, 40])
    one = fit(table, 1)
    for kind in ("observed", "robust"):
        errors = standard_errors(table, one, kind=kind).probabilities
        assert [item[0, 1] for item in errors] == pytest.approx([sqrt(0.24 / 100)] * 2, rel=1e-9)
    assert np.isnan(standard_errors(table, one, kind="opg").flat).all()


def test_clusters_by_hand() -> None:
    """One class, one item: the sum over clusters of (yes - expected) squared, over n squared."""
    answers = np.array([1, 1, 1, 0, 0, 1, 0, 0, 0, 1])
    of = np.array(list("aaaabbbccc"))
    table, pattern_of = collapse(answers[:, None])
    sums = [(answers[of == one] - 0.5).sum() for one in "abc"]
    by_hand = sqrt(sum(s * s for s in sums)) / 10
    clusters = Clusters(of, pattern_of)
    plain = standard_errors(table, fit(table, 1), kind="cluster", clusters=clusters)
    assert plain.probabilities[0][0, 1] == pytest.approx(by_hand, rel=1e-9)
    small = standard_errors(table, fit(table, 1), kind="cluster", clusters=clusters, small_sample=True)
    assert small.probabilities[0][0, 1] == pytest.approx(by_hand * sqrt(3 / 2), rel=1e-9)


def test_a_prior_is_rows_seen_for_certain() -> None:
    """One item: 30 of 100 yes and 5 rows of the prior each way: (n + 2 prior) p (1 - p)."""
    table, _ = collapse([[0], [1]], [70, 30])
    one, p = fit(table, 1, prior=5.0), 35 / 110
    assert one.yes[0, 0] == pytest.approx(p)
    slope = p * (1 - p)
    assert standard_errors(table, one).probabilities[0][0, 1] == pytest.approx(sqrt(slope / 110), rel=1e-9)
    rows_only = 70 * p**2 + 30 * (1 - p) ** 2
    opg = standard_errors(table, one, kind="opg").probabilities[0][0, 1]
    assert opg == pytest.approx(slope / sqrt(rows_only + 10 * slope), rel=1e-9)
    robust = standard_errors(table, one, kind="robust").probabilities[0][0, 1]
    assert robust == pytest.approx(sqrt(rows_only) / 110, rel=1e-9)


# --- against finite differences ---------------------------------------------------------------------------------------


def test_observed_errors_are_those_of_finite_differences(table: PatternTable, fitted: LatentClassFit) -> None:
    """Slopes differenced give the information, probabilities differenced the delta method."""
    objective, at = PatternObjective(table), fitted.parameters
    ours = standard_errors(table, fitted)
    flat, step = at.flat(), 1e-5

    def moved(place: int, way: float) -> np.ndarray:
        there = flat.copy()
        there[place] += way * step
        return there

    curved, moves = [], []
    for place in ours.free:
        up, down = (objective.expect(at.like(moved(place, way))) for way in (1, -1))
        curved.append((down.slope[ours.free] - up.slope[ours.free]) / (2 * step))
        moves.append((np.exp(up.at.flat()) - np.exp(down.at.flat())) / (2 * step))
    covariance = np.linalg.inv(np.array(curved))
    variance = np.diag(np.array(moves).T @ covariance @ np.array(moves))
    # Differences good to some 1e-7; the inverse of an information whose eigenvalues span a factor of a hundred.
    assert_allclose(ours.flat, np.sqrt(variance), rtol=1e-5)
    assert_allclose(ours.covariance, covariance, rtol=1e-4, atol=1e-8)


# --- what must hold --------------------------------------------------------------------------------------------------


def test_the_three_kinds_agree_where_the_model_holds() -> None:
    table = table_of(draw(40_000, seed=6)[0])
    found = fit(table)
    observed, opg, robust = (standard_errors(table, found, kind=kind).flat for kind in KINDS)
    # They differ by sampling, some 1 / sqrt(n times the smallest class): 1%; five of it for the largest of 60.
    assert_allclose(opg, observed, rtol=0.05)
    assert_allclose(robust, observed, rtol=0.05)


def test_the_sandwich_differs_where_the_model_does_not_hold() -> None:
    """Rows that differ by degree and not in kind: two classes are the nearest there is, and less certain than they seem.

    That the sandwich is right then is shown against drawing the rows again, in test_bootstrap.py.
    """
    random = np.random.default_rng(7)
    degree = random.normal(size=(3000, 1))
    rows = random.random((3000, 8)) < 1.0 / (1.0 + np.exp(-np.linspace(-1, 1, 8) - 2.0 * degree))
    table, _ = collapse(rows)
    found = fit(table, 2)
    ratio = standard_errors(table, found, kind="robust").flat / standard_errors(table, found).flat
    assert ratio.max() > 1.1


@pytest.mark.parametrize("kind", KINDS)
def test_weights_are_the_same_as_rows_repeated(rows: np.ndarray, kind: Kind) -> None:
    weights = np.random.default_rng(2).integers(1, 4, len(rows))
    once, repeated = table_of(rows, weights), table_of(np.repeat(rows, weights, axis=0))
    errors = [standard_errors(table, fit(table), kind=kind).flat for table in (once, repeated)]
    assert_allclose(errors[0], errors[1], rtol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_four_times_the_rows_halve_the_errors(table: PatternTable, fitted: LatentClassFit, kind: Kind) -> None:
    four = standard_errors(table.reweighted(4.0 * table.weights), fitted, kind=kind).flat
    assert_allclose(four, standard_errors(table, fitted, kind=kind).flat / 2.0, rtol=1e-9)


@pytest.mark.parametrize("kind", KINDS)
def test_the_order_of_items_and_of_answers_does_not_matter(
    rows: np.ndarray, fitted: LatentClassFit, kind: Kind
) -> None:
    order = [7, 2, 6, 0, 1, 5, 4, 3]
    backwards = [LEVELS[item][::-1] for item in order]
    other, _ = collapse(rows[:, order], levels=backwards)
    theirs = standard_errors(other, fit(other), kind=kind)
    ours = standard_errors(table_of(rows), fitted, kind=kind)
    assert_allclose(theirs.shares, ours.shares, rtol=1e-4)
    for place, item in enumerate(order):
        assert_allclose(theirs.probabilities[place][:, ::-1], ours.probabilities[item], rtol=1e-4)


def test_errors_of_yes_and_no_are_one(table: PatternTable, fitted: LatentClassFit) -> None:
    for item in standard_errors(table, fitted).probabilities[:6]:
        assert_allclose(item[:, 0], item[:, 1], rtol=1e-9)


def test_errors_of_log_odds(table: PatternTable, fitted: LatentClassFit) -> None:
    """That of a yes is on the diagonal of the covariance."""
    errors = standard_errors(table, fitted)
    for place, variance in zip(errors.free, np.diag(errors.covariance), strict=True):
        if 3 <= place < 3 + 12 * 3:
            assert errors.of_log_odds[place] == pytest.approx(sqrt(variance), rel=1e-9)


# --- clusters --------------------------------------------------------------------------------------------------------


def alike(children: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Every child assessed four times with the same answers: rows (4 children, 8) and whose they are."""
    rows, _ = draw(children, seed=seed, missing=0.1)
    order = np.random.default_rng(seed).permutation(4 * children)
    return np.repeat(rows, 4, axis=0)[order], np.repeat(np.arange(children), 4)[order]


def test_clusters_of_one_row_each_are_the_sandwich(rows: np.ndarray, fitted: LatentClassFit) -> None:
    table, pattern_of = collapse(rows, levels=LEVELS)
    by_row = standard_errors(table, fitted, kind="cluster", clusters=Clusters(np.arange(len(rows)), pattern_of))
    assert_allclose(by_row.flat, standard_errors(table, fitted, kind="robust").flat, rtol=1e-9)


def test_four_assessments_that_say_the_same_count_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    rows, child = alike(1000, seed=3)
    table, pattern_of = collapse(rows, levels=LEVELS)
    found = fit(table)
    clustered = standard_errors(table, found, kind="cluster", clusters=Clusters(child, pattern_of))
    quarter = table.reweighted(table.weights / 4.0)
    assert_allclose(clustered.flat, standard_errors(quarter, found, kind="robust").flat, rtol=1e-9)
    # The package hands on a function of the module's name, so the module is asked for by its own.
    monkeypatch.setattr(import_module("careloom.stats.latent_class.errors.standard_errors"), "CLUSTERS_AT_ONCE", 37)
    monkeypatch.setattr(import_module("careloom.stats.latent_class.model.information"), "PATTERNS_AT_ONCE", 11)
    in_parts = standard_errors(table, found, kind="cluster", clusters=Clusters(child, pattern_of))
    assert_allclose(in_parts.flat, clustered.flat, rtol=1e-9)


def test_weights_of_rows_in_clusters(rows: np.ndarray) -> None:
    """A weight of 2 is the row twice, in the same cluster."""
    weights = np.random.default_rng(5).integers(1, 4, len(rows))
    area = np.random.default_rng(6).integers(0, 40, len(rows))
    once, pattern_once = collapse(rows, weights, LEVELS)
    twice, pattern_twice = collapse(np.repeat(rows, weights, axis=0), levels=LEVELS)
    a = standard_errors(once, fit(once), kind="cluster", clusters=Clusters(area, pattern_once, weights))
    b = standard_errors(twice, fit(twice), kind="cluster", clusters=Clusters(np.repeat(area, weights), pattern_twice))
    assert_allclose(a.flat, b.flat, rtol=1e-4)


def test_clusters_that_do_not_fit_are_refused(rows: np.ndarray, fitted: LatentClassFit) -> None:
    table, pattern_of = collapse(rows, levels=LEVELS)
    area = np.arange(len(rows)) % 9

    def go(clusters: Clusters | None, kind: Kind = "cluster", small_sample: bool = False) -> None:
        standard_errors(table, fitted, kind=kind, clusters=clusters, small_sample=small_sample)

    for wrong, says in [
        (Clusters(area[1:], pattern_of), "one cluster and one pattern a row"),
        (Clusters(area[1:], pattern_of[1:]), "do not add up"),
        (Clusters(area, pattern_of, np.full(len(rows), 2.0)), "do not add up"),
        (Clusters(area, np.roll(pattern_of, 1) + 1), "do not add up"),
        (Clusters(area, pattern_of, np.ones(3)), "one weight a row"),
        (Clusters(np.zeros(len(rows)), pattern_of), "at least two clusters"),
    ]:
        with pytest.raises(ValueError, match=says):
            go(wrong)
    for asked in (lambda: go(None), lambda: go(Clusters(area, pattern_of), "robust"), lambda: go(None, "opg", True)):
        with pytest.raises(ValueError, match="clusters belong to the kind"):
            asked()


# --- where there is none ---------------------------------------------------------------------------------------------


def test_what_the_data_cannot_tell_has_no_error() -> None:
    """Two items, two classes: five parameters for three free cells."""
    table, _ = collapse([[0, 0], [0, 1], [1, 0], [1, 1]], [40, 10, 12, 38])
    found = fit(table, 2)
    assert found.certificate.verdict == "weakly identified"
    assert np.isnan(standard_errors(table, found).flat).all()


def test_what_the_data_can_tell_keeps_its_error_beside_what_they_cannot() -> None:
    """The last item parts a third class off for certain; of the other two, only what they are together is known."""
    rows = [[0, 0, 0], [0, 1, 0], [1, 0, 0], [1, 1, 0], [0, 0, 1], [0, 1, 1], [1, 0, 1], [1, 1, 1]]
    weights = [40, 10, 12, 38, 30, 30, 20, 20]
    table, _ = collapse(rows, weights)
    first_two = fit(collapse(rows[:4], weights[:4])[0].reweighted(weights[:4]), 2).parameters
    two = np.exp(first_two.log_probabilities)[[1, 3]].T  # yes to the first and second item
    at = from_yes([*first_two.shares / 2, 0.5], [[*two[0][:2], 0], [*two[1][:2], 0], [0.4, 0.5, 1]])
    errors = standard_errors(table, replace(fit(table, 3), parameters=at))
    assert np.isnan(errors.shares[:2]).all()
    assert errors.shares[2] == pytest.approx(sqrt(0.25 / 200), rel=1e-6)
    assert [errors.probabilities[item][2, 1] for item in (0, 1)] == pytest.approx(
        [sqrt(0.24 / 100), sqrt(0.25 / 100)], rel=1e-6
    )
    assert np.isnan(errors.probabilities[0][:2]).all()
    assert np.isnan(errors.probabilities[2]).all()


def test_on_a_saddle_there_is_no_error_along_what_rises(table: PatternTable, fitted: LatentClassFit) -> None:
    """Three classes alike: the likelihood rises as they part, and an inverse there would hold variances below 0."""
    flat = np.log(np.repeat(table.prevalence[:, None], 3, axis=1)).ravel()
    saddle = replace(fitted, parameters=fitted.parameters.like(np.concatenate([np.log([0.5, 0.3, 0.2]), flat])))
    assert np.isnan(standard_errors(table, saddle).flat).all()
