"""The child that docs/costs.md walks through: its record costed, every line as the page has it, on every engine."""

import re
from datetime import date
from decimal import Decimal
from pathlib import Path

from careloom.catalogue import load_catalogue
from careloom.catalogue.examples import ISO, typed
from careloom.core import read_examples
from careloom.costs import cost_children
from careloom.engine import Engine
from careloom.pathways import make_timeline

PAGE = Path(__file__).parents[2] / "docs" / "costs.md"
FIRST_DAY, END_DAY = date(2021, 4, 1), date(2022, 4, 1)


def test_the_record_costs_what_the_page_says(engine: Engine) -> None:
    page = PAGE.read_text(encoding="utf-8")
    record, lines = (read_examples(text, "person") for text in re.findall(r"```text\n(.*?)```", page, re.DOTALL)[:2])
    catalogue = load_catalogue()
    for name in ("person", "spell", "event", "fee", "care_episode", "factor"):
        engine.load(name, typed(catalogue.tables[name], record[name].rows if name in record else (), ISO))
    make_timeline(engine, end_day=END_DAY)
    cost_children(
        engine,
        [process for process in catalogue.processes if process.system in ("CIN", "LAC")],
        needs=catalogue.needs,
        sheet=catalogue.price_sheets["illustrative"],
        placement_codes=catalogue.placement_codes,
        first_day=FIRST_DAY,
        end_day=END_DAY,
    )
    expected = typed(catalogue.tables["cost"], lines["cost"].rows, ISO).select(list(lines["cost"].rows[0]))
    found = engine.arrow(
        f"SELECT {', '.join(expected.column_names)} FROM cost ORDER BY starts_on, process, element"
    ).to_pylist()
    assert found == expected.to_pylist()
    told = re.search(r"Together £([\d,.]+)\.\s", page)
    assert told
    assert sum(row["subtotal"] for row in found).quantize(Decimal("0.01")) == Decimal(told[1].replace(",", ""))
