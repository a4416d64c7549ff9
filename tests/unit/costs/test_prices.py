"""Which row of a price sheet counts, what is said when none does or two do, and that shipped prices say what they are."""

import csv
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from careloom.catalogue import (
    PRICE_KEYS,
    Element,
    Price,
    PriceRow,
    PriceSheet,
    Process,
    load_catalogue,
    read_prices,
)
from careloom.catalogue.costing import read_placement_codes, read_process
from careloom.catalogue.examples import ISO, typed
from careloom.catalogue.load import OURS
from careloom.catalogue.read_returns import read_codes, read_tables
from careloom.core import CatalogueError
from careloom.costs import check_prices, choose_price, cost_children
from careloom.costs.prices import per_unit
from careloom.engine import DuckDBEngine

SHEET_FILE = OURS / "prices" / "illustrative.csv"
TABLES = read_tables(OURS / "tables.toml")
READ = ("spell", "event", "person", "timeline", "fee", "factor", "care_episode")


def price(fixed: str = "1", unit: str = "event", line: int = 2, element: str = "leaving care", **keys: str) -> Price:
    row = PriceRow(line, "other", "", Decimal(0), Decimal(0), Decimal(fixed), None, None, "made up for this test")
    ordered = tuple((name, keys[name]) for name in PRICE_KEYS if name in keys)
    return Price("LAC 4", element, ordered, unit, (row,))


def sheet(*prices: Price) -> PriceSheet:
    return PriceSheet("ours", "illustrative", "2013/14", prices)


def choose(*prices: Price) -> Price:
    return choose_price(sheet(*prices), "LAC 4", "leaving care", {"placement_code": "secure", "variation": "home"})


def test_the_most_specific_row_counts() -> None:
    anything, here, exact = price(), price(placement_code="secure"), price(placement_code="secure", variation="home")
    assert choose(anything) is anything
    assert choose(anything, here) is here
    assert choose(exact, here, anything) is exact


def test_a_row_for_something_else_never_fits() -> None:
    anything = price()
    others = price(placement_code="custody"), price(variation="adoption"), price(need_group="EBD")
    assert choose(anything, *others) is anything


def test_a_missing_price_is_an_error_that_names_the_keys_and_never_zero() -> None:
    with pytest.raises(CatalogueError) as fault:
        choose(price(placement_code="custody"))
    for word in ("ours", "process LAC 4", "leaving care", "secure", "home", "add a row"):
        assert word in str(fault.value)


@pytest.mark.parametrize(
    "rows", [(price(placement_code="secure"), price(variation="home")), (price(), price(fixed="2"))]
)
def test_a_tie_is_an_error(rows: tuple[Price, ...]) -> None:
    with pytest.raises(CatalogueError, match="equally well"):
        choose(*rows)


@pytest.mark.parametrize(
    ("unit", "per_night"), [("night", "700"), ("week", "100"), ("month", "22.997947"), ("year", "1.916496")]
)
def test_a_night_takes_its_part_of_a_longer_price(unit: str, per_night: str) -> None:
    """700 / 7; 700 x 12 / 365.25 = 22.9979466...; 700 / 365.25 = 1.9164955...; rounded to six decimals."""
    night = Element("placement fee", "fee", "night", "")
    assert per_unit(sheet(), night, price(unit=unit), Decimal(700)) == Decimal(per_night)


@pytest.mark.parametrize(("basis", "unit"), [("event", "week"), ("night", "event")])
def test_a_price_in_the_wrong_unit_is_an_error(basis: str, unit: str) -> None:
    """The mix-up of day and week in an open tool is why (names of units are checked, not trusted)."""
    with pytest.raises(CatalogueError, match=f"cannot be per {unit}"):
        per_unit(sheet(), Element("leaving care", "case_management", basis, ""), price(unit=unit), Decimal(1))


def test_a_missing_price_stops_the_costing(duck: DuckDBEngine) -> None:
    work = (Element("leaving care", "case_management", "event", ENDED),)
    process = Process("LAC", 4, "Leaving care", "", "", work, (), "")
    load_one_child(duck)
    with pytest.raises(CatalogueError, match="la_foster"):
        run(duck, process, sheet(price(placement_code="secure")))
    run(duck, process, sheet(price("12.5", placement_code="la_foster")))
    found = duck.rows("SELECT placement_id, quantity, unit_cost, subtotal FROM cost")
    assert found == [("p1a", 1, Decimal("12.5"), Decimal("12.5"))]


def test_no_children_in_care_is_no_lines_and_no_error(duck: DuckDBEngine) -> None:
    for name in READ:
        duck.load(name, typed(TABLES[name], [], ISO))
    run(duck, read_process(OURS / "processes" / "lac_3_maintain_placement.toml"), read_prices(SHEET_FILE))
    assert duck.rows("SELECT * FROM cost") == []


def test_cost_lines_have_the_columns_the_catalogue_declares(duck: DuckDBEngine) -> None:
    load_one_child(duck)
    run(duck, read_process(OURS / "processes" / "lac_3_maintain_placement.toml"), read_prices(SHEET_FILE))
    assert duck.columns("cost") == list(TABLES["cost"].column_names)


# --- the shipped sheet -----------------------------------------------------------------------------------------------


def test_every_price_of_the_illustrative_sheet_says_that_it_is() -> None:
    """Hours and fees are made up until an authority brings its own; a row that reads as evidence would mislead."""
    prices = read_prices(SHEET_FILE)
    assert prices.standing == "illustrative"
    for row in (row for each in prices.prices for row in each.rows):
        assert row.source.startswith("illustrative ")
        assert "not evidence" in row.source


def test_the_illustrative_sheet_prices_every_element_and_every_placement_and_nothing_else() -> None:
    catalogue = load_catalogue()
    prices = catalogue.price_sheets["illustrative"]
    check_prices(prices, catalogue.processes, catalogue.needs, catalogue.placement_codes)
    codes = {code for _, _, code in catalogue.placement_codes.rows}
    priced = {(each.process, each.element) for each in prices.prices}
    assert priced == {(process.key, element.name) for process in catalogue.processes for element in process.elements}
    for code in codes:
        assert choose_price(prices, "LAC 3", "placement fee", {"placement_code": code}).amount >= 0
    for destination in ("home", "adoption", "guardianship", "adulthood", "other"):
        assert choose_price(prices, "LAC 4", "leaving care", {"variation": destination}).amount > 0


# --- a sheet that speaks of what there is not ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (
            Price("LAC 44", "leaving care", (), "event", price().rows),
            'line 2: there is no process "LAC 44"; did you mean "LAC 4"',
        ),
        (price(element="leaving caer"), 'no element "leaving caer"; did you mean "leaving care"'),
        (price(unit="week"), "counted by the event: its price is per event"),
        (price(placement_code="secur"), 'no placement_code "secur"; did you mean "secure"'),
        (price(age_band="0 to 2"), 'no age_band "0 to 2"'),
        (price(need_group="naughty"), 'no need "naughty"'),
    ],
)
def test_a_price_that_nothing_could_ask_for_is_refused(wrong: Price, message: str) -> None:
    catalogue = load_catalogue()
    with pytest.raises(CatalogueError, match=message.replace("?", r"\?")):
        check_prices(sheet(wrong), catalogue.processes, catalogue.needs, catalogue.placement_codes)


def test_placement_codes_name_known_placements_once_and_say_what_else_is() -> None:
    rows = read_placement_codes(OURS / "placement_codes.csv").rows
    places = codes_of("placement_type") | {""}
    providers = codes_of("placement_provider") | {""}
    keys = [(place, provider) for place, provider, _ in rows]
    assert len(keys) == len(set(keys))
    assert {place for place, _ in keys} <= places
    assert {provider for _, provider in keys} <= providers
    assert ("", "", "other") in rows


def test_the_shipped_sheet_reads_in_excel_as_it_stands() -> None:
    with SHEET_FILE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    assert {len(row) for row in rows} == {len(rows[0])}


def codes_of(code_set: str) -> set[str]:
    return {code.code for code in read_codes(OURS / "returns" / "ssda903" / "codes" / f"{code_set}.csv").codes}


ENDED = "SELECT spell_id AS case_id, ends_on AS happened_on FROM period_of_care WHERE ends_on IS NOT NULL"
SPELL = ("spell_id", "person_id", "la", "kind", "starts_on", "ends_on", "code", "detail", "within_id")


def load_one_child(engine: DuckDBEngine) -> None:
    care = ("2021-05-01", "2021-06-01")
    rows = (
        ("p", "a", "north", "period_of_care", *care, "N1", None, None),
        ("p1", "a", "north", "placement", *care, "U6", None, "p"),
        ("p1a", "a", "north", "placement_segment", *care, "U6", "PR1", "p1"),
    )
    for name in READ:
        engine.load(name, typed(TABLES[name], [], ISO))
    engine.load("spell", typed(TABLES["spell"], [dict(zip(SPELL, row, strict=True)) for row in rows], ISO))


def run(engine: DuckDBEngine, process: Process, prices: PriceSheet) -> None:
    codes = read_placement_codes(Path(OURS) / "placement_codes.csv")
    window = {"first_day": date(2021, 4, 1), "end_day": date(2022, 4, 1)}
    ledger = cost_children(engine, [process], sheet=prices, placement_codes=codes, **window)
    assert not ledger.faults()
