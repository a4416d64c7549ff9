"""Is one class more than chance would find? The bootstrapped likelihood-ratio test.

Twice the gain in log-likelihood has no known distribution when the larger model has a class too many. So it is made:
rows are drawn from the smaller model, both models are fitted to them, and the gain is compared with the one observed.
Rows are taken to be independent; many assessments of one child make the test too ready to reject. At a million rows it
rejects whatever is not exactly true: look at the gain for each row instead.
Sources: McLachlan (1987), Applied Statistics 36:318; Nylund, Asparouhov and Muthen (2007), Structural Equation Modeling
14:535; stopping rule and its p-value: Besag and Clifford (1991), Biometrika 78:301.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from careloom.stats.latent_class.fitting.fit import LatentClassFit
from careloom.stats.latent_class.fitting.refit import highest_from, random_starts
from careloom.stats.latent_class.fitting.search import in_threads
from careloom.stats.latent_class.model.draw import draw_like
from careloom.stats.latent_class.model.objective import PatternObjective
from careloom.stats.latent_class.model.parameters import Parameters
from careloom.stats.latent_class.rows.patterns import Floats, PatternTable

ENOUGH = 10  # draws at least as large as what was observed, after which p is known well enough to stop
SHAKEN = 0.5  # standard deviation, in log probability, by which the two halves of a split class are moved apart


@dataclass(frozen=True, eq=False)
class BootstrapTest:
    """The test of K classes against K + 1.

    ``statistic`` is twice the gain in log-likelihood; ``drawn`` (B,) what the draws gave, in order; ``p`` the share at
    least as large: h / B when the rule stopped at the h-th of them, else (1 + b) / (1 + B), b being their number.
    """

    classes: int
    statistic: float
    drawn: Floats
    p: float

    @property
    def as_large(self) -> int:
        return int((self.drawn >= self.statistic).sum())


def bootstrap_test(
    table: PatternTable,
    smaller: LatentClassFit,
    larger: LatentClassFit,
    *,
    draws: int = 200,
    enough: int = ENOUGH,
    starts: int | None = None,
    seed: int = 1,
    threads: int | None = None,
) -> BootstrapTest:
    """Test the smaller of two fits of the same table against the larger, with at most ``draws`` draws.

    Each draw is fitted by the smaller model from its own parameters, and by the larger from its own, from the smaller
    with a class split in two, and at random (``starts`` beside its own, half and half). With a class too many there are
    many tops, and a fit of many starts finds a higher one: so draws have as many starts as the larger fit had, when not
    said otherwise; with fewer, p comes out too small. Drawing stops when ``enough`` are as large as what was observed.
    The same seed gives the same test on any number of threads. Raises ValueError when the larger has not one class more,
    or a fit has a prior.
    """
    if larger.classes != smaller.classes + 1:
        raise ValueError(f"the test needs one class more; got {smaller.classes} and {larger.classes} classes")
    if smaller.prior or larger.prior:
        raise ValueError("the test is of maximum likelihood: fit with no prior")

    tries = larger.starts if starts is None else starts

    def draw(number: int) -> float:
        random = np.random.default_rng([seed, smaller.classes, number])
        return gain_by_chance(draw_like(table, smaller.parameters, random), smaller, larger, tries, random)

    statistic = max(2.0 * (larger.loglik - smaller.loglik), 0.0)
    drawn = draw_until(draw, statistic, draws, enough, threads)
    return BootstrapTest(smaller.classes, statistic, drawn, sequential_p(drawn, statistic, enough))


def gain_by_chance(
    drawn: PatternTable, smaller: LatentClassFit, larger: LatentClassFit, starts: int, random: np.random.Generator
) -> float:
    """Twice what one class more gains on rows drawn from the smaller model; 0 or more."""
    objective = PatternObjective(drawn)
    small = highest_from(objective, [smaller.parameters]).point
    split = [split_class(small.at, random) for _ in range(starts - starts // 2)]
    anywhere = random_starts(drawn, larger.classes, starts // 2, int(random.integers(2**31)))
    large = highest_from(objective, [larger.parameters, *split, *anywhere]).point
    # The smaller model is the larger one with two classes alike, so the larger can never really be lower.
    return max(2.0 * (large.loglik - small.loglik), 0.0)


def split_class(at: Parameters, random: np.random.Generator) -> Parameters:
    """One class more: a class drawn by its share becomes two of half its size, a little apart."""
    k = int(random.choice(at.classes, p=at.shares / at.shares.sum()))
    shares = np.append(at.log_shares, at.log_shares[k])
    shares[[k, -1]] -= np.log(2.0)
    cells = np.column_stack([at.log_probabilities, at.log_probabilities[:, k]])
    cells[:, [k, -1]] += random.normal(0.0, SHAKEN, (len(cells), 2))
    blank = Parameters(shares, cells, at.first_cells)
    return blank.like(blank.flat())


def draw_until(draw: Callable[[int], float], statistic: float, draws: int, enough: int, threads: int | None) -> Floats:
    """Draws in order until ``enough`` of them are as large as the statistic, or until there are all."""
    drawn: list[float] = []
    while len(drawn) < draws:
        drawn += in_threads(draw, range(len(drawn), min(len(drawn) + enough, draws)), threads)
        reached = np.flatnonzero(np.cumsum(np.array(drawn) >= statistic) == enough)
        if reached.size:
            return np.array(drawn[: reached[0] + 1])
    return np.array(drawn)


def sequential_p(drawn: Floats, statistic: float, enough: int) -> float:
    as_large = int((drawn >= statistic).sum())
    return as_large / len(drawn) if as_large >= enough else (1 + as_large) / (1 + len(drawn))
