"""Latent class analysis: which kinds are there, how common is each, what does each look like?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from careloom.stats.latent_class.fitting.proof import Certificate, finish
from careloom.stats.latent_class.fitting.search import Mode, by_share, search, tabulate_modes
from careloom.stats.latent_class.model.likelihood import memberships, relative_entropy
from careloom.stats.latent_class.model.objective import PatternObjective
from careloom.stats.latent_class.model.parameters import Parameters
from careloom.stats.latent_class.rows.patterns import MISSING, Floats, PatternTable, Whole


@dataclass(frozen=True, eq=False)
class LatentClassFit:
    """The best of all starts for one number of classes, with what is needed to judge it.

    Classes come by descending share. ``certificate`` says what is known of the maximum, ``modes`` which tops the
    starts found and how often: a best mode found once only is *not replicated*. ``weight`` is that of all rows,
    ``weight_unobserved`` that of rows with no item observed, which say nothing and are not in the n of BIC.
    """

    parameters: Parameters
    loglik: float
    certificate: Certificate
    modes: tuple[Mode, ...]
    weight: float
    weight_unobserved: float
    entropy: float  # relative entropy R-squared of the rows of ``n``: 1 certain, 0 no idea
    prior: float

    @property
    def classes(self) -> int:
        return self.parameters.classes

    @property
    def shares(self) -> Floats:
        return self.parameters.shares

    @property
    def probabilities(self) -> list[Floats]:
        """One array (K, levels) an item."""
        return self.parameters.by_item

    @property
    def yes(self) -> Floats:
        """Probability of the last level of each item (K, J): of a yes, where items are no and yes."""
        return np.column_stack([item[:, -1] for item in self.probabilities])

    @property
    def n(self) -> float:
        """Rows that say something: the n of BIC."""
        return self.weight - self.weight_unobserved

    @property
    def n_parameters(self) -> int:
        cells, items = len(self.parameters.log_probabilities), len(self.parameters.first_cells)
        return self.classes - 1 + self.classes * (cells - items)

    @property
    def converged(self) -> bool:
        return self.certificate.is_maximum

    @property
    def starts(self) -> int:
        return sum(mode.found for mode in self.modes)

    @property
    def starts_at_best(self) -> int:
        return self.modes[0].found


def fit_latent_classes(
    table: PatternTable,
    *,
    classes: int,
    starts: int = 100,
    seed: int = 1,
    prior: float = 0.0,
    threads: int | None = None,
) -> LatentClassFit:
    """Fit a latent class model from many random starts and prove what was found.

    ``table`` from ``collapse``. Missing answers are left out of the likelihood (missing at random). ``prior`` rows are
    added to every class and to every answer within it (0: maximum likelihood; 1/K keeps small files off 0 and 1). One
    class takes one start. The same seed gives the same fit on the same machine. More classes
    than the patterns can tell are fitted too, and the certificate says so. Raises ValueError for an item never observed.

    >>> table, _ = collapse([[1, 1, 0, 0], [0, 0, 1, 1]], [60, 40])
    >>> fit = fit_latent_classes(table, classes=2, starts=3)
    >>> fit.shares.round(3).tolist(), fit.yes.round(3).tolist(), fit.certificate.verdict
    ([0.6, 0.4], [[1.0, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 1.0]], 'boundary-fixed')
    """
    check_counts(table, classes, starts, prior)
    objective = PatternObjective(table, prior)
    ended = search(objective, classes, starts=1 if classes == 1 else starts, seed=seed, threads=threads)
    point, certificate = finish(objective, ended[0].climb)
    return LatentClassFit(
        parameters=by_share(point.at),
        loglik=point.loglik,
        certificate=certificate,
        modes=tabulate_modes(ended),
        weight=table.total,
        weight_unobserved=table.total_unobserved,
        entropy=relative_entropy(table, point.at),
        prior=prior,
    )


def posterior(parameters: Parameters, codes: ArrayLike) -> Floats:
    """Probability of each class given each pattern (P, K); rows sum to one.

    ``codes`` (P, J) as in a pattern table of the same items; a pattern with nothing observed gets the class shares.
    """
    return memberships(cells_of(parameters, codes), parameters)[1]


def pattern_logliks(parameters: Parameters, codes: ArrayLike) -> Floats:
    """Log-likelihood of each pattern (P,); 0 for one with nothing observed."""
    return memberships(cells_of(parameters, codes), parameters)[0]


def cells_of(parameters: Parameters, codes: ArrayLike) -> Whole:
    given = np.asarray(codes)
    first, cells = parameters.first_cells, len(parameters.log_probabilities)
    if given.ndim != 2 or given.shape[1] != len(first):
        raise ValueError(f"the classes were found from {len(first)} items; the patterns have shape {given.shape}")
    sizes = np.diff(np.append(first, cells))
    if ((given < MISSING) | (given >= sizes)).any():
        raise ValueError("the patterns hold codes that are not among the levels of their items")
    return np.where(given == MISSING, cells, given + first).astype(np.int32)


def check_counts(table: PatternTable, classes: int, starts: int, prior: float) -> None:
    if classes < 1 or starts < 1:
        raise ValueError(f"at least one class and one start are needed; got {classes} and {starts}")
    if not np.isfinite(prior) or prior < 0:
        raise ValueError(f"the prior must be a number of rows, 0 or more; got {prior}")
    if not table.seen.all():
        unseen = np.flatnonzero(table.seen == 0).tolist()
        raise ValueError(f"items at positions {unseen} (from 0) are never observed: leave them out")
