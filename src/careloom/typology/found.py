"""What was found: the assessments' patterns, the classes, why so many, and what they are called."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from careloom.catalogue import Indicator, IndicatorSet
from careloom.stats.latent_class import LatentClassFit, Parameters, PatternTable
from careloom.stats.latent_class.choosing.decision import Decision as Choice
from careloom.stats.latent_class.choosing.scan import Scan
from careloom.typology.decisions import Decision
from careloom.typology.patterns import Patterns


@dataclass(frozen=True)
class Called:
    """What a class is called: the name, the one suggested by its profile, and the decision that settled it, if any."""

    name: str
    suggested: str
    decision: Decision | None


@dataclass(frozen=True, eq=False)
class Found:
    """Classes of demand, fitted or scored with a saved typology.

    `indicators` is the set as it was used, J indicators; `told` (J,) says which the classes were found from; `table`
    holds the patterns by those alone, and `place` (P,) where each pattern stands in it. `parameters` are those of the
    classes, K of them. `scan` and `choice` are None where nothing was fitted.
    """

    indicators: IndicatorSet
    patterns: Patterns
    told: NDArray[np.bool_]
    table: PatternTable
    place: NDArray[np.intp]
    parameters: Parameters
    scan: Scan | None
    choice: Choice | None
    called: tuple[Called, ...]

    @property
    def items(self) -> Sequence[Indicator]:
        return self.indicators.indicators

    @property
    def fit(self) -> LatentClassFit | None:
        """The fit that was chosen."""
        return self.scan.fits[self.choice.chosen - 1] if self.scan and self.choice else None

    @property
    def probabilities(self) -> NDArray[np.float64]:
        """Probability of each indicator in each class (K, J). One that tells nothing is as in the whole, or not known."""
        not_told = self.patterns.prevalence if self.fit else np.full(len(self.items), np.nan)
        probabilities = np.tile(not_told, (self.parameters.classes, 1))
        probabilities[:, self.told] = yes_of(self.parameters)
        return probabilities


def yes_of(parameters: Parameters) -> NDArray[np.float64]:
    """Probability of a yes to each item (K, J)."""
    return np.column_stack([item[:, 1] for item in parameters.by_item])
