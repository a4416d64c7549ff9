"""What rows are wanting in is said, with the remedy; rows in order have nothing said of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from careloom.stats.latent_class import PatternTable, collapse, fit_latent_classes
from careloom.stats.latent_class.choosing.findings import find_in_fit, find_in_rows


def two_kinds(items: int, rows: int = 400) -> np.ndarray:
    """Two well parted classes of yes/no items."""
    random = np.random.default_rng(5)
    kind = random.random(rows) < 0.4
    return (random.random((rows, items)) < np.where(kind[:, None], 0.85, 0.1)).astype(float)


def kinds_of(table: PatternTable, classes: int, starts: int = 6) -> list[str]:
    fit = fit_latent_classes(table, classes=classes, starts=starts, threads=1)
    return [finding.kind for finding in find_in_fit(table, fit)]


def test_rows_in_order_have_nothing_said_of_them() -> None:
    table, _ = collapse(two_kinds(6))
    assert find_in_rows(table) == ()
    assert kinds_of(table, 2) == []


def test_a_constant_item_is_named_and_tells_nothing() -> None:
    rows = two_kinds(6)
    constant = np.column_stack([rows, np.ones(len(rows))])
    table, _ = collapse(constant)
    (found,) = find_in_rows(table, [*"abcdef", "always"])
    assert (found.kind, "always" in found.sentence) == ("constant item", True)
    assert "at position 6" in find_in_rows(table)[0].sentence
    fits = [fit_latent_classes(collapse(x)[0], classes=2, starts=3, threads=1) for x in (rows, constant)]
    assert fits[0].loglik == pytest.approx(fits[1].loglik, abs=1e-8)
    assert fits[0].n_parameters == fits[1].n_parameters


def test_a_constant_item_with_declared_levels_is_noticed_too() -> None:
    rows = two_kinds(6)
    rows[:, 2] = 0.0
    table, _ = collapse(rows, levels=[[0, 1]] * 6)
    assert [finding.kind for finding in find_in_rows(table)] == ["constant item"]


def test_rows_with_nothing_observed_are_counted_and_add_nothing() -> None:
    rows = two_kinds(6)
    gaps = np.vstack([rows, np.full((7, 6), np.nan)])
    (found,) = find_in_rows(collapse(gaps)[0])
    assert found.kind == "rows with nothing observed"
    assert found.sentence == "7 of 407 rows have no item observed."
    fits = [fit_latent_classes(collapse(x)[0], classes=2, starts=3, threads=1) for x in (rows, gaps)]
    assert fits[0].loglik == pytest.approx(fits[1].loglik, abs=1e-8)
    assert [fit.n for fit in fits] == [400, 400]


def test_fractional_weights_are_mentioned_and_whole_ones_are_not() -> None:
    rows = two_kinds(6)
    assert find_in_rows(collapse(rows, np.full(400, 2.0))[0]) == ()
    (found,) = find_in_rows(collapse(rows, np.full(400, 0.3))[0])
    assert (found.kind, "120" in found.sentence) == ("fractional weights", True)


def test_an_amount_is_no_item() -> None:
    rows = np.column_stack([two_kinds(4), np.arange(400) % 30])
    (found,) = find_in_rows(collapse(rows)[0])
    assert (found.kind, "at position 4" in found.sentence) == ("many answers", True)


def test_more_parameters_than_the_items_can_tell() -> None:
    """Three yes/no items have 7 free cells: two classes take all of them, three classes (11) too many."""
    table, _ = collapse(two_kinds(3))
    assert "more parameters than cells" not in kinds_of(table, 2)
    found = kinds_of(table, 3)
    assert "more parameters than cells" in found
    assert "weakly identified" in found


def test_fewer_patterns_than_parameters() -> None:
    rows = two_kinds(8, rows=20)
    table, _ = collapse(rows)
    found = kinds_of(table, 3)
    assert len(table.weights) <= 20 < 26
    assert "fewer patterns than parameters" in found
    assert "more parameters than cells" not in found


def test_a_best_mode_found_once_is_not_replicated() -> None:
    table, _ = collapse(two_kinds(6))
    fit = fit_latent_classes(table, classes=2, starts=6, threads=1)
    once = replace(fit.modes[0], found=1)
    lower = replace(fit.modes[0], found=5, loglik=fit.loglik - 3.0)
    (found,) = find_in_fit(table, replace(fit, modes=(once, lower)))
    assert (found.kind, "Of 6 starts only one" in found.sentence) == ("not replicated", True)
    assert find_in_fit(table, fit) == ()
    assert "not replicated" not in kinds_of(table, 1)  # one class takes one start, and needs no other


def test_more_classes_than_patterns_are_fitted_and_said_to_be_too_many() -> None:
    table, _ = collapse([[0, 0], [1, 1]], [30, 20])
    fit = fit_latent_classes(table, classes=3, starts=3, threads=1)
    kinds = [finding.kind for finding in find_in_fit(table, fit)]
    assert "more parameters than cells" in kinds
    assert fit.loglik == pytest.approx(30 * np.log(0.6) + 20 * np.log(0.4), abs=1e-6)


def test_findings_hold_no_answers() -> None:
    """Answers of 7777 are in the rows and in no sentence; each sentence and remedy ends as a sentence does."""
    rows = np.where(two_kinds(6) > 0, 7777.0, 8888.0)
    rows[:, 0] = 7777.0
    rows[0] = np.nan
    table, _ = collapse(rows, np.full(400, 1.5))
    fit = fit_latent_classes(table, classes=5, starts=2, threads=1)
    found = (*find_in_rows(table), *find_in_fit(table, fit))
    assert len(found) >= 3
    for finding in found:
        assert "7777" not in finding.sentence + finding.remedy
        assert finding.sentence.endswith(".")
        assert finding.remedy.endswith(".")


def test_one_is_said_of_one() -> None:
    table, _ = collapse([[1], [1]], levels=[[0, 1]])
    [found] = find_in_fit(table, fit_latent_classes(table, classes=1, starts=1))
    assert found.sentence == "1 parameter is to be told from 1 pattern."
