"""What was planted is what happens: hazards by kind of need, age band, sex, year and authority, and shares of kinds."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from careloom.catalogue import Population, load_catalogue
from careloom.catalogue.population import AGE_BANDS, CLOCKS
from careloom.synth.care.exits import HOME
from careloom.synth.chance import shifted
from careloom.synth.days import NEVER, collection_year, year_ends, year_starts
from careloom.synth.life.authorities import draw_authorities
from careloom.synth.life.cases import IN_NEED, NFA, NOT_IN_NEED, PROTECTION, SECTION_47, Lives
from careloom.synth.life.children import CARE_BY_ETHNIC_GROUP, MAIN_GROUPS, age_group, in_year
from careloom.synth.life.clocks import Clock, age_band
from careloom.synth.life.england import live_in
from careloom.synth.life.factors import chances

YEARS = (2016, 2021)
FIRST_DAY, LAST_DAY = year_starts(YEARS[0]), year_ends(YEARS[1])
FAR = 10**6


@dataclass(frozen=True)
class Lived:
    population: Population
    lives: Lives
    authority_effect: float


@pytest.fixture(scope="module", params=["england", "five_kinds"])
def lived(request: pytest.FixtureRequest) -> Lived:
    """Some 600,000 children, in an authority whose closures are followed by more referrals than usual."""
    population = load_catalogue().populations[request.param]
    typical = draw_authorities(population, 1, 0)[0]
    authority = replace(typical, effects=typical.effects | {"re_referral": 0.2})
    return Lived(population, live_in(population, authority, YEARS, 60_000, 2, moves=False), 0.2)


def risk_sets(lives: Lives):
    """Time zero and events of each outcome, as an analyst would take them: (child, zero, kind), (child, event)."""
    cases, plans, care = lives.cases, lives.plans, lives.care
    assessed, home = cases.path != NFA, care.exit == HOME
    return {
        "re_referral": (
            (cases.child[assessed], cases.closes_on[assessed], cases.kind[assessed]),
            (cases.child, cases.starts_on),
        ),
        "repeat_plan": ((plans.child, plans.ends_on, cases.kind[plans.case]), (plans.child, plans.starts_on)),
        "re_entry": ((care.child[home], care.ends_on[home], cases.kind[care.case[home]]), (care.child, care.starts_on)),
    }


def first_after(child, zero, event):
    """The first event of the same child after each time zero; a far day when there is none."""
    known = np.sort(event[0] * FAR + event[1])
    place = np.searchsorted(known, child * FAR + zero, side="right")
    found = known[np.minimum(place, known.size - 1)]
    return np.where((place < known.size) & (found // FAR == child), found % FAR, FAR)


def at_risk(lived: Lived, outcome: str):
    """Child, kind, time zero, first event and end of observation of everyone whose clock starts in the years."""
    (child, zero_on, kind), event = risk_sets(lived.lives)[outcome]
    lives = lived.lives
    adopted = np.where(lives.adopted_on < FAR, lives.adopted_on, FAR)  # what was pending ends with the old identity
    end_on = np.minimum.reduce([lives.children.adult, lives.dies_on, np.full(len(lives.children), LAST_DAY)])
    if outcome != "re_referral":
        end_on = np.minimum(end_on, adopted)
    end_on = end_on[child]
    kept = (zero_on >= FIRST_DAY) & (zero_on < end_on) & (lives.adopted_on[child] > zero_on)
    child, zero_on, kind = child[kept], zero_on[kept], kind[kept]
    return child, kind, zero_on, first_after(child, zero_on, event), end_on[kept]


def poisson_fit(from_day, covariates, zero_on, event_on, end_on):
    """Log rates of the baseline pieces and log hazard ratios, with standard errors: maximum likelihood of a piecewise
    exponential model, which is a Poisson regression of events on time at risk in each piece."""
    time, event = np.minimum(event_on, end_on) - zero_on, event_on <= end_on
    edges = np.array([*from_day, FAR])
    rows, exposure, events = [], [], []
    for piece in range(len(from_day)):
        inside = np.clip(time, edges[piece], edges[piece + 1]) - edges[piece]
        here = inside > 0
        dummies = np.zeros((here.sum(), len(from_day)))
        dummies[:, piece] = 1
        rows.append(np.hstack([dummies, covariates[here]]))
        exposure.append(inside[here] / 365.25)
        events.append((event & (time > edges[piece]) & (time <= edges[piece + 1]))[here])
    x, t, d = np.concatenate(rows), np.concatenate(exposure), np.concatenate(events).astype(float)
    used = (x * d[:, None]).sum(axis=0) > 0  # a kind too young or too rare to have had an event has no estimate
    x = x[:, used]
    b = np.where(np.arange(used.sum()) < len(from_day), np.log(d.sum() / t.sum()), 0.0)
    for _ in range(25):
        expected = t * np.exp(x @ b)
        information = x.T @ (x * expected[:, None])
        b += np.linalg.solve(information, x.T @ (d - expected))
    return b, np.sqrt(np.diag(np.linalg.inv(information))), d.sum(), used


@pytest.mark.parametrize("outcome", CLOCKS)
def test_gap_times_follow_the_planted_hazards(lived, outcome):
    child, kind, zero_on, event_on, end_on = at_risk(lived, outcome)
    population, children = lived.population, lived.lives.children
    clock = population.clocks[outcome]
    reference = next(i for i, k in enumerate(population.kinds) if k.key == population.reference)
    kinds = [k for k in range(len(population.kinds)) if k != reference]
    bands = [b for b, name in enumerate(AGE_BANDS) if name != "5-9"]
    years = [year for year in clock.by_year if YEARS[0] <= year <= YEARS[1]]
    band, year = age_band(children.born[child], zero_on), collection_year(zero_on)
    covariates = np.column_stack(
        [kind == k for k in kinds] + [band == b for b in bands] + [children.is_male[child]] + [year == y for y in years]
    ).astype(float)
    estimate, error, events, used = poisson_fit(clock.from_day, covariates, zero_on, event_on, end_on)
    effect = lived.authority_effect if outcome == "re_referral" else 0.0
    planted = np.array(
        [*(np.log(clock.per_year) + effect)]
        + [population.kinds[k].hazards[outcome] for k in kinds]
        + [clock.by_age[AGE_BANDS[b]] for b in bands]
        + [clock.male]
        + [clock.by_year[y] for y in years]
    )[used]
    assert events > 600
    # Up to 25 terms at a fixed seed: 4.2 standard errors are passed by chance once in some 1,500 seeds.
    assert np.abs((estimate - planted) / error).max() < 4.2
    # And the test can tell: a world without effects would be far outside.
    assert np.abs(estimate[len(clock.from_day) :] / error[len(clock.from_day) :]).max() > 3


def test_re_referral_is_no_likelier_for_those_who_may_restart(lived):
    """A repeat plan or re-entry that falls due comes within the re-referral hazard, not on top of it."""
    child, kind, zero_on, event_on, end_on = at_risk(lived, "re_referral")
    lives, children = lived.lives, lived.lives.children
    ended = np.full(len(children), FAR)
    at_home = lives.care.exit == HOME
    for who, when in (
        (lives.plans.child, lives.plans.ends_on),
        (lives.care.child[at_home], lives.care.ends_on[at_home]),
    ):
        np.minimum.at(ended, who, when)
    kept = ended[child] < zero_on
    child, kind, zero_on, event_on, end_on = (each[kept] for each in (child, kind, zero_on, event_on, end_on))
    time = np.minimum(event_on, end_on) - zero_on
    clock = Clock.of("re_referral", lived.population, lived.authority_effect)
    knots = np.array([*clock.planted.from_day, 10**5])
    upto = np.concatenate([[0], np.cumsum(np.diff(knots) * np.array(clock.planted.per_year) / 365.25)])
    ratio = np.exp(clock.log_ratio(kind, children.born[child], children.is_male[child], zero_on))
    expected = (np.interp(time, knots, upto) * ratio).sum()
    observed = (event_on <= end_on).sum()
    # The count less its compensator has variance `expected`; allow four standard errors. Restarts added on top would
    # make some 12 % more.
    assert observed == pytest.approx(expected, abs=4 * np.sqrt(expected))
    assert 4 * np.sqrt(expected) < 0.1 * expected


@pytest.mark.parametrize("outcome", CLOCKS)
def test_a_clock_draws_from_its_own_law(outcome):
    clock = Clock.of(outcome, load_catalogue().populations["england"])
    draws = clock.draw(np.random.default_rng(0), np.full(200_000, 0.3))
    from_day, per_year = clock.planted.from_day, np.array(clock.planted.per_year)
    widths = np.diff([*from_day, 2000]) / 365.25
    still_waiting = np.exp(-np.exp(0.3) * np.cumsum(widths * per_year))
    for end, share in zip([*from_day[1:], 2000], still_waiting, strict=True):
        # share of 200,000 draws: standard error at most 0.0011, allow four
        assert (draws > end).mean() == pytest.approx(share, abs=0.0045)


def test_kinds_of_first_referrals_are_those_planted_for_the_age_and_sex(lived):
    population, children = lived.population, lived.lives.children
    kinds = population.kinds
    few = (children.first_referred - children.born) // 365 == 7  # wholly inside the band 5-9
    few &= ~children.is_uasc & children.is_male
    weight = np.array([0.0 if k.is_uasc else k.share * k.ages[3] * k.male for k in kinds])
    expected, many = weight / weight.sum(), int(few.sum())
    found = np.bincount(children.kind[few], minlength=len(kinds)) / many
    # four and a half standard errors of a share; up to twelve shares
    assert (np.abs(found - expected) <= 4.5 * np.sqrt(expected * (1 - expected) / many) + 1e-9).all()


def first_cases(lived: Lived):
    """First referrals within the years of children who did not arrive alone: rows of cases, and of children."""
    lives = lived.lives
    cases = lives.cases
    first = cases.starts_on == lives.children.first_referred[cases.child]
    first &= ~lives.children.is_uasc[cases.child] & (cases.starts_on >= FIRST_DAY) & (cases.path != NFA)
    row = np.flatnonzero(first)
    return row, cases.child[row]


def of_kinds(lived: Lived, name: str) -> np.ndarray:
    return np.array([getattr(kind, name) for kind in lived.population.kinds])


def agrees(happened, chance):
    """Whether a count is what independent chances of these sizes bring, to four standard errors."""
    return abs(happened.sum() - chance.sum()) < 4 * np.sqrt((chance * (1 - chance)).sum())


def test_outcomes_of_first_referrals_follow_the_planted_chances_by_kind_age_and_year(lived):
    """By age group and by year: some 40 counts, each off by four standard errors in one of 16,000 seeds."""
    row, child = first_cases(lived)
    population, cases, born = lived.population, lived.lives.cases, lived.lives.children.born
    path, kind, on = cases.path[row], cases.kind[row], cases.starts_on[row]
    group, year = age_group(born[child], on), collection_year(on)
    chance = {}
    for name in ("not_in_need", "plan"):
        odds = np.array(getattr(population, f"{name}_by_age"))[group]
        chance[name] = shifted(of_kinds(lived, name)[kind], np.log(odds))
    chance["not_in_need"] = shifted(chance["not_in_need"], np.log(in_year(population.not_in_need, year)))
    enquiry = shifted(of_kinds(lived, "section_47")[kind], np.log(in_year(population.section_47, year)))
    in_need = path >= IN_NEED
    chance["section_47"] = enquiry
    happened = {"not_in_need": path == NOT_IN_NEED, "plan": path == PROTECTION, "section_47": path == SECTION_47}
    for name, of in chance.items():
        among = np.ones(row.size, dtype=bool) if name == "not_in_need" else in_need
        for levels in (group, year):
            for level in np.unique(levels):
                few = among & (levels == level)
                assert agrees(happened[name][few], of[few]), (name, level)


def test_a_first_period_of_care_follows_the_planted_chances_by_age_and_ethnic_group(lived):
    """Of cases in need only, so early that nobody is 18 before: whether the first case brings a period of care."""
    row, child = first_cases(lived)
    lives, cases = lived.lives, lived.lives.cases
    kept = (cases.path[row] == IN_NEED) & (lives.children.adult[child] - cases.starts_on[row] > 300)
    kept &= lives.dies_on[child] == NEVER
    row, child = row[kept], child[kept]
    assert row.size > 20_000
    on, ethnic = cases.starts_on[row], lives.children.ethnic_group[child]
    group = age_group(lives.children.born[child], on)
    odds = np.array(lived.population.care_by_age)[group] * CARE_BY_ETHNIC_GROUP[ethnic]
    chance = shifted(of_kinds(lived, "care")[cases.kind[row]], np.log(odds))
    into_care = np.isin(row, lives.care.case)
    for levels in (group, ethnic):
        for level in np.unique(levels):
            assert agrees(into_care[levels == level], chance[levels == level]), level
    # And the test can tell: without the planted odds of the group the count of each of the largest would be far off.
    plain = shifted(of_kinds(lived, "care")[cases.kind[row]], np.log(np.array(lived.population.care_by_age)[group]))
    asian = ethnic == MAIN_GROUPS.index("Asian")
    assert not agrees(into_care[asian], plain[asian])


def test_a_case_in_need_is_not_closed_before_the_child_is_born(lived):
    cases, lives = lived.lives.cases, lived.lives
    early = (cases.path >= IN_NEED) & (cases.starts_on < lives.children.born[cases.child])
    early &= ~np.isin(np.arange(early.size), lives.care.case)  # a baby in care may die or leave the country
    assert early.sum() > 1000
    assert (cases.closes_on[early] >= lives.children.born[cases.child[early]] + 28).all()


@pytest.mark.parametrize("count", [2, 5, 80])
def test_a_country_has_the_level_of_the_typical_authority(count):
    """Whatever authorities are drawn: rates averaged over children, chances over children referred, stay as planted."""
    population = load_catalogue().populations["england"]
    authorities = draw_authorities(population, count, 4)
    size = np.array([a.size for a in authorities])
    effect = {name: np.array([a.effects[name] for a in authorities]) for name in authorities[0].effects}
    referred = size * np.exp(effect["referral_rate"])
    near = {"rel": 1e-6}  # effects are kept to nine decimals
    assert np.average(np.exp(effect["referral_rate"]), weights=size) == pytest.approx(1, **near)
    assert np.average(np.exp(effect["re_referral"]), weights=referred) == pytest.approx(1, **near)
    mix = np.exp([a.mix for a in authorities])
    assert np.average(mix, axis=0, weights=referred) == pytest.approx(np.ones(len(population.kinds)), **near)
    share = np.array([kind.share for kind in population.kinds])
    for name in ("not_in_need", "section_47", "plan", "care"):
        chance = np.array([getattr(kind, name) for kind in population.kinds])
        in_each = [shifted(chance, each) @ share for each in effect[name]]
        assert np.average(in_each, weights=referred) == pytest.approx(chance @ share, **near)
        assert np.ptp(effect[name]) > 0.01
    nothing = np.array(list(population.no_further_action.values()))
    in_each = [shifted(nothing, each).mean() for each in effect["no_further_action"]]
    assert np.average(in_each, weights=referred) == pytest.approx(nothing.mean(), **near)
    factors = chances(population)
    recorded = [share @ shifted(factors, a.factors) for a in authorities]
    assert np.average(recorded, axis=0, weights=referred) == pytest.approx(share @ factors, rel=1e-6, abs=1e-12)


def test_authorities_of_a_population_that_does_not_vary_differ_in_size_only():
    for authority in draw_authorities(load_catalogue().populations["five_kinds"], 3, 4):
        assert not any(authority.effects.values())
        assert not authority.mix.any()
        assert not authority.factors.any()


def test_nobody_is_born_twice_or_referred_before_their_time(lived):
    children, cases = lived.lives.children, lived.lives.cases
    assert np.unique(children.person).size == len(children)
    assert (cases.closes_on >= cases.starts_on).all()
    assert (cases.starts_on < children.adult[cases.child]).all()
    order = np.lexsort((cases.starts_on, cases.child))
    same = cases.child[order][1:] == cases.child[order][:-1]
    assert (cases.starts_on[order][1:] > cases.closes_on[order][:-1])[same].all()
