"""What was planted, kept aside from the returns: never an input to any analysis."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from careloom.synth.clocks import AGE_BANDS, Clock
from careloom.synth.days import iso
from careloom.synth.lives import Lives
from careloom.synth.paperwork import Assessments, factor_probabilities
from careloom.synth.people import People
from careloom.synth.plan import CLASSES, CLOCKS, INDICATORS, REFERENCE_CLASS

REFERENCE_AGE = "5-9"


def write_truth(folder: Path, people: People, lives: Lives, assessments: Assessments, last_day: int) -> None:
    """Write person, assessment, classes, hazards and baseline into `folder`.

    `hazards` gives the log hazard ratio of every level, with the reference level (0) named; `baseline` the hazard of a
    girl of the reference class and age band, in events per year.
    """
    folder.mkdir(parents=True, exist_ok=True)
    keys = np.array([c.key for c in CLASSES])[people.need].tolist()
    _write(folder / "person.csv", "child_id class", sorted(zip(people.child_id.tolist(), keys, strict=True)))
    cases, row = lives.referrals, assessments.referral
    known = assessments.starts_on <= last_day
    child = cases.child[row[known]]
    rows = zip(
        people.child_id[child].tolist(),
        map(iso, cases.starts_on[row[known]].tolist()),
        map(iso, assessments.starts_on[known].tolist()),
        np.array(keys)[child].tolist(),
        strict=True,
    )
    _write(folder / "assessment.csv", "child_id referral_on assessment_starts_on class", sorted(rows))
    _write(folder / "classes.csv", "class name share factor probability", _class_rows())
    _write(
        folder / "hazards.csv",
        "outcome term level log_hazard_ratio reference",
        (r for c in CLOCKS for r in _hazard_rows(c)),
    )
    _write(folder / "baseline.csv", "outcome from_day to_day per_year", (r for c in CLOCKS for r in _baseline_rows(c)))


def _write(path: Path, columns: str, rows: Iterable[tuple[object, ...]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns.split())
        writer.writerows(rows)


def _class_rows() -> Iterable[tuple[object, ...]]:
    for planted, chances in zip(CLASSES, factor_probabilities().tolist(), strict=True):
        for factor, chance in zip(INDICATORS, chances, strict=True):
            yield planted.key, planted.name, planted.share, factor, chance


def _hazard_rows(clock: Clock) -> Iterable[tuple[object, ...]]:
    for key, value in clock.by_class.items():
        yield clock.outcome, "class", key, value, REFERENCE_CLASS
    for band in AGE_BANDS:
        yield clock.outcome, "age_band", band, clock.by_age[band], REFERENCE_AGE
    yield clock.outcome, "sex", "female", 0.0, "female"
    yield clock.outcome, "sex", "male", clock.male, "female"


def _baseline_rows(clock: Clock) -> Iterable[tuple[object, ...]]:
    for start, end, rate in zip(clock.from_day, (*clock.from_day[1:], ""), clock.per_year, strict=True):
        yield clock.outcome, start, end, rate
