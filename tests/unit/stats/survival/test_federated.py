"""Cox over several authorities that send sums: the fit of all rows with the authorities as strata, in few rounds."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from careloom.stats.survival import fit_cox
from careloom.stats.survival.federated import Ask, answer_at, fit_cox_federated, length_of
from careloom.stats.survival.risk_table import RiskTable

NEEDS, AGES = 6, 4
NAMES = tuple([f"need {k}" for k in range(1, NEEDS)] + [f"age {k}" for k in range(1, AGES)])
LEVELS = np.indices((NEEDS, AGES)).reshape(2, -1)
DESIGN = np.hstack([np.eye(NEEDS)[:, 1:][LEVELS[0]], np.eye(AGES)[:, 1:][LEVELS[1]]])
EFFECTS = np.array([0.4, -0.5, 0.9, 0.1, -0.2, -0.6, 0.2, 0.5])


def spells(seed: int = 3, sizes: tuple[int, ...] = (2000, 700, 300)) -> tuple[NDArray[np.generic], ...]:
    """Pattern, day, event and authority; authorities differ in hazard and in mix."""
    random = np.random.default_rng(seed)
    la = np.repeat(np.arange(len(sizes)), sizes)
    need = (random.integers(0, NEEDS, la.size) * random.integers(0, 2 + la)) % NEEDS
    pattern = need * AGES + random.integers(0, AGES, la.size)
    time = np.ceil(random.exponential(300 * (1 + la) / np.exp(DESIGN[pattern] @ EFFECTS)))
    end = random.integers(10, 700, la.size)
    return pattern, np.minimum(time, end), time <= end, la


def ask_all(columns: NDArray[np.float64], rows: tuple[NDArray[np.generic], ...], ties: str) -> Ask:
    pattern, day, event, la = rows
    sets = [
        RiskTable.from_rows(pattern[mine], day[mine], event[mine], patterns=len(columns)).risk_sets(
            efron=ties == "efron"
        )
        for mine in (la == k for k in np.unique(la))
    ]
    return lambda beta: np.asarray(np.sum([answer_at(one, columns, beta) for one in sets], axis=0))


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_it_is_the_stratified_fit_of_all_rows_together(ties: str) -> None:
    pattern, day, event, la = rows = spells()
    pooled = fit_cox(DESIGN, pattern, day, event, names=NAMES, stratum=la, ties=ties)  # type: ignore[arg-type]
    found = fit_cox_federated(ask_all(DESIGN, rows, ties), NAMES, float(event.sum()))
    np.testing.assert_allclose(found.coefficients, pooled.coefficients, rtol=0, atol=1e-12)
    np.testing.assert_allclose(found.covariance, pooled.covariance, rtol=1e-11)
    assert found.loglik == pytest.approx(pooled.loglik, rel=1e-13)
    assert found.loglik_null == pytest.approx(pooled.loglik_null, rel=1e-13)
    ratios = np.array([[h.hazard_ratio, h.lower, h.upper] for h in pooled.hazard_ratios()])
    np.testing.assert_allclose(np.column_stack(found.hazard_ratios()), ratios, rtol=1e-11)


def test_few_rounds_are_needed_and_an_answer_is_short() -> None:
    rows = spells()
    found = fit_cox_federated(ask_all(DESIGN, rows, "efron"), NAMES, float(rows[2].sum()))
    assert found.rounds <= 7  # from 0, with ratios of 0.5 to 2.5; no step has to be halved
    assert length_of(len(NAMES)) == 45 == ask_all(DESIGN, rows, "efron")(np.zeros(len(NAMES))).size


def test_a_column_that_is_a_sum_of_others_is_named() -> None:
    rows = spells()
    double = np.column_stack([DESIGN, DESIGN[:, 0] + DESIGN[:, 1]])
    with pytest.raises(ValueError, match=r"cannot be estimated.*need 1, need 2, both"):
        fit_cox_federated(ask_all(double, rows, "efron"), (*NAMES, "both"), float(rows[2].sum()))


def test_a_level_without_events_has_no_finite_estimate() -> None:
    pattern, day, event, la = spells()
    event = event & (pattern // AGES != 3)
    with pytest.raises(ValueError, match="no finite estimate: need 3"):
        fit_cox_federated(ask_all(DESIGN, (pattern, day, event, la), "efron"), NAMES, float(event.sum()))
