"""Score assessments with a saved typology, without fitting, and say how well it fits them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from careloom.catalogue import IndicatorSet, SavedTypology
from careloom.catalogue.read_typologies import ROUNDING
from careloom.engine import Engine
from careloom.stats.latent_class import Parameters, from_yes
from careloom.stats.latent_class.model.belonging import logliks
from careloom.stats.latent_class.model.likelihood import memberships
from careloom.stats.latent_class.rows.patterns import MISSING
from careloom.stats.latent_class.scoring import FitOfRows, fit_of_rows, refit_shares
from careloom.typology.found import Found
from careloom.typology.patterns import Patterns
from careloom.typology.tables import WHEN_ASKED, children_with, in_columns

POOR, POOR_SIZES = 0.25, 0.01
"""Log-likelihood of an assessment by which the fit is called worse, or the sizes other: our choices. The first makes what
was recorded about 4 in 5 as likely as the parameters expect, the second 99 in 100."""
SURE = 0.7
"""A posterior from which an assessment is placed for good; Nagin (2005)."""


@dataclass(frozen=True, eq=False)
class Scored:
    """How a saved typology fits the assessments of a study.

    `rows` is the log-likelihood of an assessment beside what the parameters expect; `gain` what one gains when the sizes
    of the classes are fitted here; `sizes_here` (K,) are those sizes; `sure` the share of assessments whose likeliest
    class has a probability of 0.7 or more. For each item of the typology, `observed` and `expected` shares (J,) of
    assessments that record it, and how far they are `apart` in standard errors; nan where no assessment could record it.
    """

    rows: FitOfRows
    gain: float
    sizes_here: NDArray[np.float64]
    sure: float
    observed: NDArray[np.float64]
    expected: NDArray[np.float64]
    apart: NDArray[np.float64]


def items_told(saved: SavedTypology, indicators: IndicatorSet, patterns: Patterns) -> NDArray[np.bool_]:
    """Which indicators of the set (J,) the typology knows of and the assessments could record."""
    known = np.array([item.name in saved.items for item in indicators.indicators])
    return np.asarray(known & (patterns.items != MISSING).any(axis=0))


def parameters_of(saved: SavedTypology, names: Sequence[str] | None = None) -> Parameters:
    """The parameters in a file, of all its items or of those named, in that order.

    A probability written as 0 may be 0.00004: it is read as half of the last digit.
    """
    order = [saved.items.index(name) for name in names or saved.items]
    yes = np.array([each.probabilities for each in saved.classes])[:, order]
    return from_yes(np.maximum(saved.shares, ROUNDING), np.clip(yes, ROUNDING, 1.0 - ROUNDING))


def score(patterns: Patterns, parameters: Parameters, told: NDArray[np.bool_], *, seed: int) -> Scored:
    """Hold the assessments against the parameters of the items `told`. There must be one assessment at least."""
    table, _ = patterns.table(told)
    refitted, height = refit_shares(table, parameters)
    sure = memberships(table.cells, parameters)[1].max(axis=1) >= SURE
    observed, expected, apart = items_apart(patterns.items[:, told], patterns.weights, parameters)
    return Scored(
        rows=fit_of_rows(table, parameters, seed=seed),
        gain=(height - float(logliks(table, parameters) @ table.weights)) / table.total,
        sizes_here=refitted.shares,
        sure=float(table.weights @ sure / table.total),
        observed=observed,
        expected=expected,
        apart=apart,
    )


def items_apart(
    items: NDArray[np.int8], weights: NDArray[np.float64], parameters: Parameters
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Observed and expected share of each item (J,), and how far they lie apart in standard errors of the observed one."""
    expected = parameters.shares @ np.column_stack([item[:, 1] for item in parameters.by_item])
    seen = weights @ (items != MISSING)
    with np.errstate(divide="ignore", invalid="ignore"):
        observed = (weights @ (items == 1)) / seen
        apart = (observed - expected) / np.sqrt(expected * (1.0 - expected) / seen)
    return np.where(seen > 0, observed, np.nan), expected, apart


# --- as tables -------------------------------------------------------------------------------------------------------


def load_scored(engine: Engine, found: Found, saved: SavedTypology, scored: Scored) -> None:
    """Make `scored_fit`, `scored_class` and `scored_item`: how the saved typology fits."""
    rows = scored.rows
    fit = (saved.name, rows.observed, rows.expected, rows.apart, scored.gain, scored.sure, fit_words(scored))
    engine.load("scored_fit", in_columns([fit], WHEN_ASKED["scored_fit"]))
    sizes = enumerate(zip(saved.shares, scored.sizes_here, strict=True), start=1)
    engine.load(
        "scored_class",
        in_columns([(no, f"{there:.1%}", float(here)) for no, (there, here) in sizes], WHEN_ASKED["scored_class"]),
    )
    told = [item for item, is_told in zip(found.items, found.told, strict=True) if is_told]
    children = children_with(engine, [(item.name,) for item in told])
    codes, weights = found.patterns.items[:, found.told], found.patterns.weights
    recorded, could = weights @ (codes == 1), weights @ (codes != MISSING)
    items = [
        (place, item.label, children[place - 1], int(recorded[place - 1]), int(could[place - 1]), float(expected))
        for place, (item, expected) in enumerate(zip(told, scored.expected, strict=True), start=1)
    ]
    engine.load("scored_item", in_columns(items, WHEN_ASKED["scored_item"]))


def fit_words(scored: Scored) -> str:
    """What the likelihood says of the fit, and what it cannot say, in sentences that say what to do."""
    below = scored.rows.expected - scored.rows.observed
    if below > POOR:
        said = "These assessments fit the typology worse than its own did: find categories of your own with careloom typology, and compare."
    elif below < -POOR:
        said = (
            "These assessments are likelier than the typology's own (most record common things only). That does not show "
            "that it fits: see below which factors are recorded more, or less, often than it expects."
        )
    else:
        said = (
            "The likelihood speaks neither for nor against the typology: on average it is what the typology expects. Other "
            "kinds of demand can hide in an average: see below which factors are recorded more, or less, often."
        )
    sizes = (
        "Other sizes of the same categories would fit them better."
        if scored.gain > POOR_SIZES
        else "Fitting the sizes of the categories here would add next to nothing."
    )
    return f"{said} {sizes}"
