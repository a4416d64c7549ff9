"""The worked examples of each process, as they stand in the catalogue, on every engine."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest

from careloom.catalogue import PlacementCodes, Price, PriceSheet, Process
from careloom.catalogue.examples import ISO, typed
from careloom.catalogue.load import OURS, read_placement_codes, read_prices, read_process, read_tables
from careloom.core import ExampleTable, read_examples
from careloom.costs import cost_children
from careloom.engine import Engine

TABLES = read_tables(OURS / "tables.toml")
ILLUSTRATIVE = read_prices(OURS / "prices" / "illustrative.csv")
PLACEMENT_CODES: PlacementCodes = read_placement_codes(OURS / "placement_codes.csv")
PROCESSES = sorted((OURS / "processes").glob("lac_*.toml"), key=lambda path: path.name)


def typed_rows(table: str, rows: Sequence[dict[str, str | None]]) -> pa.Table:
    """Rows of text as the common table's columns; columns that they leave out are blank."""
    return typed(TABLES[table], rows, ISO)


def sheet_of(process: Process, examples: dict[str, ExampleTable]) -> PriceSheet:
    """Prices that the example gives itself, or the illustrative sheet."""
    if "price" not in examples:
        return ILLUSTRATIVE
    rows = examples["price"].rows
    prices = (
        Price(process.number, str(r["element"]), "", r["variation"] or "", "event", 0, 0, float(r["fixed"] or 0), "")
        for r in rows
    )
    return PriceSheet("example", "illustrative", "2013/14", tuple(prices))


@pytest.mark.parametrize("path", PROCESSES, ids=lambda path: path.stem)
def test_the_examples_hold(engine: Engine, path: Path) -> None:
    process = read_process(path)
    examples = read_examples(process.examples, "spell")
    for name in ("spell", "event", "person"):
        engine.load(name, typed_rows(name, examples[name].rows if name in examples else ()))
    for window in examples["window"].rows:
        first_day, end_day = (date.fromisoformat(str(window[key])) for key in ("first_day", "end_day"))
        expected = [row for row in examples["cost_line"].rows if row.get("window") == window.get("window")]
        columns = [column for column in expected[0] if column != "window"]
        ledger = cost_children(
            engine,
            [process],
            sheet=sheet_of(process, examples),
            placement_codes=PLACEMENT_CODES,
            first_day=first_day,
            end_day=end_day,
        )
        assert not ledger.faults()
        found = engine.rows(f"SELECT {', '.join(columns)} FROM cost_line")
        wanted = [tuple(row[column] for column in columns) for row in typed_rows("cost_line", expected).to_pylist()]
        assert sorted(found, key=str) == sorted(wanted, key=str)


def test_there_are_eight_processes() -> None:
    """Numbered 1 to 8, as published."""
    assert [read_process(path).number for path in PROCESSES] == list(range(1, 9))


def test_the_quarter_and_the_rest_add_up_to_the_year() -> None:
    """The windows of process 3's own example: checked on the written figures, so that the example itself is right."""
    process = read_process(next(path for path in PROCESSES if path.stem.startswith("lac_3_")))
    nights = dict.fromkeys(("year", "quarter", "rest"), 0)
    for row in read_examples(process.examples, "spell")["cost_line"].rows:
        nights[str(row["window"])] += int(str(row["quantity"]))
    assert nights["quarter"] + nights["rest"] == nights["year"] > 0
