"""How the surface bends, from a part of the patterns: right where it stands for all, and climbs are short with it."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from careloom.stats.latent_class import PatternTable, collapse
from careloom.stats.latent_class.fitting import climb as climbing
from careloom.stats.latent_class.fitting.climb import Climb, climb_by_em, climb_part, climb_to_end
from careloom.stats.latent_class.fitting.starts import starting_point
from careloom.stats.latent_class.model import curvature
from careloom.stats.latent_class.model.curvature import curvature_at, outer_products, thin_out
from careloom.stats.latent_class.model.information import free_parameters, scores
from careloom.stats.latent_class.model.objective import PatternObjective

sys.path.insert(0, str(Path(__file__).parents[1]))
from planted_classes import TRUTH, draw, table_of


@pytest.fixture(scope="module")
def table() -> PatternTable:
    return table_of(draw(4000, seed=5, missing=0.1)[0])


def slow_going() -> PatternTable:
    """Two classes that overlap: EM and L-BFGS from the complete information crawl."""
    random = np.random.default_rng(2)
    first = random.random(4000) < 0.5
    return collapse(random.random((4000, 8)) < np.where(first, 0.55, 0.4)[:, None])[0]


# --- the outer products ----------------------------------------------------------------------------------------------


def test_outer_products_are_those_of_the_scores(table: PatternTable, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(curvature, "PATTERNS_AT_ONCE", 100)
    free = free_parameters(TRUTH)
    whole = sum((score.T * table.weights[some]) @ score for some, score in scores(table, TRUTH, free))
    found = outer_products(table, TRUTH, free)
    unit = np.sqrt(np.diag(whole))
    # Half as many digits: a sum of 4,000 roundings of 6e-8 each.
    assert np.abs((found - whole) / np.outer(unit, unit)).max() < 1e-5


def test_what_hardly_a_row_tells_bends_as_if_classes_were_seen(table: PatternTable) -> None:
    lost = TRUTH.flat()
    lost[TRUTH.classes] = -20.0
    point = PatternObjective(table).expect(TRUTH.like(lost))
    found = curvature_at(table, point)
    place = int(np.flatnonzero(found.free == TRUTH.classes)[0])
    alone = np.delete(found.inverse[place], place)
    assert (alone == 0.0).all()
    assert found.inverse[place, place] == pytest.approx(1e3, rel=1e-6)  # a thousandth of a row at least


# --- a part of the patterns ------------------------------------------------------------------------------------------


def test_a_part_weighs_what_all_weigh_and_keeps_the_heavy() -> None:
    random = np.random.default_rng(1)
    codes = np.arange(5000, dtype=np.int32)[:, None]
    table = PatternTable(codes, random.pareto(1.2, 5000), (np.arange(5000.0),))
    some = thin_out(table, 500)
    assert len(some.weights) == pytest.approx(500, abs=25)
    assert some.total == pytest.approx(table.total, rel=0.01)
    heavy = table.weights > table.total / 500
    kept = dict(zip(some.codes[:, 0].tolist(), some.weights.tolist(), strict=True))
    assert all(kept[code] == table.weights[code] for code in np.flatnonzero(heavy).tolist())
    assert thin_out(table, 5000) is table


def test_a_pattern_without_weight_is_never_taken() -> None:
    weights = np.tile([0.0, 1.0], 500)
    table = PatternTable(np.arange(1000, dtype=np.int32)[:, None], weights, (np.arange(1000.0),))
    assert (thin_out(table, 100).codes % 2 == 1).all()


# --- climbs with it --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kernel", ["auto", "numpy"])
def test_a_climb_comes_to_the_same_top_in_fewer_steps(kernel: str, monkeypatch: pytest.MonkeyPatch) -> None:
    objective = PatternObjective(slow_going(), 0.0, kernel)  # type: ignore[arg-type]
    start = starting_point(objective.table, 2, 3, 1)[1]
    found = climb_to_end(objective, start)
    monkeypatch.setattr(climbing, "WINDOW", 0)
    without = climb_to_end(objective, start)
    assert found.point.value == pytest.approx(without.point.value, abs=1e-6)
    assert found.gain_left < 1e-8
    assert not found.on_its_way
    assert found.steps < without.steps


def test_the_first_steps_with_it_are_those_of_numpy(table: PatternTable) -> None:
    slow = PatternObjective(table, 0.2, "numpy")
    begun = climb_by_em(slow, starting_point(table, 3, 7, 1)[1], 15)
    bends = curvature_at(table, begun.point)
    fast = PatternObjective(table, 0.2)
    ours, theirs = (climb_part(one, Climb(begun.point, 0, np.inf), 5, bends) for one in (fast, slow))
    assert ours.steps == theirs.steps == 5
    assert ours.on_its_way
    assert theirs.on_its_way
    np.testing.assert_allclose(ours.point.at.flat(), theirs.point.at.flat(), rtol=1e-5, atol=1e-5)


def test_no_more_steps_are_taken_than_are_given(table: PatternTable) -> None:
    objective = PatternObjective(table)
    start = starting_point(table, 5, 3, 1)[1]
    assert climb_to_end(objective, start, 23).steps <= climbing.EM_STEPS + 23


@pytest.mark.parametrize("kernel", ["auto", "numpy"])
@pytest.mark.parametrize(("most", "looks"), [(2000, True), (20, False)])
def test_with_too_many_parameters_nobody_looks(
    kernel: str, most: int, looks: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    monkeypatch.setattr(climbing, "MOST_LOOKED_AT", most)
    monkeypatch.setattr(climbing, "curvature_at", lambda *given: seen.append(given) or curvature_at(*given))
    objective = PatternObjective(slow_going(), 0.0, kernel)  # type: ignore[arg-type]
    found = climb_to_end(objective, starting_point(objective.table, 2, 3, 1)[1])  # 2 (16 + 1) parameters
    assert bool(seen) == looks
    assert found.gain_left < 1e-8
