"""How many classes? A stated rule, applied to a scan and said in words; the reader may overrule it.

With millions of rows BIC goes on falling with every class, so the lowest alone cannot decide. A number of classes is a
candidate when

(a) further classes hardly lower BIC: each by less than 5% of what the second class did (where none tried does so, the
    elbow of the curve, the point farthest below the straight line between its ends, takes its place);
(b) the best likelihood was found from two starts or more, and is proved to be a maximum;
(c) the smallest class is 1% of the rows or more;
(d) the average posterior of every class is 0.70 or more;
(e) the classes are found again across authorities and years;
(f) a reader who knows the field can name them.

(a) asks for enough classes and the others for not too many, so of the candidates the fewest classes are chosen. (e) and
(f) are told by others and may be missing. The study's papers are silent on how twelve was chosen; the rule is our own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import isnan

from careloom.stats.latent_class.choosing.scan import ScanRow

HARDLY = 0.05
FOUND_AGAIN = 2
SMALLEST = 0.01
AVERAGE_POSTERIOR = 0.70

NOBODY: Mapping[int, bool] = {}


@dataclass(frozen=True)
class Condition:
    """One condition of the rule, for one number of classes: met or not, None where it is not known, and why."""

    letter: str
    is_met: bool | None
    sentence: str


@dataclass(frozen=True)
class Considered:
    """One number of classes under the rule; a candidate breaks no condition, and is known to meet (a)."""

    classes: int
    conditions: tuple[Condition, ...]

    @property
    def is_candidate(self) -> bool:
        return self.conditions[0].is_met is True and not self.broken

    @property
    def broken(self) -> tuple[str, ...]:
        return tuple(condition.letter for condition in self.conditions if condition.is_met is False)

    @property
    def unknown(self) -> tuple[str, ...]:
        return tuple(condition.letter for condition in self.conditions if condition.is_met is None)


@dataclass(frozen=True)
class Decision:
    """What was chosen, what the rule chose, and why, in sentences."""

    chosen: int
    by_rule: int
    considered: tuple[Considered, ...]
    why: str

    @property
    def is_overruled(self) -> bool:
        return self.chosen != self.by_rule


def decide(
    rows: Sequence[ScanRow],
    *,
    consistent: Mapping[int, bool] = NOBODY,
    named: Mapping[int, bool] = NOBODY,
    chosen: int | None = None,
) -> Decision:
    """Apply the rule to a scan of 1, 2, ... classes.

    ``consistent`` and ``named`` answer (e) and (f) for the numbers of classes that were looked at. ``chosen`` overrules
    the rule. Raises ValueError when the rows are not 1, 2, ... classes, or the number chosen was not tried.
    """
    if [row.classes for row in rows] != list(range(1, len(rows) + 1)) or not rows:
        raise ValueError("the rule needs a scan of 1, 2, 3 ... classes")
    if chosen is not None and not 1 <= chosen <= len(rows):
        raise ValueError(f"{chosen} classes were chosen, but only 1 to {len(rows)} were tried")
    considered = tuple(
        Considered(
            row.classes,
            (
                hardly_gains(rows, row.classes),
                is_replicated(row),
                is_large_enough(row),
                is_told_apart(row),
                from_others("e", consistent.get(row.classes), "found again across authorities and years"),
                from_others("f", named.get(row.classes), "named by a reader who knows the field"),
            ),
        )
        for row in rows
    )
    by_rule, why = choose(rows, considered)
    if chosen is not None and chosen != by_rule:
        why = f"{many(chosen)} {was(chosen)} chosen by the reader, who overruled the rule. By the rule: {why}"
    return Decision(by_rule if chosen is None else chosen, by_rule, considered, why)


def choose(rows: Sequence[ScanRow], considered: Sequence[Considered]) -> tuple[int, str]:
    """The number of classes by the rule, and why."""
    lowest = min(rows, key=lambda row: row.bic).classes
    candidates = [one for one in considered if one.is_candidate]
    if candidates:
        best, others = candidates[0], ", ".join(str(one.classes) for one in candidates[1:])
        sentences = [f"{many(best.classes)} {is_are(best.classes)} the fewest that the rule allows."]
        sentences += [f"It would also allow {others}."] if others else []
        sentences += [kept_out(one.classes) for one in considered[: best.classes - 1] if is_out_for_starts(one)]
        sentences += [f"Not known yet: {in_letters(best.unknown)}."] if best.unknown else []
    else:
        best = nearest(rows, considered)
        sentences = [
            "No number of classes tried meets the whole rule.",
            f"{many(best.classes)} {is_are(best.classes)} the nearest: lowest in BIC of those that break the "
            f"fewest conditions. Broken: {in_letters(best.broken) or 'none'}; not known: {in_letters(best.unknown) or 'none'}.",
        ]
    sentences += ["BIC is lowest there too." if lowest == best.classes else f"BIC is lowest with {lowest}."]
    return best.classes, " ".join(sentences)


def is_out_for_starts(one: Considered) -> bool:
    """Is (b) all that speaks against so many classes? Then the number of starts chose among them, not the rows."""
    return one.conditions[0].is_met is True and one.broken == ("b",)


def kept_out(classes: int) -> str:
    return f"With {many(classes)} only (b) is not met, for want of starts: more of them may choose {classes}."


def nearest(rows: Sequence[ScanRow], considered: Sequence[Considered]) -> Considered:
    """Of the numbers of classes that break the fewest conditions the one with the lowest BIC."""
    fewest = min(len(one.broken) for one in considered)
    left = [(row.bic, row.classes) for row, one in zip(rows, considered, strict=True) if len(one.broken) == fewest]
    return considered[min(left)[1] - 1]


def hardly_gains(rows: Sequence[ScanRow], classes: int) -> Condition:
    """(a): what further classes gain, held against what the second did."""
    gains = [before.bic - after.bic for before, after in pairwise(rows)]
    if classes == len(rows):
        return Condition(
            "a", None, f"{many(classes)} {was(classes)} the most tried: what one more would gain is not known."
        )
    least = HARDLY * max(gains[0], 0.0)
    bends = elbow(rows) if gains[0] > 0 and gains[-1] >= least else None
    more = max(gains[classes - 1 :])
    if more <= 0:
        return Condition("a", True, "A further class does not lower BIC.")
    share = f", {more / gains[0]:.1%} of what the second did" if classes > 1 and gains[0] > 0 else ""
    if more < least:
        return Condition("a", True, f"A further class lowers BIC by {more:,.1f} at most{share}.")
    if classes == bends:
        return Condition(
            "a", True, f"Every class tried lowers BIC by {HARDLY:.0%} of the second or more; here it bends."
        )
    return Condition("a", False, f"A further class still lowers BIC by {more:,.1f}{share}.")


def elbow(rows: Sequence[ScanRow]) -> int | None:
    """The number of classes whose BIC is farthest below the straight line from the first to the last; None without."""
    first, last = rows[0], rows[-1]
    slope = (last.bic - first.bic) / (last.classes - first.classes)
    below = [first.bic + slope * (row.classes - first.classes) - row.bic for row in rows]
    return rows[below.index(max(below))].classes if max(below) > 0 else None


def is_replicated(row: ScanRow) -> Condition:
    """(b)."""
    if row.verdict == "not converged":
        return Condition("b", False, "The best fit is not proved to be a maximum.")
    if row.classes == 1:
        return Condition("b", True, "One class has one solution only.")
    again = f"The best likelihood was found from {row.starts_at_best} of {row.starts} starts."
    if row.verdict == "weakly identified":
        again += " The data hardly tell some of its parameters."
    return Condition("b", row.starts_at_best >= FOUND_AGAIN, again)


def is_large_enough(row: ScanRow) -> Condition:
    """(c)."""
    size = f"The smallest class has {row.smallest_share:.2%} of the rows."
    return Condition("c", row.smallest_share >= SMALLEST, size)


def is_told_apart(row: ScanRow) -> Condition:
    """(d)."""
    if isnan(row.least_posterior):
        return Condition("d", False, "No row is assigned to some class: it is nobody's likeliest.")
    average = f"The lowest average posterior of a class is {row.least_posterior:.3f}."
    return Condition("d", row.least_posterior >= AVERAGE_POSTERIOR, average)


def from_others(letter: str, is_met: bool | None, what: str) -> Condition:
    """(e) and (f)."""
    told = f"Whether the classes are {what} is not known." if is_met is None else f"The classes are {what}."
    return Condition(letter, is_met, told if is_met is not False else f"The classes are not {what}.")


def in_letters(letters: Sequence[str]) -> str:
    return ", ".join(f"({letter})" for letter in letters)


def many(classes: int) -> str:
    return f"{classes} class{'es' if classes > 1 else ''}"


def is_are(classes: int) -> str:
    return "are" if classes > 1 else "is"


def was(classes: int) -> str:
    return "were" if classes > 1 else "was"
