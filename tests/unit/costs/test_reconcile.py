"""Costs against spending: weekly figures, and lines of spending worked by hand."""

import sys
from datetime import date
from pathlib import Path

import pytest

from careloom.catalogue.examples import ISO, typed
from careloom.catalogue.load import OURS, read_tables
from careloom.catalogue.outturn import Spending, load_outturn_lines, read_outturn
from careloom.core import CatalogueError, RequestError
from careloom.costs.reconcile import reconcile, topdown_weekly

sys.path.append(str(Path(__file__).parent))
from prices_made_up import engine_of, line

SPELL = read_tables(OURS / "tables.toml")["spell"]
SPELLS = [
    ("a1", "a", "period_of_care", "2022-12-01", None, "N1"),
    ("a2", "a", "placement_segment", "2022-12-01", None, "K2"),
    ("b1", "b", "period_of_care", "2023-01-01", "2023-06-01", "N1"),
    ("b2", "b", "placement_segment", "2023-01-01", "2023-06-01", "U6"),
    ("b3", "b", "cin_episode", "2023-06-01", None, ""),
    ("c1", "c", "period_of_care", "2023-03-31", "2024-03-31", "N1"),
]
LINES = [
    # 31 nights before the year, 366 in it: half a million is not all of the year's
    line("a", "placement fee", 397, 397_000, kind="fee", unit_cost="1000", placement_id="a2", starts_on="2023-03-01", ends_on="2024-04-01"),
    line("b", "placement fee", 61, 6_100, kind="fee", unit_cost="100", placement_id="b2", starts_on="2023-04-01", ends_on="2023-06-01"),
    line("b", "support", 61, 2_440, unit_cost="40", placement_id="b2", starts_on="2023-04-01", ends_on="2023-06-01"),
    line("b", "review", 1, 240, process="LAC 6", basis="event", unit_cost="240", starts_on="2023-05-01", ends_on="2023-05-02"),
    line("b", "review", 1, 240, process="LAC 6", basis="event", unit_cost="240", starts_on="2023-03-31", ends_on="2023-04-01"),
]  # fmt: skip


def found(*spent: tuple[str, float], first_day: date = date(2023, 3, 1)) -> dict:
    engine = engine_of(*LINES)
    names = ("spell_id", "person_id", "kind", "starts_on", "ends_on", "code")
    engine.load("spell", typed(SPELL, [dict(zip(names, row, strict=True)) | {"la": "A"} for row in SPELLS], ISO))
    spending = [Spending("A", 2024, name, amount, "made up") for name, amount in spent]
    window = {"first_day": first_day, "end_day": date(2024, 4, 1)}
    return {each.line.name: each for each in reconcile(engine, spending, load_outturn_lines(), **window)}


def test_what_was_costed_in_the_year_stands_against_what_was_spent() -> None:
    lines = found(("looked after", 500_000), ("residential", 400_000), ("fostering", 10_000), ("social work", 5_000))
    assert lines["residential"].cost == 366_000  # the nights of the year, the 29th of February too
    assert lines["residential"].denominator == 366
    assert lines["residential"].coverage == pytest.approx(0.915)
    assert lines["fostering"].cost == 6_100
    assert lines["fostering"].denominator == 0  # b went home in June
    assert lines["looked after"].cost == 372_100
    assert lines["looked after"].children == 2
    assert lines["looked after"].denominator == 1  # a; c left on 31 March itself
    assert lines["social work"].cost == 2_680  # the review of 31 March before is of the year before
    assert lines["social work"].denominator == 1


def test_a_year_that_the_costs_do_not_hold_whole_is_refused() -> None:
    with pytest.raises(RequestError, match="whole of 2023-24"):
        found(("looked after", 1), first_day=date(2023, 5, 1))


def test_weekly_costs_by_hand() -> None:
    assert topdown_weekly(365_000, 1, basis="headcount_31_march") == 7_000
    assert topdown_weekly(366_000, 366, basis="care_days") == 7_000
    assert topdown_weekly(365_000 * 1_002.4 / 1_000, 1, basis="headcount_31_march") == 7_015  # 7,016.80
    assert topdown_weekly(100, 0, basis="care_days") is None
    with pytest.raises(ValueError, match="basis"):
        topdown_weekly(100, 1, basis="nights")


HEADING = "la,year,line,amount,source\n"


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ("A,2023-24,fosterng,5,x\n", 'line 2: there is no line "fosterng"; did you mean "fostering"'),
        ("A,2023-25,fostering,5,x\n", 'line 2: "year" should be a financial year'),
        ("A,2023-24,fostering,-5,x\n", 'line 2: "amount" should be 0 or more'),
        ("A,2023-24,fostering,5,\n", 'line 2: "source" is blank'),
        ("A,2023-24,fostering,5,x\nA,2023-24,fostering,6,x\n", "line 3: this authority, year and line came before"),
    ],
)
def test_a_sheet_of_spending_that_is_wrong_is_refused(tmp_path: Path, rows: str, why: str) -> None:
    (tmp_path / "spending.csv").write_text(HEADING + rows)
    with pytest.raises(CatalogueError, match=why):
        read_outturn(tmp_path / "spending.csv")


def test_a_sheet_of_spending_is_read(tmp_path: Path) -> None:
    (tmp_path / "spending.csv").write_text(HEADING + "A,1999-00,fostering,1234567.5,accounts\n")
    assert read_outturn(tmp_path / "spending.csv") == [Spending("A", 2000, "fostering", 1234567.5, "accounts")]
