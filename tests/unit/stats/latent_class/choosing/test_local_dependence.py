"""Direct effects: the statistic against slow arithmetic, planted dependence found, independence left alone."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from careloom.stats.latent_class import (
    collapse,
    fit_latent_classes,
    from_probabilities,
    from_yes,
    pattern_logliks,
    posterior,
)
from careloom.stats.latent_class.choosing.local_dependence import direct_effects, join_items
from careloom.stats.latent_class.model.information import free_parameters
from careloom.stats.latent_class.model.parameters import Parameters
from careloom.stats.latent_class.rows.patterns import PatternTable

sys.path.insert(0, str(Path(__file__).parents[1]))
from planted_classes import TRUTH, draw, table_of

YES = np.array([[0.1, 0.15, 0.2, 0.1, 0.3, 0.2], [0.8, 0.7, 0.3, 0.7, 0.3, 0.7]])


def draw_dependent(n: int, seed: int, log_odds_ratio: float) -> np.ndarray:
    """Two classes of equal size; items 2 and 4 go together within both."""
    random = np.random.default_rng(seed)
    kind = random.integers(0, 2, n)
    answers = (random.random((n, 6)) < YES[kind]).astype(int)
    a, b = YES[kind][:, 2], YES[kind][:, 4]
    both = np.stack([(1 - a) * (1 - b), (1 - a) * b, a * (1 - b), a * b * np.exp(log_odds_ratio)], axis=1)
    state = (random.random(n)[:, None] > np.cumsum(both / both.sum(axis=1, keepdims=True), axis=1)).sum(axis=1)
    answers[:, 2], answers[:, 4] = state // 2, state % 2
    return answers


def fit_two(table: PatternTable) -> Parameters:
    return fit_latent_classes(table, classes=2, starts=2, seed=1, threads=1).parameters


def slow_statistic(table: PatternTable, at: Parameters, first: int, second: int) -> float:
    """By the likelihood with a direct effect in it, its slopes by differences, and outer products of those."""
    free, flat = free_parameters(at), at.flat()
    cells = [item.shape[1] - 1 for item in at.by_item]
    size = cells[first] * cells[second]

    def logliks(x: np.ndarray) -> np.ndarray:
        moved = flat.copy()
        moved[free] += x[:-size]
        own = at.like(moved)
        effect = x[-size:].reshape(cells[first], cells[second])
        pair = np.zeros((cells[first] + 1, cells[second] + 1))
        pair[1:, 1:] = effect
        a, b = table.codes[:, first], table.codes[:, second]
        likelihood = np.exp(np.log(posterior(own, table.codes)) + pattern_logliks(own, table.codes)[:, None])
        for k in range(at.classes):
            apart = np.outer(own.by_item[first][k], own.by_item[second][k])
            together = apart * np.exp(pair) / (apart * np.exp(pair)).sum()
            # One past the last answer, -1, stands for a missing one: the sum over all.
            sums, sums_apart = (
                np.vstack([np.column_stack([t, t.sum(1)]), [*t.sum(0), 1.0]]) for t in (together, apart)
            )
            likelihood[:, k] *= (sums / sums_apart)[a, b]
        return np.log(likelihood.sum(axis=1))

    nudges = 1e-5 * np.eye(len(free) + size)
    slopes = np.stack([(logliks(nudge) - logliks(-nudge)) / 2e-5 for nudge in nudges], axis=1)
    products = slopes.T @ (slopes * table.weights[:, None])
    score = table.weights @ slopes
    score[: len(free)] = 0.0  # at the maximum, up to where it was reached
    return float(score @ np.linalg.solve(products, score))


@pytest.mark.parametrize("missing", [0.0, 0.15])
def test_the_statistic_is_that_of_a_model_with_a_direct_effect(missing: float) -> None:
    """Yes/no with yes/no, with three answers, and three with four; the slow one nudges the model itself."""
    table = table_of(draw(1500, seed=71, missing=missing)[0], np.random.default_rng(72).uniform(0.5, 2.0, 1500))
    fit = fit_latent_classes(table, classes=3, starts=3, seed=1, threads=1)
    found = {(effect.first, effect.second): effect for effect in direct_effects(table, fit.parameters)}
    assert len(found) == 28
    for pair, degrees in (((0, 1), 1), ((2, 6), 2), ((6, 7), 6)):
        assert found[pair].degrees_of_freedom == degrees
        assert found[pair].statistic == pytest.approx(slow_statistic(table, fit.parameters, *pair), rel=1e-4)


def test_planted_dependence_is_found_with_its_size() -> None:
    """Ten files of 5,000: always on top; the log odds ratio of 1 within a tenth, by either way of finding it."""
    seen, joined, gained = [], [], []
    for seed in range(10):
        table = collapse(draw_dependent(5000, seed, 1.0))[0]
        plain = fit_latent_classes(table, classes=2, starts=2, seed=1, threads=1)
        top = direct_effects(table, plain.parameters)[0]
        assert (top.first, top.second) == (2, 4)
        both = join_items(table, 2, 4)
        free = fit_latent_classes(both.table, classes=2, starts=2, seed=1, threads=1)
        seen.append(top.log_odds_ratio)
        joined.append(both.log_odds_ratios(free.parameters).mean())
        gained.append(2 * (free.loglik - plain.loglik) / top.statistic)
    # One file's estimate has an error of some 0.065; the first-order one is a few hundredths low besides.
    assert np.mean(seen) == pytest.approx(1.0, abs=0.1)
    assert np.mean(joined) == pytest.approx(1.0, abs=0.08)
    assert np.mean(gained) == pytest.approx(1.0, abs=0.15)  # score and likelihood-ratio tests, of 1 and 2 degrees


def test_independence_is_left_alone() -> None:
    """60 files of 2,000 without dependence: one pair's test says otherwise in 5 %, give or take three errors."""
    statistics = []
    for seed in range(60):
        table = collapse(draw_dependent(2000, 100 + seed, 0.0))[0]
        found = {(effect.first, effect.second): effect for effect in direct_effects(table, fit_two(table))}
        statistics.append(found[2, 4].statistic)
    assert np.mean(np.array(statistics) > 3.841459) < 0.05 + 3 * np.sqrt(0.05 * 0.95 / 60)
    assert np.mean(statistics) == pytest.approx(1.0, abs=3.5 * np.sqrt(2 / 60))  # the mean of a chi-square of 1


def test_a_model_that_leaves_nothing_has_nothing_to_test() -> None:
    """Two classes of three yes/no items fit all there is."""
    table = collapse(draw_dependent(4000, 3, 0.0)[:, [0, 1, 3]])[0]
    for effect in direct_effects(table, fit_two(table)):
        assert effect.degrees_of_freedom == 0
        assert np.isnan(effect.p_value)


def test_joined_items_whose_answers_are_independent_are_the_same_model() -> None:
    rows, _ = draw(400, seed=73)
    table = table_of(rows)
    both = join_items(table, 7, 1)
    assert (both.first, both.second, both.sizes) == (1, 7, (2, 4))
    items = TRUTH.by_item
    product = (items[1][:, :, None] * items[7][:, None, :]).reshape(3, -1)
    at = from_probabilities(TRUTH.shares, [*(items[j] for j in (0, 2, 3, 4, 5, 6)), product])
    np.testing.assert_allclose(pattern_logliks(at, both.table.codes), pattern_logliks(TRUTH, table.codes), rtol=1e-10)
    np.testing.assert_allclose(both.apart(at).flat(), TRUTH.flat(), atol=1e-10)
    np.testing.assert_allclose(both.together(at).sum(axis=(1, 2)), 1.0)
    with pytest.raises(ValueError, match="of two items of two levels"):
        both.log_odds_ratios(at)


def test_what_is_missing_stays_missing_and_is_counted() -> None:
    table = collapse([[0, 0, 1], [-1, 1, 1], [1, -1, 0], [1, 1, -1], [-1, -1, 1]], [1.0, 2.0, 4.0, 8.0, 16.0])[0]
    both = join_items(table, 0, 1)
    by_weight = dict(zip(both.table.weights.tolist(), both.table.codes.tolist(), strict=True))
    assert by_weight == {1.0: [1, 0], 2.0: [1, -1], 4.0: [0, -1], 8.0: [-1, 3], 16.0: [1, -1]}
    assert both.weight_lost == 6.0
    with pytest.raises(ValueError, match="two different items from 0 to 2"):
        join_items(table, 1, 1)


@pytest.mark.parametrize("place", [0, 6])
def test_an_item_with_one_answer_tells_nothing_and_harms_nothing(place: int) -> None:
    rows = draw_dependent(1000, 4, 0.5)
    plain = collapse(rows)[0]
    alone = collapse(np.insert(rows, place, 1, axis=1))[0]
    at = fit_two(alone)
    found = {(effect.first, effect.second): effect for effect in direct_effects(alone, at)}
    assert {effect.degrees_of_freedom for pair, effect in found.items() if place in pair} == {0}
    kept = [item for item in range(7) if item != place]
    for effect in direct_effects(plain, from_probabilities(at.shares, [at.by_item[item] for item in kept])):
        other = found[kept[effect.first], kept[effect.second]]
        assert other.statistic == pytest.approx(effect.statistic, rel=1e-9)
    assert direct_effects(collapse(rows[:, :1])[0], from_yes([1.0], [[0.5]])) == ()
