"""The invariance ladder: the right rung wins on planted groups, effects are near nothing when nothing differs."""

from __future__ import annotations

import sys
from dataclasses import replace
from math import log
from pathlib import Path

import numpy as np
import pytest

from careloom.stats.latent_class import fit_latent_classes
from careloom.stats.latent_class.groups.by_group import fit_by_group
from careloom.stats.latent_class.groups.effects import moved_rows, say_effects
from careloom.stats.latent_class.groups.groups_alike import draw_alike
from careloom.stats.latent_class.groups.ladder import Ladder, Rung, climb_ladder
from careloom.stats.latent_class.rows.grouped_patterns import GroupedPatterns, group_weights

sys.path.insert(0, str(Path(__file__).parents[1]))
from planted_classes import TRUTH
from planted_groups import Odd, draw_groups, group, mixes

ODD = Odd(group=2, k=1, item=3, yes=0.6)


def climbed(grouped: GroupedPatterns, **wanted: object) -> Ladder:
    fit = fit_latent_classes(grouped.table, classes=3, starts=4)
    return climb_ladder(grouped, fit, least=500, **wanted)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def plain() -> Ladder:
    return climbed(group(*draw_groups(mixes(6, seed=61), 2500, seed=62)))


@pytest.fixture(scope="module")
def odd() -> Ladder:
    return climbed(group(*draw_groups(mixes(6, seed=61), 2500, seed=62, odd=ODD)))


def test_the_same_classes_in_other_sizes_win_and_effects_are_next_to_nothing(plain: Ladder) -> None:
    assert plain.best_by_bic.name == "sizes free"
    assert all(rung.converged for rung in plain.rungs)
    assert plain.effects.moved_overall < 0.005
    assert np.abs(plain.effects.shifts.shrunken).max() < 0.03
    assert plain.effects.as_fitted.matching > 0.99
    assert plain.effects.held_out is not None
    assert plain.effects.held_out.lost[0] > 0.005
    assert plain.effects.held_out.lost[1] < 0.0


def test_where_classes_are_the_same_groups_show_what_chance_shows(plain: Ladder) -> None:
    fitted, chance = plain.effects.as_fitted, plain.effects.by_chance
    assert fitted.moved_overall > 3 * plain.effects.moved_overall
    # Six groups, 1 to 3 in 100 rows moved in each: the mean is good to about a third of itself.
    assert chance.moved_overall == pytest.approx(fitted.moved_overall, rel=0.5)
    assert chance.matching == pytest.approx(fitted.matching, abs=0.005)
    assert chance.found_in.tolist() == [1.0, 1.0, 1.0]


def test_where_one_class_is_odd_its_group_shows_more_than_chance(odd: Ladder) -> None:
    fitted, chance = odd.effects.as_fitted, odd.effects.by_chance
    assert fitted.moved[ODD.group] > 1.5 * chance.moved[ODD.group]
    assert fitted.matching < chance.matching


def test_partial_frees_the_odd_item_and_wins(odd: Ladder) -> None:
    assert odd.partial.free == (3,)
    assert odd.best_by_bic.name == "partial"
    assert odd.effects.shifts.largest() == (2, 7, class_like(odd))
    assert odd.partial.own[0][2, 1, class_like(odd)] == pytest.approx(0.6, abs=0.08)
    assert int(np.argmax(odd.effects.moved)) == 2


def class_like(ladder: Ladder) -> int:
    """The class that is planted class 1: the one where the first item is a yes most often."""
    return int(np.argmax(ladder.sizes_free.common.by_item[0][:, 1]))


@pytest.mark.parametrize("which", ["plain", "odd"])
def test_each_rung_is_as_high_as_what_it_holds(which: str, request: pytest.FixtureRequest) -> None:
    ladder: Ladder = request.getfixturevalue(which)
    same, sizes, partial, free, two, three = (rung.loglik for rung in ladder.rungs)
    assert same < sizes < partial < free
    # A kind of group costs a group at most the logarithm of the number of kinds.
    assert same - 6 * log(2) < two <= three + 1e-4
    assert three < sizes
    n_same, n_sizes, n_partial, n_free, n_two, _ = (rung.n_parameters for rung in ladder.rungs)
    assert (n_same, n_sizes, n_two) == (2 + 33, 12 + 33, 1 + 4 + 33)
    assert n_free == 6 * n_same
    items = [6 if item in ladder.partial.free else 1 for item in range(8)]
    assert n_partial == 12 + 3 * int(np.dot(items, [1, 1, 1, 1, 1, 1, 2, 3]))


def test_the_criteria_by_hand() -> None:
    rung = Rung("same", -1000.0, 10, 500.0, 20, True)
    assert rung.aic == 2020.0
    assert rung.bic == pytest.approx(2000.0 + 10 * log(500))
    assert rung.bic_by_groups == pytest.approx(2000.0 + 10 * log(20))


def test_the_order_of_groups_does_not_matter(odd: Ladder) -> None:
    grouped = group(*draw_groups(mixes(6, seed=61), 2500, seed=62, odd=ODD))
    order = np.array([4, 2, 0, 5, 1, 3])
    turned = climbed(grouped.some(order), folds=0)
    for one, other in zip(odd.rungs, turned.rungs, strict=True):
        assert other.loglik == pytest.approx(one.loglik, abs=1e-4)
    assert turned.effects.moved == pytest.approx(odd.effects.moved[order], abs=1e-9)
    assert turned.effects.shifts.largest()[0] == 1


def test_groups_that_are_too_small_take_no_part() -> None:
    grouped = group(*draw_groups(mixes(4, seed=63), 1200, seed=64))
    weights = grouped.weights.toarray()
    weights[1] *= 0.1
    ladder = climbed(group_weights(grouped.table, weights), free=[6], kinds=[2, 9], folds=0)
    assert (ladder.groups, ladder.too_small) == ((0, 2, 3), (1,))
    assert ladder.partial.free == (6,)
    assert [rung.name for rung in ladder.rungs[4:]] == ["2 kinds of groups"]
    assert {(rung.n, rung.groups) for rung in ladder.rungs} == {(3600.0, 3)}
    assert ladder.effects.held_out is None
    assert len(say_effects(ladder.effects)) == 3


def test_the_effects_in_words(odd: Ladder) -> None:
    said = say_effects(odd.effects, item="factor {}", group="authority {}")
    assert len(said) == 4
    assert "factor 4 in class" in said[1]
    assert "authority 3" in said[1]
    assert f"{odd.effects.moved_overall:.1%} of rows" in said[0]


def test_nothing_to_say_of_shifts_is_said(plain: Ladder) -> None:
    shifts = plain.effects.shifts
    still = replace(shifts, shrunken=0.0 * shifts.shrunken)
    effects = replace(plain.effects, shifts=still, held_out=None)
    assert "by more than chance" in say_effects(effects)[1]


def test_rows_drawn_alike_are_as_many_with_the_same_gaps_in_the_same_mixes() -> None:
    shares = mixes(3, seed=65)
    rows, groups = draw_groups(shares, 4000, seed=66)
    rows[groups == 1, 6] = -1
    grouped = group(rows, groups)
    fit = fit_by_group(grouped, TRUTH)
    alike = draw_alike(grouped, fit)
    assert alike.sizes.tolist() == grouped.sizes.tolist()
    assert (alike.table_of(1).codes[:, 6] == -1).all()
    assert (alike.table_of(0).codes >= 0).all()
    # Prevalences of 4,000 rows drawn twice: four standard errors of their difference.
    for number in (0, 2):
        one, other = grouped.table_of(number).prevalence, alike.table_of(number).prevalence
        assert (np.abs(one - other) < 4.0 * np.sqrt(2.0 * one * (1.0 - one) / 4000)).all()


def test_moved_rows_by_hand(plain: Ladder) -> None:
    grouped = group(*draw_groups(mixes(6, seed=61), 2500, seed=62))
    same = [plain.sizes_free.in_group(number) for number in range(6)]
    assert moved_rows(grouped, plain.sizes_free, same).tolist() == [0.0] * 6
    renumbered = [at.in_order(np.array([1, 2, 0])) for at in same]
    assert moved_rows(grouped, plain.sizes_free, renumbered).tolist() == [1.0] * 6
