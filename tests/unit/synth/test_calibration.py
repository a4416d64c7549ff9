"""Counts of a small country made by hand are what one counts by hand, and what misses its target is said to miss."""

from collections import Counter
from dataclasses import fields
from datetime import date
from typing import Any

import numpy as np
import pytest

from careloom.catalogue.load import OURS
from careloom.catalogue.population import read_population
from careloom.catalogue.targets import Target, Tolerance, read_targets
from careloom.synth.calibration.compare import FEWEST_FOR_SPREAD, calibration_table, compare, count_authority
from careloom.synth.calibration.counts import Counts, position, whole_months
from careloom.synth.days import NEVER
from careloom.synth.life.authorities import draw_authorities
from careloom.synth.life.england import make_world
from careloom.synth.world import (
    Assessments,
    Authority,
    Care,
    Codes,
    Enquiries,
    Episodes,
    Meetings,
    Missing,
    People,
    Placed,
    Plans,
    Referrals,
    Support,
    World,
)

ENGLAND = read_population(OURS / "populations" / "england.toml")
TARGETS = read_targets(OURS / "national" / "targets.csv")
YEARS = (2019, 2020)
CHILDREN = {2019: 900.0, 2020: 900.0}
BEN = 1


def on(text: str) -> int:
    """The number of a day; blank is a day that does not come."""
    return (date.fromisoformat(text) - date(1970, 1, 1)).days if text else NEVER


def columns(kind: type, heading: str, text: str) -> Any:
    """A table of the world from text: dates become day numbers, numbers stay, `yes` is a flag, `-` is blank text."""
    rows = [line.split() for line in text.strip().splitlines()]
    values = {name: [row[at] for row in rows] for at, name in enumerate(heading.split())}
    known = {name: read(name, of) for name, of in values.items()}
    size = len(rows)
    rest = {f.name: np.zeros(size, dtype=np.int64) for f in fields(kind) if f.name not in known}
    return kind(**{f.name: {**rest, **known}[f.name] for f in fields(kind)})


def read(name: str, values: list[str]) -> Any:
    if name.endswith("_on") or name == "born":
        return np.array([on("" if value == "-" else value) for value in values])
    if name.startswith("is_"):
        return np.array([value == "yes" for value in values])
    if all(value.isdigit() for value in values) and name not in ("code", "source"):
        return np.array([int(value) for value in values])
    return np.array(["" if value == "-" else value for value in values])


def hand_made() -> World:
    people = columns(
        People,
        "person is_male is_uasc born identity ethnicity",
        """
        11 no  no  2010-01-01 own     WBRI
        12 yes no  2015-06-01 own     BCRB
        13 yes no  2019-05-01 own     MWBC
        14 yes yes 2002-07-01 own     OOTH
        15 no  no  2017-01-01 arrived REFU
        16 no  no  2008-04-01 own     WBRI
        17 yes no  2007-04-02 own     WIRI
        18 no  no  2012-01-15 own     WBRI
        """,
    )
    disabilities = np.zeros((8, 12), dtype=bool)
    disabilities[BEN, 3] = True
    # Ann comes again within the year. Ben is twice found not in need, once before and once after 31 March 2019. Cat is
    # not yet born, Dan came alone, Eve came from elsewhere. Fay comes again a year later to the day, and moves away on
    # 31 March 2019.
    referrals = columns(
        Referrals,
        "child starts_on closes_on path need source reason",
        """
        0 2018-05-10 2018-05-10 0 -  6  -
        0 2019-03-01 2019-06-01 2 N1 2A RC7
        1 2018-04-01 2018-05-20 1 N5 6  RC8
        1 2019-03-20 2019-04-15 1 N5 6  RC8
        2 2019-03-31 2021-01-01 5 N1 3E RC7
        3 2018-10-01 2020-07-01 2 N8 5C RC7
        4 2018-04-01 2018-12-31 2 N4 10 RC7
        5 2017-06-10 2017-08-01 2 N1 2A RC7
        5 2018-06-10 2019-03-31 2 N1 2A RC5
        """,
    )
    assessments = columns(
        Assessments,
        "referral starts_on ends_on",
        """
        1 2019-03-04 2019-03-25
        1 2019-03-26 2019-03-26
        2 2018-04-09 2018-05-18
        5 2018-10-01 2018-10-29
        """,
    )
    codes = columns(Codes, "assessment code", "0 3B\n0 18A\n1 3B\n1 4B\n2 21\n3 9A\n3 8B\n3 8C")
    enquiries = columns(Enquiries, "referral starts_on conference_on", "1 2019-03-05 -\n4 2019-04-01 2019-04-18")
    plans = columns(
        Plans,
        "child referral starts_on ends_on first_category before",
        "2 4 2019-04-18 2019-10-01 NEG 0\n2 4 2020-02-01 2021-01-01 EMO 1",
    )
    # In her second period Ann stays with one carer through an order and a week elsewhere, then moves. Gus has been with
    # one carer for two years on 31 March 2019, and moves on the day after. Hal leaves twice in a year.
    care = columns(
        Care,
        "child starts_on ends_on need",
        """
        0 2019-03-05 2019-03-15 N1
        0 2019-05-01 2019-11-20 N1
        3 2018-10-01 2020-07-01 N8
        6 2016-09-30 2021-01-01 N1
        7 2019-05-01 2019-06-01 N4
        7 2020-01-10 2020-02-10 N4
        """,
    )
    episodes = columns(
        Episodes,
        "care starts_on ends_on legal place reason_ceased carer",
        """
        0 2019-03-05 2019-03-15 V2 U6 E4B 1
        1 2019-05-01 2019-05-10 L2 U6 X1  2
        1 2019-05-10 2019-07-01 C1 U6 X1  2
        1 2019-07-01 2019-07-08 C1 T1 X1  3
        1 2019-07-08 2019-09-01 C1 U6 X1  2
        1 2019-09-01 2019-11-20 C1 K2 E4A 4
        2 2018-10-01 2019-06-01 V2 H5 X1  5
        2 2019-06-01 2020-07-01 V2 K2 E5  6
        3 2016-09-30 2017-03-31 C2 U6 X1  7
        3 2017-03-31 2019-04-01 C2 U4 X1  8
        3 2019-04-01 2021-01-01 C2 U4 E8  9
        4 2019-05-01 2019-06-01 V2 U3 E4A 10
        5 2020-01-10 2020-02-10 V2 U3 E45 10
        """,
    )
    none = Meetings(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64))
    return World(
        authority=Authority(0, "501", "Careloom-on-Sea", 1.0, np.zeros(1), {}, np.zeros(1)),
        population=ENGLAND,
        years=YEARS,
        people=People(**vars(people) | {"disabilities": disabilities}),
        referrals=referrals,
        assessments=assessments,
        codes=codes,
        enquiries=enquiries,
        plans=plans,
        plan_reviews=none,
        support=columns(Support, "referral starts_on ends_on", "1 2019-03-25 2019-06-01"),
        care=care,
        placed=columns(Placed, "care starts_on", ""),
        left=np.empty(0, dtype=str),
        missing=columns(Missing, "care starts_on", ""),
        episodes=episodes,
        care_reviews=none,
    )


@pytest.fixture(scope="module")
def counts() -> Counts:
    return count_authority(hand_made(), CHILDREN)


RATES = {  # how many in 2019 and in 2020
    "referrals": (8, 0),
    "children_referred": (6, 0),
    "episodes_of_need_started": (6, 0),  # not Ann's without further action, nor Ben's first
    "episodes_of_need_ended": (2, 1),  # Eve's and Fay's; Ann's second, but not Ben's second
    "children_in_need_in_year": (6, 3),
    "children_in_need_at_31_march": (4, 2),  # Ben, not yet found not to be in need, but not Fay
    "child_in_need_plans_started": (1, 0),
    "child_in_need_plans_ended": (0, 1),
    "child_in_need_plans_at_31_march": (1, 0),
    "assessments_completed": (4, 0),
    "section_47_enquiries": (1, 1),
    "initial_conferences": (0, 1),
    "protection_plans_started": (0, 2),
    "protection_plans_ended": (0, 1),
    "protection_plans_at_31_march": (0, 1),
    "looked_after_at_31_march": (2, 2),
    "started_looked_after": (2, 2),
    "ceased_looked_after": (1, 2),
    "adopted": (0, 0),
    "unaccompanied_at_31_march": (1, 1),
}
SHARES = {  # in which year, of how many
    ("re_referrals_within_12_months", "", 2019): (3, 8),
    ("children_re_referred", "", 2019): (3, 6),
    ("no_further_action", "", 2019): (1, 8),
    ("assessed_not_in_need", "", 2019): (1, 8),
    ("source_of_referral", "police", 2019): (3, 8),
    ("source_of_referral", "unknown", 2019): (1, 8),
    ("referrals_by_month", "March", 2019): (3, 8),
    ("length_of_open_episodes", "up to 3 months", 2019): (3, 4),
    ("length_of_open_episodes", "3 to 6 months", 2019): (1, 4),  # Dan: half a year less a day
    ("length_of_ended_episodes", "6 to 12 months", 2019): (2, 2),
    ("length_of_ended_episodes", "up to 3 months", 2020): (1, 1),  # three months to the day
    ("reason_for_closure", "transferred to another authority", 2019): (1, 2),
    ("reason_for_closure", "any other reason", 2020): (1, 1),
    ("primary_need_at_31_march", "N5", 2019): (1, 4),
    ("disabled_at_31_march", "", 2019): (1, 4),
    ("children_in_need_by_age", "unborn", 2019): (1, 3),
    ("children_in_need_by_age", "5 to 9", 2019): (1, 3),
    ("children_in_need_16_and_over", "", 2019): (1, 4),
    ("children_in_need_by_sex", "male", 2019): (2, 3),  # the unborn child has none yet
    ("children_in_need_by_ethnic_group", "Mixed", 2019): (1, 4),
    ("assessments_by_working_days", "11 to 20", 2019): (2, 4),  # three weeks, and four: 15 and 20 days
    ("assessments_by_working_days", "same day", 2019): (1, 4),
    ("assessments_by_working_days", "21 to 30", 2019): (1, 4),
    ("factors", "3B", 2019): (1, 2),  # once for Ann's case, though in two assessments
    ("factors", "8", 2019): (1, 2),  # 8B and 8C are one
    ("factors", "18", 2019): (1, 2),
    ("factors_per_case", "", 2019): (5, 2),
    ("section_47_to_conference", "11 to 15", 2020): (1, 1),
    ("second_or_subsequent_plans", "", 2020): (1, 2),
    ("length_of_ended_plans", "3 to 6 months", 2020): (1, 1),
    ("category_of_plan", "neglect", 2020): (1, 2),
    ("protection_plans_by_age", "under 1", 2020): (1, 1),
    ("started_by_age", "5 to 9", 2019): (1, 2),
    ("started_by_legal_status", "section 20", 2019): (2, 2),
    ("started_by_legal_status", "detained for protection", 2020): (1, 2),
    ("started_unaccompanied", "", 2019): (1, 2),
    ("looked_after_by_placement", "independent or supported", 2019): (1, 2),
    ("looked_after_by_placement", "secure or children's home", 2020): (1, 2),
    ("looked_after_by_placement", "foster care, all", 2020): (1, 2),
    ("ceased_by_reason", "home, not planned", 2019): (1, 1),
    ("ceased_by_length", "under 2 weeks", 2019): (1, 1),
    ("ceased_by_length", "6 months to 1 year", 2020): (1, 2),
    ("ceased_length_in_days", "", 2020): (203 + 31, 2),
    ("ceased_by_periods_of_care", "2", 2020): (2, 2),
    ("ceased_by_placements", "2", 2020): (1, 2),  # the week elsewhere is none
    ("ceased_by_reason", "special guardianship", 2020): (1, 2),  # Hal, by the last time
    ("placements_in_year", "1", 2019): (2, 2),
    ("placements_in_year", "1", 2020): (1, 2),  # Gus: what ended on 1 April is of the year before
    ("placements_in_year", "2", 2020): (1, 2),
    ("long_term_stability", "", 2019): (1, 1),  # two and a half years in care, two in one place, to the day
    ("long_term_stability", "", 2020): (0, 1),
    ("unaccompanied_by_age", "16 and over", 2019): (1, 1),
}
FIRSTS = {  # in both years, of children whose past is known: 50 of each age
    ("ever_before_18", "referred"): 4,
    ("ever_before_18", "assessed"): 4,
    ("ever_before_18", "in need"): 3,
    ("ever_before_18", "on a protection plan"): 1,
    ("ever_before_18", "looked after"): 3,
    ("referred_before_5", ""): 2,
}


def test_rates_are_counted_as_by_hand(counts: Counts) -> None:
    found = {name: tuple(round(900 * counts.ratio(name, "", year)) for year in YEARS) for name in RATES}
    assert found == RATES


def test_shares_are_counted_as_by_hand(counts: Counts) -> None:
    wanted = {key: over / under for key, (over, under) in SHARES.items()}
    assert {key: counts.ratio(*key) for key in SHARES} == pytest.approx(wanted)


def test_first_events_are_of_children_whose_past_is_known(counts: Counts) -> None:
    assert {key: round(100 * counts.ratio(*key, None)) for key in FIRSTS} == FIRSTS


def test_children_are_followed_from_day_to_day(counts: Counts) -> None:
    """Ann comes back after 295 days, Ben after 353; the others are followed to 31 March 2020, Fay until she moves."""
    events, censored = counts.leaving["re_referred"]
    assert np.flatnonzero(events).tolist() == [295, 353]
    assert np.flatnonzero(censored).tolist() == [294, 366, 547, 730]
    events, censored = counts.leaving["re_entered_care_from_home"]
    assert (np.flatnonzero(events).tolist(), np.flatnonzero(censored).tolist()) == ([47, 223], [132])
    assert np.flatnonzero(counts.leaving["second_plan_after_plan"][0]).tolist() == [123]


def test_counts_of_two_authorities_add_up(counts: Counts) -> None:
    both = counts + counts
    assert len(both.authorities) == 2
    for name, table in counts.tables.items():
        assert (both.tables[name].over == 2 * table.over).all()
        assert (both.tables[name].under == 2 * table.under).all()
    assert (both.leaving["re_referred"] == 2 * counts.leaving["re_referred"]).all()
    with pytest.raises(ValueError, match="different years"):
        counts + Counts((2018, 2020), {}, {}, ())


# --- comparing -------------------------------------------------------------------------------------------------------


def target(statistic: str, value: float, **more: Any) -> Target:
    given = {"group": "", "year": 2019, "unit": "% of referrals", "tolerance": Tolerance(2, is_relative=False)} | more
    return Target(statistic=statistic, value=value, source="made up", note="", **given)


def test_a_miss_is_a_miss_and_is_shown(counts: Counts) -> None:
    hit, miss, unknown = compare(
        counts,
        [target("no_further_action", 14.0), target("no_further_action", 15.0), target("wizards", 5.0)],
    )
    assert (hit.is_within, miss.is_within, unknown.is_within) == (True, False, False)
    assert hit.generated == pytest.approx(100 / 8)
    table = calibration_table([hit, miss, unknown])
    assert table.startswith("Of 3 published figures, year by year, 1 are met within tolerance and 2 are missed.")
    assert "2019: 12.5 for 15.0" in table
    assert "2019: nothing for 5.00" in table


def test_figures_that_cannot_be_told_are_left_out(counts: Counts) -> None:
    asked = [
        target("referrals", 500.0, year=2015, unit="per 10,000 children"),
        target("referrals", 500.0, group="5th centile of authorities", unit="per 10,000 children"),
        target("re_referred", 54.5, group="within 6 years", year=None),
    ]
    assert compare(counts, asked) == ()


def test_what_nobody_published_is_shown_and_not_judged(counts: Counts) -> None:
    asked = target("re_referred", 0.0, group="within 1 year", year=None)
    (line,) = compare(counts, [Target(**vars(asked) | {"value": None, "tolerance": None})])
    # Of six, Fay is lost before anyone comes back; two of the other five come back within 366 days.
    assert (line.is_within, line.generated) == (None, pytest.approx(40.0))
    assert "none found" in calibration_table([line])


def test_how_authorities_differ_is_a_centile_of_their_own_values(counts: Counts) -> None:
    many = [count_authority(hand_made(), {2019: 900.0 + 10 * i, 2020: 1.0}) for i in range(FEWEST_FOR_SPREAD)]
    total = sum(many[1:], many[0])
    (line,) = compare(total, [target("referrals", 80.0, group="median of authorities", unit="per 10,000 children")])
    assert line.generated == pytest.approx(np.median([80_000 / (900 + 10 * i) for i in range(FEWEST_FOR_SPREAD)]))


def test_the_table_has_a_row_for_a_group_and_the_mean_over_its_years(counts: Counts) -> None:
    lines = compare(counts, [target("looked_after_by_sex", 90.0, group="male", year=year) for year in YEARS])
    row = calibration_table(lines).splitlines()[-1]
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert cells[:9] == [
        "looked after by sex", "male", "% of referrals", "2019-2020", "90.0", "100.0", "2 points", "MISS", "0 of 2",
    ]  # fmt: skip


# --- against the made-up England -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def drawn() -> World:
    (typical,) = draw_authorities(ENGLAND, 1, 3)
    return make_world(ENGLAND, typical, years=(2018, 2024), births=150, seed=3)


def test_everything_published_is_counted(drawn: World) -> None:
    """No statistic or group of the targets is spelt in a way that nothing is counted under."""
    counts = count_authority(drawn, dict.fromkeys(range(2018, 2025), 2700.0))
    for each in TARGETS:
        if each.statistic not in counts.leaving and not each.group.endswith("of authorities"):
            assert each.group in counts.tables[each.statistic].groups, each


def test_a_plain_count_of_children_agrees(drawn: World) -> None:
    """Some of the same figures again, one child and one case at a time."""
    counts = count_authority(drawn, dict.fromkeys(range(2018, 2025), 2700.0))
    cases = drawn.referrals
    rows = list(zip(cases.child.tolist(), cases.starts_on.tolist(), cases.closes_on.tolist(), cases.path, strict=True))
    for year in (2019, 2022):
        last = on(f"{year}-03-31")
        came = [(child, start) for child, start, _, _ in rows if on(f"{year - 1}-04-01") <= start <= last]
        again = [
            any(other == child and start - 365 <= earlier < start for other, earlier, _, _ in rows)
            for child, start in came
        ]
        in_need = {child for child, start, end, path in rows if start <= last < end and path}
        looked_after = zip(drawn.care.child.tolist(), drawn.care.starts_on, drawn.care.ends_on, strict=True)
        in_care = {child for child, start, end in looked_after if start <= last < end}
        assert counts.ratio("referrals", "", year) * 2700 == pytest.approx(len(came))
        # 365 days are a day short of twelve months when 29 February lies between: at most a case or two apart.
        assert counts.ratio("re_referrals_within_12_months", "", year) * len(came) == pytest.approx(sum(again), abs=2)
        assert counts.ratio("children_in_need_at_31_march", "", year) * 2700 == pytest.approx(len(in_need))
        assert counts.ratio("looked_after_at_31_march", "", year) * 2700 == pytest.approx(len(in_care))
        born = [date(1970, 1, 1).toordinal() + drawn.people.born[child] for child in in_care]
        ages = Counter((date(year, 3, 31) - date.fromordinal(int(day))).days // 365.25 >= 16 for day in born)
        assert counts.ratio("looked_after_by_age", "16 and over", year) * len(in_care) == pytest.approx(ages[True])


def test_the_helpers_count_as_people_do() -> None:
    days = np.array([on(day) for day in ("2019-02-28", "2019-03-01", "2019-01-14", "2020-01-15")])
    start = np.array([on(day) for day in ("2018-02-28", "2020-02-29", "2019-01-15", "2019-01-15")])
    assert whole_months(start, days).tolist() == [12, -12, -1, 12]
    assert position(np.array(["b", "z", "a"]), {"first": ["a"], "second": ["b", "c"]}).tolist() == [1, -1, 0]
