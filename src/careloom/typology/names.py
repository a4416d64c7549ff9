"""Names of classes in words, made from the factors that mark each class out."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

MOST_FACTORS = 3
COMMON_ENOUGH = 0.25  # a factor that fewer than a quarter of a class have does not name it


def name_classes(
    labels: Sequence[str], probabilities: NDArray[np.float64], prevalence: NDArray[np.float64]
) -> list[str]:
    """Name each class after the two or three factors that mark it out most against all assessments.

    labels: (J,) of the items. probabilities: (K, J) of each item in each class. prevalence: (J,) in all assessments,
    nan for an item never observed. Names are distinct: a name that comes twice is followed by its class number.
    """
    names = [name_class(labels, row, prevalence) for row in probabilities]
    return [name if names.count(name) == 1 else f"{name} ({number})" for number, name in enumerate(names, start=1)]


def name_class(labels: Sequence[str], probability: NDArray[np.float64], prevalence: NDArray[np.float64]) -> str:
    """Put the factors furthest above the whole, in standard deviations of the item, into words."""
    with np.errstate(divide="ignore", invalid="ignore"):
        distance = np.nan_to_num((probability - prevalence) / np.sqrt(prevalence * (1 - prevalence)))
    order = np.argsort(-distance, kind="stable")
    marks = [labels[j] for j in order if distance[j] > 0 and probability[j] >= COMMON_ENOUGH][:MOST_FACTORS]
    return in_words(marks) if marks else "No factor stands out"


def in_words(labels: Sequence[str]) -> str:
    """Join labels as a sentence does: `Neglect, parent's drug misuse and gangs`."""
    rest = [label[:1].lower() + label[1:] for label in labels[1:]]
    if not rest:
        return labels[0]
    return ", ".join([labels[0], *rest[:-1]]) + f" and {rest[-1]}"
