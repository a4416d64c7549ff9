"""Find the classes of demand, describe them, and say which class each assessment belongs to."""

import datetime as dt
from collections.abc import Sequence

import pyarrow as pa

from careloom.catalogue import Indicator, IndicatorSet
from careloom.core import Ledger
from careloom.engine import Engine, count
from careloom.stats.latent_class import LatentClassFit, collapse, fit_latent_classes
from careloom.stats.latent_class.criteria import bic
from careloom.typology.assessments import make_indicators
from careloom.typology.names import name_classes
from careloom.typology.patterns import Patterns, read_patterns
from careloom.typology.tables import DEMAND_CLASS, all_probabilities, fits_table, pattern_table, profile_table

FEWEST_ASSESSMENTS = 50
CLASS_OF = """
    SELECT a.assessment_id, a.person_id, a.la, a.episode_id, a.assessed_on, c.class_no, c.probability
    FROM assessment_indicator AS a JOIN pattern_class AS c ON c.pattern = a.pattern"""


def find_classes(
    engine: Engine,
    indicators: IndicatorSet,
    *,
    first_day: dt.date,
    end_day: dt.date,
    most_classes: int,
    starts: int,
    seed: int,
) -> Ledger:
    """Classify assessments authorised in [first_day, end_day) by the factors they record.

    Reads `spell`, `person` and `factor`. Makes `class_fit` (1 to `most_classes` classes, each from `starts` random
    starts), and for the number of classes with the lowest BIC `demand_class`, `class_profile` and `class_of`. With
    fewer than 50 usable assessments, or when all record the same, no classes are sought: the four tables are empty
    and the ledger says why. The same seed finds the same classes on the same machine.
    """
    ledger = Ledger()
    usable = make_indicators(engine, indicators, first_day=first_day, end_day=end_day, ledger=ledger)
    patterns = read_patterns(engine, len(indicators.indicators))
    why_not = why_no_classes(patterns)
    if why_not:
        load_classes(engine, indicators.indicators, patterns, [])
        ledger.note(
            f"find classes: none sought, {why_not}", "assessment_indicator", "class_of", usable, 0, {why_not: usable}
        )
        return ledger
    most = min(most_classes, len(patterns.texts))
    table, _ = collapse(patterns.varying, patterns.weights)
    fits = [fit_latent_classes(table, classes=k, starts=starts, seed=seed) for k in range(1, most + 1)]
    load_classes(engine, indicators.indicators, patterns, fits)
    ledger.note("find classes", "assessment_indicator", "class_of", usable, count(engine, "class_of"))
    return ledger


def why_no_classes(patterns: Patterns) -> str | None:
    """Why no classes can be sought, if so."""
    if patterns.weights.sum() < FEWEST_ASSESSMENTS:
        return f"fewer than {FEWEST_ASSESSMENTS} assessments can be classified"
    if not patterns.varies.any():
        return "all assessments record the same factors"
    return None


def load_classes(
    engine: Engine, items: Sequence[Indicator], patterns: Patterns, fits: Sequence[LatentClassFit]
) -> None:
    """Make the four tables of the typology from the fits; empty tables from none."""
    chosen = min(fits, key=bic) if fits else None
    engine.load("class_fit", fits_table(fits, chosen))
    probabilities = all_probabilities(patterns, chosen)
    names = name_classes([item.label for item in items], probabilities, patterns.prevalence)
    shares = chosen.shares.tolist() if chosen else []
    numbers = list(range(1, len(names) + 1))
    engine.load("demand_class", pa.table([numbers, names, shares], schema=DEMAND_CLASS))
    engine.load("class_profile", profile_table(items, probabilities, patterns.prevalence))
    engine.load("pattern_class", pattern_table(patterns, chosen))
    engine.make("class_of", CLASS_OF)
