"""The life table of stacked cohorts, held against sums that can be done by hand, and a slow writing-out of the formula."""

from dataclasses import replace

import numpy as np
import pytest

from careloom.stats import Seen, stack
from careloom.stats.stacked_cohorts import AGES, FEWEST_YEARS, GAPS


def seen(years: int = 6, children: float = 1000.0) -> Seen:
    """Nothing but children."""
    again = (AGES, years, GAPS)
    return Seen(
        child_years=np.full((AGES, years), children),
        looks_first=np.zeros(AGES),
        known_first=np.zeros(AGES),
        known_later=np.zeros(AGES),
        again=np.zeros(again),
        again_part=np.zeros(again),
        quiet=np.zeros((AGES, GAPS, 2)),
    )


def some(chance: np.random.Generator, years: int) -> Seen:
    """Counts by chance, as many as a middling authority has."""
    what = seen(years, 3000.0)
    what.looks_first[:] = chance.poisson(600, AGES)
    again = chance.poisson(20 / (1 + np.arange(GAPS)), what.again.shape)
    again[:, np.arange(years)[:, None] < np.arange(GAPS)] = 0  # a quiet time longer than the window is not seen
    what.again[:] = again
    what.again_part[:] = again * chance.uniform(0, 1, again.shape)
    what.quiet[:, :years] = chance.poisson(30, (AGES, years, 2))
    return what


def test_where_nobody_comes_back_every_contact_is_a_first_one() -> None:
    what = seen()
    what.looks_first[:] = 60
    stacked = stack(what)
    assert stacked is not None
    assert stacked.first_contacts.tolist() == [60.0] * AGES
    assert stacked.cumulative == pytest.approx(0.01 * np.arange(1, 19))  # 60 of 6,000 at each age
    assert stacked.unadjusted == pytest.approx(stacked.cumulative)
    assert stacked.at_risk == pytest.approx(6000 * (1 - 0.01 * np.arange(18)))
    # the life table says the same
    assert 1 - np.cumprod(1 - stacked.first_contacts / stacked.at_risk) == pytest.approx(stacked.cumulative)
    # Poisson: 60 contacts have a standard error of 7.7
    assert stacked.upper[0] - stacked.lower[0] == pytest.approx(2 * 1.96 * 60**0.5 / 6000, rel=0.15)


def test_contacts_after_a_quiet_time_that_began_out_of_view_are_taken_off() -> None:
    """At age 8, 12 of each year's contacts come after between one and two years of quiet, half way through on average.

    None are seen in the first year in view; in the second about half; so 12 + 6 look first and are not.
    """
    what = seen()
    what.looks_first[8] = 100
    what.again[8, 2:, 1], what.again_part[8, 2:, 1] = 12, 6
    stacked = stack(what)
    assert stacked is not None
    assert stacked.first_contacts[8] == pytest.approx(100 - 12 - 6)
    assert stacked.unadjusted[8] == pytest.approx(100 / 6000)
    assert stacked.cumulative[8] == pytest.approx(82 / 6000)


def test_what_the_record_states_is_believed_and_only_the_rest_adjusted() -> None:
    what = seen()
    what.looks_first[8], what.known_first[8], what.known_later[8] = 100, 50, 20
    what.again[8, 2:, 1], what.again_part[8, 2:, 1] = 12, 6
    stacked = stack(what)
    assert stacked is not None
    assert stacked.contacts[8] == 80
    assert stacked.first_contacts[8] == pytest.approx(50 + 30 - 0.3 * 18)  # 30 in 100 say nothing
    what.known_first[8] = 80
    known = stack(what)
    assert known is not None
    assert known.first_contacts[8] == 80


def slow_first(what: Seen) -> list[float]:
    """The formula of the docstring, one cell at a time."""
    years, last = what.years, what.years - 1
    over = what.child_years.sum(axis=1)
    rate = np.zeros((AGES, GAPS))
    part = np.full((AGES, GAPS), 0.5)
    for age in range(AGES):
        for gap in range(last):
            many = sum(what.again[age, year, gap] for year in range(gap + 1, years))
            rate[age, gap] = many / sum(what.child_years[age, year] for year in range(gap + 1, years))
            if many:
                part[age, gap] = sum(what.again_part[age, year, gap] for year in range(gap + 1, years)) / many

    def share(age: int, gap: int) -> float:
        near = [b for b in range(AGES) if abs(b - age) <= 2]
        back = sum(what.quiet[b, gap, 1] for b in near)
        had = sum(what.quiet[b, gap:].sum() - what.quiet[b, gap, 0] / 2 for b in near)
        return float(back / had) if had else 0.0

    def late(age: int) -> float:
        """By age when the year of quiet begins: the longest third of the years seen, over five ages."""
        back = had = 0.0
        for gap in range(last - max(1, last // 3), last):
            for b in range(AGES):
                if abs(b + gap - age) <= 2 and b + gap < AGES:
                    back += what.quiet[b, gap, 1]
                    had += what.quiet[b, gap:].sum() - what.quiet[b, gap, 0] / 2
        return back / had

    for ended in range(AGES):
        still = what.quiet[ended].sum() / over[ended]
        for gap in range(GAPS):
            if gap >= last and ended + gap < AGES:
                comes = still * late(ended + gap)
                for age in (ended + gap, ended + gap + 1):
                    if age < AGES:
                        rate[age, gap] += comes / 2
                still -= comes
            elif gap < last:
                still *= 1 - share(ended, gap)
    found = []
    for age in range(AGES):
        hidden = 0.0
        for year in range(years):
            hidden += what.child_years[age, year] * (rate[age, year] * part[age, year] + rate[age, year + 1 :].sum())
        found.append(max(0.0, what.looks_first[age] - hidden))
    return found


@pytest.mark.parametrize("years", [5, 7, 12])
@pytest.mark.parametrize("seed", [1, 2])
def test_the_arrays_say_what_the_formula_says(years: int, seed: int) -> None:
    what = some(np.random.default_rng(seed), years)
    stacked = stack(what, draws=5)
    assert stacked is not None
    assert stacked.first_contacts == pytest.approx(slow_first(what))
    assert stacked.first_contacts.max() > 0
    assert (np.diff(stacked.cumulative) >= 0).all()


def test_draws_are_the_same_every_time_and_hold_the_estimate() -> None:
    what = some(np.random.default_rng(3), 8)
    one, two = stack(what), stack(what)
    assert one is not None
    assert two is not None
    assert (one.lower == two.lower).all()
    assert (one.lower <= one.cumulative).all()
    assert (one.cumulative <= one.upper).all()


def test_too_few_years_or_an_age_without_children_is_not_estimated() -> None:
    assert stack(seen(FEWEST_YEARS - 1)) is None
    what = seen()
    assert stack(replace(what, child_years=np.where(np.arange(AGES)[:, None] == 3, 0.0, what.child_years))) is None
