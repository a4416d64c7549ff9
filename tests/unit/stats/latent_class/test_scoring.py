"""Parameters held against rows that are not their own."""

import numpy as np
import pytest

from careloom.stats.latent_class import PatternTable, collapse, from_yes, pattern_logliks
from careloom.stats.latent_class.scoring import fit_of_rows, refit_shares

YES = np.array([[0.9, 0.8, 0.1, 0.2], [0.1, 0.2, 0.85, 0.7]])
AT = from_yes([0.6, 0.4], YES)
LEVELS = [(0, 1)] * 4


def rows(n: int, shares: list[float], yes: np.ndarray, seed: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    return (random.random((n, yes.shape[1])) < yes[random.choice(len(shares), n, p=shares)]).astype(int)


def table_of(answers: np.ndarray) -> PatternTable:
    return collapse(answers, levels=LEVELS)[0]


def test_what_is_expected_is_the_mean_over_all_patterns() -> None:
    every = np.array([[(number >> bit) & 1 for bit in range(4)] for number in range(16)])
    logs = pattern_logliks(AT, every)
    found = fit_of_rows(table_of(rows(400, [0.6, 0.4], YES, 1)), AT)
    exact = float(np.exp(logs) @ logs)
    spread = float(np.sqrt(np.exp(logs) @ (logs - exact) ** 2))
    # 50,000 draws: four standard errors of their mean
    assert found.expected == pytest.approx(exact, abs=4 * spread / np.sqrt(50_000))


def test_rows_of_the_parameters_own_fit_and_others_do_not() -> None:
    own = fit_of_rows(table_of(rows(5000, [0.6, 0.4], YES, 2)), AT)
    assert abs(own.apart) < 4
    noisy = fit_of_rows(table_of(rows(5000, [0.6, 0.4], np.full((2, 4), 0.5), 3)), AT)
    assert noisy.apart < -20
    assert noisy.observed < noisy.expected


def test_missing_answers_are_missing_on_both_sides() -> None:
    answers = rows(4000, [0.6, 0.4], YES, 4)
    answers[::2, 2:] = -1
    found = fit_of_rows(table_of(answers), AT)
    assert abs(found.apart) < 4
    with pytest.raises(ValueError, match="no row has an item observed"):
        fit_of_rows(
            PatternTable(np.full((1, 4), -1, dtype=np.int32), np.array([3.0]), tuple(map(np.array, LEVELS))), AT
        )


def test_sizes_are_those_that_fit_best_and_all_else_stays() -> None:
    table = table_of(rows(20_000, [0.2, 0.8], YES, 5))
    refitted, height = refit_shares(table, AT)
    # Two standard errors of a share of 0.2 among 20,000 are 0.006; not seeing the class adds to it.
    assert refitted.shares == pytest.approx([0.2, 0.8], abs=0.015)
    assert refitted.probabilities == pytest.approx(AT.probabilities)
    grid = [from_yes([share, 1 - share], YES) for share in np.linspace(0.1, 0.4, 301)]
    best = max(float(pattern_logliks(at, table.codes) @ table.weights) for at in grid)
    assert height >= best - 1e-6
    assert height == pytest.approx(float(pattern_logliks(refitted, table.codes) @ table.weights))
