"""Transitions: planted ones come back where the naive table is far off; the mathematics agrees with slow loops."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from careloom.stats import match_classes
from careloom.stats.latent_class import Parameters, PatternTable, collapse, fit_latent_classes, from_yes
from careloom.stats.latent_class.following.measured import Measured
from careloom.stats.latent_class.following.transition_likelihood import Moves
from careloom.stats.latent_class.following.transitions import Transitions, fit_transitions, later_of, successive
from careloom.stats.latent_class.rows.pairs import Pairs, pair_up

sys.path.insert(0, str(Path(__file__).parents[1]))
from planted_membership import YES

BEGIN = np.array([0.5, 0.3, 0.2])
MOVE = np.array([[0.7, 0.2, 0.1], [0.3, 0.6, 0.1], [0.1, 0.2, 0.7]])


def draw_children(children: int, seed: int, move: np.ndarray = MOVE, waves: int = 3) -> tuple[np.ndarray, ...]:
    """Answers (n, 8), child and wave of each assessment, each child assessed in every wave."""
    random = np.random.default_rng(seed)
    kind = np.empty((children, waves), dtype=int)
    kind[:, 0] = (random.random(children)[:, None] > np.cumsum(BEGIN)).sum(axis=1)
    for wave in range(1, waves):
        kind[:, wave] = (random.random(children)[:, None] > np.cumsum(move[kind[:, wave - 1]], axis=1)).sum(axis=1)
    answers = (random.random((children * waves, 8)) < YES[kind.ravel()]).astype(int)
    return answers, np.repeat(np.arange(children), waves), np.tile(np.arange(waves), children), kind.ravel()


def pairs_of(pattern_of: np.ndarray, child: np.ndarray, wave: np.ndarray) -> Pairs:
    now, later = successive(child, wave)
    return pair_up(pattern_of[now], pattern_of[later], clusters=child[now])[0]


def fit_file(seed: int, children: int = 1500) -> tuple[Transitions, np.ndarray]:
    answers, child, wave, _ = draw_children(children, seed)
    table, pattern_of = collapse(answers)
    fit = fit_latent_classes(table, classes=3, starts=2, seed=1, threads=1)
    found = fit_transitions(Measured(table, fit.parameters), pairs_of(pattern_of, child, wave))
    return found, match_classes(YES, fit.yes)


def test_planted_transitions_come_back_and_the_naive_table_is_far_off() -> None:
    estimates, errors, naive = [], [], []
    for seed in range(25):
        found, order = fit_file(seed)
        assert found.certificate.is_maximum
        estimates.append(found.probabilities[np.ix_(order, order)])
        errors.append(found.errors[np.ix_(order, order)])
        naive.append(found.naive[np.ix_(order, order)])
    mean, spread = np.mean(estimates, axis=0), np.std(estimates, axis=0, ddof=1)
    np.testing.assert_array_less(np.abs(mean - MOVE), 3.5 * spread / 5 + 0.01)
    stays = np.diag(np.mean(naive, axis=0))
    assert (stays < np.diag(MOVE) - 0.08).all()  # children seem to move far more than they do
    # 225 intervals, 9 by 9 from one file: were those 9 as one, the share that holds would have an error of 0.044.
    holds = np.mean(np.abs(np.array(estimates) - MOVE) < 1.96 * np.array(errors))
    assert holds > 0.95 - 2.5 * 0.044
    # The mean of 9 errors against spreads that 25 files give to a seventh each.
    assert 0.8 < (np.mean(errors, axis=0) / spread).mean() < 1.25


def test_it_is_what_slow_em_finds() -> None:
    """Pair by pair and class by class, with weights."""
    answers, child, wave, _ = draw_children(120, 31, waves=2)
    table, pattern_of = collapse(answers)
    at = from_yes(BEGIN, YES)
    now, later = successive(child, wave)
    weights = np.random.default_rng(32).uniform(0.5, 3.0, now.size)
    pairs = pair_up(pattern_of[now], pattern_of[later], weights)[0]
    ours = fit_transitions(Measured(table, at, "known"), pairs)

    def chance(row: np.ndarray, k: int) -> float:
        return float(np.prod([YES[k, j] if yes else 1 - YES[k, j] for j, yes in enumerate(row)]))

    given = np.array([[chance(row, k) for k in range(3)] for row in answers])
    joint = np.outer(BEGIN, BEGIN)
    for _ in range(1500):
        counted = np.zeros((3, 3))
        for a, b, weight in zip(now, later, weights, strict=True):
            state = joint * np.outer(given[a], given[b])
            counted += weight * state / state.sum()
        joint = counted / counted.sum()
    np.testing.assert_allclose(ours.together, joint, atol=2e-4)  # EM creeps where a state is on its way out
    slow = sum(w * np.log(given[a] @ joint @ given[b]) for a, b, w in zip(now, later, weights, strict=True))
    assert ours.loglik >= slow - 1e-9
    assert ours.loglik == pytest.approx(slow, abs=1e-2)
    assert ours.certificate.gain_left < 1e-6
    assert ours.weight == pytest.approx(weights.sum())


@pytest.fixture(scope="module")
def moves() -> Moves:
    answers, child, wave, _ = draw_children(300, 33)
    table, pattern_of = collapse(np.where(np.random.default_rng(34).random(answers.shape) < 0.1, -1, answers))
    first = Measured(table, from_yes(BEGIN, YES))
    pairs = pairs_of(pattern_of, child, wave)
    return Moves(first, pairs, later_of(first, pairs), reference=4)


def test_slopes_and_curvatures(moves: Moves) -> None:
    at = np.random.default_rng(35).normal(0.0, 0.5, 8)
    seen, nudges = moves.look(at), 1e-5 * np.eye(8)
    assert seen.value == pytest.approx(moves.height(at), rel=1e-12)
    slope = [(moves.height(at + nudge) - moves.height(at - nudge)) / 2e-5 for nudge in nudges]
    np.testing.assert_allclose(seen.score, slope, rtol=1e-6, atol=1e-5)
    curve = [(moves.look(at - nudge).score - moves.look(at + nudge).score) / 2e-5 for nudge in nudges]
    np.testing.assert_allclose(seen.information, curve, rtol=1e-6, atol=1e-5)


def test_the_debt_to_the_first_step(moves: Moves) -> None:
    at, first = np.random.default_rng(36).normal(0.0, 0.5, 8), moves.first
    flat = first.at.flat()

    def score(place: int, by: float) -> np.ndarray:
        moved = flat.copy()
        moved[place] += by
        nudged = Measured(first.table, first.at.like(moved))
        return Moves(nudged, moves.pairs, moves.later, moves.reference).look(at).score

    slope = np.stack([(score(place, 1e-5) - score(place, -1e-5)) / 2e-5 for place in first.free], axis=1)
    np.testing.assert_allclose(moves.bend_of_first_step(moves.shares(at)), slope, rtol=1e-6, atol=1e-5)


def test_classes_that_are_certain_give_the_table_that_is_seen() -> None:
    """Nothing to correct: the shares are counted, and their errors are those of counted shares."""
    tiny = 1e-12
    at = from_yes([0.5, 0.5], [[tiny, tiny], [1 - tiny, 1 - tiny]])
    table = PatternTable(np.array([[0, 0], [1, 1]], dtype=np.int32), np.array([300.0, 300.0]), (np.arange(2),) * 2)
    pairs = Pairs(np.array([0, 0, 1, 1]), np.array([[0.0], [1.0], [0.0], [1.0]]), np.array([150.0, 50.0, 40.0, 160.0]))
    found = fit_transitions(Measured(table, at, "known"), pairs)
    expected = np.array([[0.75, 0.25], [0.2, 0.8]])
    np.testing.assert_allclose(found.probabilities, expected, atol=1e-9)
    np.testing.assert_allclose(found.naive, expected, atol=1e-12)
    np.testing.assert_allclose(found.initial, [0.5, 0.5], atol=1e-9)
    np.testing.assert_allclose(found.errors, np.sqrt(expected * (1 - expected) / 200), rtol=1e-5)
    np.testing.assert_allclose(found.initial_errors, np.sqrt(0.25 / 400), rtol=1e-5)
    assert found.stayed == pytest.approx(0.775)


def test_a_move_that_never_happens_has_no_error() -> None:
    move = np.array([[0.7, 0.3, 0.0], [0.3, 0.6, 0.1], [0.0, 0.3, 0.7]])
    answers, child, wave, kind = draw_children(2000, 37, move)
    answers[:, 7], answers[:, 6] = kind == 2, kind == 0  # classes 0 and 2 are known for certain
    table, pattern_of = collapse(answers)
    yes = YES.copy()
    yes[:, 7], yes[:, 6] = [1e-12, 1e-12, 1 - 1e-12], [1 - 1e-12, 1e-12, 1e-12]
    found = fit_transitions(Measured(table, from_yes(BEGIN, yes), "known"), pairs_of(pattern_of, child, wave))
    assert found.certificate.verdict == "boundary-fixed"
    assert found.certificate.at_boundary == 2
    assert found.certificate.gain_left < 1e-6
    assert found.probabilities[0, 2] < 1e-9
    assert np.isnan(found.errors[[0, 2], [2, 0]]).all()
    assert not np.isnan(found.errors[1]).any()


def test_children_twice_over_tell_no_more_by_child() -> None:
    answers, child, wave, _ = draw_children(500, 38)
    at = from_yes(BEGIN, YES)
    once, twice = (np.arange(1500), np.tile(np.arange(1500), 2))
    other = np.concatenate([child, child + 500])
    found = []
    for taken, own in ((once, child), (twice, other), (twice, np.tile(child, 2))):
        table, pattern_of = collapse(answers[taken])
        now, later = successive(np.concatenate([child, child + 500])[: taken.size], wave[taken])
        pairs = pair_up(pattern_of[now], pattern_of[later], clusters=own[now])[0]
        found.append(fit_transitions(Measured(table, at, "known"), pairs))
    np.testing.assert_allclose(found[1].probabilities, found[0].probabilities, atol=1e-7)
    np.testing.assert_allclose(found[1].errors, found[0].errors / np.sqrt(2), rtol=2e-3)  # G / (G - 1) differs
    np.testing.assert_allclose(found[2].errors, found[0].errors, rtol=1e-5)


def test_successive_rows_follow_the_dates() -> None:
    now, later = successive([7, 8, 7, 7, 9, 8], [5, 1, 2, 5, 1, 0])
    assert list(zip(now.tolist(), later.tolist(), strict=True)) == [(2, 0), (0, 3), (5, 1)]
    with pytest.raises(ValueError, match="one child and one date a row"):
        successive([1, 2], [1])
    # A child that is not known would be one child with all others that are not.
    with pytest.raises(ValueError, match="2 rows have no child and 1 no date"):
        successive([np.nan, 1.0, np.nan, 1.0], [1.0, 2.0, 3.0, np.nan])
    with pytest.raises(ValueError, match="0 rows have no child and 1 no date"):
        successive([1, 1], np.array(["2020-01-01", "NaT"], dtype="datetime64[D]"))


def test_bad_pairs_are_refused() -> None:
    at: Parameters = from_yes(BEGIN, YES)
    table = collapse(draw_children(50, 39)[0])[0]
    for values, message in (([[0.5]], "by their number"), ([[1e6]], "by their number"), ([[0.0, 1.0]], "one column")):
        with pytest.raises(ValueError, match=message):
            fit_transitions(Measured(table, at), pair_up([0], values)[0])
