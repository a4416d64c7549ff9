"""Read an outcome: what starts the clock, what is waited for, what else may come first, and what the models adjust for."""

from pathlib import Path

from careloom.catalogue.nouns import Competing, Covariate, Outcome, OutcomeDrop
from careloom.core import CatalogueError, Keys, read_toml

ENDS = ("start", "end")
CLASS_FROM = ("episode", "assessment", "latest before spell", "latest before spell, or its episode")
BUILT_IN = ("event", "died", "18th_birthday", "no_return", "end_of_follow_up")
"""Endings that every outcome has; a competing event has another name."""


def read_outcome(path: Path) -> Outcome:
    """Read one outcome. Raises CatalogueError naming the file and key at fault."""
    keys = read_toml(path, CatalogueError)
    outcome = Outcome(
        name=path.stem,
        title=keys.text("title"),
        why=keys.text("why"),
        source=keys.text("source"),
        after=keys.text("after"),
        after_day=keys.one_of("after_day", ENDS),
        until=keys.text("until"),
        until_day=keys.one_of("until_day", ENDS),
        until_when=keys.text("until_when", "TRUE"),
        min_gap_days=keys.whole("min_gap_days"),
        competing=tuple(read_competing(each) for each in keys.tables("competing", [])),
        seen_in=keys.texts("seen_in"),
        drops=tuple(read_drop(each) for each in keys.tables("drop", [])),
        class_from=keys.one_of("class_from", CLASS_FROM),
        class_within_days=keys.whole("class_within_days", None),
        covariates=tuple(read_covariate(each) for each in keys.tables("covariates", [])),
        describe=keys.text("describe", ""),
        horizons_days=tuple(int(day) for day in keys.texts("horizons_days")),
        items=keys.texts("items"),
        examples=keys.text("examples"),
    )
    keys.done()
    if bool(outcome.covariates) != bool(outcome.describe):
        raise CatalogueError(f'{path.name}: "covariates" and "describe" go together')
    return outcome


def read_competing(keys: Keys) -> Competing:
    found = Competing(
        name=keys.text("name"),
        title=keys.text("title"),
        kind=keys.text("kind"),
        day=keys.one_of("day", ENDS),
        when=keys.text("when"),
    )
    keys.done()
    if found.name in BUILT_IN:
        raise CatalogueError(f'{keys.where}: every outcome has the ending "{found.name}"; give this one another name')
    return found


def read_drop(keys: Keys) -> OutcomeDrop:
    drop = OutcomeDrop(keys.text("reason"), keys.text("when"), keys.text("switch", ""), keys.flag("is_on", True))
    keys.done()
    return drop


def read_covariate(keys: Keys) -> Covariate:
    covariate = Covariate(keys.text("name"), keys.text("title"), keys.whole("model"))
    keys.done()
    if covariate.model not in (2, 3):
        raise CatalogueError(f'{keys.where}: "model" should be 2 or 3: the first model in which it is adjusted for')
    return covariate
