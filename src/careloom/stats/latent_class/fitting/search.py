"""Many starts, and the table of what they found: one start proves nothing, for the likelihood has many tops."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from scipy.optimize import linear_sum_assignment
from threadpoolctl import threadpool_limits

from careloom.stats.latent_class.fitting.climb import Climb, climb_to_end
from careloom.stats.latent_class.fitting.proof import settle
from careloom.stats.latent_class.fitting.starts import starting_point
from careloom.stats.latent_class.model.objective import PatternObjective
from careloom.stats.latent_class.model.parameters import Parameters
from careloom.stats.latent_class.rows.patterns import Floats

Given = TypeVar("Given")
Made = TypeVar("Made")

SAME_HEIGHT = 1e-3  # starts that ended within this much total log-likelihood may be at the same top ...
SAME_PLACE = 0.01  # ... and are, when shares and probabilities differ by less than this much on average


@dataclass(frozen=True, eq=False)
class Mode:
    """A top that starts came to: its log-likelihood, how many found it and of which kinds, its class shares (K,)."""

    loglik: float
    found: int
    kinds: tuple[tuple[str, int], ...]
    parameters: Parameters

    @property
    def shares(self) -> Floats:
        return self.parameters.shares


@dataclass(frozen=True, eq=False)
class Ended:
    """Where one start ended."""

    kind: str
    climb: Climb


def search(
    objective: PatternObjective, classes: int, *, starts: int, seed: int, threads: int | None = None
) -> list[Ended]:
    """Climb from every start; the highest comes first. The same seed finds the same, whatever the number of threads.

    All starts go the whole way: how high a start stands early says little about where it ends, and dropping the low
    ones was measured to save less than a third of the time.
    """
    objective.blocks or objective.halves  # noqa: B018 - made once, before the threads share it

    def go(number: int) -> Ended:
        kind, start = starting_point(objective.table, classes, seed, number)
        return Ended(kind, settle(objective, climb_to_end(objective, start)))

    return sorted(in_threads(go, range(starts), threads), key=lambda ended: -ended.climb.point.value)


def in_threads(work: Callable[[Given], Made], given: Sequence[Given], threads: int | None) -> list[Made]:
    """Do the same work for each, side by side, each on one thread of its own; the results in the order given."""
    workers = min(threads or os.cpu_count() or 1, len(given))
    with threadpool_limits(1, "blas"), ThreadPoolExecutor(max(workers, 1)) as pool:
        return list(pool.map(work, given))


def tabulate_modes(ended: Sequence[Ended]) -> tuple[Mode, ...]:
    """The distinct tops among where starts ended, highest first."""
    groups: list[list[Ended]] = []
    for one in sorted(ended, key=lambda e: -e.climb.point.value):
        for group in groups:
            if is_same(group[0].climb, one.climb):
                group.append(one)
                break
        else:
            groups.append([one])
    return tuple(
        Mode(
            group[0].climb.point.loglik,
            len(group),
            tuple(sorted(Counter(one.kind for one in group).items())),
            by_share(group[0].climb.point.at),
        )
        for group in groups
    )


def is_same(a: Climb, b: Climb) -> bool:
    if abs(a.point.value - b.point.value) > SAME_HEIGHT:
        return False
    return distance(a.point.at, b.point.at) < SAME_PLACE


def distance(a: Parameters, b: Parameters) -> float:
    """Mean difference of the parameters of two solutions with their classes matched, each class by its share."""
    apart = np.abs(a.probabilities[:, :, None] - b.probabilities[:, None, :]).mean(axis=0)
    rows, columns = linear_sum_assignment(apart)
    shares = (a.shares[rows] + b.shares[columns]) / 2.0
    return float(shares @ apart[rows, columns] + np.abs(a.shares[rows] - b.shares[columns]).mean())


def by_share(at: Parameters) -> Parameters:
    """The same classes by descending share."""
    return at.in_order(np.argsort(-at.log_shares, kind="stable"))
