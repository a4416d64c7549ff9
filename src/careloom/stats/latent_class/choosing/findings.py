"""What must be known before a fit is believed: what the rows lacked, and what they cannot tell.

A finding never stops a fit: each says what was found, and what to do about it. What no fit can be made of is an error
instead. Findings hold counts and names of items, never an answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from careloom.stats.latent_class.fitting.fit import LatentClassFit
from careloom.stats.latent_class.rows.patterns import PatternTable

MANY_ANSWERS = 20  # beyond this an item is more likely an age or an amount than a choice of answers


@dataclass(frozen=True)
class Finding:
    """``kind`` in a word or three, for programs; what was found in a ``sentence``; the ``remedy`` in another."""

    kind: str
    sentence: str
    remedy: str


def find_in_rows(table: PatternTable, names: Sequence[str] | None = None) -> tuple[Finding, ...]:
    """What the rows themselves are wanting in. ``names`` (J,) are of the items; their positions from 0 without.

    >>> from careloom.stats.latent_class.rows.patterns import collapse
    >>> table, _ = collapse([[1, 1], [0, 1], [-1, -1]])
    >>> [finding.kind for finding in find_in_rows(table, ["neglect", "gangs"])]
    ['constant item', 'rows with nothing observed']
    """
    found = []
    answered = np.add.reduceat((table.counts > 0).astype(int), table.first_cells)
    constant = np.flatnonzero(answered == 1)
    if constant.size:
        sentence = f"All rows with an answer give the same one to {called(constant, names)}."
        found.append(Finding("constant item", f"{sentence} It tells no class from another.", "Leave such items out."))
    many = np.flatnonzero(table.sizes > MANY_ANSWERS)
    if many.size:
        sentence = f"More than {MANY_ANSWERS} different answers can be given to {called(many, names)}."
        found.append(Finding("many answers", sentence, "Put ages and amounts into a few bands."))
    if table.total_unobserved:
        sentence = f"{amount(table.total_unobserved)} of {amount(table.total)} rows have no item observed."
        remedy = "Nothing need be done: they add nothing to the likelihood, and are not in the n of BIC."
        found.append(Finding("rows with nothing observed", sentence, remedy))
    if (table.weights != np.round(table.weights)).any():
        sentence = f"Some weights are not whole numbers; n is taken to be their sum, {amount(table.total)}."
        remedy = "For BIC to be right, let the weights sum to the number of independent rows."
        found.append(Finding("fractional weights", sentence, remedy))
    return tuple(found)


def find_in_fit(table: PatternTable, fit: LatentClassFit) -> tuple[Finding, ...]:
    """What the rows cannot tell, for so many classes."""
    found = []
    # As a logarithm, for 40 items of two answers make more patterns than a whole number of 32 bits can hold.
    possible = float(np.log(table.sizes).sum())
    fewer = f"Ask for fewer than {fit.classes} classes."
    if np.log(fit.n_parameters + 1.0) > possible + 1e-9:
        sentence = f"{parameters(fit.n_parameters)} more than {np.exp(possible):.0f} possible patterns can tell."
        found.append(Finding("more parameters than cells", sentence, fewer))
    elif fit.n_parameters > len(table.weights) - 1:
        patterns = "1 pattern" if len(table.weights) == 1 else f"{len(table.weights)} distinct patterns"
        sentence = f"{parameters(fit.n_parameters)} to be told from {patterns}."
        remedy = f"{fewer[:-1]}, bring more rows, or add a prior; trust the certificate, not the count of parameters."
        found.append(Finding("fewer patterns than parameters", sentence, remedy))
    if fit.certificate.verdict == "weakly identified":
        sentence = "In some direction the likelihood is flat: other parameters fit (nearly) as well as these."
        found.append(Finding("weakly identified", sentence, f"{fewer[:-1]}, or add a prior; read no single parameter."))
    if not fit.converged:
        sentence = f"The climb did not end at a maximum; it still expects to gain {fit.certificate.gain_left:.2g}."
        found.append(Finding("not converged", sentence, f"{fewer[:-1]}, or add a prior."))
    if fit.starts > 1 and fit.starts_at_best == 1:
        sentence = f"Of {fit.starts} starts only one came to the best likelihood: a better one may not have been found."
        found.append(Finding("not replicated", sentence, f"Take more starts. {fewer}"))
    return tuple(found)


def called(items: NDArray[np.intp], names: Sequence[str] | None) -> str:
    """Items by name, or else by position from 0: the first five of them, and how many more there are."""
    few = ", ".join(str(names[item]) if names else str(item) for item in items[:5].tolist())
    more = f" and {len(items) - 5} more" if len(items) > 5 else ""
    return f"the item{'s' if len(items) > 1 else ''} {'' if names else 'at position '}{few}{more}"


def parameters(number: int) -> str:
    return "1 parameter is" if number == 1 else f"{number} parameters are"


def amount(rows: float) -> str:
    return f"{rows:,.0f}" if rows == round(rows) else f"{rows:,.2f}"
