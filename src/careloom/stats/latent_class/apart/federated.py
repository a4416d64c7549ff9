"""A fit to the rows of several sites that never send one: sites answer questions with sums, and the sums add up.

The log-likelihood, the expected counts and the information are sums over rows, so a lead who knows the sums over all
sites knows all that a climb asks for, and comes to the fit of all rows together. Every round is a question (some
parameters) and an answer of every site; with the information in the answers Newton's method needs few of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from careloom.stats.latent_class.apart.few_rounds import climb_in_few_looks
from careloom.stats.latent_class.fitting.climb import Climb
from careloom.stats.latent_class.fitting.fit import LatentClassFit
from careloom.stats.latent_class.fitting.search import Ended, by_share, tabulate_modes
from careloom.stats.latent_class.fitting.starts import KINDS, starting_point
from careloom.stats.latent_class.model.information import complete_information, free_parameters, information_unseen
from careloom.stats.latent_class.model.likelihood import Point, point_of, unknown_rows
from careloom.stats.latent_class.model.objective import PatternObjective
from careloom.stats.latent_class.model.parameters import Parameters
from careloom.stats.latent_class.rows.patterns import MISSING, Floats, PatternTable

LEAST = 10
LEAST_ROWS = 100


class TooFewRowsError(ValueError):
    """A site has so few rows that its sums could tell of them: it takes no part."""


@dataclass(frozen=True, eq=False)
class Site:
    """The rows of one site as they take part: ``table`` without what is held back, ``held`` the items held back."""

    table: PatternTable
    held: tuple[int, ...]


def take_part(table: PatternTable, *, least: int = LEAST, least_rows: int = LEAST_ROWS) -> Site:
    """Hold back what few rows say: an item of which some answer was given by fewer than ``least`` rows of the site.

    The item is then as if it had not been observed here. That nobody gave an answer is held back like a few. Items
    with no answer at all stay as they are. Raises TooFewRowsError with fewer than ``least_rows`` rows.
    """
    if table.total < least_rows:
        raise TooFewRowsError(f"a site with fewer than {least_rows} rows does not take part: join with another")
    fewest = np.minimum.reduceat(table.counts, table.first_cells)
    held = np.flatnonzero((fewest < least) & (table.seen > 0))
    codes = table.codes.copy()
    codes[:, held] = MISSING
    return Site(PatternTable(codes, table.weights, table.levels), tuple(held.tolist()))


# --- what a site answers ----------------------------------------------------------------------------------------------


def margins(site: Site) -> Floats:
    """Rows in all, rows with nothing observed, and rows of each cell, in one vector (2 + M,)."""
    return np.concatenate([[site.table.total, site.table.total_unobserved], site.table.counts])


def sums(site: Site, at: Parameters) -> Floats:
    """What all rows of a site say at some parameters, in one vector: see ``Sums``."""
    point = PatternObjective(site.table).expect(at)
    unseen = information_unseen(site.table, at, free_parameters(at))
    triangle = unseen[np.triu_indices(len(unseen))]
    return np.concatenate([[point.loglik, unknown_rows(site.table, at)], point.members, point.counts.ravel(), triangle])


@dataclass(frozen=True, eq=False)
class Sums:
    """Sums over rows at some parameters: log-likelihood, ``unknown_rows``, expected counts, information.

    ``unseen`` (F, F) is what is lost because the classes are not seen; F as ``free_parameters`` counts.
    """

    loglik: float
    entropy: float
    members: Floats
    counts: Floats
    unseen: Floats


def read_sums(vector: Floats, at: Parameters) -> Sums:
    """Read the vector of one site, or the sum of the vectors of all; raises ValueError when some are no numbers."""
    if not np.isfinite(vector).all():
        raise ValueError("the sums of the sites hold what is no number: ask the sites again")
    shape, classes = at.log_probabilities.shape, at.classes
    cells = 2 + classes + shape[0] * classes
    free = len(free_parameters(at))
    upper = np.zeros((free, free))
    upper[np.triu_indices(free)] = vector[cells:]
    unseen = upper + np.triu(upper, 1).T
    counts = vector[2 + classes : cells].reshape(shape)
    return Sums(float(vector[0]), float(vector[1]), vector[2 : 2 + classes], counts, unseen)


def length_of(at: Parameters) -> int:
    """How many numbers an answer to these parameters has."""
    free = len(free_parameters(at))
    return 2 + at.classes + at.log_probabilities.size + free * (free + 1) // 2


# --- what the lead makes of it ----------------------------------------------------------------------------------------

Ask = Callable[[Parameters], Floats]
"""A round: parameters to all sites, and the sum of their vectors back."""


class FederatedObjective:
    """The log-likelihood of all sites' rows. Each call of ``expect`` is a round; its information comes with it."""

    def __init__(self, ask: Ask, prior: float = 0.0) -> None:
        self.ask = ask
        self.prior = prior
        self.rounds = 0
        self.last: tuple[Parameters, Sums] | None = None

    def expect(self, at: Parameters) -> Point:
        told = self.sums_at(at)
        return point_of(at, told.loglik, told.members, told.counts, prior=self.prior)

    def information(self, point: Point, free: NDArray[np.intp]) -> Floats:
        return complete_information(point, free) - self.sums_at(point.at).unseen

    def sums_at(self, at: Parameters) -> Sums:
        """What all sites say at some parameters, without asking again where it was asked just now."""
        if self.last is None or self.last[0] is not at:
            self.last = (at, read_sums(self.ask(at), at))
            self.rounds += 1
        return self.last[1]


def in_memory(sites: Sequence[Site]) -> Ask:
    """Rounds between sites that are all here, for tests and rehearsals."""
    return lambda at: np.asarray(np.sum([sums(site, at) for site in sites], axis=0))


def starts_from_margins(
    rows: Floats, levels: tuple[NDArray[np.generic], ...], *, classes: int, starts: int, seed: int
) -> list[Parameters]:
    """Random starts near the prevalences, which are all that is known of the rows. ``rows`` is the sum of ``margins``."""
    table = table_of_margins(rows[2:], levels)
    return [starting_point(table, classes, seed, number * len(KINDS))[1] for number in range(starts)]


def table_of_margins(counts: Floats, levels: tuple[NDArray[np.generic], ...]) -> PatternTable:
    """A table whose cells have these counts (M,): for each answer to each item a pattern that holds nothing else."""
    sizes = [len(own) for own in levels]
    codes = np.full((len(counts), len(levels)), MISSING, dtype=np.int32)
    codes[np.arange(len(counts)), np.repeat(np.arange(len(levels)), sizes)] = np.concatenate([*map(np.arange, sizes)])
    return PatternTable(codes, counts, levels)


def fit_sites(objective: FederatedObjective, starts: Sequence[Parameters], rows: Floats) -> LatentClassFit:
    """The best of the climbs from some starts, of all sites' rows. ``rows`` is the sum of ``margins``.

    It is the fit that ``fit_latent_classes`` comes to with all rows in one table, held-back answers missing.
    """
    ended, entropies = [], []
    for start in starts:
        before = objective.rounds
        point, certificate = climb_in_few_looks(objective, start)
        entropies.append(objective.sums_at(point.at).entropy)
        ended.append((Ended("given", Climb(point, objective.rounds - before, certificate.gain_left)), certificate))
    best = max(range(len(ended)), key=lambda place: ended[place][0].climb.point.value)
    one, certificate = ended[best]
    return LatentClassFit(
        parameters=by_share(one.climb.point.at),
        loglik=one.climb.point.loglik,
        certificate=certificate,
        modes=tabulate_modes([each for each, _ in ended]),
        weight=float(rows[0]),
        weight_unobserved=float(rows[1]),
        entropy=1.0 - entropies[best] / float(rows[0] - rows[1]),
        prior=objective.prior,
    )
