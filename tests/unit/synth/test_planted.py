"""What was planted is what happens: factors by class, and hazards by class, age band and sex."""

from dataclasses import dataclass

import numpy as np
import pytest

from careloom.synth import plan
from careloom.synth.authority import make_lives
from careloom.synth.clocks import AGE_BANDS, Clock, age_band
from careloom.synth.days import year_ends, year_starts
from careloom.synth.lives import HOME, NFA
from careloom.synth.paperwork import factor_probabilities, write_up
from careloom.synth.people import draw_people

FIRST_DAY, LAST_DAY = year_starts(2016), year_ends(2024)


@dataclass(frozen=True)
class World:
    people: object
    lives: object


@pytest.fixture(scope="module")
def world():
    return World(*make_lives(60_000, FIRST_DAY, LAST_DAY, "998", np.random.default_rng(2)))


def risk_sets(world):
    """Time zero and events of each outcome, as an analyst would take them: (child, zero), (child, event)."""
    cases, plans, care = world.lives.referrals, world.lives.plans, world.lives.care
    assessed, home = cases.path != NFA, care.kind == HOME
    return {
        "re_referral": ((cases.child[assessed], cases.closes_on[assessed]), (cases.child, cases.starts_on)),
        "repeat_plan": ((plans.child, plans.ends_on), (plans.child, plans.starts_on)),
        "re_entry": ((care.child[home], care.ends_on[home]), (care.child, care.starts_on)),
    }


def first_after(zero, event):
    """The first event of the same child after each time zero; a far day when there is none."""
    far = 10**6
    known = np.sort(event[0] * far + event[1])
    place = np.searchsorted(known, zero[0] * far + zero[1], side="right")
    found = known[np.minimum(place, known.size - 1)]
    return np.where((place < known.size) & (found // far == zero[0]), found % far, far)


def poisson_fit(clock, covariates, zero_on, event_on, end_on):
    """Log rates of the baseline pieces and log hazard ratios, with standard errors: maximum likelihood of a piecewise
    exponential model, which is a Poisson regression of events on time at risk in each piece."""
    time, event = np.minimum(event_on, end_on) - zero_on, event_on <= end_on
    edges = np.array([*clock.from_day, 10**6])
    rows, exposure, events = [], [], []
    for piece in range(len(clock.from_day)):
        inside = np.clip(time, edges[piece], edges[piece + 1]) - edges[piece]
        here = inside > 0
        dummies = np.zeros((here.sum(), len(clock.from_day)))
        dummies[:, piece] = 1
        rows.append(np.hstack([dummies, covariates[here]]))
        exposure.append(inside[here] / 365.25)
        events.append((event & (time > edges[piece]) & (time <= edges[piece + 1]))[here])
    x, t, d = np.concatenate(rows), np.concatenate(exposure), np.concatenate(events).astype(float)
    b = np.zeros(x.shape[1])
    b[: len(clock.from_day)] = np.log(d.sum() / t.sum())
    for _ in range(20):
        expected = t * np.exp(x @ b)
        information = x.T @ (x * expected[:, None])
        b += np.linalg.solve(information, x.T @ (d - expected))
    return b, np.sqrt(np.diag(np.linalg.inv(information))), d.sum()


@pytest.mark.parametrize("clock", plan.CLOCKS, ids=lambda c: c.outcome)
def test_gap_times_follow_the_planted_hazards(world, clock):
    zero, event = risk_sets(world)[clock.outcome]
    people = world.people
    end_on = np.minimum(world.lives.leaves_on[zero[0]], LAST_DAY)
    kept = (zero[1] >= FIRST_DAY) & (zero[1] < end_on)
    child, zero_on = zero[0][kept], zero[1][kept]
    event_on = first_after((child, zero_on), event)
    band, levels = age_band(people.born[child], zero_on), [0, 1, 3, 4]
    covariates = np.column_stack(
        [people.need[child] == k for k in range(1, 5)] + [band == b for b in levels] + [people.is_male[child]]
    ).astype(float)
    estimate, error, events = poisson_fit(clock, covariates, zero_on, event_on, end_on[kept])
    by_age = [clock.by_age[AGE_BANDS[b]] for b in levels]
    planted = np.array([*np.log(clock.per_year), *list(clock.by_class.values())[1:], *by_age, clock.male])
    assert events > 2000
    # 13 terms at a fixed seed: 4 standard errors are passed by chance once in some 1,200 seeds.
    assert np.abs((estimate - planted) / error).max() < 4
    # And the test can tell: a world without effects would be far outside.
    assert np.abs(estimate[4:] / error[4:]).max() > 8


def test_re_referral_is_no_likelier_for_those_who_may_restart(world):
    """A repeat plan or re-entry that falls due comes within the re-referral hazard, not on top of it."""
    (child, zero_on), event = risk_sets(world)["re_referral"]
    lives, people, clock = world.lives, world.people, plan.RE_REFERRAL
    end_on = np.minimum(lives.leaves_on[child], LAST_DAY)
    ended = np.full(len(people), 10**6)
    at_home = lives.care.kind == HOME
    for who, when in (
        (lives.plans.child, lives.plans.ends_on),
        (lives.care.child[at_home], lives.care.ends_on[at_home]),
    ):
        np.minimum.at(ended, who, when)
    kept = (zero_on >= FIRST_DAY) & (zero_on < end_on) & (ended[child] < zero_on)
    child, zero_on, end_on = child[kept], zero_on[kept], end_on[kept]
    event_on = first_after((child, zero_on), event)
    time = np.minimum(event_on, end_on) - zero_on
    knots = np.array([*clock.from_day, 10**5])
    upto = np.concatenate([[0], np.cumsum(np.diff(knots) * np.array(clock.per_year) / 365.25)])
    ratio = np.exp(clock.log_ratio(people.need[child], age_band(people.born[child], zero_on), people.is_male[child]))
    expected = (np.interp(time, knots, upto) * ratio).sum()
    observed = (event_on <= end_on).sum()
    # The count less its compensator has variance `expected`; allow four standard errors. Restarts added on top would
    # make some 12 % more.
    assert observed == pytest.approx(expected, abs=4 * np.sqrt(expected))
    assert 4 * np.sqrt(expected) < 0.1 * expected


@pytest.mark.parametrize("clock", plan.CLOCKS, ids=lambda c: c.outcome)
def test_a_clock_draws_from_its_own_law(clock):
    draws = clock.draw(np.random.default_rng(0), np.full(200_000, 0.3))
    widths = np.diff([*clock.from_day, 1000]) / 365.25
    still_waiting = np.exp(-np.exp(0.3) * np.cumsum(widths * np.array(clock.per_year)))
    for end, share in zip([*clock.from_day[1:], 1000], still_waiting, strict=True):
        # share of 200,000 draws: standard error at most 0.0011, allow four
        assert (draws > end).mean() == pytest.approx(share, abs=0.0045)


def test_restarts_never_exceed_the_re_referral_hazard():
    """Worst case over class, ages (which only rise) and sex: what is left for other referrals is positive."""
    later = np.arange(0, 6000.0)
    referral = plan.RE_REFERRAL.rate(later)
    for need in range(len(plan.CLASSES)):
        for sex in (False, True):
            for closed_band in range(5):
                base = np.exp(log_ratio(plan.RE_REFERRAL, need, closed_band, sex)) * referral
                restart = sum(
                    np.exp(max(log_ratio(clock, need, band, sex) for band in range(closed_band + 1)))
                    * clock.rate(later + plan.STEP_DOWN_DAYS + 1)
                    for clock in (plan.REPEAT_PLAN, plan.RE_ENTRY)
                )
                assert (restart < base).all()


def log_ratio(clock: Clock, need: int, band: int, sex: bool) -> float:
    return float(clock.log_ratio(np.array([need]), np.array([band]), np.array([sex]))[0])


def test_shares_and_effects_are_complete():
    assert sum(c.share for c in plan.CLASSES) == pytest.approx(1)
    assert all(sum(c.ages) == pytest.approx(1) for c in plan.CLASSES)
    for clock in plan.CLOCKS:
        assert list(clock.by_class) == [c.key for c in plan.CLASSES]
        assert set(clock.by_age) == set(AGE_BANDS)
        assert clock.by_class[plan.REFERENCE_CLASS] == 0
    assert all(set(c.factors) <= set(plan.INDICATORS) for c in plan.CLASSES)


def test_class_shares_among_children():
    people = draw_people(50_000, FIRST_DAY, LAST_DAY, "998", np.random.default_rng(4))
    found = np.bincount(people.need, minlength=5) / 50_000
    # standard error of a share of 50,000 is at most 0.0021; allow four
    assert found == pytest.approx([c.share for c in plan.CLASSES], abs=0.0085)


def test_factors_by_class_are_the_planted_ones():
    rng = np.random.default_rng(6)
    people, lives = make_lives(12_000, year_starts(2022), year_ends(2024), "998", rng)
    assessments = write_up(people, lives, rng).assessments
    pooled = {"18A": "18", "18B": "18", "18C": "18", "19A": "19", "19B": "19", "19C": "19"}
    pooled |= {f"8{letter}": "8" for letter in "BCDEF"}
    counted = [i for i, codes in enumerate(assessments.codes) if codes and codes != ("21",)]
    recent = [i for i in counted if assessments.ends_on[i] >= year_starts(2022)]
    present = np.zeros((len(recent), len(plan.INDICATORS)))
    for row, i in enumerate(recent):
        for code in assessments.codes[i]:
            present[row, plan.INDICATORS.index(pooled.get(code, code))] = 1
    need = people.need[lives.referrals.child[assessments.referral[recent]]]
    for k, chances in enumerate(factor_probabilities()):
        mine = present[need == k]
        # An assessment with nothing drawn is drawn again, so each factor is met a little more often.
        expected = chances / (1 - np.prod(1 - chances))
        error = np.sqrt(expected * (1 - expected) / len(mine)) + 1e-9
        # Unaccompanied status belongs to the child, so its assessments are alike: left out here.
        tested = np.arange(len(plan.INDICATORS)) != plan.INDICATORS.index("9A")
        # 34 factors x 5 classes at a fixed seed; 4.5 standard errors are passed by chance once in some 800 seeds.
        assert (np.abs(mine.mean(axis=0) - expected) / error)[tested].max() < 4.5


def test_factors_are_independent_given_class():
    rng = np.random.default_rng(8)
    people, lives = make_lives(12_000, year_starts(2019), year_ends(2020), "998", rng)
    assessments = write_up(people, lives, rng).assessments
    need = people.need[lives.referrals.child[assessments.referral]]
    mine = [codes for codes, k in zip(assessments.codes, need, strict=True) if k == 0 and codes and codes != ("21",)]
    a, b = (np.array([code in codes for codes in mine]) for code in ("3A", "4B"))
    # correlation of independent indicators: standard error 1/sqrt(n); allow four
    assert abs(np.corrcoef(a, b)[0, 1]) < 4 / np.sqrt(len(mine))
