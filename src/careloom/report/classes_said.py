"""Each category of demand in a sentence: from the released tables only, so that a sentence says no more than they do."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import sqrt
from typing import Any

from careloom.report.grid import write
from careloom.report.question import Answer

ALL = "All"
MOST_MARKS = 5
COMMON_ENOUGH = 0.1
"""A factor that fewer than a tenth of a category record is not said to mark it."""


@dataclass(frozen=True)
class Mark:
    """A factor that marks a category out: its probability there and at any assessment, both as released."""

    factor: str
    probability: float
    anywhere: float

    @property
    def lift(self) -> float:
        return self.probability / self.anywhere

    @property
    def distance(self) -> float:
        """How far above the whole, in standard deviations of the factor."""
        return (self.probability - self.anywhere) / sqrt(self.anywhere * (1.0 - self.anywhere))


def marks_of(profile: Answer) -> dict[str, list[Mark]]:
    """The factors that mark each category out, the most marked first; none where nothing stands out."""
    anywhere = {row["label"]: row["probability"] for row in profile.rows if row["category"] == ALL}
    found: dict[str, list[Mark]] = {}
    for row in profile.rows:
        if row["category"] == ALL:
            continue
        own, overall = row["probability"], anywhere.get(row["label"])
        marks = found.setdefault(row["category"], [])
        if own is not None and overall and own > overall and own >= COMMON_ENOUGH and overall < 1:
            marks.append(Mark(row["label"], own, overall))
    return {name: sorted(marks, key=lambda mark: -mark.distance)[:MOST_MARKS] for name, marks in found.items()}


def say_classes(answers: Mapping[str, Answer]) -> Iterator[str]:
    """A sentence or two for each category: how large it is, and what is recorded more often than at all assessments."""
    shares = {row["category"]: row["share"] for row in answers["categories"].rows}
    marks = marks_of(answers["profile"])
    for category in sorted(marks, key=number_of):
        share = shares.get(category)
        size = (
            f"{write(share, 'share', 2)} of assessments" if share is not None else "too few assessments to say how many"
        )
        said = (
            "; ".join(say_mark(mark) for mark in marks[category]) or "no factor is recorded more often than elsewhere"
        )
        yield f"{category}: {size}. What marks it: {said}."


def say_mark(mark: Mark) -> str:
    name = mark.factor[:1].lower() + mark.factor[1:]
    times = (
        f"{mark.lift:.1f} times as often as at all assessments" if mark.lift >= 1.1 else "about as often as everywhere"
    )
    return f"{name} ({write(mark.probability, 'share', 2)}, {times})"


def say_fit(answers: Mapping[str, Answer]) -> Iterator[str]:
    """Why so many categories, and what is known for certain of the fit."""
    for row in answers["class_certificate"].rows:
        yield row["why"]
        yield row["said"]


def number_of(category: str) -> tuple[int, str]:
    number = category.partition(". ")[0]
    return (int(number) if number.isdigit() else 0), category


def as_rows(answers: Mapping[str, Answer]) -> list[tuple[Any, ...]]:
    """The marks as rows of a table: category, factor, probability, at all assessments, how many times as often."""
    marks = marks_of(answers["profile"])
    return [
        (
            category,
            mark.factor,
            write(mark.probability, "share", 2),
            write(mark.anywhere, "share", 2),
            f"{mark.lift:.1f}",
        )
        for category in sorted(marks, key=number_of)
        for mark in marks[category]
    ]
