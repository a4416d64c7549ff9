"""Planted and estimated hazard ratios side by side, for an authority that was made up: its truth lies beside the study file."""

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from careloom.catalogue import Catalogue, IndicatorSet
from careloom.engine import Engine
from careloom.report.question import Answer
from careloom.study.listings import Listing
from careloom.study.outcome_tables import short, with_limits

AGES = {"Under 1": "<1", "1 to 4": "1-4", "5 to 9": "5-9", "10 to 15": "10-15", "16 to 17": "16-17"}
SEXES = {"Female": "female", "Male": "male"}
HEADING = ("about", "level : compared with", "planted", "estimated", "holds it")
Row = dict[str, str]


@dataclass(frozen=True)
class Truth:
    """What was planted: log hazard ratios by outcome, term and level, and the planted class each class found looks like."""

    hazards: Mapping[tuple[str, str, str], float]
    looks_like: Mapping[int, str]

    def term_and_level(self, about: str, level: str) -> tuple[str, str] | None:
        """The planted name of a level of the report; None for what was not planted."""
        if about == "Category" and level.partition(".")[0].isdigit():
            planted = self.looks_like.get(int(level.partition(".")[0]))
            return ("class", planted) if planted else None
        known = {"Age": ("age_band", AGES), "Sex": ("sex", SEXES)}
        if about in known and level in known[about][1]:
            return known[about][0], known[about][1][level]
        return None

    def ratio(self, outcome: str, about: str, level: str, reference: str) -> float | None:
        """The planted hazard ratio of two levels."""
        logs = [
            self.hazards.get((outcome, *found))
            for found in (self.term_and_level(about, name) for name in (level, reference))
            if found
        ]
        if len(logs) < 2 or logs[0] is None or logs[1] is None:
            return None
        return float(np.exp(logs[0] - logs[1]))


def read_truth(folder: Path, engine: Engine, indicators: IndicatorSet) -> Truth | None:
    """Read what was planted; None when nothing was, as for every real authority."""
    if not ((folder / "hazards.csv").exists() and (folder / "classes.csv").exists()):
        return None
    hazards = {
        (row["outcome"], row["term"], row["level"]): float(row["log_hazard_ratio"])
        for row in read(folder / "hazards.csv")
    }
    return Truth(hazards, alike(engine, read(folder / "classes.csv"), indicators))


def read(path: Path) -> list[Row]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def alike(engine: Engine, classes: Sequence[Row], indicators: IndicatorSet) -> dict[int, str]:
    """For each class found, the planted one whose factors are recorded about as often (least squares)."""
    factor = {i.name: i.codes[0] if len(i.codes) == 1 else i.codes[0].rstrip("ABCDEF") for i in indicators.indicators}
    planted = {(row["class"], row["factor"]): float(row["recorded"]) for row in classes}
    names = list(dict.fromkeys(row["class"] for row in classes))
    found: dict[int, dict[str, float]] = {}
    for class_no, indicator, share in engine.rows("SELECT class_no, indicator, probability FROM class_profile"):
        if indicator in factor:
            found.setdefault(class_no, {})[factor[indicator]] = share

    def apart(class_no: int, name: str) -> float:
        return sum((share - planted.get((name, code), 0.0)) ** 2 for code, share in found[class_no].items())

    return {class_no: min(names, key=lambda name: apart(class_no, name)) for class_no in found}


@dataclass(frozen=True)
class Comparison:
    """One planted hazard ratio beside its estimate, as it may be shown; `about` and `level` are the report's words."""

    outcome: str
    about: str
    level: str
    reference: str
    planted: str
    estimated: str
    holds: bool

    @property
    def listing(self) -> tuple[str, ...]:
        of = f"{short(self.level)} : {short(self.reference)}"
        return self.about, of, self.planted, self.estimated, "yes" if self.holds else "no"


def side_by_side(truth: Truth, ratios: Answer, catalogue: Catalogue) -> list[Comparison]:
    """The planted ratios beside those of the primary model, where there are limits that may be shown."""
    name_of = {outcome.title: name for name, outcome in catalogue.outcomes.items()}
    found = []
    for row in ratios.rows:
        if row["level"] == row["reference"] or row["lower"] is None or row["upper"] is None:
            continue
        about = (row["term"], row["level"], row["reference"])
        if (planted := truth.ratio(name_of[row["outcome"]], *about)) is not None:
            estimated = with_limits(ratios, row, ("hazard_ratio", "lower", "upper"))
            holds = row["lower"] <= planted <= row["upper"]
            found.append(Comparison(row["outcome"], *about, f"{planted:.2f}", estimated, holds))
    return found


def listings(found: Sequence[Comparison]) -> Iterator[Listing]:
    """A table for each outcome."""
    for outcome in dict.fromkeys(each.outcome for each in found):
        rows = tuple(each.listing for each in found if each.outcome == outcome)
        yield Listing(f"{outcome}: planted and estimated hazard ratios", HEADING, rows)


def how_many_hold(found: Sequence[Comparison]) -> str:
    """The sentence below: how many intervals hold what was planted."""
    if not found:
        return "This authority was made up, but nothing that was planted could be estimated."
    held = sum(each.holds for each in found)
    return (
        f"This authority was made up: {held} of {len(found)} intervals of 95% hold the ratio that was planted. Some are "
        "expected to miss it: one in twenty by chance, and the categories, found again from the records, are not quite "
        "those that were planted."
    )
