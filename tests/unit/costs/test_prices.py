"""Which row of a price sheet counts, and what is said when none does, or two do."""

import csv
from datetime import date
from pathlib import Path

import pytest

from careloom.catalogue import Element, Price, PriceSheet, Process
from careloom.catalogue.examples import ISO, typed
from careloom.catalogue.load import OURS, read_placement_codes, read_prices, read_process
from careloom.catalogue.read_returns import read_codes, read_tables
from careloom.core import CatalogueError
from careloom.costs import choose_price, cost_children
from careloom.costs.prices import unit_cost
from careloom.engine import DuckDBEngine

SHEET_FILE = OURS / "prices" / "illustrative.csv"
TABLES = read_tables(OURS / "tables.toml")


def price(
    placement_code: str = "", variation: str = "", fixed: float = 1, unit: str = "event", hours: float = 0
) -> Price:
    return Price(4, "leaving care", placement_code, variation, unit, hours, 40, fixed, "made up for this test")


def sheet(*prices: Price) -> PriceSheet:
    return PriceSheet("ours", "illustrative", "2013/14", prices)


def choose(*prices: Price, placement_code: str = "secure", variation: str = "home") -> Price:
    return choose_price(
        sheet(*prices), process=4, element="leaving care", placement_code=placement_code, variation=variation
    )


def test_the_most_specific_row_counts() -> None:
    anything, here, exact = price(), price("secure"), price("secure", "home")
    assert choose(anything) is anything
    assert choose(anything, here) is here
    assert choose(exact, here, anything) is exact


def test_a_row_for_something_else_never_fits() -> None:
    anything = price()
    assert choose(anything, price("custody"), price("", "adoption"), price("secure", "adoption")) is anything


def test_a_missing_price_is_an_error_that_names_the_keys_and_never_zero() -> None:
    with pytest.raises(CatalogueError) as fault:
        choose(price("custody"))
    for word in ("ours", "process 4", "leaving care", "secure", "home"):
        assert word in str(fault.value)


@pytest.mark.parametrize("rows", [(price("secure"), price("", "home")), (price(), price(fixed=2))])
def test_a_tie_is_an_error(rows: tuple[Price, ...]) -> None:
    with pytest.raises(CatalogueError, match="equally well"):
        choose(*rows)


def test_a_price_is_hours_times_rate_and_what_is_fixed() -> None:
    event = Element("leaving care", "case_management", "event", "")
    assert unit_cost(sheet(), event, price(hours=3, fixed=5)) == 3 * 40 + 5


def test_a_night_costs_a_seventh_of_the_week() -> None:
    night = Element("placement fee", "fee", "night", "")
    assert unit_cost(sheet(), night, price(fixed=700, unit="week")) == 100


@pytest.mark.parametrize(("basis", "unit"), [("event", "week"), ("night", "event")])
def test_a_price_in_the_wrong_unit_is_an_error(basis: str, unit: str) -> None:
    """The mix-up of day and week in an open tool is why (names of units are checked, not trusted)."""
    with pytest.raises(CatalogueError, match=f"not per {unit}"):
        unit_cost(sheet(), Element("leaving care", "case_management", basis, ""), price(unit=unit))


def test_a_missing_price_stops_the_costing(duck: DuckDBEngine) -> None:
    process = Process(4, "Leaving care", "", "", (Element("leaving care", "case_management", "event", ENDED),), (), "")
    load_one_child(duck)
    with pytest.raises(CatalogueError, match="la_foster"):
        run(duck, process, sheet(price("secure")))
    run(duck, process, sheet(price("la_foster", fixed=12.5)))
    assert duck.rows("SELECT placement_id, quantity, unit_cost, cost FROM cost_line") == [("p1a", 1, 12.5, 12.5)]


def test_no_children_in_care_is_no_lines_and_no_error(duck: DuckDBEngine) -> None:
    for name in ("spell", "event", "person"):
        duck.load(name, typed(TABLES[name], [], ISO))
    process = read_process(OURS / "processes" / "lac_3_maintain_placement.toml")
    run(duck, process, read_prices(SHEET_FILE))
    assert duck.rows("SELECT * FROM cost_line") == []


def test_cost_lines_have_the_columns_the_catalogue_declares(duck: DuckDBEngine) -> None:
    load_one_child(duck)
    run(duck, read_process(OURS / "processes" / "lac_3_maintain_placement.toml"), read_prices(SHEET_FILE))
    assert duck.columns("cost_line") == list(TABLES["cost_line"].column_names)


def test_every_price_of_the_illustrative_sheet_says_that_it_is() -> None:
    """Hours and fees are made up until an authority brings its own; a row that reads as evidence would mislead."""
    prices = read_prices(SHEET_FILE)
    assert prices.standing == "illustrative"
    for row in prices.prices:
        assert row.source.startswith(("illustrative hours, not evidence", "illustrative round fee, not evidence"))


def test_the_illustrative_sheet_prices_every_element_of_every_process_and_placement() -> None:
    prices = read_prices(SHEET_FILE)
    codes = {row[2] for row in read_placement_codes(OURS / "placement_codes.csv").rows}
    destinations = {"home", "adoption", "guardianship", "adulthood", "other"}
    for path in (OURS / "processes").glob("lac_*.toml"):
        process = read_process(path)
        for element in process.elements:
            for variation in destinations if process.number == 4 else {""}:
                for code in codes:
                    chosen = choose_price(
                        prices, process=process.number, element=element.name, placement_code=code, variation=variation
                    )
                    assert unit_cost(prices, element, chosen) >= 0


def test_the_illustrative_sheet_has_no_price_that_nothing_asks_for() -> None:
    asked = {
        (process.number, element.name)
        for process in map(read_process, (OURS / "processes").glob("lac_*.toml"))
        for element in process.elements
    }
    with SHEET_FILE.open(encoding="utf-8", newline="") as file:
        priced = {(int(row["process"]), row["element"]) for row in csv.DictReader(file)}
    assert priced == asked


def test_placement_codes_name_known_placements_once_and_say_what_else_is() -> None:
    rows = read_placement_codes(OURS / "placement_codes.csv").rows
    places = codes_of("placement_type") | {""}
    providers = codes_of("placement_provider") | {""}
    keys = [(place, provider) for place, provider, _ in rows]
    assert len(keys) == len(set(keys))
    assert {place for place, _ in keys} <= places
    assert {provider for _, provider in keys} <= providers
    assert ("", "", "other") in rows


def codes_of(code_set: str) -> set[str]:
    return {code.code for code in read_codes(OURS / "returns" / "ssda903" / "codes" / f"{code_set}.csv").codes}


ENDED = "SELECT spell_id AS period_id, ends_on AS happened_on FROM period_of_care WHERE ends_on IS NOT NULL"
SPELL = ("spell_id", "person_id", "la", "kind", "starts_on", "ends_on", "code", "detail", "within_id")


def load_one_child(engine: DuckDBEngine) -> None:
    care = ("2021-05-01", "2021-06-01")
    rows = (
        ("p", "a", "north", "period_of_care", *care, "N1", None, None),
        ("p1", "a", "north", "placement", *care, "U6", None, "p"),
        ("p1a", "a", "north", "placement_segment", *care, "U6", "PR1", "p1"),
    )
    engine.load("spell", typed(TABLES["spell"], [dict(zip(SPELL, row, strict=True)) for row in rows], ISO))
    for name in ("event", "person"):
        engine.load(name, typed(TABLES[name], [], ISO))


def run(engine: DuckDBEngine, process: Process, prices: PriceSheet) -> None:
    codes = read_placement_codes(Path(OURS) / "placement_codes.csv")
    window = {"first_day": date(2021, 4, 1), "end_day": date(2022, 4, 1)}
    ledger = cost_children(engine, [process], sheet=prices, placement_codes=codes, **window)
    assert not ledger.faults()
