"""Which questions can be answered, what is missing, and what would unlock most."""

import datetime as dt
import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from careloom.catalogue import Catalogue, load_catalogue
from careloom.catalogue.items import read_item
from careloom.check import measure_availability
from careloom.check.abilities import make_abilities
from careloom.check.cells import Measured
from careloom.engine import DuckDBEngine, Engine

OURS = load_catalogue()
HandOver = Callable[..., None]
DAY = dt.date(2020, 5, 1)
CHILD, DOB, DEC = "ssda903 header.CHILD", "ssda903 header.DOB", "ssda903 episodes.DEC"
REFERRAL, SEX = "cin_census CINdetails.CINreferralDate", "ssda903 header.SEX"


def asking(**items: tuple[str, ...]) -> Catalogue:
    """Our returns, with outcomes that need these items as the only questions."""
    some = OURS.outcomes["re_entry"]
    outcomes = {name: replace(some, name=name, title=name, items=needed) for name, needed in items.items()}
    return replace(OURS, indicator_sets={}, processes=(), needs=(), outcomes=outcomes)


def header(la: str, year: int, rows: int = 4, **cells: Any) -> list[dict[str, Any]]:
    return [{"la": la, "year": year, "CHILD": str(n), "DOB": DAY, **cells} for n in range(rows)]


def abilities(engine: Engine) -> list[tuple[Any, ...]]:
    return engine.rows("SELECT la, question, state, missing FROM ability ORDER BY la, position")


def unlocks(engine: Engine) -> list[tuple[Any, ...]]:
    return engine.rows("SELECT la, item, questions_lacking_only, questions_lacking FROM unlock ORDER BY la, position")


def test_ready_partly_and_not_possible(engine: Engine, hand_over: HandOver) -> None:
    catalogue = asking(born=(CHILD, DOB), sexes=(CHILD, SEX), ends=(CHILD, DOB, DEC), referred=(REFERRAL,))
    rows = [*header("A", 2020, SEX="1"), *header("A", 2021), *header("B", 2021, SEX="2")]
    hand_over(engine, {"ssda903 header": rows}, delivered=[("cin_census", "all", "B", 2021)])
    measure_availability(engine, catalogue)
    assert abilities(engine) == [
        ("A", "born", "ready", ""),
        ("A", "sexes", "partly", f"{SEX} of 2021"),
        ("A", "ends", "not possible", "ssda903 episodes (the whole table)"),
        ("A", "referred", "not possible", "cin_census (the whole return)"),
        ("B", "born", "partly", "ssda903 (the whole return) of 2020"),  # 2020 is a year of the study, for A gave it
        ("B", "sexes", "partly", "ssda903 (the whole return) of 2020"),
        ("B", "ends", "not possible", "ssda903 episodes (the whole table); ssda903 (the whole return) of 2020"),
        ("B", "referred", "not possible", "cin_census CINdetails (the whole table)"),
    ]
    assert unlocks(engine) == [
        ("A", "cin_census (the whole return)", 1, 1),
        ("A", "ssda903 episodes (the whole table)", 1, 1),
        ("B", "cin_census CINdetails (the whole table)", 1, 1),
        ("B", "ssda903 episodes (the whole table)", 1, 1),
    ]
    counts = "SELECT items_needed, items_there, years_asked, years_ready FROM ability WHERE la = 'A' ORDER BY position"
    assert engine.rows(counts) == [(2, 2, 2, 2), (2, 2, 2, 1), (3, 2, 2, 0), (1, 0, 2, 0)]


def test_what_stands_alone_in_the_way_of_most_comes_first(duck: DuckDBEngine, hand_over: HandOver) -> None:
    upn = "ssda903 header.UPN"
    catalogue = asking(one=(SEX, upn), two=(SEX, upn), three=(SEX, DEC), four=(DEC,), five=(CHILD,))
    hand_over(duck, {"ssda903 header": header("A", 2021), "ssda903 episodes": header("A", 2021)})
    measure_availability(duck, catalogue)
    assert unlocks(duck) == [("A", DEC, 1, 2), ("A", SEX, 0, 3), ("A", upn, 0, 2)]


def test_an_alternative_will_do_and_its_years_add_up(duck: DuckDBEngine, hand_over: HandOver) -> None:
    either = "cin_census ChildIdentifiers.Sex | cin_census ChildIdentifiers.GenderCurrent"
    rows = [
        {"la": "A", "year": 2024, "LAchildID": "A", "GenderCurrent": "1"},
        {"la": "A", "year": 2025, "LAchildID": "A", "Sex": "M"},
    ]
    hand_over(duck, {"cin_census ChildIdentifiers": rows})
    measure_availability(duck, asking(either=(either,), born=(f"{DOB} | {REFERRAL}",), whole=(f"{DOB} | {SEX}",)))
    assert abilities(duck) == [
        ("A", "either", "ready", ""),
        ("A", "born", "not possible", "ssda903 header (the whole table) or cin_census CINdetails (the whole table)"),
        ("A", "whole", "not possible", "ssda903 (the whole return)"),
    ]


@pytest.mark.parametrize(
    ("item", "filled", "state"),
    [(DOB, 10, "ready"), (DOB, 9, "not possible"), (DEC, 2, "ready"), (DEC, 1, "not possible")],
)
def test_enough_is_less_of_an_item_that_may_be_blank(
    duck: DuckDBEngine, hand_over: HandOver, item: str, filled: int, state: str
) -> None:
    (found,) = read_item(item)
    column = OURS.returns[found.return_name].tables[found.table].column(found.column)
    assert column.needed == (item == DOB)
    rows = [{"la": "A", "year": 2021, "CHILD": "A", found.column: DAY if n < filled else None} for n in range(20)]
    hand_over(duck, {f"ssda903 {found.table}": rows})
    measure_availability(duck, asking(asked=(item,)))
    assert [row[2] for row in abilities(duck)] == [state]


def test_an_extract_counts_for_every_year_of_the_study(duck: DuckDBEngine, hand_over: HandOver) -> None:
    """Here SSDA903 stands for an extract that is taken once and reaches back."""
    catalogue = asking(born=(DOB,), both=(DOB, REFERRAL))
    returns = {**catalogue.returns, "ssda903": replace(catalogue.returns["ssda903"], yearly=False)}
    referrals = [{"la": "A", "year": year, "LAchildID": "A", "CINreferralDate": DAY} for year in (2019, 2020)]
    hand_over(duck, {"ssda903 header": header("A", 2023), "cin_census CINdetails": referrals})
    measure_availability(duck, replace(catalogue, returns=returns))
    assert [row[2] for row in abilities(duck)] == ["ready", "ready"]
    assert duck.rows("SELECT DISTINCT years_asked FROM ability") == [(2,)]
    hand_over(duck, {"ssda903 header": header("A", 2023), "cin_census CINdetails": []})  # nothing yearly
    measure_availability(duck, replace(catalogue, returns=returns))
    assert [row[2] for row in abilities(duck)] == ["ready", "not possible"]


COMPLETE = {
    "ssda903 header": {"CHILD": "A", "DOB": DAY},
    "ssda903 episodes": {
        "CHILD": "A",
        "DECOM": DAY,
        "DEC": DAY + dt.timedelta(days=30),
        "RNE": "S",
        "REC": "X1",
        "LS": "C2",
        "PLACE": "U6",
        "PLACE_PROVIDER": "PR1",
        "REASON_PLACE_CHANGE": "CARPL",
        "CIN": "N1",
    },
    "ssda903 uasc": {"CHILD": "A", "DUC": DAY},
    "ssda903 oc2": {"CHILD": "A", "SDQ_SCORE": 12, "CONVICTED": "0"},
    "ssda903 reviews": {"CHILD": "A", "REVIEW": DAY},
    "cin_census ChildIdentifiers": {"LAchildID": "A", "PersonBirthDate": DAY},
    "cin_census CINdetails": {
        "LAchildID": "A",
        "CINreferralDate": DAY,
        "CINclosureDate": DAY,
        "ReasonForClosure": "RC8",
        "ReferralNFA": "0",
    },
    "cin_census Assessments": {
        "LAchildID": "A",
        "AssessmentActualStartDate": DAY,
        "AssessmentAuthorisationDate": DAY,
    },
    "cin_census FactorsIdentifiedAtAssessment": {"LAchildID": "A", "AssessmentFactors": "3B"},
    "cin_census Disabilities": {"LAchildID": "A", "Disability": "MOB"},
    "cin_census ChildProtectionPlans": {"LAchildID": "A", "CPPstartDate": DAY, "CPPendDate": DAY},
    "cin_census Section47": {
        "LAchildID": "A",
        "S47ActualStartDate": DAY,
        "DateOfInitialCPC": DAY,
        "ICPCnotRequired": "0",
    },
    "cin_census Reviews": {"LAchildID": "A", "CPPreviewDate": DAY},
    "ssda903 oc3": {"CHILD": "A", "DOB": DAY, "IN_TOUCH": "YES"},
    "health camhs_referrals": {"patient_id": "A", "referral_date": DAY, "first_appointment": DAY, "contacts": 3},
    "youth_justice interventions": {"yot_id": "A", "intervention_type": "supervision", "start_date": DAY},
    "services deliveries": {"child_id": "A", "service": "family_support", "start_date": DAY, "end_date": DAY},
}
ITEMS = [(name, column) for name, row in COMPLETE.items() for column in row]


def hand_over_complete(engine: Engine, hand_over: HandOver, without: tuple[str, str] | None = None) -> None:
    tables = {name: {**row} for name, row in COMPLETE.items()}
    if without:
        tables[without[0]][without[1]] = None  # type: ignore[assignment]
    hand_over(engine, {name: [{"la": "A", "year": 2021, **row}] for name, row in tables.items()})
    measure_availability(engine, OURS)


def test_every_question_of_ours_is_ready_when_all_it_needs_is_there(duck: DuckDBEngine, hand_over: HandOver) -> None:
    hand_over_complete(duck, hand_over)
    assert {row[2:] for row in abilities(duck)} == {("ready", "")}
    own_items = [each for each in OURS.indicator_sets.values() if not each.extends]
    assert len(abilities(duck)) == len(own_items) + len(OURS.outcomes) + len(OURS.processes) + len(OURS.needs)
    assert unlocks(duck) == []


@pytest.mark.parametrize("without", ITEMS, ids=[f"{name}.{column}" for name, column in ITEMS])
def test_without_an_item_just_the_questions_that_name_it_fall(
    duck: DuckDBEngine, hand_over: HandOver, without: tuple[str, str]
) -> None:
    hand_over_complete(duck, hand_over, without)
    item = ".".join(without)
    asked = {o.title: o.items for o in OURS.outcomes.values()} | {f"{p.key}. {p.name}": p.items for p in OURS.processes}
    asked |= {f"Need: {need.title}": need.items for need in OURS.needs}
    asked |= {
        f"Categories of demand ({name})": each.items for name, each in OURS.indicator_sets.items() if not each.extends
    }
    fallen = {title for title, items in asked.items() if item in items}
    states = dict(duck.rows("SELECT title, state FROM ability"))
    assert {title for title, state in states.items() if state == "not possible"} == fallen
    expected = [("A", item, len(fallen), len(fallen))] if fallen else []
    assert unlocks(duck) == expected


# --- against the slow way --------------------------------------------------------------------------------------------

POOL = ("header.CHILD", "header.DOB", "header.SEX", "episodes.DECOM", "episodes.DEC", "reviews.REVIEW", "oc2.SDQ_SCORE")
LAS, YEARS = ("A", "B"), (2019, 2020, 2021)


@pytest.mark.parametrize("seed", range(20))
def test_against_the_slow_way(duck: DuckDBEngine, seed: int) -> None:
    """Every table has rows in every year, so that what is missing is always an item."""
    chance = random.Random(seed)
    measured, usable = [], dict[tuple[str, str, int], float]()
    for name in POOL:
        table, column = name.split(".")
        mood = chance.choice(("full", "thin", "mixed"))
        for la in LAS:
            for year in YEARS:
                n = {"full": 100, "thin": 3, "mixed": chance.choice((3, 30, 100))}[mood]
                usable[name, la, year] = n / 100
                measured.append(Measured("ssda903", table, column, la, year, "coded", 100, n, n, None, None))
    entries = [" | ".join(chance.sample(POOL, chance.randint(1, 2))) for _ in range(8)]
    asked = {f"q{n}": tuple(dict.fromkeys(chance.sample(entries, 3))) for n in range(6)}
    full = {
        name: tuple(" | ".join(f"ssda903 {x}" for x in e.split(" | ")) for e in items) for name, items in asked.items()
    }
    make_abilities(duck, asking(**full), measured)

    def is_there(entry: str, la: str, year: int) -> bool:
        for name in entry.split(" | "):
            table, column = name.split(".")
            needed = OURS.returns["ssda903"].tables[table].column(column).needed
            if usable[name, la, year] >= (0.5 if needed else 0.1):
                return True
        return False

    def never(entries: tuple[str, ...], la: str) -> set[str]:
        return {e for e in entries if not any(is_there(e, la, year) for year in YEARS)}

    for la in LAS:
        states = dict(duck.rows(f"SELECT question, state FROM ability WHERE la = '{la}'"))
        for name, items in asked.items():
            always = all(is_there(e, la, year) for e in items for year in YEARS)
            assert states[name] == ("not possible" if never(items, la) else "ready" if always else "partly")
        found = {item: (only, n) for of, item, only, n in unlocks(duck) if of == la}
        expected = {}
        for entry in {e for items in asked.values() for e in never(items, la)}:
            lacking = [never(items, la) for items in asked.values() if entry in never(items, la)]
            name = " or ".join(f"ssda903 {x}" for x in entry.split(" | "))
            expected[name] = (sum(len(each) == 1 for each in lacking), len(lacking))
        assert found == expected
        assert list(found) == sorted(found, key=lambda name: (-found[name][0], -found[name][1], name))
