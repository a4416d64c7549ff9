"""`careloom cost` on a made-up authority, as a user types it: totals, scenarios, conventions counted again, and spending."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from careloom.catalogue import load_catalogue
from careloom.catalogue.scenarios import Change, load_scenarios, load_switches
from careloom.cli import main
from careloom.costs.uncertainty import Doubt
from careloom.engine import open_kept, write_database
from careloom.study.cost_state import Costs
from careloom.study.cost_tables import ALL, behind, summed

READ = ("cost", "spell", "event", "timeline", "care_episode", "factor", "fee")
"""The tables of a run that the command looks in; and `person`, of which no date of birth is kept."""


@pytest.fixture(scope="module")
def study(demonstration: Any) -> Iterator[Path]:
    """The study file of the demonstration, with what a run keeps in its results; nothing of it is left afterwards."""
    out, engine = demonstration.study.out, demonstration.engine
    out.mkdir()
    kept = {name: engine.arrow(f"SELECT * FROM {name}") for name in READ if engine.columns(name)}
    kept["person"] = engine.arrow("SELECT * EXCLUDE (born_on) FROM person")
    for name in ("delivery", "rule_state"):
        if engine.columns(name):
            kept[name] = engine.arrow(f"SELECT * FROM {name}")
    write_database(out / "study.duckdb", kept)
    (out / "manifest.json").write_text(json.dumps({"study": demonstration.study.name, "key_id": "none"}))
    yield demonstration.folder / "study.toml"
    for path in sorted(out.iterdir()):
        path.unlink()
    out.rmdir()


def said(capsys: Any, *arguments: str, code: int = 0) -> str:
    assert main(["cost", *arguments]) == code
    heard = capsys.readouterr()
    return str(heard.out if code == 0 else heard.err)


@pytest.fixture(scope="module")
def costs(study: Path, demonstration: Any) -> Iterator[Costs]:
    engine = open_kept(study.parent / demonstration.study.out.name / "study.duckdb")
    yield Costs(engine, demonstration.study, load_catalogue(), Doubt(draws=100))
    engine.close()


def flat(told: str) -> str:
    """Without the ends of lines that sentences are filled with."""
    return " ".join(told.split())


def total(costs: Costs, *changes: Any) -> float:
    state = costs.state(changes)
    return float(
        summed(state.cells, costs.central(state.cells).of_cells(state.cells, state.weights), "Process")[ALL][0]
    )


def test_the_cells_add_up_to_the_lines(costs: Costs) -> None:
    (whole,) = costs.engine.rows("SELECT sum(subtotal) FROM cost")[0]
    assert total(costs) == pytest.approx(float(whole), rel=1e-9)
    (children,) = costs.engine.rows("SELECT count(DISTINCT person_id) FROM cost")[0]
    assert behind(costs.engine, "Process")[ALL].children == children


def test_counting_again_in_the_same_way_changes_nothing(costs: Costs) -> None:
    """The event pass over what is kept, with its own words, gives the lines of the run: so any difference is the switch's."""
    process = next(process for process in load_catalogue().processes if process.key == "LAC 3")
    again = [Change("recount", process="LAC 3", element=e.name, select=e.select) for e in process.elements]
    assert total(costs, *again) == pytest.approx(total(costs), abs=0.01)


def test_a_shorter_time_to_settle_costs_the_difference_of_the_two_rates(costs: Costs) -> None:
    before, nights = total(costs), {}
    for changes in ((), load_switches()["settling_28_nights"].changes):
        with costs.counted(changes):
            rows = costs.engine.rows("SELECT element, sum(quantity) FROM cost WHERE process = 'LAC 3' GROUP BY element")
            nights[len(changes)] = {element: float(number) for element, number in rows}
    fewer = nights[0]["support while settling"] - nights[2]["support while settling"]
    assert fewer > 0
    assert nights[2]["support once settled"] - nights[0]["support once settled"] == fewer
    # 3.5 and 2 hours a week at 40: 20 and 11.428571 a night, as the sheet's rounding has them
    after = total(costs, *load_switches()["settling_28_nights"].changes)
    assert before - after == pytest.approx(fewer * (20 - 11.428571), rel=1e-6)
    assert total(costs) == pytest.approx(before, abs=0.01)  # and the lines of before are back


@pytest.mark.parametrize("name", sorted(load_scenarios()))
def test_each_shipped_scenario_is_told_with_what_it_takes_for_granted(study: Path, capsys: Any, name: str) -> None:
    scenario = load_scenarios()[name]
    told = flat(said(capsys, str(study), "--scenario", name, "--draws", "100", "--of", "moves"))
    for part in (
        scenario.title,
        scenario.source,
        *scenario.assumptions,
        "Cost avoided is not cash saved",
        "ILLUSTRATIVE",
    ):
        assert part in told
    assert "What would change, by process" in told
    assert "What moves the difference most" in told


def test_a_scenario_in_brief_says_what_would_change_and_how_to_ask_for_more(study: Path, capsys: Any) -> None:
    told = flat(said(capsys, str(study), "--scenario", "monthly_visits", "--draws", "100"))
    assert "What would change, by process" in told
    assert "What moves the difference most" not in told
    assert "--of placement" in told


WEEK = re.compile(r"£[\d,]+ for a child for a week")


def test_in_brief_the_conclusion_comes_first_and_fits_on_a_screen(study: Path, costs: Costs, capsys: Any) -> None:
    told = said(capsys, str(study), "--draws", "100")
    lines = told.splitlines()
    assert len(lines) < 35
    assert max(len(line.rstrip()) for line in lines) <= 100
    first, *_ = (line for line in lines if "£" in line)
    (whole,) = costs.engine.rows("SELECT sum(subtotal) FROM cost")[0]
    assert first.startswith(f"In all £{round(float(whole) / 100) * 100:,}, of about")
    assert WEEK.search(flat(told))
    assert "The largest 5 of" in told
    assert "Nothing on record shows" in told
    (most,) = costs.engine.rows(
        "SELECT process, process_name FROM cost GROUP BY process, process_name, kind ORDER BY sum(subtotal) DESC LIMIT 1"
    )
    assert lines[lines.index(next(line for line in lines if line.startswith("line"))) + 1].startswith(" ".join(most))


def test_each_part_that_is_asked_about_fits_on_a_screen(study: Path, capsys: Any) -> None:
    whole = said(capsys, str(study), "--draws", "100", "--all")
    assert max(len(line.rstrip()) for line in whole.splitlines()) <= 100
    for part, title in (
        ("process", "by process"),
        ("placement", "by placement"),
        ("moves", "What moves the cost most"),
    ):
        told = said(capsys, str(study), "--draws", "100", "--of", part)
        assert title in told
        assert told.partition(title)[2].splitlines()[1:4] == whole.partition(title)[2].splitlines()[1:4]


def test_totals_ranges_and_a_drawing(study: Path, capsys: Any, tmp_path: Path) -> None:
    drawing = tmp_path / "tornado.svg"
    told = said(capsys, str(study), "--draws", "100", "--all", "--svg", str(drawing))
    for part in (
        "How sure the cost is, by process",
        "by placement",
        "What moves the cost most",
        "seed 1",
        "ILLUSTRATIVE",
    ):
        assert part in told
    assert "ILLUSTRATIVE" in drawing.read_text()
    assert "Prices: fees and allowances" in drawing.read_text()
    assert "there already" in said(capsys, str(study), "--svg", str(drawing), code=6)
    again = said(capsys, str(study), "--draws", "100", "--all", "--svg", str(tmp_path / "2.svg"))
    assert flat(told) == flat(again).replace("2.svg", "tornado.svg")


def test_nothing_is_told_more_exactly_than_to_100_pounds(study: Path, capsys: Any) -> None:
    told = flat(
        said(capsys, str(study), "--draws", "100") + said(capsys, str(study), "--draws", "100", "--of", "moves")
    )
    amounts = [int(number.replace(",", "")) for number in re.findall(r"£-?([\d,]+)", WEEK.sub("", told))]
    assert len(amounts) > 15
    assert all(amount % 100 == 0 for amount in amounts)


def test_spending_stands_beside_costs(study: Path, capsys: Any, tmp_path: Path, demonstration: Any) -> None:
    last = demonstration.study.cost_end_day.year
    sheet = tmp_path / "spending.csv"
    row = f"501,{last - 1}-{last % 100:02},looked after,20000000,made up\n"
    sheet.write_text("la,year,line,amount,source\n" + row)
    told = said(capsys, str(study), "--draws", "100", "--outturn", str(sheet))
    assert "Costs against spending" in told
    assert "£20,000,000" in told
    sheet.write_text(
        "la,year,line,amount,source\n" + row.replace(str(last - 1), "1999", 1).replace(f"-{last % 100:02}", "-00", 1)
    )
    assert "do not hold the whole of 1999-00" in said(capsys, str(study), "--outturn", str(sheet), code=2)


def test_what_is_wrong_is_named(study: Path, capsys: Any, tmp_path: Path) -> None:
    assert 'did you mean "monthly_visits"' in said(capsys, str(study), "--scenario", "monthly_visit", code=2)
    assert "draws should be" in said(capsys, str(study), "--draws", "3", code=2)
    nobody = tmp_path / "nobody.toml"
    nobody.write_text(
        'title = "t"\nwhy = "w"\nsource = "s"\nassumptions = ["a"]\n[[change]]\nwhat = "fee"\ntimes = 2\nof = { placement_code = "castle" }\n'
    )
    assert "finds no cost to change" in said(capsys, str(study), "--scenario", str(nobody), code=2)
