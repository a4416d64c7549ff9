"""Worked examples tried: does a declaration find, follow or cost what it draws?

Every declaration of Careloom's catalogue is held to its examples by the same functions, in its tests. What does not agree is
told by how many rows, and by the names of columns.
"""

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial
from pathlib import PurePosixPath

import pyarrow as pa

from careloom.catalogue import (
    PRICE_KEYS,
    Catalogue,
    Need,
    Outcome,
    Price,
    PriceRow,
    PriceSheet,
    Process,
    Return,
    Rule,
    RuleVersion,
)
from careloom.catalogue.costing import read_process
from careloom.catalogue.examples import ISO, load_examples, typed, write_cell
from careloom.check import run_rules
from careloom.core import ExampleTable, read_examples
from careloom.costs import CostChoices, cost_children
from careloom.costs.needs import find_needs
from careloom.engine import DuckDBEngine, Engine
from careloom.ingest.load import load_codes
from careloom.ingest.stitch import stitch_all
from careloom.outcomes import time_outcomes

FIRST_DAY, END_DAY = dt.date(2016, 4, 1), dt.date(2021, 4, 1)
"""The study period of examples of outcomes."""
OF_OUTCOMES = ("person", "spell", "class_of", "episode_class", "pathway", "care_episode", "code", "in_view")
OF_NEEDS = ("spell", "event", "person", "care_episode")
OF_PROCESSES = ("spell", "event", "person", "timeline", "fee", "factor", "care_episode")
"""The common tables that each reads; those an example does not draw are empty."""
SUMS = ("quantity", "subtotal")
SAID = {"quantity": "sum(quantity)", "subtotal": "sum(subtotal)", "variation": "nullif(variation, '')"}
Rows = Iterable[Sequence[object]]


@dataclass(frozen=True)
class Tried:
    """A declaration of the study's own: its file, and what does not agree; `faults` is None where nothing can be tried."""

    file: str
    faults: tuple[str, ...] | None


def try_own(catalogue: Catalogue) -> list[Tried]:
    """Try the examples of every declaration that the study laid over Careloom's; the catalogue itself was read before."""
    return [Tried(name, try_one(catalogue, PurePosixPath(name))) for name in catalogue.own_files]


def try_one(catalogue: Catalogue, file: PurePosixPath) -> tuple[str, ...] | None:
    tries = list(tries_of(catalogue, file))
    return tuple(fault for each in tries for fault in faults_of(each)) if tries else None


def faults_of(one: Callable[[Engine], Iterator[str]]) -> list[str]:
    """What does not agree, or why it cannot be tried: nothing but the example is in the engine, so what it says may be told."""
    engine = DuckDBEngine()
    try:
        return list(one(engine))
    except Exception as fault:
        lines = str(fault).splitlines()
        said = f'there is no "{fault.args[0]}" in it' if isinstance(fault, KeyError) else lines[0] if lines else ""
        return [f"its examples cannot be tried ({type(fault).__name__}): {said}"]
    finally:
        engine.close()


def tries_of(catalogue: Catalogue, file: PurePosixPath) -> Iterator[Callable[[Engine], Iterator[str]]]:
    """What there is to try of a file, each in an engine of its own."""
    match file.parts:
        case ("outcomes", _):
            yield lambda engine: outcome_faults(engine, catalogue, catalogue.outcomes[file.stem])
        case ("needs", _):
            need = next(each for each in catalogue.needs if each.name == file.stem)
            yield lambda engine: need_faults(engine, catalogue, need)
        case ("processes", _):
            process = read_process(catalogue.folder / file)
            yield lambda engine: process_faults(engine, catalogue, process)
        case ("returns", name, "rules", _):
            return_ = catalogue.returns[name]
            for rule in (each for each in return_.rules if each.code == file.stem):
                for version in rule.versions:
                    yield partial(rule_faults, catalogue=catalogue, return_=return_, rule=rule, version=version)


def apart(found: Rows, drawn: Rows, what: str) -> Iterator[str]:
    """How many rows were made that are not drawn, and how many drawn that are not made."""
    made, wanted = (Counter(map(tuple, rows)) for rows in (found, drawn))
    if missing := (wanted - made).total():
        yield f"{what} drawn that are not found: {missing} of {wanted.total()}"
    if more := (made - wanted).total():
        yield f"{what} found that are not drawn: {more}"


# --- one kind of declaration after the other -------------------------------------------------------------------------


def rule_faults(
    engine: Engine, catalogue: Catalogue, return_: Return, rule: Rule, version: RuleVersion
) -> Iterator[str]:
    """The rows marked yes, and no others, are findings; some are marked yes and some no."""
    year = version.years.last or version.years.first or return_.years.last or END_DAY.year
    examples = load_examples(version.examples, rule.table, year=year, common=catalogue.tables, return_=return_)
    for name, rows in examples.tables.items():
        engine.load(name, rows)
    load_codes(engine, catalogue)
    if rule.across:
        stitch_all(engine, replace(catalogue, returns={return_.name: return_}))
    alone = replace(return_, rules=(replace(rule, versions=(version,)),))
    ledger = run_rules(engine, replace(catalogue, returns={return_.name: alone}))
    table = f"{return_.name}_{rule.table}"
    fails = [row.get("fails") for row in examples.expected[table]]
    if set(fails) != {"yes", "no"}:
        yield "an example is wanted of a row that fails (yes) and of one that does not (no)"
    address = zip(*(examples.tables[table][name].to_pylist() for name in ("delivery_id", "line")), strict=True)
    drawn = [(rule.id, rule.table, *where) for where, says in zip(address, fails, strict=True) if says == "yes"]
    yield from apart(engine.rows("SELECT rule, table_name, delivery_id, line FROM finding"), drawn, "findings")
    yield from ledger.faults()


def outcome_faults(engine: Engine, catalogue: Catalogue, outcome: Outcome) -> Iterator[str]:
    """The stretches drawn are those that are followed."""
    tables = load_examples(outcome.examples, "spell", year=END_DAY.year, common=catalogue.tables).tables
    columns = list(read_examples(outcome.examples, "spell")["time_to_event"].rows[0])
    drawn = tables.pop("time_to_event").select(columns)
    for name in OF_OUTCOMES:
        engine.load(name, tables.get(name, nothing(catalogue, name)))
    ledger = time_outcomes(engine, [outcome], first_day=FIRST_DAY, end_day=END_DAY)
    found = engine.rows(f"SELECT {', '.join(columns)} FROM time_to_event")
    yield from apart(found, (list(row.values()) for row in drawn.to_pylist()), "stretches")
    yield from ledger.faults()


def need_faults(engine: Engine, catalogue: Catalogue, need: Need) -> Iterator[str]:
    """The stretches drawn are those in which the need is found."""
    examples = read_examples(need.examples, "spell")
    lay(engine, catalogue, examples, OF_NEEDS)
    ledger = find_needs(engine, [need])
    found = engine.rows(f"SELECT person_id, starts_on, ends_on FROM need WHERE need = '{need.name}'")
    said = ([write_cell(cell) for cell in row] for row in found)
    yield from apart(said, (list(row.values()) for row in examples["expected"].rows), "stretches")
    yield from ledger.faults()


def process_faults(engine: Engine, catalogue: Catalogue, process: Process) -> Iterator[str]:
    """Quantities and subtotals drawn are the sums over the lines that the other columns drawn do not tell apart."""
    examples = read_examples(process.examples, "spell")
    lay(engine, catalogue, examples, OF_PROCESSES)
    for window in examples["window"].rows:
        first_day, end_day = (dt.date.fromisoformat(str(window[key])) for key in ("first_day", "end_day"))
        ledger = cost_children(
            engine,
            [process],
            sheet=sheet_of(process, examples, catalogue.price_sheets["illustrative"]),
            placement_codes=catalogue.placement_codes,
            first_day=first_day,
            end_day=end_day,
            choices=choices_of(window),
        )
        columns = [column for column in examples["cost"].rows[0] if column != "window"]
        asked = [f"{SAID.get(name, name)} AS {name}" for name in columns]
        told = [name for name in columns if name not in SUMS]
        found = engine.rows(f"SELECT {', '.join(asked)} FROM cost GROUP BY {', '.join(told)}")
        rows = [row for row in examples["cost"].rows if row.get("window") == window.get("window")]
        drawn = typed(catalogue.tables["cost"], rows, ISO).select(columns).to_pylist()
        yield from apart(found, (list(row.values()) for row in drawn), "lines of cost")
        yield from ledger.faults()


def lay(engine: Engine, catalogue: Catalogue, examples: dict[str, ExampleTable], names: Iterable[str]) -> None:
    """Load the tables that an example draws, and the others without rows."""
    for name in names:
        drawn = examples[name].rows if name in examples else ()
        engine.load(name, typed(catalogue.tables[name], drawn, ISO))


def nothing(catalogue: Catalogue, name: str) -> pa.Table:
    return typed(catalogue.tables[name], (), ISO)


def sheet_of(process: Process, examples: dict[str, ExampleTable], usual: PriceSheet) -> PriceSheet:
    """Prices that the example gives itself, or the illustrative sheet."""
    if "price" not in examples:
        return usual
    prices, none = [], Decimal(0)
    for line, row in enumerate(examples["price"].rows, start=2):
        part = PriceRow(line, "other", "", none, none, Decimal(str(row["fixed"])), None, None, "made up")
        keys = tuple((name, str(row[name])) for name in PRICE_KEYS if row.get(name))
        prices.append(Price(process.key, str(row["element"]), keys, row.get("unit") or "event", (part,)))
    return PriceSheet("example", "illustrative", "2013/14", tuple(prices))


def choices_of(window: dict[str, str | None]) -> CostChoices:
    """What the study of a window says otherwise, where the example has a column for it."""
    if window.get("cin_review_days"):
        return CostChoices(cin_review_days=int(str(window["cin_review_days"])))
    model = window.get("assessment_model")
    return CostChoices(assessment_model=model) if model else CostChoices()
