"""One rung's model: which levels can be compared, the fit, and what it says about each level."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from careloom.stats.binomial import BinomialFit, CannotFitBinomialError, ClusterSums, OddsRatio, fit_binomial

FEWEST = 20
"""A model needs so many episodes that reached the rung, and so many that did not."""
PREFERRED = {"ethnic_group": "White"}  # the census's own first group; the other terms take the most common level
UNCLASSED = "unclassed"

Floats = NDArray[np.float64]
Levels = Sequence[NDArray[np.intp]]
"""The level of every pattern, an array for each term."""
Row = dict[str, object]


class CannotModelError(Exception):
    """A rung that cannot be modelled; the message says why."""


@dataclass(frozen=True, eq=False)
class Term:
    """One categorical term: its levels, and the level that each pattern has (P,)."""

    name: str
    levels: tuple[str, ...]
    level_of: NDArray[np.intp]

    def add_up(self, counts: Floats) -> Floats:
        """Add counts of patterns up to counts of levels (L,)."""
        total: Floats = np.bincount(self.level_of, counts, len(self.levels)).astype(np.float64)
        return total


@dataclass(frozen=True, eq=False)
class Counts:
    """One rung: episodes of each pattern (P,), those that reached it (P,), and the sums over children."""

    trials: Floats
    successes: Floats
    children: ClusterSums

    def of(self, mine: NDArray[np.bool_]) -> "Counts":
        """The counts of some of the patterns (P,), numbered anew."""
        both = mine[self.children.pattern] & mine[self.children.other]
        pattern, other, *sums = (column[both] for column in vars(self.children).values())
        number = np.cumsum(mine) - 1
        return Counts(self.trials[mine], self.successes[mine], ClusterSums(number[pattern], number[other], *sums))


@dataclass(frozen=True)
class RungModel:
    """The rows of `rung_model` and `rung_probability` of one rung, and how many episodes its fit rests on."""

    odds: tuple[Row, ...]
    probabilities: tuple[Row, ...]
    rows: int


@dataclass(frozen=True, eq=False)
class Settled:
    """Levels of which all or none reached the rung: the likelihood is highest with their odds at infinity or nought.

    `probability` has an array per term: 0 or 1 for such a level, else nan; `turn` says when it was found, for leaving
    out the first ones can settle others. `used` (P,) are the patterns that the fit rests on. Where a pattern has
    several such levels the one found first decides, as in the limit of the likelihood.
    """

    probability: list[Floats]
    turn: list[Floats]
    used: NDArray[np.bool_]

    def known(self, levels: Levels) -> tuple[Floats, NDArray[np.bool_]]:
        """For patterns of these levels: the probability that is settled, else nan; and whether two levels disagree."""
        turn = np.array([turn[of] for turn, of in zip(self.turn, levels, strict=True)])
        first = turn.min(axis=0)
        said = np.array([p[of] for p, of in zip(self.probability, levels, strict=True)])
        decides = np.isfinite(turn) & (turn == first)
        low, high = np.where(decides, said, np.inf).min(axis=0), np.where(decides, said, -np.inf).max(axis=0)
        return np.where(np.isfinite(first), low, np.nan), np.isfinite(first) & (low != high)


def settle(terms: Sequence[Term], counts: Counts) -> Settled:
    """Find the levels of which all or none reached the rung, until no more turn up."""
    probability = [np.full(len(term.levels), np.nan) for term in terms]
    turn = [np.full(len(term.levels), np.inf) for term in terms]
    used = np.full(counts.trials.shape, True)
    for now in itertools.count():
        left = used
        for at, term in enumerate(terms):
            rows, reached = term.add_up(counts.trials * used), term.add_up(counts.successes * used)
            found = (rows > 0) & ((reached == 0) | (reached == rows))
            probability[at][found], turn[at][found] = reached[found] > 0, now
            left = left & ~found[term.level_of]
        if left.sum() == used.sum():
            break
        used = left
    return Settled(probability, turn, used)


@dataclass(frozen=True, eq=False)
class Compared:
    """A term in the fit: the level it is compared with, and the levels (by number) that have a column."""

    term: Term
    reference: int
    columns: tuple[int, ...]

    def column(self, level: int) -> str:
        return f"{self.term.name} {self.term.levels[level]}"

    def block(self, level_of: NDArray[np.intp]) -> Floats:
        """0/1 columns (P, columns) for patterns that have these levels of the term."""
        block: Floats = np.equal.outer(level_of, np.array(self.columns, dtype=int)).astype(np.float64)
        return block


def compare(term: Term, trials: Floats) -> Compared:
    """Choose the reference: the preferred level, or the most common, but not `unclassed` while another can be."""
    rows = term.add_up(trials)
    able = np.flatnonzero(rows)
    if not able.size:
        return Compared(term, -1, ())
    preferred = [level for level in able if term.levels[level] == PREFERRED.get(term.name)]
    reference = int(max(preferred or able, key=lambda level: (term.levels[level] != UNCLASSED, rows[level])))
    return Compared(term, reference, tuple(int(level) for level in able if level != reference))


def model_rung(terms: Sequence[Term], counts: Counts) -> RungModel:
    """Fit one rung. Raises CannotModelError, saying why, when there is nothing to fit or no finite answer.

    The episodes of a level of which all or none reached the rung are left out of the fit, which gives the other
    levels the very estimates that the likelihood has at that limit. In marginal predictions they stay, with
    probability 0 or 1.
    """
    if not terms:
        raise CannotModelError("nothing differs between the episodes")
    settled = settle(terms, counts)
    trials, successes = counts.trials * settled.used, counts.successes * settled.used
    if min(successes.sum(), (trials - successes).sum()) < FEWEST:
        raise CannotModelError(f"fewer than {FEWEST} episodes that reached it, or that did not")
    compared = [compare(term, trials) for term in terms]
    names = [each.column(level) for each in compared for level in each.columns]
    if not names:
        raise CannotModelError("nothing differs between the episodes")
    design = design_of(compared, [term.level_of for term in terms])
    children = among(counts.children, settled.used)
    try:
        fit = fit_binomial(design, trials, successes, names=names, clusters=children)
    except CannotFitBinomialError as fault:
        raise CannotModelError(str(fault)) from fault
    odds = tuple(odds_of(compared, fit))
    return RungModel(odds, tuple(probabilities_of(compared, fit, settled, counts)), fit.trials)


def design_of(compared: Sequence[Compared], levels: Levels) -> Floats:
    return np.hstack([each.block(level_of) for each, level_of in zip(compared, levels, strict=True)])


def among(children: ClusterSums, used: NDArray[np.bool_]) -> ClusterSums:
    """Keep the pairs of patterns that are both used."""
    both = used[children.pattern] & used[children.other]
    return ClusterSums(*(column[both] for column in vars(children).values()))


def odds_of(compared: Sequence[Compared], fit: BinomialFit) -> Iterator[Row]:
    """One row per level: the reference has ratio 1 and no limits; a level that cannot be compared is blank."""
    found: dict[str, OddsRatio] = {ratio.name: ratio for ratio in fit.odds_ratios()}
    for each in compared:
        for level, name in enumerate(each.term.levels):
            ratio = found.get(each.column(level))
            yield {
                "term": each.term.name,
                "level": name,
                "reference": each.term.levels[each.reference] if each.reference >= 0 else None,
                "odds_ratio": ratio.odds_ratio if ratio else 1.0 if level == each.reference else None,
                "lower": ratio.lower if ratio else None,
                "upper": ratio.upper if ratio else None,
                "p_value": ratio.p_value if ratio else None,
                "rows": fit.trials,
                "reached": fit.successes,
            }


def probabilities_of(compared: Sequence[Compared], fit: BinomialFit, settled: Settled, counts: Counts) -> Iterator[Row]:
    """One row per level: the mean over all episodes with that level set, everything else as it is.

    Blank where an episode would get a combination about which neither the fit nor a settled level says anything.
    """
    own = [each.term.level_of for each in compared]
    for at, each in enumerate(compared):
        rows, reached = each.term.add_up(counts.trials), each.term.add_up(counts.successes)
        for level, name in enumerate(each.term.levels):
            levels = [*own[:at], np.full_like(own[at], level), *own[at + 1 :]]
            known, disagree = settled.known(levels)
            mean = None
            if not disagree.any() and (~np.isnan(known) | in_fit(compared, levels)).all():
                mean = fit.mean_probability(design_of(compared, levels), counts.trials, known)
            yield {
                "term": each.term.name,
                "level": name,
                "probability": mean.probability if mean else None,
                "lower": finite(mean.lower) if mean else None,
                "upper": finite(mean.upper) if mean else None,
                "rows": int(counts.trials.sum()),
                "rows_of_level": int(rows[level]),
                "reached": int(reached[level]),
            }


def in_fit(compared: Sequence[Compared], levels: Levels) -> NDArray[np.bool_]:
    """Say which patterns have, for every term, a level that the fit knows."""
    known = [np.isin(of, [each.reference, *each.columns]) for each, of in zip(compared, levels, strict=True)]
    every: NDArray[np.bool_] = np.all(known, axis=0)
    return every


def finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
