"""Find the classes of demand, describe them, and say which class each assessment belongs to."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace

from careloom.catalogue import IndicatorSet, SavedTypology
from careloom.core import Ledger
from careloom.engine import Engine, count
from careloom.stats.latent_class.choosing.decision import decide
from careloom.stats.latent_class.choosing.scan import scan
from careloom.typology.assessments import make_indicators, make_population
from careloom.typology.decisions import Decision, settled
from careloom.typology.found import Called, Found
from careloom.typology.names import name_classes
from careloom.typology.patterns import Patterns, read_patterns
from careloom.typology.scoring import items_told, load_scored, parameters_of, score
from careloom.typology.tables import load_found, load_nothing

FEWEST_ASSESSMENTS = 50
MOST_CLASSES = 30
"""More categories than this nobody can tell apart or name, and to seek them takes hours; our choice."""


@dataclass(frozen=True)
class Search:
    """How classes are sought: 1 to `most_classes` of them, each from `starts` random starts.

    `classes` overrules the rule that chooses among them. `halves` also fits each number to halves of the assessments,
    which says more and takes longer. The same seed finds the same classes on the same machine.
    """

    most_classes: int
    starts: int
    seed: int
    classes: int | None = None
    halves: bool = False

    @property
    def most(self) -> int:
        """With one more than was asked for, it can be said what one more would gain."""
        return max(self.most_classes, self.classes + 1 if self.classes else 0)


def find_classes(
    engine: Engine,
    indicators: IndicatorSet,
    *,
    first_day: dt.date,
    end_day: dt.date,
    search: Search,
    include_18plus: bool = False,
    saved: SavedTypology | None = None,
    decisions: Sequence[Decision] = (),
) -> Ledger:
    """Classify assessments authorised in [first_day, end_day) by the factors they record.

    Reads `spell`, `person` and `factor`. Makes `assessment_seen`, the tables of `typology.tables` and `class_of`. With
    `saved` assessments are scored with its parameters, and nothing is fitted. Classes take the names that `decisions`
    gave to profiles like theirs. With fewer than 50 usable assessments, or when all record the same, no classes are
    sought: the tables are empty and the ledger says why.
    """
    ledger = Ledger()
    make_population(engine, first_day=first_day, end_day=end_day, include_18plus=include_18plus)
    used = make_indicators(engine, indicators, ledger)
    patterns = read_patterns(engine, len(used.indicators))
    usable = count(engine, "assessment_indicator")
    why_not = why_no_classes(patterns, to_score=saved is not None)
    if why_not:
        load_nothing(engine)
        step = f"find classes: none sought, {why_not}"
        ledger.note(step, "assessment_indicator", "class_of", usable, 0, {why_not: usable})
        return ledger
    found = score_with(patterns, used, saved, decisions) if saved else search_classes(patterns, used, search, decisions)
    load_found(engine, found)
    if saved:
        load_scored(engine, found, saved, score(patterns, found.parameters, found.told, seed=search.seed))
    step = f"score with the typology {saved.name}" if saved else "find classes"
    ledger.note(step, "assessment_indicator", "class_of", usable, count(engine, "class_of"))
    return ledger


def why_no_classes(patterns: Patterns, *, to_score: bool = False) -> str | None:
    """Why no classes can be sought, or no assessment scored, if so."""
    if to_score:
        return None if patterns.texts else "no assessment can be classified"
    if patterns.weights.sum() < FEWEST_ASSESSMENTS:
        return f"fewer than {FEWEST_ASSESSMENTS} assessments can be classified"
    if not patterns.varies.any():
        return "all assessments record the same factors"
    return None


def search_classes(
    patterns: Patterns, indicators: IndicatorSet, search: Search, decisions: Sequence[Decision] = ()
) -> Found:
    """Fit one number of classes after another, and choose by the study's rule or as the search says."""
    told = patterns.varies
    table, place = patterns.table(told)
    scanned = scan(table, most=search.most, starts=search.starts, seed=search.seed, halves=search.halves)
    asked = min(search.classes, len(scanned.fits)) if search.classes else None
    choice = decide(scanned.rows, chosen=asked)
    parameters = scanned.fits[choice.chosen - 1].parameters
    found = Found(indicators, patterns, told, table, place, parameters, scanned, choice, ())
    found = replace(found, called=call(found, decisions))
    if found.called and all(each.decision for each in found.called):
        found = replace(found, choice=decide(scanned.rows, chosen=asked, named={choice.chosen: True}))
    return found


def score_with(
    patterns: Patterns, indicators: IndicatorSet, saved: SavedTypology, decisions: Sequence[Decision] = ()
) -> Found:
    """The classes of a saved typology, for these assessments; the names are its own unless people settled others."""
    told = items_told(saved, indicators, patterns)
    names = [item.name for item, is_told in zip(indicators.indicators, told, strict=True) if is_told]
    table, place = patterns.table(told)
    found = Found(indicators, patterns, told, table, place, parameters_of(saved, names), None, None, ())
    return replace(found, called=call(found, decisions, [each.name for each in saved.classes]))


def call(found: Found, decisions: Sequence[Decision], suggested: Sequence[str] = ()) -> tuple[Called, ...]:
    """What each class is called: as people settled it, or as its profile suggests."""
    probabilities = found.probabilities
    named = settled(decisions, [item.name for item in found.items], probabilities)
    taken = {decision.name for decision in named if decision}
    labels = [item.label for item in found.items]
    suggested = suggested or name_classes(labels, probabilities, found.patterns.prevalence)
    return tuple(
        Called(d.name if d else distinct(name, taken, k), name, d)
        for k, (name, d) in enumerate(zip(suggested, named, strict=True), start=1)
    )


def distinct(name: str, taken: set[str], number: int) -> str:
    """A suggested name that is not one which people gave to another class."""
    return f"{name} ({number})" if name in taken else name
