"""The bootstrapped test: its parts by hand, its p-value valid, its verdict right where the truth is planted."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from careloom.stats.latent_class import LatentClassFit, PatternTable, collapse, fit_latent_classes
from careloom.stats.latent_class.choosing import likelihood_ratio
from careloom.stats.latent_class.choosing.likelihood_ratio import (
    bootstrap_test,
    draw_until,
    gain_by_chance,
    sequential_p,
    split_class,
)
from careloom.stats.latent_class.model.objective import PatternObjective

sys.path.insert(0, str(Path(__file__).parents[1]))
from planted_classes import TRUTH, draw, table_of

YES = np.array([[0.1, 0.15, 0.05, 0.2, 0.1], [0.8, 0.75, 0.6, 0.7, 0.65]])


@pytest.fixture(scope="module")
def table() -> PatternTable:
    return table_of(draw(1000, seed=71)[0])


@pytest.fixture(scope="module")
def fits(table: PatternTable) -> dict[int, LatentClassFit]:
    return {k: fit_latent_classes(table, classes=k, starts=9, threads=1) for k in (1, 2, 3, 4)}


def test_a_class_split_in_two_equal_halves_is_the_same_model(
    table: PatternTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(likelihood_ratio, "SHAKEN", 0.0)
    objective = PatternObjective(table)
    whole = objective.expect(TRUTH).loglik
    for seed in range(5):
        split = split_class(TRUTH, np.random.default_rng(seed))
        assert split.classes == 4
        assert split.shares.sum() == pytest.approx(1)
        assert objective.expect(split).loglik == pytest.approx(whole, abs=1e-8)


def test_the_halves_of_a_split_class_are_apart() -> None:
    split = split_class(TRUTH, np.random.default_rng(1))
    assert sorted(split.shares)[:2] != pytest.approx(sorted(TRUTH.shares)[:2])
    assert all(item.sum(axis=1) == pytest.approx(1) for item in split.by_item)


@pytest.mark.parametrize("threads", [1, 2])
def test_drawing_stops_at_the_last_that_is_needed(threads: int) -> None:
    """Every third draw is as large as observed; the fourth of these is the twelfth draw."""

    def draw_one(number: int) -> float:
        return 5.0 if number % 3 == 2 else 1.0

    drawn = draw_until(draw_one, 5.0, 100, 4, threads)
    assert len(drawn) == 12
    assert sequential_p(drawn, 5.0, 4) == pytest.approx(4 / 12)
    all_drawn = draw_until(draw_one, 5.0, 10, 4, threads)
    assert len(all_drawn) == 10
    assert sequential_p(all_drawn, 5.0, 4) == pytest.approx((1 + 3) / 11)
    assert sequential_p(draw_until(draw_one, 9.0, 10, 4, threads), 9.0, 4) == pytest.approx(1 / 11)


def test_the_sequential_p_value_is_valid(monkeypatch: pytest.MonkeyPatch) -> None:
    """When what is observed is one more draw like the others, P(p <= a) is never above a (Besag and Clifford)."""
    monkeypatch.setattr(likelihood_ratio, "in_threads", lambda work, given, threads: list(map(work, given)))
    random, found = np.random.default_rng(2), []
    for _ in range(4000):
        pool = random.random(100)
        drawn = draw_until(lambda number, pool=pool: pool[number + 1], pool[0], 99, 5, 1)
        found.append(sequential_p(drawn, pool[0], 5))
    for level in (0.01, 0.05, 0.2, 0.5):
        share = float(np.mean(np.array(found) <= level))
        assert share <= level + 4 * np.sqrt(level * (1 - level) / 4000)
        assert share >= 0.75 * level - 4 * np.sqrt(level * (1 - level) / 4000)  # valid, and not by never rejecting


def test_chance_never_gains_less_than_nothing(fits: dict[int, LatentClassFit], table: PatternTable) -> None:
    random = np.random.default_rng(3)
    for drawn in (table, table.reweighted(table.weights + 1.0)):
        assert gain_by_chance(drawn, fits[3], fits[4], 1, random) >= 0.0
    # Where the larger model is begun at a place from which it cannot climb well, the smaller one is its floor.
    assert gain_by_chance(table, fits[1], fits[2], 2, random) >= 0.0


def test_planted_classes_are_found_and_no_more(table: PatternTable, fits: dict[int, LatentClassFit]) -> None:
    too_few = bootstrap_test(table, fits[2], fits[3], draws=19, starts=4)
    assert too_few.statistic == pytest.approx(2 * (fits[3].loglik - fits[2].loglik))
    assert too_few.p == 1 / 20
    assert too_few.as_large == 0
    enough = bootstrap_test(table, fits[3], fits[4], draws=19, enough=3, starts=10)
    assert enough.p > 0.05
    assert (enough.drawn >= 0).all()


def test_the_same_seed_gives_the_same_test_on_any_number_of_threads() -> None:
    table = table_of(draw(300, seed=72)[0])
    one, two = (fit_latent_classes(table, classes=k, starts=4, threads=1) for k in (1, 2))
    first, second = (bootstrap_test(table, one, two, draws=8, starts=3, threads=threads) for threads in (1, 2))
    assert first.drawn.tolist() == second.drawn.tolist()
    assert bootstrap_test(table, one, two, draws=8, starts=3, seed=2).drawn.tolist() != first.drawn.tolist()


def test_p_is_about_uniform_where_the_smaller_model_is_true() -> None:
    """Twenty sets of two planted classes, two tested against three. The benchmark blrt.py does the same at length."""
    found = []
    for seed in range(20):
        random = np.random.default_rng([seed, 9])
        rows = random.random((400, 5)) < YES[(random.random(400) < 0.4).astype(int)]
        table, _ = collapse(rows)
        two, three = (fit_latent_classes(table, classes=k, starts=4, seed=seed, threads=1) for k in (2, 3))
        found.append(bootstrap_test(table, two, three, draws=19, enough=20, seed=seed, threads=1).p)
    p = np.array(found)
    # Uniform on 1/20 ... 20/20 has mean 0.525 and standard deviation 0.288: four standard errors of the mean of 20. The
    # bounds of how many are 0.25 or less are passed by 2 in 10,000 binomials (20, 1/4).
    assert abs(p.mean() - 0.525) < 4 * 0.288 / np.sqrt(20)
    assert (p <= 0.25).sum() <= 12


def test_what_cannot_be_tested_is_refused(table: PatternTable, fits: dict[int, LatentClassFit]) -> None:
    with pytest.raises(ValueError, match="one class more; got 2 and 4"):
        bootstrap_test(table, fits[2], fits[4])
    with_prior = fit_latent_classes(table, classes=3, starts=2, prior=0.5, threads=1)
    with pytest.raises(ValueError, match="no prior"):
        bootstrap_test(table, fits[2], with_prior)
