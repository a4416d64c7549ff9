"""Starts and the table of tops: every start counted, the same seed the same, three kinds that are what they say."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from careloom.stats.latent_class import LatentClassFit, Parameters, PatternTable, fit_latent_classes
from careloom.stats.latent_class.fitting.climb import Climb
from careloom.stats.latent_class.fitting.search import Ended, distance, in_threads, search, tabulate_modes
from careloom.stats.latent_class.fitting.starts import INSIDE, KINDS, starting_point
from careloom.stats.latent_class.model.objective import PatternObjective

sys.path.insert(0, str(Path(__file__).parent))
from planted_classes import TRUTH, draw, table_of


@pytest.fixture(scope="module")
def table() -> PatternTable:
    return table_of(draw(1500, seed=31, missing=0.1)[0])


@pytest.fixture(scope="module")
def fitted(table: PatternTable) -> LatentClassFit:
    """More classes than there are, so that there are several tops."""
    return fit_latent_classes(table, classes=5, starts=12, seed=1, threads=1)


def starts(table: PatternTable, classes: int, seed: int, how_many: int) -> list[Parameters]:
    return [starting_point(table, classes, seed, number)[1] for number in range(how_many)]


# --- tops ------------------------------------------------------------------------------------------------------------


def test_starts_are_accounted_for(fitted: LatentClassFit) -> None:
    assert fitted.starts == sum(mode.found for mode in fitted.modes) == 12
    assert fitted.starts_at_best == fitted.modes[0].found
    assert all(sum(count for _, count in mode.kinds) == mode.found for mode in fitted.modes)
    kinds = [kind for mode in fitted.modes for kind, count in mode.kinds for _ in range(count)]
    assert sorted(kinds) == sorted(list(KINDS) * 4)


def test_tops_differ_and_come_highest_first(fitted: LatentClassFit) -> None:
    heights = [mode.loglik for mode in fitted.modes]
    assert len(heights) > 1
    assert heights == sorted(heights, reverse=True)
    assert fitted.loglik == pytest.approx(heights[0], abs=1e-6)
    assert all((np.diff(mode.shares) <= 0).all() for mode in fitted.modes)


def test_the_highest_of_all_starts_is_kept(table: PatternTable, fitted: LatentClassFit) -> None:
    ended = search(PatternObjective(table), 5, starts=12, seed=1, threads=1)
    assert fitted.loglik >= max(one.climb.point.loglik for one in ended) - 1e-9


def test_a_top_is_the_same_whatever_the_order_of_its_classes(table: PatternTable) -> None:
    objective = PatternObjective(table)

    def ended(at: Parameters) -> Ended:
        return Ended("uniform", Climb(objective.expect(at), 0, 0.0))

    shuffled = TRUTH.in_order(np.array([2, 0, 1]))
    flat = TRUTH.flat()
    flat[3] -= 0.5
    other = TRUTH.like(flat)
    modes = tabulate_modes([ended(TRUTH), ended(shuffled), ended(other)])
    assert sorted(mode.found for mode in modes) == [1, 2]
    assert distance(TRUTH, shuffled) == pytest.approx(0.0, abs=1e-12)
    assert distance(TRUTH, other) > 0.0


def test_heights_alike_in_other_places_are_two_tops(table: PatternTable) -> None:
    """As high to a thousandth, yet other classes: what a flat top does."""
    objective = PatternObjective(table)
    point = objective.expect(TRUTH)
    far = Climb(type(point)(starts(table, 3, 0, 1)[0], point.loglik, point.value, point.members, point.counts), 0, 0.0)
    assert len(tabulate_modes([Ended("uniform", Climb(point, 0, 0.0)), Ended("uniform", far)])) == 2


# --- repeatability ---------------------------------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_fit_on_one_thread_or_two(table: PatternTable, fitted: LatentClassFit) -> None:
    again = fit_latent_classes(table, classes=5, starts=12, seed=1, threads=2)
    assert [mode.loglik for mode in again.modes] == [mode.loglik for mode in fitted.modes]
    assert (again.parameters.flat() == fitted.parameters.flat()).all()


def test_work_in_threads_comes_back_in_order() -> None:
    assert in_threads(lambda n: n * n, range(20), 3) == [n * n for n in range(20)]
    assert in_threads(lambda n: n, [], 2) == []


def test_another_seed_gives_other_starts_and_more_starts_keep_the_first(table: PatternTable) -> None:
    first, other, more = starts(table, 3, 1, 6), starts(table, 3, 2, 6), starts(table, 3, 1, 9)
    assert all((a.flat() != b.flat()).any() for a, b in zip(first, other, strict=True))
    assert all((a.flat() == b.flat()).all() for a, b in zip(first, more, strict=False))
    assert (more[0].flat() != more[3].flat()).any()


# --- starts ----------------------------------------------------------------------------------------------------------


def test_every_start_is_inside_and_every_class_of_it_different(table: PatternTable) -> None:
    for start in starts(table, 4, 0, 9):
        # The least before they are made to sum to one again, which takes at most a quarter of it (four answers).
        assert (start.probabilities > 0.75 * INSIDE).all()
        assert len(np.unique(start.probabilities.T, axis=0)) == 4
        assert all(item.sum(axis=1) == pytest.approx(1.0, abs=1e-12) for item in start.by_item)
        assert start.shares == pytest.approx(0.25)


def test_a_start_near_prevalence_shakes_the_log_odds_by_a_half(table: PatternTable) -> None:
    near = starting_point(table, 40, 0, 0)[1]
    no, yes = near.log_probabilities[0:12:2], near.log_probabilities[1:12:2]
    middle = np.log(table.prevalence)
    shaken = (yes - no) - (middle[1:12:2] - middle[0:12:2])[:, None]
    # 240 draws: the standard error of a standard deviation of 0.5 is 0.023, of the mean 0.032.
    assert shaken.std() == pytest.approx(0.5, abs=0.1)
    assert shaken.mean() == pytest.approx(0.0, abs=0.13)


def test_a_uniform_start_is_uniform(table: PatternTable) -> None:
    anywhere = starting_point(table, 100, 0, 1)[1]
    yes = anywhere.probabilities[1:12:2].ravel()
    # Uniform: mean 1/2, deviation 0.289; 600 draws, errors 0.012 and 0.008.
    assert (yes.mean(), yes.std()) == (pytest.approx(0.5, abs=0.05), pytest.approx(0.289, abs=0.03))
    of_four = anywhere.by_item[7]
    # Uniform on the simplex of four: mean 1/4, deviation sqrt(3/80) = 0.194; 400 draws that hang together.
    assert (of_four.mean(), of_four.std()) == (pytest.approx(0.25), pytest.approx(0.194, abs=0.03))


def test_a_seeded_start_is_half_the_answers_of_rows_that_differ(table: PatternTable) -> None:
    kind, seeded = starting_point(table, 6, 0, 2)
    assert kind == "seeded by patterns"
    half = 0.5 * table.prevalence[:, None]
    answers = 2.0 * (seeded.probabilities - half)
    # The row's own answer, or the prevalence where it has none, unless it was held at 0.02.
    nearest = np.min([np.abs(answers), np.abs(answers - 1.0), np.abs(answers - 2.0 * half)], axis=0)
    held = np.repeat([(item <= INSIDE * 1.02).any() for item in seeded.by_item], table.sizes)
    assert (nearest[~held] < 1e-12).all()
    assert len(np.unique(answers.round(6).T, axis=0)) == 6
