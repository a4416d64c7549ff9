"""Is the made-up England like England? Generated figures beside published ones, with every miss shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from careloom.catalogue.targets import Target, Tolerance
from careloom.stats import kaplan_meier
from careloom.synth.calibration.care import count_care
from careloom.synth.calibration.cases import count_assessments, count_need, count_protection, count_referrals
from careloom.synth.calibration.counts import Counts, Tally
from careloom.synth.calibration.forward import count_forward
from careloom.synth.world import World

FEWEST_FOR_SPREAD = 20  # authorities; with fewer the 5th and 95th centile are no more than the smallest and the largest
_CENTILES = {"5th centile of authorities": 0.05, "median of authorities": 0.5, "95th centile of authorities": 0.95}
_DAYS_A_YEAR = 365.25


@dataclass(frozen=True)
class Line:
    """One figure, generated and published, in the same unit.

    target, tolerance : None where nothing is published; is_within is then None too
    generated : nan when nothing of the kind was generated, which is a miss
    """

    statistic: str
    group: str
    year: int | None
    unit: str
    target: float | None
    generated: float
    tolerance: Tolerance | None
    is_within: bool | None
    note: str


def count_authority(world: World, population: Mapping[int, float]) -> Counts:
    """Count what one authority's returns would show.

    population : for each collection year, the children aged 0 to 17 who live in the authority (DfE's rates for the year
        ending March 2019 use the estimate for the middle of 2018)
    """
    tally = Tally(world.years, population)
    for count in (count_referrals, count_need, count_assessments, count_protection, count_care, count_forward):
        count(tally, world)
    return tally.counts()


def compare(counts: Counts, targets: Iterable[Target]) -> tuple[Line, ...]:
    """Put generated figures beside the targets of the years counted; a target of no single year is met over all years.

    Left out is what the counts cannot tell: what happens within more years than were counted, and how authorities
    differ when there are fewer than FEWEST_FOR_SPREAD of them.
    """
    return tuple(_line(counts, target) for target in targets if _can_be_told(counts, target))


def _can_be_told(counts: Counts, target: Target) -> bool:
    first, last = counts.years
    if target.statistic in counts.leaving:
        return _years_within(target.group) <= last - first
    if target.group in _CENTILES and len(counts.authorities) < FEWEST_FOR_SPREAD:
        return False
    return target.year is None or first <= target.year <= last


def _line(counts: Counts, target: Target) -> Line:
    generated = target.scale * _generated(counts, target)
    is_within = None
    if target.value is not None and target.tolerance is not None:
        is_within = target.tolerance.allows(target.value, generated)
    return Line(
        statistic=target.statistic,
        group=target.group,
        year=target.year,
        unit=target.unit,
        target=target.value,
        generated=generated,
        tolerance=target.tolerance,
        is_within=is_within,
        note=target.note,
    )


def _generated(counts: Counts, target: Target) -> float:
    """The generated figure as a ratio."""
    if target.group in _CENTILES and target.year is not None:
        own = [each[target.statistic][target.year - counts.years[0]] for each in counts.authorities]
        return float(np.nanquantile(own, _CENTILES[target.group]))
    if target.statistic in counts.leaving:
        return _had_event(counts, target.statistic, _years_within(target.group))
    return counts.ratio(target.statistic, target.group, target.year)


def _years_within(group: str) -> int:
    """`within 5 years` is 5."""
    return int(group.split()[1])


def _had_event(counts: Counts, name: str, years: int) -> float:
    """The share who had the event within so many years, by the Kaplan-Meier estimate."""
    leaving = counts.leaving[name]
    kind, day = np.nonzero(leaving)
    if not day.size:
        return float("nan")
    curve = kaplan_meier(day, kind == 0, leaving[kind, day])
    return 1.0 - float(curve.survival_at(np.ceil(_DAYS_A_YEAR * years)))


def calibration_table(lines: Sequence[Line]) -> str:
    """Markdown: how many figures lie within their tolerance, then a row for each statistic and group.

    A row gives the mean over the years compared, whether that is within the tolerance, and each year that is missed.
    """
    by_group = [list(of_group) for _, of_group in groupby(lines, key=lambda line: (line.statistic, line.group))]
    judged = [line.is_within for line in lines if line.is_within is not None]
    means = [near for near in map(_is_mean_within, by_group) if near is not None]
    summary = (
        f"Of {len(judged)} published figures, year by year, {sum(judged)} are met within tolerance and"
        f" {len(judged) - sum(judged)} are missed. Taken as means over the years, {sum(means)} of {len(means)} are met."
    )
    rows = [_row(of_group) for of_group in by_group]
    shown = [row if i == 0 or row[0] != rows[i - 1][0] else ("", *row[1:]) for i, row in enumerate(rows)]
    heading = (
        "statistic", "group", "unit", "years", "published", "generated", "tolerance", "mean", "years within", "missed",
    )  # fmt: skip
    return "\n".join([summary, "", *_aligned([heading, *shown])]) + "\n"


def _row(lines: Sequence[Line]) -> tuple[str, ...]:
    """One statistic and group over its years."""
    first, years = lines[0], [line.year for line in lines if line.year is not None]
    judged = [line for line in lines if line.is_within is not None]
    missed = [line for line in judged if not line.is_within]
    near = _is_mean_within(lines)
    return (
        first.statistic.replace("_", " "),
        first.group or "all",
        first.unit,
        f"{min(years)}-{max(years)}" if len(set(years)) > 1 else str(years[0]) if years else "all",
        "none found" if near is None else _number(_mean(line.target for line in lines)),
        _number(_mean(line.generated for line in lines)),
        str(first.tolerance or ""),
        "" if near is None else "within" if near else "MISS",
        f"{len(judged) - len(missed)} of {len(judged)}" if judged else "",
        "; ".join(map(_miss, missed)),
    )


def _is_mean_within(lines: Sequence[Line]) -> bool | None:
    """Whether the mean over the years is near enough to the mean published; None where nothing is published."""
    tolerance = lines[0].tolerance
    if tolerance is None:
        return None
    return tolerance.allows(_mean(line.target for line in lines), _mean(line.generated for line in lines))


def _mean(values: Iterable[float | None]) -> float:
    return float(np.mean([value for value in values if value is not None]))


def _miss(line: Line) -> str:
    where = f"{line.year}: " if line.year else ""
    return f"{where}{_number(line.generated)} for {_number(line.target or 0.0)}"


def _number(value: float) -> str:
    return "nothing" if np.isnan(value) else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def _aligned(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """A Markdown table whose columns line up as text too; the last column is left ragged."""
    wide = [max(len(row[at]) for row in rows) for at in range(len(rows[0]) - 1)]
    padded = [[*(cell.ljust(w) for cell, w in zip(row, wide, strict=False)), row[-1]] for row in rows]
    ruling = ["-" * w for w in wide] + ["---"]
    return ["| " + " | ".join(cells).rstrip() + " |" for cells in (padded[0], ruling, *padded[1:])]
