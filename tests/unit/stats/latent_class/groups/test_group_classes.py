"""Kinds of groups: the planted kinds found, the likelihood as it is written, and the ends of the scale."""

from __future__ import annotations

import sys
from math import exp, log, prod
from pathlib import Path

import numpy as np
import pytest

from careloom.stats.latent_class import collapse, fit_latent_classes
from careloom.stats.latent_class.groups.by_group import ClassesByGroup, fit_by_group
from careloom.stats.latent_class.groups.group_classes import KindsOfGroups, fit_kinds
from careloom.stats.latent_class.rows.grouped_patterns import GroupedPatterns, group_rows

sys.path.insert(0, str(Path(__file__).parents[1]))
from planted_classes import LEVELS, TRUTH
from planted_groups import draw_groups, group

MIXES = np.array([[0.6, 0.3, 0.1], [0.25, 0.25, 0.5]])
KIND = np.array([0, 0, 1, 0, 1, 0, 0, 1, 0, 0])


@pytest.fixture(scope="module")
def grouped() -> GroupedPatterns:
    return group(*draw_groups(MIXES[KIND], 600, seed=41, missing=0.05))


@pytest.fixture(scope="module")
def by_group(grouped: GroupedPatterns) -> ClassesByGroup:
    return fit_by_group(grouped, TRUTH)


@pytest.fixture(scope="module")
def two(grouped: GroupedPatterns, by_group: ClassesByGroup) -> KindsOfGroups:
    return fit_kinds(grouped, by_group, 2)


def slow_loglik(grouped: GroupedPatterns, fit: KindsOfGroups) -> float:
    """One group, one kind, one pattern, one class at a time."""
    theta = [item.tolist() for item in fit.classes.by_item]
    total = 0.0
    for weights in grouped.weights.toarray():
        of_kind = []
        for share, sizes in zip(fit.kind_shares, fit.shares, strict=True):
            loglik = log(share)
            for codes, weight in zip(grouped.table.codes.tolist(), weights, strict=True):
                seen = [(j, code) for j, code in enumerate(codes) if code >= 0]
                loglik += weight * log(
                    sum(size * prod(theta[j][k][code] for j, code in seen) for k, size in enumerate(sizes))
                )
            of_kind.append(loglik)
        total += max(of_kind) + log(sum(exp(one - max(of_kind)) for one in of_kind))
    return total


def test_the_planted_kinds_are_found(two: KindsOfGroups) -> None:
    assert two.converged
    assert two.kind_of.tolist() == KIND.tolist()
    assert two.kind_shares == pytest.approx([0.7, 0.3], abs=1e-6)
    members = np.array([4200.0, 1800.0])[:, None]
    assert (np.abs(two.shares - MIXES) < 6.0 * np.sqrt(MIXES * (1 - MIXES) / members)).all()
    assert two.at_best >= 1


def test_the_likelihood_is_as_it_is_written(grouped: GroupedPatterns, two: KindsOfGroups) -> None:
    assert two.loglik == pytest.approx(slow_loglik(grouped, two), abs=1e-5)


def test_two_kinds_win_by_bic(grouped: GroupedPatterns, by_group: ClassesByGroup, two: KindsOfGroups) -> None:
    one, three = (fit_kinds(grouped, by_group, number) for number in (1, 3))
    n = grouped.sizes.sum()
    bic = [np.log(n) * fit.n_parameters - 2.0 * fit.loglik for fit in (one, two, three)]
    assert int(np.argmin(bic)) == 1
    assert one.loglik < two.loglik <= three.loglik + 1e-6
    assert two.n_parameters == 1 + 2 * 2 + 3 * 11


def test_one_kind_is_the_plain_fit(grouped: GroupedPatterns, by_group: ClassesByGroup) -> None:
    plain = fit_latent_classes(grouped.table, classes=3, starts=3)
    one = fit_kinds(grouped, by_group, 1)
    assert one.loglik == pytest.approx(plain.loglik, abs=1e-5)
    assert one.n_parameters == plain.n_parameters


def test_with_a_kind_for_every_group_the_sizes_are_free(grouped: GroupedPatterns, by_group: ClassesByGroup) -> None:
    """Two groups, two kinds: each group its own, and its kind was one of two, which costs log 2 a group."""
    pair = grouped.some([0, 2])
    free = fit_by_group(pair, TRUTH)
    kinds = fit_kinds(pair, free, 2)
    assert kinds.loglik == pytest.approx(free.loglik - 2.0 * log(2.0), abs=1e-5)


def test_groups_too_small_to_be_certain_of_converge_to_a_top(two: KindsOfGroups) -> None:
    """Forty groups of 25 rows: no group's kind is certain. No step from the end may go up."""
    small = group(*draw_groups(MIXES[np.tile(KIND, 4)], 25, seed=43))
    fit = fit_kinds(small, fit_by_group(small, TRUTH), 2)
    assert fit.converged
    assert (1.0 - fit.belongs.max(axis=1)).max() > 0.02
    end = slow_loglik(small, fit)
    assert fit.loglik == pytest.approx(end, abs=1e-4)
    for way in (1.0, -1.0):
        moved = fit.shares.copy()
        moved[0] += way * np.array([0.01, -0.01, 0.0])
        other = KindsOfGroups(fit.classes, fit.kind_shares, moved, fit.belongs, 0.0, fit.n_parameters, 0.0, 1, 1)
        assert slow_loglik(small, other) < end


def test_the_order_of_groups_does_not_matter(grouped: GroupedPatterns, two: KindsOfGroups) -> None:
    order = np.array([3, 7, 1, 0, 9, 2, 5, 8, 4, 6])
    turned = grouped.some(order)
    fit = fit_kinds(turned, fit_by_group(turned, TRUTH), 2)
    assert fit.loglik == pytest.approx(two.loglik, abs=1e-5)
    assert fit.kind_of.tolist() == two.kind_of[order].tolist()


def test_bad_numbers_of_kinds_are_refused(grouped: GroupedPatterns, by_group: ClassesByGroup) -> None:
    for number in (0, 11):
        with pytest.raises(ValueError, match="at least one each"):
            fit_kinds(grouped, by_group, number)


def test_two_groups_alike_are_of_one_kind() -> None:
    """The very same rows in both: two kinds cannot be told, and that is said or both look alike."""
    rows, _ = draw_groups(MIXES[[0]], 500, seed=44)
    table, pattern_of = collapse(np.vstack([rows, rows]), None, LEVELS)
    twins = group_rows(table, pattern_of, np.repeat([0, 1], 500))
    fit = fit_kinds(twins, fit_by_group(twins, TRUTH), 2)
    plain = fit_latent_classes(table, classes=3, starts=3)
    assert fit.loglik == pytest.approx(plain.loglik, abs=1e-4)
