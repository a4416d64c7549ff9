"""[costs] of the study file: which prices, which conventions, and what is said of a wrong key."""

import csv
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from careloom.catalogue import load_catalogue
from careloom.core import CareloomError, CatalogueError, Ledger, StudyError
from careloom.costs import CostChoices, NeedChoices
from careloom.engine import DuckDBEngine
from careloom.study import Study, read_study, run
from careloom.study.new_prices import write_new_prices

SHEET = """standing,price_year,process,element,unit,staff,hours,source
local,2022/23,LAC 6,review,event,social worker,6,a test
"""
STAFF = """staff,price_year,salary,employer_ni,superannuation,direct_overheads,indirect_overheads,capital,weeks_per_year,hours_per_week,leave_days,statutory_days,sick_days,training_days,source
social worker,2022/23,64000,0,0,0,0,0,50,40,50,0,0,0,made up
"""


def read(study_file: Path, costs: str) -> Study:
    study_file.write_text(f"{study_file.read_text()}\n[costs]\n{costs}")
    return read_study(study_file, load_catalogue())


@pytest.fixture
def prices(tmp_path: Path) -> Path:
    folder = tmp_path / "prices"
    folder.mkdir()
    (folder / "unit_costs.csv").write_text(SHEET)
    (folder / "staff.csv").write_text(STAFF)
    return folder


def test_nothing_asked_is_the_illustrative_sheet_and_the_usual_conventions(anyshire: Path) -> None:
    study = read(anyshire, "")
    assert study.prices.standing == "illustrative"
    assert (study.cost_choices, study.with_cost_lines) == (CostChoices(), False)


@pytest.mark.parametrize("named", ["prices", "prices/unit_costs.csv"])
def test_a_folder_or_its_sheet_is_read_with_what_stands_beside_it(anyshire: Path, prices: Path, named: str) -> None:
    """64,000 / (2,000 - 400) hours = 40; 6 of them are 240."""
    study = read(anyshire, f'prices = "{named}"')
    assert [price.amount for price in study.prices.prices] == [Decimal(240)]
    assert (study.prices.standing, study.prices.price_year) == ("local", "2022/23")


def test_region_and_year_are_asked_in_the_study(anyshire: Path, prices: Path) -> None:
    """240 x 1.25 x 110 / 100."""
    (prices / "regions.csv").write_text("region,component,multiplier,source\nLondon,pay,1.25,x\n")
    (prices / "indices.csv").write_text("component,price_year,index,source\npay,2022/23,100,x\npay,2023/24,110,x\n")
    study = read(anyshire, 'prices = "prices"\nregion = "London"\nprice_year = "2023/24"')
    assert [price.amount for price in study.prices.prices] == [Decimal(330)]
    assert study.prices.price_year == "2023/24"


def test_conventions_are_read(anyshire: Path) -> None:
    study = read(
        anyshire,
        'family_share = 0.5\nfees = "sheet"\nassessment_model = "initial_plus_core"\ncin_review_days = 60\nlines = true',
    )
    assert study.cost_choices == CostChoices(Decimal("0.5"), False, "initial_plus_core", 60)
    assert study.with_cost_lines


def test_needs_are_set_in_a_table_of_their_own(anyshire: Path) -> None:
    study = read(anyshire, "[costs.needs]\nuasc = false\ncwd = true\nebd = { sdq_score = 20 }")
    assert study.cost_choices.needs == NeedChoices(off=("uasc",), numbers=(("ebd", "sdq_score", 20),))
    assert study.cost_choices.needs.said() == "ebd: sdq score 20; uasc is not told apart"


def test_the_run_costs_by_the_conventions_asked(
    anyshire: Path, duck: DuckDBEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: dict[str, Any] = {}

    def take(*_: object, **named: object) -> Ledger:
        given.update(named)
        return Ledger()

    study = read(anyshire, "family_share = 0.5")
    monkeypatch.setattr(run, "cost_children", take)
    monkeypatch.setattr(run, "cost_classes", lambda *_, **__: Ledger())
    monkeypatch.setattr(run, "within_returns", lambda study, *_: study)
    run.cost_care(study, load_catalogue(), duck)
    assert given["choices"] == study.cost_choices


@pytest.mark.parametrize(
    ("costs", "kind", "message"),
    [
        ("family_share = 0", StudyError, '"family_share" should be above 0 and at most 1'),
        ("family_share = 1.5", StudyError, '"family_share" should be above 0 and at most 1'),
        ('fees = "recrded"', StudyError, 'fees = "recrded" is not known; did you mean "recorded"'),
        ("cin_review_days = 0", StudyError, '"cin_review_days" should be 7 or more'),
        ('assessment_model = "two"', StudyError, 'assessment_model = "two" is not known'),
        ("[costs.needs]\nedb = false", StudyError, 'no need "edb"; did you mean "ebd"'),
        ("[costs.needs]\nebd = { sdq = 20 }", StudyError, '"ebd" counts with no "sdq"'),
        ("[costs.needs]\nebd = 20", StudyError, '"ebd" should be'),
        ("familyshare = 1", StudyError, 'there is no key "familyshare"; did you mean "family_share"'),
        ('lines = "yes"', StudyError, '"lines" should be true or false'),
        ('prices = "ilustrative"', StudyError, 'there is no price sheet "ilustrative"; did you mean "illustrative"'),
        ('prices = "none.csv"', CatalogueError, "there is no such price sheet"),
        ('region = "London"', CatalogueError, "Careloom brings no index"),
        ('price_year = "2023/24"', CatalogueError, "Careloom brings no index"),
        ('prices = "prices"\nprice_year = "2023"', CatalogueError, "financial year such as 2023/24"),
    ],
)
def test_what_cannot_be_is_named(
    anyshire: Path, prices: Path, costs: str, kind: type[CareloomError], message: str
) -> None:
    with pytest.raises(kind) as fault:
        read(anyshire, costs)
    assert message in str(fault.value)


def test_a_sheet_of_something_that_is_no_process_is_refused_before_anything_is_read(
    anyshire: Path, prices: Path
) -> None:
    (prices / "unit_costs.csv").write_text(SHEET.replace("LAC 6", "LAC 9"))
    with pytest.raises(CatalogueError, match='line 2: there is no process "LAC 9"'):
        read(anyshire, 'prices = "prices"')


# --- a new folder of prices ------------------------------------------------------------------------------------------


def read_rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_a_new_folder_has_every_element_and_says_which_rows_to_fill_in(tmp_path: Path, anyshire: Path) -> None:
    catalogue = load_catalogue()
    rows = write_new_prices(tmp_path / "ours", catalogue)
    sheet = read_rows(tmp_path / "ours" / "unit_costs.csv")
    about = (tmp_path / "ours" / "README.md").read_text()
    assert all(process.why in about for process in catalogue.processes)
    told = {(row["process"], row["element"]) for row in sheet}
    assert told == {(process.key, element.name) for process in catalogue.processes for element in process.elements}
    assert len(sheet) == rows
    with pytest.raises(CatalogueError) as fault:
        read(anyshire, 'prices = "ours"')
    assert f"and {rows - 5} more, lines 2-{rows + 1}" in str(fault.value)


def test_a_new_folder_filled_in_is_a_price_sheet_for_every_price_that_the_shipped_one_has(
    tmp_path: Path, anyshire: Path
) -> None:
    catalogue = load_catalogue()
    write_new_prices(tmp_path / "ours", catalogue)
    path = tmp_path / "ours" / "unit_costs.csv"
    rows = [row | {"price_year": "2024/25", "fixed": "10", "source": "a test"} for row in read_rows(path)]
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    prices = read(anyshire, 'prices = "ours"').prices
    told = {(price.process, price.element, price.keys) for price in prices.prices}
    assert told == {(p.process, p.element, p.keys) for p in catalogue.price_sheets["illustrative"].prices}
    assert prices.standing == "local"


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.csv").write_text("mine")
    with pytest.raises(CareloomError, match="not empty") as fault:
        write_new_prices(tmp_path, load_catalogue())
    assert fault.value.exit_code == 6
    assert [path.name for path in tmp_path.iterdir()] == ["mine.csv"]
