"""Prediction of rows held out: right arithmetic, gains where classes are real, none where they are chance or one place."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import csr_array

from careloom.stats.class_agreement import adjusted_rand_index
from careloom.stats.latent_class import PatternTable, collapse, fit_latent_classes, pattern_logliks, posterior
from careloom.stats.latent_class.choosing.held_out import (
    Foretold,
    SplitHalf,
    fit_part,
    foretell_groups,
    split_half,
    toss,
)
from careloom.stats.latent_class.fitting.refit import with_weights

sys.path.insert(0, str(Path(__file__).parents[1]))
from planted_classes import TRUTH, draw, table_of


def test_every_row_falls_into_one_half() -> None:
    weights = np.array([0.0, 1.0, 4000.0, 2.5, 0.25])
    first = toss(weights, np.random.default_rng(1))
    assert ((first >= 0) & (first <= weights)).all()
    assert (first[:3] == np.rint(first[:3])).all()
    assert first[3] % 1 in (0, 0.5)
    assert first[4] in (0, 0.25)
    assert first[2] == pytest.approx(2000, abs=4 * np.sqrt(4000 / 4))


@pytest.fixture(scope="module")
def table() -> PatternTable:
    return table_of(draw(3000, seed=61, missing=0.05)[0])


@pytest.fixture(scope="module")
def halves(table: PatternTable) -> dict[int, SplitHalf]:
    fits = {k: fit_latent_classes(table, classes=k, starts=9, threads=1) for k in (1, 2, 3, 4)}
    return {k: split_half(table, fit.parameters) for k, fit in fits.items()}


def test_halves_foretell_each_other_better_up_to_the_planted_number(halves: dict[int, SplitHalf]) -> None:
    gains = [halves[k + 1].loglik_per_row - halves[k].loglik_per_row for k in (1, 2, 3)]
    assert gains[0] > 0.05
    assert gains[1] > 0.05
    assert gains[2] < 0
    assert halves[4].fitted_per_row > halves[3].fitted_per_row  # on the rows fitted to, more classes always gain
    assert all(half.fitted_per_row > half.loglik_per_row for half in halves.values())
    assert halves[1].agreement == 1.0
    assert halves[3].agreement > 0.8


def test_the_halves_by_hand(table: PatternTable) -> None:
    """The same halves fitted and scored in plain steps; the seed makes them the same."""
    found = split_half(table, TRUTH, starts=2, seed=5)
    first = toss(table.weights, np.random.default_rng([5, 0]))
    second = table.weights - first
    by_first, by_second = (fit_part(table, part, TRUTH, 2, 5) for part in (first, second))
    out = first @ pattern_logliks(by_second, table.codes) + second @ pattern_logliks(by_first, table.codes)
    into = first @ pattern_logliks(by_first, table.codes) + second @ pattern_logliks(by_second, table.codes)
    assert found.loglik_per_row == pytest.approx(out / 3000, rel=1e-9)
    assert found.fitted_per_row == pytest.approx(into / 3000, rel=1e-9)


def test_an_answer_that_one_half_never_gave_stays_possible() -> None:
    table, _ = collapse([[0, 0], [1, 0], [0, 1], [1, 1]], [1, 60, 40, 50])
    fit = fit_latent_classes(table, classes=1)
    assert (
        split_half(table, fit.parameters).loglik_per_row > -10
    )  # with a probability of 1e-13 it could be -15 and less


def test_an_item_that_a_part_never_observed_is_named() -> None:
    table, _ = collapse([[0, 0], [1, -1], [0, -1], [0, 1]], [1, 1, 1, 1])
    with pytest.raises(ValueError, match=r"positions \[1\]"):
        with_weights(table, np.where(table.codes[:, 1] == -1, 1.0, 0.0))


def spread(groups: list[np.ndarray]) -> tuple[PatternTable, csr_array]:
    """One table of the rows of all groups, and the weight of each pattern in each."""
    table, pattern_of = collapse(np.vstack(groups))
    number = np.repeat(np.arange(len(groups)), [len(rows) for rows in groups])
    by_group = np.zeros((len(groups), len(table.weights)))
    np.add.at(by_group, (number, pattern_of), 1.0)
    return table, csr_array(by_group)


def yes_or_no(random: np.random.Generator, rows: int, shares: list[float], yes: np.ndarray) -> np.ndarray:
    return (random.random((rows, yes.shape[1])) < yes[random.choice(len(shares), rows, p=shares)]).astype(np.int8)


def test_a_class_of_one_authority_helps_no_other() -> None:
    """Two classes everywhere; one group has a third of its own, which fits the whole but foretells no other group."""
    random = np.random.default_rng(7)
    yes = np.array([[0.1, 0.1, 0.2, 0.1, 0.2], [0.8, 0.9, 0.7, 0.8, 0.2], [0.1, 0.8, 0.1, 0.9, 0.9]])
    groups = [yes_or_no(random, 400, [0.6, 0.4], yes[:2]) for _ in range(7)]
    groups.append(yes_or_no(random, 400, [0.3, 0.2, 0.5], yes))
    table, by_group = spread(groups)
    fits = {k: fit_latent_classes(table, classes=k, starts=9, threads=1) for k in (1, 2, 3)}
    held = {k: foretell_groups(table, by_group, fit.parameters, folds=8) for k, fit in fits.items()}
    assert held[2].groups_gaining(held[1]) == 7 / 8  # the group of its own is foretold badly by two classes and by one
    in_sample = (fits[3].loglik - fits[2].loglik) / fits[2].n
    assert in_sample > 0.02
    assert held[3].loglik_per_row < held[2].loglik_per_row
    assert held[3].groups_gaining(held[2]) < 0.5


def test_each_group_is_foretold_by_the_others_alone() -> None:
    table, by_group = spread([draw(n, seed=n)[0] for n in (300, 400, 500)])
    held = foretell_groups(table, by_group, TRUTH, folds=3, starts=1)
    total = 0.0
    for group in range(3):
        own = by_group.toarray()[group]
        at = fit_part(table, table.weights - own, TRUTH, 1, 1)
        loglik = own @ pattern_logliks(at, table.codes)
        total += loglik
        assert held.per_group[group] == pytest.approx(loglik / own.sum(), rel=1e-9)
    assert held.loglik_per_row == pytest.approx(total / 1200, rel=1e-9)


def test_a_group_with_no_rows_has_no_figure_and_does_not_count() -> None:
    table, by_group = spread([draw(300, seed=1)[0], draw(300, seed=2)[0]])
    with_empty = csr_array(np.vstack([by_group.toarray(), np.zeros(len(table.weights))]))
    held = foretell_groups(table, with_empty, TRUTH)
    assert np.isnan(held.per_group[2])
    assert np.isfinite(held.loglik_per_row)
    assert Foretold(held.per_group + 1, 0.0).groups_gaining(held) == 1.0


def test_groups_that_are_not_the_table_are_refused() -> None:
    table, by_group = spread([draw(300, seed=1)[0], draw(300, seed=2)[0]])
    for wrong in (by_group[[0]], by_group * 2, by_group[:, :-1]):
        with pytest.raises(ValueError, match="two groups or more"):
            foretell_groups(table, csr_array(wrong), TRUTH)


def test_rows_with_nothing_observed_do_not_make_the_halves_agree(table: PatternTable) -> None:
    blank = PatternTable(
        np.vstack([np.full((1, 8), -1, dtype=np.int32), table.codes]), np.append(2000.0, table.weights), table.levels
    )
    found = split_half(blank, TRUTH, starts=0, seed=5)
    first = toss(blank.weights, np.random.default_rng([5, 0]))
    own = [fit_part(table, part[1:], TRUTH, 0, 5) for part in (first, blank.weights - first)]
    modal = [posterior(at, table.codes).argmax(axis=1) for at in own]
    assert found.agreement == pytest.approx(adjusted_rand_index(*modal, table.weights), abs=1e-6)
    assert found.agreement < 1.0


def test_one_fold_leaves_nobody_to_foretell_by() -> None:
    table, by_group = spread([draw(n, seed=n)[0] for n in (100, 120)])
    with pytest.raises(ValueError, match="two folds or more"):
        foretell_groups(table, by_group, TRUTH, folds=1)
