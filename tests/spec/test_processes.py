"""The worked examples of each process, as they stand in the catalogue, on every engine."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest

from careloom.catalogue import PRICE_KEYS, PlacementCodes, Price, PriceRow, PriceSheet, Process, read_prices
from careloom.catalogue.examples import ISO, typed
from careloom.catalogue.costing import SYSTEMS, read_placement_codes, read_process
from careloom.catalogue.load import OURS, read_tables
from careloom.core import ExampleTable, read_examples
from careloom.costs import cost_children
from careloom.costs.costing import CostChoices
from careloom.engine import Engine

TABLES = read_tables(OURS / "tables.toml")
ILLUSTRATIVE = read_prices(OURS / "prices" / "illustrative.csv")
PLACEMENT_CODES: PlacementCodes = read_placement_codes(OURS / "placement_codes.csv")
PROCESSES = sorted((OURS / "processes").glob("*.toml"), key=lambda path: path.name)


READ = ("spell", "event", "person", "timeline", "fee", "factor", "care_episode")
"""The common tables that processes read; those an example does not draw are empty."""
SUMS = ("quantity", "subtotal")
SAID = {"quantity": "sum(quantity)", "subtotal": "sum(subtotal)", "variation": "nullif(variation, '')"}


def typed_rows(table: str, rows: Sequence[dict[str, str | None]]) -> pa.Table:
    """Rows of text as the common table's columns; columns that they leave out are blank."""
    return typed(TABLES[table], rows, ISO)


def sheet_of(process: Process, examples: dict[str, ExampleTable]) -> PriceSheet:
    """Prices that the example gives itself, or the illustrative sheet."""
    if "price" not in examples:
        return ILLUSTRATIVE
    nothing = Decimal(0)
    prices = []
    for line, row in enumerate(examples["price"].rows, start=2):
        part = PriceRow(line, "other", "", nothing, nothing, Decimal(str(row["fixed"])), None, None, "made up")
        keys = tuple((name, str(row[name])) for name in PRICE_KEYS if row.get(name))
        prices.append(Price(process.key, str(row["element"]), keys, row.get("unit") or "event", (part,)))
    return PriceSheet("example", "illustrative", "2013/14", tuple(prices))


def choices_of(window: dict[str, str | None]) -> CostChoices:
    """What the study of a window says otherwise, where the example has a column for it."""
    said = {name: window[name] for name in ("assessment_model", "cin_review_days") if window.get(name)}
    if "cin_review_days" in said:
        return CostChoices(cin_review_days=int(str(said["cin_review_days"])))
    return CostChoices(assessment_model=str(said["assessment_model"])) if said else CostChoices()


@pytest.mark.parametrize("path", PROCESSES, ids=lambda path: path.stem)
def test_the_examples_hold(engine: Engine, path: Path) -> None:
    """Quantities and subtotals of an example are sums over the lines that its other columns do not tell apart."""
    process = read_process(path)
    examples = read_examples(process.examples, "spell")
    for name in READ:
        engine.load(name, typed_rows(name, examples[name].rows if name in examples else ()))
    for window in examples["window"].rows:
        first_day, end_day = (date.fromisoformat(str(window[key])) for key in ("first_day", "end_day"))
        expected = [row for row in examples["cost"].rows if row.get("window") == window.get("window")]
        columns = [column for column in examples["cost"].rows[0] if column != "window"]
        ledger = cost_children(
            engine,
            [process],
            sheet=sheet_of(process, examples),
            placement_codes=PLACEMENT_CODES,
            first_day=first_day,
            end_day=end_day,
            choices=choices_of(window),
        )
        assert not ledger.faults()
        told = [name for name in columns if name not in SUMS]
        asked = [f"{SAID.get(name, name)} AS {name}" for name in columns]
        found = engine.rows(f"SELECT {', '.join(asked)} FROM cost GROUP BY {', '.join(told)}")
        wanted = [tuple(row[column] for column in columns) for row in typed_rows("cost", expected).to_pylist()]
        assert sorted(found, key=str) == sorted(wanted, key=str)


def test_there_are_eight_processes_of_care() -> None:
    """Numbered 1 to 8, as published."""
    assert [p.number for p in map(read_process, PROCESSES) if p.system == "LAC"] == list(range(1, 9))
    assert {p.system for p in map(read_process, PROCESSES)} <= set(SYSTEMS)


def test_the_quarter_and_the_rest_add_up_to_the_year() -> None:
    """The windows of process 3's own example: checked on the written figures, so that the example itself is right."""
    process = read_process(next(path for path in PROCESSES if path.stem.startswith("lac_3_")))
    nights = dict.fromkeys(("year", "quarter", "rest"), 0)
    for row in read_examples(process.examples, "spell")["cost"].rows:
        nights[str(row["window"])] += int(str(row["quantity"]))
    assert nights["quarter"] + nights["rest"] == nights["year"] > 0
