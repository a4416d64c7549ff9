"""Each group's own classes: found where they are, not found where they are not; agreement; groups too small."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from careloom.stats.latent_class import LatentClassFit, fit_latent_classes, posterior
from careloom.stats.latent_class.fitting.search import by_share
from careloom.stats.latent_class.groups.congruence import match_solutions
from careloom.stats.latent_class.groups.groups import fit_groups
from careloom.stats.latent_class.rows.grouped_patterns import GroupedPatterns, group_weights

sys.path.insert(0, str(Path(__file__).parents[1]))
from planted_classes import TRUTH
from planted_groups import draw_groups, group, mixes


@pytest.fixture(scope="module")
def grouped() -> GroupedPatterns:
    """Six groups; in the last the third class is not to be found."""
    shares = mixes(6, seed=21)
    shares[5] = [0.6, 0.4, 0.0]
    return group(*draw_groups(shares, 2500, seed=22))


@pytest.fixture(scope="module")
def pooled(grouped: GroupedPatterns) -> LatentClassFit:
    return fit_latent_classes(grouped.table, classes=3, starts=6)


def test_classes_are_found_where_they_are(grouped: GroupedPatterns, pooled: LatentClassFit) -> None:
    fits = fit_groups(grouped, pooled.parameters, starts=4)
    assert [fit.group for fit in fits.fits] == [0, 1, 2, 3, 4, 5]
    assert fits.too_small == ()
    assert fits.converged
    congruence = fits.congruence()
    assert (congruence[:5] >= 0.97).all()
    absent = int(np.argmin(congruence[5]))
    assert congruence[5, absent] < 0.85
    assert fits.fits[5].best.matched.of_deviations[absent] < 0.85
    assert sorted(fits.found_in()) == pytest.approx([5 / 6, 1.0, 1.0])
    assert fits.found_in()[absent] == pytest.approx(5 / 6)


def test_a_groups_own_fit_is_its_plain_fit_with_the_classes_put_in_order(
    grouped: GroupedPatterns, pooled: LatentClassFit
) -> None:
    fit = fit_groups(grouped, pooled.parameters, starts=4).fits[2]
    plain = fit_latent_classes(grouped.table_of(2), classes=3, starts=6)
    assert fit.best.loglik == pytest.approx(plain.loglik, abs=1e-6)
    assert fit.n_parameters == plain.n_parameters
    assert fit.n == 2500.0
    assert by_share(fit.best.parameters).probabilities == pytest.approx(plain.parameters.probabilities, abs=1e-4)


def test_agreement_is_that_of_the_rows(grouped: GroupedPatterns, pooled: LatentClassFit) -> None:
    """Row by row: own class against common class, agreement less what chance gives."""
    fit = fit_groups(grouped, pooled.parameters, starts=0).fits[1]
    table = grouped.table_of(1)
    rows = table.codes.repeat(table.weights.astype(int), axis=0)
    own, common = (posterior(at, rows).argmax(axis=1) for at in (fit.near.parameters, pooled.parameters))
    same = (own == common).mean()
    chance = sum((own == k).mean() * (common == k).mean() for k in range(3))
    assert fit.near.kappa == pytest.approx((same - chance) / (1 - chance))
    assert 0.7 < fit.near.adjusted_rand <= 1.0
    assert fit.best is fit.near


def test_random_starts_can_only_raise_the_likelihood(grouped: GroupedPatterns) -> None:
    """Five classes are more than there are: tops abound, and the one near the common classes need not be the highest."""
    five = fit_latent_classes(grouped.table, classes=5, starts=3).parameters
    fits = fit_groups(grouped, five, starts=5, seed=3)
    assert all(fit.best.loglik >= fit.near.loglik for fit in fits.fits)
    others = [fit.best for fit in fits.fits if fit.best is not fit.near]
    assert others
    for own in others:
        again = match_solutions(five, own.parameters, grouped.table.prevalence)
        assert again.order.tolist() == [0, 1, 2, 3, 4], "classes stand in the order of the common ones"
        assert again.congruence == pytest.approx(own.matched.congruence)
    alone = fit_groups(grouped, five, starts=5, seed=3, threads=1)
    assert [fit.best.loglik for fit in alone.fits] == [fit.best.loglik for fit in fits.fits]


def test_small_groups_are_told_apart(grouped: GroupedPatterns, pooled: LatentClassFit) -> None:
    weights = grouped.weights.toarray()
    weights[3] *= 0.5
    fits = fit_groups(group_weights(grouped.table, weights), pooled.parameters, starts=0)
    assert fits.too_small == (3,)
    assert [fit.group for fit in fits.fits] == [0, 1, 2, 4, 5]
    with pytest.raises(ValueError, match="no group has 9000 rows"):
        fit_groups(grouped, pooled.parameters, least=9000)


def test_an_item_never_seen_in_a_group_stays_as_it_is_in_common() -> None:
    rows, groups = draw_groups(mixes(3, seed=23), 2000, seed=24)
    rows[groups == 1, 4] = -1
    fit = fit_groups(group(rows, groups), TRUTH, starts=3).fits[1]
    assert fit.best.parameters.by_item[4] == pytest.approx(TRUTH.by_item[4])
    assert fit.n_parameters == 2 + 3 * (5 + 2 + 3)


def test_the_order_of_groups_does_not_matter(grouped: GroupedPatterns, pooled: LatentClassFit) -> None:
    order = [5, 3, 4, 1, 0, 2]
    one, other = (fit_groups(g, pooled.parameters, starts=0) for g in (grouped, grouped.some(order)))
    assert other.congruence() == pytest.approx(one.congruence()[order], abs=1e-5)
    assert other.loglik == pytest.approx(one.loglik, abs=1e-6)
