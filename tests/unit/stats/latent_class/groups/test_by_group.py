"""One set of classes with sizes by group: textbook arithmetic, equalities, and items whose answers are free by group."""

from __future__ import annotations

import sys
from math import log, prod
from pathlib import Path

import numpy as np
import pytest

from careloom.stats.latent_class import Parameters, collapse, fit_latent_classes, from_probabilities
from careloom.stats.latent_class.fitting.climb import climb_by_em
from careloom.stats.latent_class.fitting.search import by_share
from careloom.stats.latent_class.groups.by_group import Layout, fit_by_group
from careloom.stats.latent_class.model.information import free_parameters
from careloom.stats.latent_class.model.objective import PatternObjective
from careloom.stats.latent_class.rows.grouped_patterns import GroupedPatterns, group_rows, group_weights

sys.path.insert(0, str(Path(__file__).parents[1]))
from planted_classes import BY_ITEM, LEVELS, TRUTH
from planted_groups import Odd, draw_groups, group, mixes


@pytest.fixture(scope="module")
def grouped() -> GroupedPatterns:
    return group(*draw_groups(mixes(4, seed=1), 800, seed=2, missing=0.1))


def slow_em(
    grouped: GroupedPatterns, start: Parameters, steps: int, free: tuple[int, ...] = ()
) -> tuple[list[float], np.ndarray]:
    """EM as the textbook writes it, one pattern of one group at a time; log-likelihood before each step, and shares."""
    weights, codes = grouped.weights.toarray(), grouped.table.codes.tolist()
    groups, items, classes = len(weights), len(codes[0]), start.classes
    shares = [start.shares.tolist() for _ in range(groups)]
    theta = [[item.tolist() for item in start.by_item] for _ in range(groups)]  # by group, item, class, level
    logliks = []
    for _ in range(steps):
        loglik = 0.0
        members = [[0.0] * classes for _ in range(groups)]
        counts = [[[[0.0] * len(level) for level in item] for item in theta[0]] for _ in range(groups)]
        for g in range(groups):
            for pattern, weight in zip(codes, weights[g], strict=True):
                seen = [j for j in range(items) if pattern[j] >= 0]
                if not weight or not seen:
                    continue
                joint = [shares[g][k] * prod(theta[g][j][k][pattern[j]] for j in seen) for k in range(classes)]
                loglik += weight * log(sum(joint))
                for k in range(classes):
                    members[g][k] += weight * joint[k] / sum(joint)
                    for j in seen:
                        counts[g][j][k][pattern[j]] += weight * joint[k] / sum(joint)
        logliks.append(loglik)
        shares = [[one / sum(own) for one in own] for own in members]
        for j in range(items):
            for k in range(classes):
                total = np.sum([counts[g][j][k] for g in range(groups)], axis=0)
                for g in range(groups):
                    own = np.array(counts[g][j][k]) if j in free else total
                    theta[g][j][k] = (own / own.sum()).tolist()
    return logliks, np.array(shares)


@pytest.mark.parametrize("free", [(), (2,), (0, 6)])
def test_em_is_the_textbooks(grouped: GroupedPatterns, free: tuple[int, ...]) -> None:
    layout = Layout(grouped, free)
    logliks, shares = slow_em(grouped, TRUTH, 5, free)
    begun = layout.joint(TRUTH, None)
    for steps, loglik in enumerate(logliks):
        # The same arithmetic in another order: rounding only.
        read = layout.read(climb_by_em(layout.objective, begun, steps).point, 0.0)
        assert read.loglik == pytest.approx(loglik, rel=1e-11)
    assert layout.read(climb_by_em(layout.objective, begun, 5).point, 0.0).shares == pytest.approx(shares, abs=1e-9)


def test_the_end_is_where_the_textbook_goes(grouped: GroupedPatterns) -> None:
    fit = fit_by_group(grouped, TRUTH)
    logliks, shares = slow_em(grouped, TRUTH, 50)
    assert fit.converged
    assert logliks[0] < fit.loglik - 50.0
    # 50 steps of EM take it all the way: these classes are told well apart.
    assert logliks[-1] == pytest.approx(fit.loglik, abs=1e-6)
    assert shares == pytest.approx(fit.shares, abs=1e-5)


def test_one_group_is_the_plain_fit(grouped: GroupedPatterns) -> None:
    everyone = group_weights(grouped.table, grouped.table.weights[None, :])
    plain = fit_latent_classes(grouped.table, classes=3, starts=3)
    fit = fit_by_group(everyone, plain.parameters)
    assert fit.loglik == pytest.approx(plain.loglik, abs=1e-6)
    assert fit.n_parameters == plain.n_parameters
    assert fit.shares[0] == pytest.approx(plain.shares, abs=1e-5)


def test_everything_free_is_the_separate_fits() -> None:
    rows, groups = draw_groups(mixes(3, seed=4), 1500, seed=5)
    grouped = group(rows, groups, items=5)
    start = from_probabilities([0.6, 0.4], [item[[0, 1]] for item in BY_ITEM[:5]])
    fit = fit_by_group(grouped, start, free=range(5))
    apart = [fit_latent_classes(grouped.table_of(number), classes=2, starts=6) for number in range(3)]
    assert fit.loglik == pytest.approx(sum(one.loglik for one in apart), abs=1e-6)
    assert fit.n_parameters == sum(one.n_parameters for one in apart)
    for number, one in enumerate(apart):
        there = by_share(fit.in_group(number))
        assert there.probabilities == pytest.approx(one.parameters.probabilities, abs=1e-4)


def test_the_order_of_groups_does_not_matter(grouped: GroupedPatterns) -> None:
    order = [2, 0, 3, 1]
    fit, other = fit_by_group(grouped, TRUTH, free=[1]), fit_by_group(grouped.some(order), TRUTH, free=[1])
    assert other.loglik == pytest.approx(fit.loglik, abs=1e-6)
    assert other.shares == pytest.approx(fit.shares[order], abs=1e-5)
    assert other.own[0] == pytest.approx(fit.own[0][order], abs=1e-4)


def test_planted_sizes_come_back() -> None:
    truth = mixes(5, seed=7)
    fit = fit_by_group(group(*draw_groups(truth, 4000, seed=8)), TRUTH)
    # Four standard errors of a share of 4,000 rows, half as large again because the class is not seen.
    assert (np.abs(fit.shares - truth) < 6.0 * np.sqrt(truth * (1 - truth) / 4000)).all()


def test_a_free_item_takes_up_what_is_odd_in_one_group() -> None:
    odd = Odd(group=2, k=1, item=3, yes=0.6)
    grouped = group(*draw_groups(mixes(4, seed=9), 3000, seed=10, odd=odd))
    fit = fit_by_group(grouped, TRUTH, free=[3])
    own = fit.own[0][:, 1, 1]
    members = 3000 * fit.shares[:, 1]
    assert abs(own[2] - 0.6) < 6.0 * np.sqrt(0.24 / members[2])
    others = [0, 1, 3]
    assert (np.abs(own[others] - 0.1) < 6.0 * np.sqrt(0.09 / members[others])).all()
    # In common stands the proportion among all groups together.
    everywhere = fit.common.by_item[3][1, 1]
    assert everywhere == pytest.approx(own @ members / members.sum(), abs=1e-3)


def test_parameters_are_counted_by_hand(grouped: GroupedPatterns) -> None:
    answers = 3 * (6 * 1 + 2 + 3)
    assert fit_by_group(grouped, TRUTH).n_parameters == 4 * 2 + answers
    assert fit_by_group(grouped, TRUTH, free=[6]).n_parameters == 4 * 2 + answers + 3 * 3 * 2


def test_an_item_never_seen_in_a_group_takes_no_parameters_there() -> None:
    rows, groups = draw_groups(mixes(3, seed=11), 500, seed=12)
    rows[groups == 1, 0] = -1
    grouped = group(rows, groups)
    fit = fit_by_group(grouped, TRUTH, free=[0])
    assert fit.converged
    assert fit.n_parameters == 3 * 2 + 3 * (5 + 2 + 3) + 3 * 2
    assert np.isfinite(fit.in_group(1).log_probabilities).all()


def test_rows_with_nothing_observed_change_nothing() -> None:
    rows, groups = draw_groups(mixes(3, seed=13), 500, seed=14)
    more = np.vstack([rows, np.full((200, 8), -1)]), np.concatenate([groups, np.zeros(200, dtype=int)])
    fit, other = (fit_by_group(group(*data), TRUTH) for data in ((rows, groups), more))
    assert other.loglik == pytest.approx(fit.loglik, abs=1e-7)
    assert group(*more).sizes.tolist() == [500.0, 500.0, 500.0]


def test_weights_are_rows_told_once() -> None:
    rows, groups = draw_groups(mixes(2, seed=15), 300, seed=16)
    table, pattern_of = collapse(rows, np.full(600, 2.5), LEVELS)
    weighted = group_rows(table, pattern_of, groups, np.full(600, 2.5))
    fit, other = fit_by_group(group(rows, groups), TRUTH), fit_by_group(weighted, TRUTH)
    assert other.loglik == pytest.approx(2.5 * fit.loglik, rel=1e-9)
    assert other.shares == pytest.approx(fit.shares, abs=1e-4)


def test_numpy_and_compiled_code_agree(grouped: GroupedPatterns, monkeypatch: pytest.MonkeyPatch) -> None:
    found = fit_by_group(grouped, TRUTH, free=[6])
    monkeypatch.setenv("CARELOOM_KERNEL", "numpy")
    assert fit_by_group(grouped, TRUTH, free=[6]).loglik == pytest.approx(found.loglik, abs=1e-6)


@pytest.mark.parametrize("free", [(), (6,)])
def test_the_information_is_the_second_derivative(grouped: GroupedPatterns, free: tuple[int, ...]) -> None:
    objective = Layout(grouped, free).objective
    at = climb_by_em(objective, Layout(grouped, free).joint(TRUTH, None), 3).point.at
    point = objective.expect(at)
    told = free_parameters(at)
    exact, step = objective.information(point, told), 1e-5
    for place in np.linspace(0, len(told) - 1, 9).astype(int):
        flat = at.flat()
        slopes = []
        for sign in (1.0, -1.0):
            moved = flat.copy()
            moved[told[place]] += sign * step
            slopes.append(objective.expect(at.like(moved)).slope[told])
        # Differences of slopes of some hundreds over 2e-5: good to about 1e-5 of the largest entry.
        assert -(slopes[0] - slopes[1]) / (2 * step) == pytest.approx(exact[place], abs=2e-5 * np.abs(exact).max())


def test_what_cannot_be_free_is_refused(grouped: GroupedPatterns) -> None:
    with pytest.raises(ValueError, match="at most 5 of the 8 items"):
        fit_by_group(grouped, TRUTH, free=range(6))
    with pytest.raises(ValueError, match="at most 5 of the 8 items"):
        fit_by_group(grouped, TRUTH, free=[8])


def test_groups_that_do_not_add_up_are_refused(grouped: GroupedPatterns) -> None:
    table, pattern_of = collapse([[0], [1], [1]])
    with pytest.raises(ValueError, match="do not add up"):
        group_rows(table, pattern_of, [0, 0, 1], [1.0, 1.0, 2.0])
    with pytest.raises(ValueError, match="whole numbers from 0"):
        group_rows(table, pattern_of, [0, -1, 1])
    with pytest.raises(ValueError, match="one pattern and one group"):
        group_rows(table, pattern_of, [0, 1])
    with pytest.raises(ValueError, match="1 of 3 groups have no rows"):
        group_rows(table, pattern_of, [0, 0, 2])
    with pytest.raises(ValueError, match="not negative"):
        group_weights(table, [[1.0, -1.0]])
    with pytest.raises(ValueError, match="3 patterns, the table has 2"):
        group_weights(table, [[1.0, 1.0, 1.0]])


def test_the_objective_of_groups_is_the_plain_one_when_nothing_is_split(grouped: GroupedPatterns) -> None:
    layout = Layout(grouped, ())
    at = layout.joint(TRUTH, None)
    plain, own = PatternObjective(layout.table).expect(at), layout.objective.expect(at)
    assert own.loglik == pytest.approx(plain.loglik, rel=1e-12)
    assert own.counts == pytest.approx(plain.counts, rel=1e-9, abs=1e-9)
