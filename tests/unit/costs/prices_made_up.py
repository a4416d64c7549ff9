"""A small price sheet and lines of costs that can be worked by hand."""

from decimal import Decimal

import pyarrow as pa

from careloom.catalogue import Price, PriceRow, PriceSheet
from careloom.catalogue.examples import ISO, typed
from careloom.catalogue.load import OURS, read_tables
from careloom.costs.counts import Cell, count_cells
from careloom.engine import DuckDBEngine

COST = read_tables(OURS / "tables.toml")["cost"]


def row(line: int, hours: float, rate: float, fixed: float = 0, *, staff: str = "", low: float | None = None, high: float | None = None) -> PriceRow:  # fmt: skip
    numbers = (Decimal(str(each)) for each in (hours, rate, fixed))
    limits = (None if each is None else Decimal(str(each)) for each in (low, high))
    return PriceRow(line, "pay" if hours else "fees", staff, *numbers, *limits, "made up")


def sheet(*prices: tuple[str, str, str, list[PriceRow]]) -> PriceSheet:
    made = tuple(Price(process, element, (), unit, tuple(rows)) for process, element, unit, rows in prices)
    return PriceSheet("made up", "illustrative", "2013/14", made)


def line(person_id: str, element: str, quantity: float, subtotal: float, rows: str = "", **more: str) -> dict[str, str]:
    usual = {
        "la": "A",
        "process": "LAC 3",
        "process_name": "Maintaining",
        "kind": "case_management",
        "basis": "night",
        "perspective": "CSC",
    }
    source = {"price_source": "sheet" if rows else "recorded fee", "price_rows": rows}
    numbers = {"quantity": str(quantity), "subtotal": str(subtotal)}
    return {"person_id": person_id, "element": element} | usual | source | numbers | more


def engine_of(*lines: dict[str, str]) -> DuckDBEngine:
    engine = DuckDBEngine()
    engine.load("cost", table_of(*lines))
    return engine


def table_of(*lines: dict[str, str]) -> pa.Table:
    return typed(COST, [{key: cell or None for key, cell in each.items()} for each in lines], ISO)


def cells_of(prices: PriceSheet, *lines: dict[str, str], asked: tuple[str, ...] = ()) -> list[Cell]:
    return count_cells(engine_of(*lines), prices, asked)
