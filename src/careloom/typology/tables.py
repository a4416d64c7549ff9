"""The typology's results as common tables."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from careloom.catalogue import Indicator
from careloom.stats.latent_class import LatentClassFit, posterior
from careloom.stats.latent_class.criteria import aic, bic
from careloom.typology.patterns import Patterns

TEXT, WHOLE, NUMBER = pa.string(), pa.int32(), pa.float64()
CLASS_FIT = pa.schema(
    [
        ("classes", WHOLE),
        ("log_likelihood", NUMBER),
        ("parameters", WHOLE),
        ("aic", NUMBER),
        ("bic", NUMBER),
        ("relative_entropy", NUMBER),
        ("smallest_share", NUMBER),
        ("starts", WHOLE),
        ("starts_at_best", WHOLE),
        ("is_chosen", pa.bool_()),
    ]
)
DEMAND_CLASS = pa.schema([("class_no", WHOLE), ("name", TEXT), ("share", NUMBER)])
CLASS_PROFILE = pa.schema(
    [("class_no", WHOLE), ("indicator", TEXT), ("label", TEXT), ("probability", NUMBER), ("prevalence", NUMBER)]
)
PATTERN_CLASS = pa.schema([("pattern", TEXT), ("class_no", WHOLE), ("probability", NUMBER)])


def fits_table(fits: Sequence[LatentClassFit], chosen: LatentClassFit | None) -> pa.Table:
    rows = [
        (
            f.classes,
            f.loglik,
            f.n_parameters,
            aic(f),
            bic(f),
            f.entropy,
            float(f.shares.min()),
            f.starts,
            f.starts_at_best,
            f is chosen,
        )
        for f in fits
    ]
    return in_columns(rows, CLASS_FIT)


def all_probabilities(patterns: Patterns, fit: LatentClassFit | None) -> NDArray[np.float64]:
    """Item probabilities (K, J) of all items: those that do not vary are as in the whole."""
    probabilities = np.tile(patterns.prevalence, (fit.classes if fit else 0, 1))
    if fit:
        probabilities[:, patterns.varies] = fit.yes
    return probabilities


def profile_table(
    items: Sequence[Indicator], probabilities: NDArray[np.float64], prevalence: NDArray[np.float64]
) -> pa.Table:
    rows = [
        (number, item.name, item.label, known(probability), known(overall))
        for number, row in enumerate(probabilities, start=1)
        for item, probability, overall in zip(items, row, prevalence, strict=True)
    ]
    return in_columns(rows, CLASS_PROFILE)


def pattern_table(patterns: Patterns, fit: LatentClassFit | None) -> pa.Table:
    """The most probable class of each pattern; of equals the larger class, for classes come by descending share."""
    if fit is None:
        return in_columns([], PATTERN_CLASS)
    memberships = posterior(fit.parameters, patterns.varying)
    modal = memberships.argmax(axis=1)
    return pa.table([list(patterns.texts), modal + 1, memberships.max(axis=1)], schema=PATTERN_CLASS)


def known(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def in_columns(rows: Sequence[tuple[object, ...]], schema: pa.Schema) -> pa.Table:
    columns = zip(*rows, strict=True) if rows else ([] for _ in schema)
    return pa.table([list(column) for column in columns], schema=schema)
