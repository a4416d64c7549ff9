"""Latent class analysis of yes/no items: which kinds are there, how common is each, what does each look like?

The data are distinct response patterns with weights; the likelihood is that of the rows they stand for.
Sources: Goodman (1974), Biometrika 61:215; Louis (1982), JRSS B 44:226;
Nocedal and Wright (2006), Numerical Optimization, ch. 7.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from careloom.stats.class_agreement import adjusted_rand_index, match_classes
from careloom.stats.latent_class_climb import Summit, climb_to_top, finish, ordered
from careloom.stats.latent_class_model import (
    MISSING,
    Floats,
    Responses,
    expect,
    from_shares,
    relative_entropy,
)
from careloom.stats.latent_class_starts import starting_points

__all__ = [
    "LatentClassFit",
    "adjusted_rand_index",
    "best_by_bic",
    "fit_latent_classes",
    "match_classes",
    "posterior",
    "scan_classes",
]

SAME_SOLUTION = 1e-4  # two starts within this much total log-likelihood found the same solution
CONVERGED = 1e-6  # total log-likelihood that Newton's method may still promise at a fit that counts as converged


@dataclass(frozen=True, eq=False)
class LatentClassFit:
    """The best of all starts for one number of classes, with what is needed to judge it.

    Classes come by descending share. The fit is at a maximum when ``converged``; it is *replicated* when
    ``starts_at_best`` is more than one; some parameters are hardly told by the data when ``least_information`` (the
    smallest share of information left after the classes went unseen, 0 to 1) is near zero.
    """

    classes: int
    shares: Floats  # (K,)
    probabilities: Floats  # (K, J) of a yes
    loglik: float
    weight: float  # all rows, as n
    weight_unobserved: float  # rows with no item observed: they say nothing and are not in the n of BIC and SABIC
    entropy: float  # relative entropy R-squared: 1 certain, 0 no idea
    iterations: int  # of the start that won
    starts: int
    starts_at_best: int
    start_logliks: tuple[float, ...]  # every start's, descending: the table of modes
    gain_left: float  # total log-likelihood that an exact Newton step still promises
    least_information: float
    at_boundary: int  # item probabilities that are 0 or 1

    @property
    def n_parameters(self) -> int:
        return self.classes - 1 + self.probabilities.size

    @property
    def converged(self) -> bool:
        return abs(self.gain_left) <= CONVERGED and self.least_information > -CONVERGED

    @property
    def aic(self) -> float:
        return 2.0 * self.n_parameters - 2.0 * self.loglik

    @property
    def bic(self) -> float:
        return self._criterion(self.weight - self.weight_unobserved)

    @property
    def sabic(self) -> float:
        """BIC with Sclove's (1987) n* = (n + 2) / 24."""
        return self._criterion((self.weight - self.weight_unobserved + 2.0) / 24.0)

    def _criterion(self, n: float) -> float:
        return float(np.log(n)) * self.n_parameters - 2.0 * self.loglik


def fit_latent_classes(
    patterns: ArrayLike, weights: ArrayLike, *, classes: int, starts: int, seed: int
) -> LatentClassFit:
    """Fit a latent class model by maximum likelihood from many random starts.

    ``patterns`` (P, J) holds 1 for yes, 0 for no, -1 for missing; ``weights`` (P,) how many rows each pattern stands
    for. Patterns may repeat. Missing items are left out of the likelihood (missing at random). One class takes one
    start, whatever was asked. The same seed gives the same fit on the same machine. Raises ValueError on wrong shapes
    or codes, an item never observed, or more classes than patterns.

    >>> fit = fit_latent_classes([[1, 1, 0, 0], [0, 0, 1, 1]], [60, 40], classes=2, starts=3, seed=1)
    >>> fit.shares.round(3).tolist(), fit.probabilities.round(3).tolist()
    ([0.6, 0.4], [[1.0, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 1.0]])
    """
    data = responses(patterns, weights)
    _check_counts(data, classes, starts)
    best, logliks = climb_all(data, classes, starts=1 if classes == 1 else starts, seed=seed)
    return _describe(data, finish(data, best), logliks)


def scan_classes(patterns: ArrayLike, weights: ArrayLike, *, most: int, starts: int, seed: int) -> list[LatentClassFit]:
    """Fit 1, 2, ... ``most`` classes to the same patterns; arguments as for ``fit_latent_classes``."""
    return [fit_latent_classes(patterns, weights, classes=k, starts=starts, seed=seed) for k in range(1, most + 1)]


def best_by_bic(fits: Sequence[LatentClassFit]) -> LatentClassFit:
    """The fit with the smallest BIC; of equals the one with fewer classes."""
    if not fits:
        raise ValueError("no fits to choose from")
    return min(fits, key=lambda fit: (fit.bic, fit.classes))


def posterior(fit: LatentClassFit, patterns: ArrayLike) -> Floats:
    """Probability of each class given each pattern (P, K), at the fitted parameters; rows sum to one.

    ``patterns`` (P, J) as for ``fit_latent_classes``; a pattern with nothing observed gets the class shares.
    """
    data = responses(patterns, np.ones(np.shape(patterns)[:1]))
    if data.yes.shape[0] != fit.probabilities.shape[1]:
        raise ValueError(f"the fit has {fit.probabilities.shape[1]} items, the patterns have {data.yes.shape[0]}")
    return np.ascontiguousarray(expect(data, from_shares(fit.shares, fit.probabilities)).memberships.T)


def climb_all(data: Responses, classes: int, *, starts: int, seed: int) -> tuple[Summit, list[float]]:
    """The highest summit of all starts, and the log-likelihood each start came to.

    All starts go the whole way: how high a start stands early says little about where it ends, and dropping the low
    ones was measured to save less than a third of the time.
    """
    first, *others = starting_points(data, classes, starts, seed)
    best = climb_to_top(data, first)
    logliks = [best.loglik]
    for start in others:
        summit = climb_to_top(data, start)
        logliks.append(summit.loglik)
        best = max(best, summit, key=lambda reached: reached.loglik)
    return best, logliks


def responses(patterns: ArrayLike, weights: ArrayLike) -> Responses:
    """Check patterns (P, J) and weights (P,) and lay them out for the E-step."""
    codes, counts = np.asarray(patterns), np.asarray(weights, dtype=np.float64)
    if codes.ndim != 2 or 0 in codes.shape:
        raise ValueError(f"patterns must be (patterns, items) and not empty; got shape {codes.shape}")
    if counts.shape != codes.shape[:1]:
        raise ValueError(
            f"one weight per pattern is needed: {codes.shape[0]} patterns, weights of shape {counts.shape}"
        )
    if not np.isfinite(counts).all() or (counts < 0).any() or counts.sum() <= 0:
        raise ValueError("weights must be finite and not negative, and not all zero")
    if not np.isin(codes, (0, 1, MISSING)).all():
        raise ValueError(f"items must be coded 1 (yes), 0 (no) or {MISSING} (missing)")
    yes, seen = (np.ascontiguousarray(flag.T, dtype=np.float64) for flag in (codes == 1, codes != MISSING))
    return Responses(yes, None if seen.all() else seen, counts)


def _check_counts(data: Responses, classes: int, starts: int) -> None:
    if classes < 1 or starts < 1:
        raise ValueError(f"at least one class and one start are needed; got {classes} and {starts}")
    if classes > data.weights.size:
        raise ValueError(f"{classes} classes cannot be told from {data.weights.size} patterns")
    unseen = [] if data.seen is None else np.flatnonzero(data.seen @ data.weights == 0).tolist()
    if unseen:
        raise ValueError(f"items at positions {unseen} (from 0) are never observed: leave them out")


def _describe(data: Responses, best: Summit, logliks: list[float]) -> LatentClassFit:
    at = ordered(best)
    edge: NDArray[np.bool_] = np.minimum(at.probabilities, 1.0 - at.probabilities) < 1e-12
    unseen = 0.0 if data.seen is None else float(data.weights[~data.seen.any(axis=0)].sum())
    return LatentClassFit(
        classes=len(at.shares),
        shares=at.shares,
        probabilities=at.probabilities,
        loglik=best.loglik,
        weight=data.total,
        weight_unobserved=unseen,
        entropy=relative_entropy(data, best.expected.memberships),
        iterations=best.steps,
        starts=len(logliks),
        starts_at_best=sum(max(logliks) - loglik <= SAME_SOLUTION for loglik in logliks),
        start_logliks=tuple(sorted(logliks, reverse=True)),
        gain_left=best.gain_left,
        least_information=best.least_information,
        at_boundary=int(edge.sum()),
    )
