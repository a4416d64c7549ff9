"""Sites that send sums come to the fit of all rows in one table; what few rows say is held back."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from careloom.stats.latent_class import LatentClassFit, PatternTable, collapse, fit_latent_classes, from_yes
from careloom.stats.latent_class.apart.federated import (
    FederatedObjective,
    Site,
    TooFewRowsError,
    fit_sites,
    in_memory,
    length_of,
    margins,
    read_sums,
    starts_from_margins,
    sums,
    table_of_margins,
    take_part,
)
from careloom.stats.latent_class.apart.few_rounds import climb_in_few_looks
from careloom.stats.latent_class.fitting.search import by_share
from careloom.stats.latent_class.fitting.starts import starting_point
from careloom.stats.latent_class.model.information import free_parameters
from careloom.stats.latent_class.model.objective import PatternObjective

SHARES = np.array([0.5, 0.3, 0.2])
YES = np.array([[0.1, 0.15, 0.05, 0.2, 0.1, 0.1], [0.85, 0.75, 0.6, 0.1, 0.15, 0.2], [0.2, 0.1, 0.15, 0.8, 0.9, 0.7]])
LEVELS = [[0, 1]] * 6


def rows_of(rows: int, seed: int, missing: float = 0.0) -> np.ndarray:
    random = np.random.default_rng(seed)
    kind = random.choice(3, size=rows, p=SHARES)
    answers = (random.random((rows, 6)) < YES[kind]).astype(float)
    answers[random.random(answers.shape) < missing] = np.nan
    return answers


@cache
def tables() -> tuple[PatternTable, ...]:
    """Three sites: one with gaps, one with an item it does not know, one small."""
    first, second, third = rows_of(3000, 1, missing=0.1), rows_of(1500, 2), rows_of(400, 3)
    second[:, 5] = np.nan
    return tuple(collapse(rows, levels=LEVELS)[0] for rows in (first, second, third))


def all_in_one(sites: list[Site]) -> PatternTable:
    return PatternTable(
        np.vstack([site.table.codes for site in sites]),
        np.concatenate([site.table.weights for site in sites]),
        sites[0].table.levels,
    )


def fit_apart(sites: list[Site], classes: int, prior: float = 0.0, starts: int = 3) -> tuple[LatentClassFit, int]:
    objective = FederatedObjective(in_memory(sites), prior)
    rows = np.sum([margins(site) for site in sites], axis=0)
    given = starts_from_margins(rows, sites[0].table.levels, classes=classes, starts=starts, seed=1)
    return fit_sites(objective, given, rows), objective.rounds


# --- the same as all rows together --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("classes", "prior"), [(1, 0.0), (2, 0.0), (3, 0.0), (3, 0.5)])
def test_the_fit_of_sites_is_the_fit_of_all_their_rows(classes: int, prior: float) -> None:
    sites = [take_part(table) for table in tables()]
    apart, _ = fit_apart(sites, classes, prior)
    pooled = fit_latent_classes(all_in_one(sites), classes=classes, starts=9, prior=prior, threads=1)
    assert apart.loglik == pytest.approx(pooled.loglik, abs=1e-8)
    assert apart.certificate.verdict == pooled.certificate.verdict == "certified"
    assert (apart.n, apart.n_parameters, apart.prior) == (pooled.n, pooled.n_parameters, pooled.prior)
    assert apart.entropy == pytest.approx(pooled.entropy, abs=1e-7)
    # The fit of one table ends as soon as 1e-10 of log-likelihood is left to gain, where parameters may still be some
    # 1e-7 off; taken to the very end, as the sites are, it must agree to 1e-8.
    sharp, _ = climb_in_few_looks(PatternObjective(all_in_one(sites), prior), pooled.parameters)
    at = by_share(sharp.at)
    np.testing.assert_allclose(apart.shares, at.shares, atol=1e-8, rtol=0)
    np.testing.assert_allclose(apart.parameters.probabilities, at.probabilities, atol=1e-8, rtol=0)
    np.testing.assert_allclose(apart.parameters.probabilities, pooled.parameters.probabilities, atol=1e-6, rtol=0)


def test_the_sums_of_sites_add_up_to_those_of_all_rows() -> None:
    sites = [take_part(table) for table in tables()]
    at = from_yes(SHARES, YES)
    one, free = all_in_one(sites), free_parameters(at)
    told = FederatedObjective(in_memory(sites))
    pooled = PatternObjective(one)
    point, same = told.expect(at), pooled.expect(at)
    assert point.loglik == pytest.approx(same.loglik, abs=1e-9)
    np.testing.assert_allclose(point.counts, same.counts, atol=1e-9)
    np.testing.assert_allclose(point.members, same.members, atol=1e-9)
    np.testing.assert_allclose(told.information(point, free), pooled.information(same, free), atol=1e-8)
    assert told.rounds == 1  # the information came with the rest
    assert all(len(sums(site, at)) == length_of(at) for site in sites)


def test_probabilities_at_0_are_told_apart_from_those_that_are_free() -> None:
    """An item that one class never has: its probability ends at the bound, in both fits."""
    rows = rows_of(4000, 7)
    rows[rows[:, 0] == 1, 4] = 0.0
    sites = [take_part(collapse(part, levels=LEVELS)[0]) for part in np.array_split(rows, 3)]
    apart, _ = fit_apart(sites, 4)
    pooled = fit_latent_classes(all_in_one(sites), classes=4, starts=12, threads=1)
    assert apart.certificate.at_boundary == pooled.certificate.at_boundary > 0
    assert apart.certificate.verdict == pooled.certificate.verdict
    assert apart.loglik == pytest.approx(pooled.loglik, abs=1e-8)


# --- rounds -------------------------------------------------------------------------------------------------------------


def test_from_parameters_of_others_few_rounds_are_needed() -> None:
    """Parameters found elsewhere and rounded to 4 digits, as a saved typology has them: 7 rounds were measured."""
    sites = [take_part(table) for table in tables()]
    elsewhere = fit_latent_classes(collapse(rows_of(5000, 11))[0], classes=3, starts=4, threads=1)
    objective = FederatedObjective(in_memory(sites))
    rows = np.sum([margins(site) for site in sites], axis=0)
    fit = fit_sites(objective, [from_yes(elsewhere.shares.round(4), elsewhere.yes.round(4))], rows)
    assert fit.certificate.verdict == "certified"
    assert objective.rounds <= 10


def test_random_starts_take_some_tens_of_rounds_each() -> None:
    apart, rounds = fit_apart([take_part(table) for table in tables()], 3, starts=3)
    assert apart.starts == 3
    assert rounds <= 3 * 40


def test_margins_are_all_that_random_starts_know() -> None:
    sites = [take_part(table) for table in tables()]
    rows = np.sum([margins(site) for site in sites], axis=0)
    one = all_in_one(sites)
    of_margins = table_of_margins(rows[2:], one.levels)
    np.testing.assert_allclose(of_margins.prevalence, one.prevalence, atol=1e-12)
    assert rows[0] == one.total
    assert rows[1] == one.total_unobserved


# --- what is held back ----------------------------------------------------------------------------------------------------


def test_an_item_that_few_record_or_few_do_not_is_held_back() -> None:
    rows = rows_of(400, 5)
    rows[:, 0] = 0.0
    rows[:9, 0] = 1.0  # nine record it
    rows[:, 1] = 1.0
    rows[:9, 1] = 0.0  # nine do not
    rows[:, 2] = 0.0
    rows[:10, 2] = 1.0  # ten do: enough
    rows[:, 3] = 0.0  # nobody does
    rows[:, 4] = np.nan  # it was not asked
    table, _ = collapse(rows, levels=LEVELS)
    site = take_part(table)
    assert site.held == (0, 1, 3)
    assert site.table.seen.tolist() == [0, 0, 400, 0, 0, 400]
    assert site.table.total == 400
    assert take_part(table, least=9).held == (3,)
    assert take_part(table, least=0).held == ()
    np.testing.assert_array_equal(table.seen, [400, 400, 400, 400, 0, 400])  # the rows themselves stay as they were


def test_what_is_held_back_is_in_no_sum() -> None:
    """Change the held-back answers of the site in any way: its sums stay the same to the last bit."""
    rows = rows_of(400, 5)
    rows[:, 0] = 0.0
    sent = []
    for some in ([0], [1, 7], list(range(9))):
        changed = rows.copy()
        changed[some, 0] = 1.0
        sent.append(sums(take_part(collapse(changed, levels=LEVELS)[0]), from_yes(SHARES, YES)))
    np.testing.assert_allclose(sent[0], sent[1], rtol=0, atol=1e-10)
    np.testing.assert_allclose(sent[0], sent[2], rtol=0, atol=1e-10)


def test_a_site_with_few_rows_takes_no_part() -> None:
    table, _ = collapse(rows_of(99, 5), levels=LEVELS)
    with pytest.raises(TooFewRowsError, match="fewer than 100 rows"):
        take_part(table)
    assert take_part(table, least_rows=99).table.total == 99


def test_a_vector_reads_back_as_what_it_was_made_from() -> None:
    site, at = take_part(tables()[0]), from_yes(SHARES, YES)
    told = read_sums(sums(site, at), at)
    point = PatternObjective(site.table).expect(at)
    assert told.loglik == point.loglik
    np.testing.assert_array_equal(told.members, point.members)
    np.testing.assert_array_equal(told.counts, point.counts)
    np.testing.assert_allclose(told.unseen, told.unseen.T, atol=0)


# --- a climb in few looks ---------------------------------------------------------------------------------------------------


def test_the_climb_in_few_looks_ends_where_many_looks_do() -> None:
    """From starts far off, three kinds: each ends at a top of its own, and the best is the best that is known."""
    table = all_in_one([take_part(each) for each in tables()])
    pooled = fit_latent_classes(table, classes=3, starts=9, threads=1)
    ended = [climb_in_few_looks(PatternObjective(table), starting_point(table, 3, 1, number)[1]) for number in range(6)]
    assert max(point.loglik for point, _ in ended) == pytest.approx(pooled.loglik, abs=1e-8)
    assert all(point.loglik <= pooled.loglik + 1e-8 for point, _ in ended)
    assert sum(certificate.is_maximum for _, certificate in ended) >= 5


def test_the_climb_leaves_a_saddle() -> None:
    """Two classes all but alike stand at a saddle, where the slope vanishes and a Newton step would stay."""
    table = all_in_one([take_part(each) for each in tables()])
    whole = table.prevalence.reshape(6, 2)[:, 1]
    near = from_yes([0.5, 0.5], np.vstack([whole * 1.0001, whole * 0.9999]))
    point, certificate = climb_in_few_looks(PatternObjective(table), near)
    pooled = fit_latent_classes(table, classes=2, starts=6, threads=1)
    assert point.loglik == pytest.approx(pooled.loglik, abs=1e-8)
    assert certificate.verdict == "certified"


def test_sums_that_are_no_numbers_are_refused() -> None:
    site = take_part(tables()[1])
    vector = sums(site, from_yes(SHARES, YES))
    vector[7] = np.nan
    with pytest.raises(ValueError, match="no number"):
        read_sums(vector, from_yes(SHARES, YES))
