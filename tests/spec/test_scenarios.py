"""The worked examples of each scenario, and that every one says why, where from, and what it takes for granted."""

import re
from collections import defaultdict
from decimal import Decimal

import pytest

from careloom.catalogue import PRICE_KEYS, Price, PriceRow, PriceSheet
from careloom.catalogue.costing import read_process
from careloom.catalogue.examples import ISO, typed
from careloom.catalogue.load import OURS, read_tables
from careloom.catalogue.outturn import load_outturn_lines
from careloom.catalogue.scenarios import Scenario, load_scenarios, load_switches
from careloom.core import read_examples
from careloom.costs.counts import count_cells
from careloom.costs.recount import processes_with
from careloom.costs.uncertainty import Doubt, as_they_are, at_limit
from careloom.costs.whatif import conditions, find_stretches, weigh
from careloom.engine import Engine

TABLES = read_tables(OURS / "tables.toml")
PROCESSES = [read_process(path) for path in sorted((OURS / "processes").glob("*.toml"))]
SCENARIOS, SWITCHES = load_scenarios(), load_switches()


def decimal(row: dict[str, str | None], key: str) -> Decimal:
    return Decimal(str(row.get(key) or 0))


def sheet_of(rows: list[dict[str, str | None]]) -> PriceSheet:
    """The prices that an example gives, on the lines that it would have in a file."""
    prices = []
    for line, row in enumerate(rows, start=2):
        hours, rate, fixed = (decimal(row, key) for key in ("hours", "hourly_rate", "fixed"))
        part = PriceRow(line, "pay", str(row.get("staff") or ""), hours, rate, fixed, None, None, "made up")
        keys = tuple((name, str(row[name])) for name in PRICE_KEYS if row.get(name))
        prices.append(Price(str(row["process"]), str(row["element"]), keys, str(row["unit"]), (part,)))
    return PriceSheet("example", "illustrative", "2013/14", tuple(prices))


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=list(SCENARIOS))
def test_the_examples_hold(engine: Engine, scenario: Scenario) -> None:
    """`after` is what a line would come to; nights given to others add to what those cost already."""
    examples = read_examples(scenario.examples, "cost")
    for name in ("spell", "cost"):
        drawn = examples[name].rows if name in examples else ()
        known = [{key: cell for key, cell in row.items() if key != "after"} for row in drawn]
        engine.load(name, typed(TABLES[name], known, ISO))
    sheet = sheet_of(list(examples["price"].rows) if "price" in examples else [])
    find_stretches(engine, scenario.changes)
    cells = count_cells(engine, sheet, conditions(scenario.changes, PROCESSES))
    weights = weigh(cells, scenario.changes, sheet)
    central = at_limit(cells, sheet, Doubt(within=0.0), high=False)
    found: dict[tuple[str, ...], float] = defaultdict(float)
    names = ("la", "process", "element", "placement_code")
    for cell, amount in zip(cells, central.of_cells(cells, weights)[:, 0], strict=True):
        found[tuple(cell.keys[name] for name in names)] += amount
    wanted: dict[tuple[str, ...], float] = defaultdict(float)
    for row in examples["cost"].rows:
        wanted[tuple(row[name] or "" for name in names)] += float(str(row["after"]))
    assert found == pytest.approx(wanted, abs=0.005)  # to the penny
    before = central.of_cells(cells, as_they_are(cells)).sum()
    assert abs(before - sum(found.values())) > 1  # the example is of something that changes


@pytest.mark.parametrize("scenario", [*SCENARIOS.values(), *SWITCHES.values()], ids=lambda each: each.name)
def test_everything_says_why_and_where_it_comes_from(scenario: Scenario) -> None:
    assert len(scenario.why.split()) > 5
    assert re.search("[A-Za-z]{3}", scenario.source)
    assert scenario.assumptions


def test_three_scenarios_are_shipped() -> None:
    assert set(SCENARIOS) == {"agency_residential_to_fostering", "monthly_visits", "halve_re_entries"}


def test_what_scenarios_name_is_there() -> None:
    elements = {(process.key, element.name) for process in PROCESSES for element in process.elements}
    kinds = {process.key for process in PROCESSES}
    for scenario in (*SCENARIOS.values(), *SWITCHES.values()):
        assert processes_with(scenario.changes, PROCESSES) or all(c.what != "recount" for c in scenario.changes)
        for change in scenario.changes:
            of = dict(change.of)
            assert set(of.get("process", ())) <= kinds
            assert all((of["process"][0], name) in elements for name in of.get("element", ()))


def test_the_lines_of_spending_say_where_they_come_from() -> None:
    lines = load_outturn_lines()
    assert set(lines) == {"looked after", "fostering", "residential", "adoption", "social work"}
    assert all(len(line.source) > 10 and line.not_in for line in lines.values())
