"""The likelihood, its slope and its curvature: against arithmetic by hand and against finite differences."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from careloom.stats.latent_class import Parameters, PatternTable, collapse, pattern_logliks
from careloom.stats.latent_class.fitting.starts import starting_point
from careloom.stats.latent_class.model.information import (
    complete_information,
    free_parameters,
    information_unseen,
    scores,
)
from careloom.stats.latent_class.model.likelihood import by_logarithms
from careloom.stats.latent_class.model.objective import PatternObjective
from careloom.stats.latent_class.model.parameters import LEAST_LOG, from_probabilities, from_yes

sys.path.insert(0, str(Path(__file__).parent))
from planted_classes import BY_ITEM, FREE, SHARES, TRUTH, draw, table_of

STEP = 1e-5


@pytest.fixture(scope="module")
def table() -> PatternTable:
    return table_of(draw(3000, seed=12, missing=0.15)[0])


def away(table: PatternTable) -> Parameters:
    """A place that is no maximum, so that nothing vanishes there."""
    return starting_point(table, 3, 4, 2)[1]


@pytest.mark.parametrize("kernel", ["numpy", "auto"])
def test_the_e_step_is_bayes_rule_row_by_row(kernel: str) -> None:
    rows, _ = draw(60, seed=1, missing=0.3)
    loglik, members, counts = 0.0, np.zeros(3), [np.zeros_like(item) for item in BY_ITEM]
    for row in rows:
        joint = SHARES.copy()
        for item, answer in zip(BY_ITEM, row, strict=True):
            joint = joint * (item[:, answer] if answer >= 0 else 1.0)
        loglik += np.log(joint.sum())
        members += joint / joint.sum()
        for expected, answer in zip(counts, row, strict=True):
            if answer >= 0:
                expected[:, answer] += joint / joint.sum()
    point = PatternObjective(table_of(rows), kernel=kernel).expect(TRUTH)
    assert point.loglik == point.value == pytest.approx(loglik, rel=1e-13)
    assert point.members == pytest.approx(members, abs=1e-11)
    assert point.counts == pytest.approx(np.hstack(counts).T, abs=1e-11)


def test_a_missing_answer_is_summed_over() -> None:
    gap, *answers = (np.exp(pattern_logliks(TRUTH, [[1, 0, 1, 1, 0, 0, code, 2]]))[0] for code in (-1, 0, 1, 2))
    assert gap == pytest.approx(sum(answers), rel=1e-12)


def test_where_products_vanish_logarithms_go_on() -> None:
    """Two hundred improbable answers: their product is below the least number there is."""
    at = from_yes([0.5, 0.5], np.full((2, 200), [[1e-9], [2e-9]]))
    table = collapse(np.ones((1, 200)), levels=[[0, 1]] * 200)[0]
    # Each class: 200 ln p + ln 0.5; the second is 2^200 times likelier.
    assert PatternObjective(table).expect(at).loglik == pytest.approx(200 * np.log(2e-9) + np.log(0.5), rel=1e-12)


def test_the_prior_is_rows_in_every_class_and_every_answer(table: PatternTable) -> None:
    without, with_it = (PatternObjective(table, prior).expect(TRUTH) for prior in (0.0, 0.7))
    assert with_it.members == pytest.approx(without.members + 0.7, rel=1e-12)
    assert with_it.counts == pytest.approx(without.counts + 0.7, rel=1e-12)
    assert with_it.loglik == without.loglik
    logs = float(np.log(SHARES).sum() + sum(np.log(item).sum() for item in BY_ITEM))
    assert with_it.value == pytest.approx(without.loglik + 0.7 * logs, rel=1e-12)


def test_parts_of_the_patterns_add_up(table: PatternTable, monkeypatch: pytest.MonkeyPatch) -> None:
    at = away(table)
    point, free = PatternObjective(table, kernel="numpy").expect(at), free_parameters(at)
    whole = point.loglik, point.members, point.counts, information_unseen(table, at, free)
    for module in ("rows.patterns", "model.halves", "model.information"):
        monkeypatch.setattr(f"careloom.stats.latent_class.{module}.PATTERNS_AT_ONCE", 7)
    in_parts = PatternObjective(table, kernel="numpy").expect(at)
    for found in (
        (in_parts.loglik, in_parts.members, in_parts.counts, information_unseen(table, at, free)),
        (*by_logarithms(table, at), whole[3]),
    ):
        for ours, theirs in zip(found, whole, strict=True):
            # Sums in another order: rounding of sums of at most 3e4.
            assert ours == pytest.approx(theirs, rel=1e-12, abs=1e-9)


@pytest.mark.parametrize("prior", [0.0, 0.4])
def test_the_slope_agrees_with_finite_differences(table: PatternTable, prior: float) -> None:
    objective, at = PatternObjective(table, prior), away(table)
    flat = at.flat()
    moves = STEP * np.eye(flat.size)
    up, down = ([objective.expect(at.like(flat + way * move)).value for move in moves] for way in (1, -1))
    by_differences = (np.array(up) - np.array(down)) / (2 * STEP)
    # Differences of a sum near 2e4: rounding 1e-11 / 1e-5; curvature of curvature some 1e3 times 1e-10.
    assert objective.expect(at).slope == pytest.approx(by_differences, rel=1e-6, abs=1e-5)


@pytest.mark.parametrize("prior", [0.0, 0.4])
def test_the_information_agrees_with_finite_differences_of_the_slope(table: PatternTable, prior: float) -> None:
    objective, at = PatternObjective(table, prior), away(table)
    free, flat = free_parameters(at), at.flat()
    assert free.size == FREE

    def slope(place: int, way: float) -> np.ndarray:
        moved = flat.copy()
        moved[place] += way * STEP  # against the largest of the same sum, which stays: so its log odds
        return objective.expect(at.like(moved)).slope[free]

    curvature = np.array([(slope(place, -1) - slope(place, 1)) / (2 * STEP) for place in free])
    information = objective.information(objective.expect(at), free)
    # Slopes of some 1e3 are good to 1e-10, which a step of 1e-5 makes 1e-5.
    assert information == pytest.approx(curvature, rel=1e-6, abs=1e-4)
    assert information == pytest.approx(information.T, abs=1e-9)


def test_the_scores_are_the_slopes_of_single_patterns(table: PatternTable) -> None:
    at = away(table)
    free, flat = free_parameters(at), at.flat()
    found = np.vstack([score for _, score in scores(table, at, free)])
    for column, place in enumerate(free):
        up, down = flat.copy(), flat.copy()
        up[place] += STEP
        down[place] -= STEP
        moved = (pattern_logliks(at.like(up), table.codes) - pattern_logliks(at.like(down), table.codes)) / (2 * STEP)
        # A log-likelihood near 10 is good to 1e-15, which the step makes 1e-10; the third derivative is at most 1.
        assert found[:, column] == pytest.approx(moved, abs=1e-9)
    assert table.weights @ found == pytest.approx(PatternObjective(table).expect(at).slope[free], abs=1e-8)


def test_information_if_classes_were_seen_is_that_of_multinomials(table: PatternTable) -> None:
    """By hand: n (diag p - p p') for the shares, and the same with a class's expected rows for each item."""
    point = PatternObjective(table).expect(TRUTH)
    free = free_parameters(TRUTH)
    information = complete_information(point, free)
    shares = np.flatnonzero(free < 3)
    kept = TRUTH.shares[free[shares]]
    assert information[np.ix_(shares, shares)] == pytest.approx(3000 * (np.diag(kept) - np.outer(kept, kept)))
    first, last = TRUTH.first_cells[7], len(TRUTH.log_probabilities)
    of_item = [place for place, f in enumerate(free) if f >= 3 and first <= (f - 3) // 3 < last and (f - 3) % 3 == 0]
    kept = np.exp(TRUTH.flat()[free[of_item]])
    rows = point.counts[first:last, 0].sum()
    assert information[np.ix_(of_item, of_item)] == pytest.approx(rows * (np.diag(kept) - np.outer(kept, kept)))
    assert (information[np.ix_(of_item, shares)] == 0).all()


def test_one_of_each_sum_is_not_free_and_nothing_at_the_bound_is() -> None:
    at = from_probabilities([0.6, 0.4], [[[0.2, 0.5, 0.3], [0.0, 0.1, 0.9]], [[1.0, 0.0], [0.5, 0.5]]])
    # Flat: shares 0-1, then cells by class. Free: the smaller share; 0.2 and 0.3; 0.1; the second of two alike.
    assert free_parameters(at).tolist() == [1, 2, 5, 6, 11]
    assert at.flat()[free_parameters(at)] == pytest.approx(np.log([0.4, 0.2, 0.1, 0.3, 0.5]))
    assert np.flatnonzero(at.at_bound).tolist() == [3, 10]
    assert at.flat()[3] == LEAST_LOG


def test_parameters_are_made_to_sum_to_one() -> None:
    at = TRUTH.like(TRUTH.flat() + 3.0)
    assert at.flat() == pytest.approx(TRUTH.flat(), abs=1e-12)
    assert [item.shape for item in at.by_item] == [item.shape for item in BY_ITEM]
    for ours, planted in zip(at.by_item, BY_ITEM, strict=True):
        assert ours == pytest.approx(planted, abs=1e-12)


@pytest.mark.parametrize(
    ("shares", "by_item", "says"),
    [
        ([0.5, 0.5], [[[0.5, 0.5]]], r"items \[0\]"),
        ([0.5, 0.5], [], "items"),
        ([0.5, -0.5], [[[0.5, 0.5], [1, 0]]], "not negative"),
        ([0.5, 0.5], [[[0.5, np.nan], [1, 0]]], "finite"),
        ([0.5, 0.5], [[[0.0, 0.0], [1, 0]]], "not all zero"),
    ],
)
def test_parameters_that_are_none_are_refused(shares: list[float], by_item: list[object], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        from_probabilities(shares, by_item)
