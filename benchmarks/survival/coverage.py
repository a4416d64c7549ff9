"""Do 95% intervals hold what was planted, 95 times in 100?

    python benchmarks/survival/coverage.py [--files 2000] [--seed 1]

Many files are made up from hazards that are known, and every kind of number that the outcomes room gives is estimated from
each. Printed, as a markdown table: bias, spread, mean standard error and coverage. With 2,000 files a coverage of 95% is
known to half a point (one standard error). Days are whole, so that most events are tied with others. Children come
back up to three times; what makes a child's stretches alike is a positive stable frailty, under which the hazards of
children of two groups stay proportional (Hougaard 1986, Biometrika 73:387), so that the planted ratio is known.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from careloom.stats.survival import (
    Population,
    aalen_johansen,
    fit_cox,
    fit_fine_gray,
    fit_frailty,
    kaplan_meier,
    predict_across,
)

Floats = NDArray[np.float64]
SHARES = np.array([0.5, 0.3, 0.2])
EFFECTS = np.array([0.6, -0.5, 0.3])
"""Log hazard ratios of classes 2 and 3 against 1, and of girls."""
NAMES = ("class 2", "class 3", "girl")
PER_DAY = 1 / 900
ALPHA = 0.7
"""How alike a child's stretches are: 1 would be not at all."""
LATER = 1827
SPLIT = 366
BEFORE, AFTER = 0.7, -0.2
"""Log hazard ratio of class 2 in the first twelve months and after."""


@dataclass(frozen=True)
class Estimate:
    """One number of one file: its kind, what it is of, the planted truth, and its interval."""

    kind: str
    of: str
    truth: float
    estimate: float
    lower: float
    upper: float

    @property
    def holds(self) -> bool:
        return self.lower < self.truth < self.upper


def every_kind(random: np.random.Generator) -> Iterator[Estimate]:
    """All estimates of one made-up file of each kind."""
    yield from cox_of_children_who_come_back(random)
    yield from curves(random)
    yield from two_periods(random)
    yield from sub_distribution(random)
    yield from authorities_alike(random)
    yield from adjusted_shares(random)


# --- what is planted -------------------------------------------------------------------------------------------------


def covariates(n: int, random: np.random.Generator) -> Floats:
    """Two columns of three classes and one of sex (n, 3)."""
    of = random.choice(3, n, p=SHARES)
    return np.column_stack((of == 1, of == 2, random.random(n) < 0.5)).astype(float)


def positive_stable(n: int, random: np.random.Generator) -> Floats:
    """Frailties whose Laplace transform is exp(-s ** ALPHA) (Chambers, Mallows and Stuck 1976)."""
    u, w = random.uniform(0, np.pi, n), random.exponential(1, n)
    return np.asarray(
        np.sin(ALPHA * u) / np.sin(u) ** (1 / ALPHA) * (np.sin((1 - ALPHA) * u) / w) ** ((1 - ALPHA) / ALPHA)
    )


def cut(time: Floats, random: np.random.Generator) -> tuple[Floats, NDArray[np.bool_]]:
    """Whole days until the event, or the end of sight between one and six years."""
    end = random.integers(365, 2192, time.size).astype(float)
    day = np.ceil(time)
    return np.minimum(day, end), day <= end


# --- what is estimated -----------------------------------------------------------------------------------------------


def cox_of_children_who_come_back(random: np.random.Generator) -> Iterator[Estimate]:
    """Cox's model with a baseline for each of four authorities; errors that know which stretches are one child's, and that do not."""
    children = 800
    stretches = random.integers(1, 4, children)
    child = np.repeat(np.arange(children), stretches)
    x, la = (
        np.repeat(covariates(children, random), stretches, axis=0),
        np.repeat(random.integers(0, 4, children), stretches),
    )
    frailty = np.repeat(positive_stable(children, random), stretches)
    rate = PER_DAY * np.array([0.5, 0.8, 1.2, 2.0])[la] * frailty * np.exp(x @ (EFFECTS / ALPHA))
    day, event = cut(random.exponential(1 / rate), random)
    fit = fit_cox(x, np.arange(child.size), day, event, names=NAMES, stratum=la, cluster=child)
    assert fit.robust_covariance is not None
    for kind, covariance in (
        ("Cox, errors by child", fit.robust_covariance),
        ("Cox, errors of the model", fit.covariance),
    ):
        yield from each(kind, NAMES, EFFECTS, fit.coefficients, covariance)


def curves(random: np.random.Generator) -> Iterator[Estimate]:
    """1 - Kaplan-Meier of the event alone, and the cumulative incidence where something else may come first."""
    n, event_rate, other_rate = 400, PER_DAY, PER_DAY / 3
    first, other = random.exponential(1 / event_rate, n), random.exponential(1 / other_rate, n)
    day, is_first = cut(np.minimum(first, other), random)
    cause = np.where(is_first, np.where(first < other, 1, 2), 0)
    curve = kaplan_meier(day, cause == 1)
    incidence = aalen_johansen(day, cause, causes=2).read_off([SPLIT, LATER])
    for place, at in enumerate((SPLIT, LATER)):
        on = int(np.searchsorted(curve.days, at, side="right")) - 1
        alone = 1 - np.exp(-event_rate * at)
        limits = (1 - curve.survival[on], 1 - curve.upper[on], 1 - curve.lower[on])
        yield Estimate("1 - Kaplan-Meier", f"day {at}", alone, *map(float, limits))
        together = event_rate + other_rate
        truth = event_rate / together * (1 - np.exp(-together * at))
        found = (incidence.incidence, incidence.lower, incidence.upper)
        if at <= day.max():  # beyond the last day followed it is not known
            yield Estimate("cumulative incidence", f"day {at}", truth, *(float(np.asarray(a)[0, place]) for a in found))


def two_periods(random: np.random.Generator) -> Iterator[Estimate]:
    """Cox's model of the first twelve months, and of those still followed after them."""
    n = 1500
    second = (random.random(n) < 0.4).astype(float)
    early = random.exponential(1 / (PER_DAY * np.exp(BEFORE * second)))
    late = SPLIT + random.exponential(1 / (PER_DAY * np.exp(AFTER * second)))
    day, event = cut(np.where(early < SPLIT, early, late), random)
    x = second[:, None]
    first = fit_cox(x, np.arange(n), np.minimum(day, SPLIT), event & (day <= SPLIT), names=["class 2"])
    on = day > SPLIT
    rest = fit_cox(
        x[on], np.arange(on.sum()), day[on], event[on], names=["class 2"], entry_days=np.full(on.sum(), float(SPLIT))
    )
    for of, truth, fit in (("first 12 months", BEFORE, first), ("after", AFTER, rest)):
        yield from each("Cox, split at 12 months", [of], np.array([truth]), fit.coefficients, fit.covariance)


def sub_distribution(random: np.random.Generator) -> Iterator[Estimate]:
    """Fine and Gray's model of an incidence that is proportional in their sense (their own simulation, 1999, section 5)."""
    n, ever = 1000, 0.6
    x = covariates(n, random)[:, :2]
    ratio = np.exp(x @ EFFECTS[:2])
    is_event = random.random(n) < 1 - (1 - ever) ** ratio
    # P(T <= t | event): the incidence 1 - (1 - ever (1 - exp(-t))) ** ratio, over its own end.
    reached = random.random(n) * (1 - (1 - ever) ** ratio)
    time = (
        np.where(is_event, -np.log(1 - (1 - (1 - reached) ** (1 / ratio)) / ever), random.exponential(1, n)) / PER_DAY
    )
    day, is_seen = cut(time, random)
    cause = np.where(is_seen, np.where(is_event, 1, 2), 0)
    fit = fit_fine_gray(x, np.arange(n), day, cause, names=NAMES[:2], errors="robust")
    covariance = fit.covariance if fit.robust_covariance is None else fit.robust_covariance
    yield from each("Fine and Gray", NAMES[:2], EFFECTS[:2], fit.coefficients, covariance)


def authorities_alike(random: np.random.Generator) -> Iterator[Estimate]:
    """A gamma frailty, of variance 0.25, that the children of each of 60 authorities share."""
    n, authorities = 1500, 60
    x, la = covariates(n, random), random.integers(0, authorities, n)
    rate = PER_DAY * random.gamma(4, 1 / 4, authorities)[la] * np.exp(x @ EFFECTS)
    day, event = cut(random.exponential(1 / rate), random)
    fit = fit_frailty(x, np.arange(n), day, event, la, names=NAMES)
    yield from each("shared frailty", NAMES, EFFECTS, fit.coefficients, fit.covariance)


def adjusted_shares(random: np.random.Generator) -> Iterator[Estimate]:
    """The share with the event if all were of class 2, averaged over those of four authorities with their own baselines."""
    n, pace = 800, np.array([0.5, 0.8, 1.2, 2.0])
    x, la = covariates(n, random), random.integers(0, 4, n)
    day, event = cut(random.exponential(1 / (PER_DAY * pace[la] * np.exp(x @ EFFECTS))), random)
    fit = fit_cox(x, np.arange(n), day, event, names=NAMES, stratum=la)
    as_second = np.column_stack((np.ones(n), np.zeros(n), x[:, 2]))
    parts = [Population(k, as_second[la == k], np.full((la == k).sum(), 1 / n)) for k in range(4)]
    found = predict_across(fit, parts, [SPLIT, LATER])
    for place, at in enumerate((SPLIT, LATER)):
        truth = 1 - np.exp(-PER_DAY * at * pace[la] * np.exp(as_second @ EFFECTS)).mean()
        limits = (1 - found.survival[place], 1 - found.upper[place], 1 - found.lower[place])
        yield Estimate("adjusted share", f"day {at}", float(truth), *map(float, limits))


def each(
    kind: str, names: tuple[str, ...] | list[str], truth: Floats, found: Floats, covariance: Floats
) -> Iterator[Estimate]:
    half = 1.959963984540054 * np.sqrt(np.diag(covariance))
    for name, planted, estimate, width in zip(names, truth, found, half, strict=True):
        yield Estimate(kind, name, float(planted), float(estimate), float(estimate - width), float(estimate + width))


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--files", type=int, default=2000)
    asked.add_argument("--seed", type=int, default=1)
    given = asked.parse_args()
    kept = defaultdict(list)
    for stream in np.random.default_rng(given.seed).spawn(given.files):
        for estimate in every_kind(stream):
            kept[estimate.kind, estimate.of].append(estimate)
    print(
        f"{given.files:,} files\n\n| number | of | planted | bias | coverage of 95% intervals |\n| --- | --- | --- | --- | --- |"
    )
    for (kind, of), found in kept.items():
        bias = np.mean([each.estimate - each.truth for each in found])
        print(
            f"| {kind} | {of} | {found[0].truth:.3f} | {bias:+.3f} | {100 * np.mean([e.holds for e in found]):.1f}% |"
        )


if __name__ == "__main__":
    main()
