"""The worked examples of each process, as they stand in the catalogue, on every engine."""

from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest

from careloom.catalogue import PRICE_KEYS, PlacementCodes, Price, PriceRow, PriceSheet, Process, read_prices
from careloom.catalogue.costing import SYSTEMS, read_placement_codes, read_process
from careloom.catalogue.examples import ISO, typed
from careloom.catalogue.load import OURS, read_tables
from careloom.core import ExampleTable, read_examples
from careloom.costs import cost_children
from careloom.costs.costing import CostChoices
from careloom.engine import Engine
from careloom.pathways import make_timeline

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
    nights: Counter[str] = Counter()
    for row in read_examples(process.examples, "spell")["cost"].rows:
        nights[str(row["window"])] += int(str(row["quantity"]))
    assert nights["quarter"] + nights["rest"] == nights["year"] > 0


def test_the_lists_are_whole() -> None:
    """Eight processes of children in need, too, and every kind of service in just one element of one process."""
    processes = [read_process(path) for path in PROCESSES]
    assert [p.number for p in processes if p.system == "CIN"] == list(range(1, 9))
    selects = [element.select for process in processes for element in process.elements]
    for service in (path.stem for path in (OURS / "services").glob("*.toml")):
        counting = [select for select in selects if "'service'" in select and f"'{service}'" in select]
        # That a leaving care service goes on is asked by the element beside it as well.
        assert len(counting) == {"leaving_care": 2}.get(service, 1), service


CASE = """
person
person_id | born_on
kim       | 2010-03-02

spell
spell_id | person_id | la | kind              | starts_on  | ends_on    | start_reason | end_reason | code | detail | within_id
k        | kim       | A  | cin_episode       | 2021-04-05 | 2021-11-01 | 1A           | RC7        | N1   | 0      |
k1       | kim       | A  | assessment        | 2021-04-06 | 2021-05-21 |              |            |      |        | k
k2       | kim       | A  | cp_plan           | 2021-04-28 | 2021-09-15 |              |            | NEG  |        | k
k3       | kim       | A  | cin_plan          | 2021-10-01 | 2021-11-01 |              |            |      |        | k
c        | kim       | A  | period_of_care    | 2021-09-01 | 2021-10-01 | S            | E4A        | N1   |        |
c1       | kim       | A  | placement         | 2021-09-01 | 2021-10-01 | S            | E4A        | U6   |        | c
c1a      | kim       | A  | placement_segment | 2021-09-01 | 2021-10-01 |              |            | U6   | PR1    | c1
cl       | kim       | A  | legal_status      | 2021-09-01 | 2021-10-01 | S            |            | V2   |        | c

event
person_id | la | event      | happened_on | code
kim       | A  | referral   | 2021-04-05  | 1A
kim       | A  | section_47 | 2021-04-10  | 0
kim       | A  | conference | 2021-04-28  |
kim       | A  | cp_review  | 2021-07-20  |

cost
process | element                             | variation | quantity
CIN 1   | referral                            |           | 1
CIN 3   | ongoing support                     | no plan   | 23
CIN 3   | ongoing support                     | CP plan   | 126
CIN 3   | ongoing support                     | CIN plan  | 31
CIN 4   | case closed                         |           | 1
CIN 5   | assessment                          |           | 1
CIN 6   | child in need plan                  |           | 1
CIN 6   | initial child protection conference |           | 1
CIN 6   | review conference                   |           | 1
CIN 7   | section 47 enquiry                  |           | 1
LAC 1   | decision and first placement        |           | 1
LAC 2   | first care plan                     |           | 1
LAC 3   | support while settling              |           | 30
LAC 3   | placement fee                       |           | 30
LAC 4   | leaving care                        | home      | 1
LAC 6   | review                              |           | 1
"""
"""A child in need with an enquiry and a plan, a month in care, and home again: 11 events, and 240 nights at 1 GBP."""


def test_all_processes_of_one_case_and_no_day_is_charged_twice(engine: Engine) -> None:
    """At 7 GBP for each event and each week it is 11 x 7 + 240 = 317 GBP, by hand."""
    processes = [read_process(path) for path in PROCESSES]
    examples = read_examples(CASE, "spell")
    for name in READ:
        engine.load(name, typed_rows(name, examples[name].rows if name in examples else ()))
    make_timeline(engine, end_day=date(2022, 4, 1))
    nothing = Decimal(0)
    part = PriceRow(2, "other", "", nothing, nothing, Decimal(7), None, None, "made up")
    prices = tuple(
        Price(process.key, element.name, (), "event" if element.basis == "event" else "week", (part,))
        for process in processes
        for element in process.elements
    )
    sheet = PriceSheet("example", "illustrative", "2013/14", prices)
    first_day, end_day = date(2021, 4, 1), date(2022, 4, 1)
    window = {"first_day": first_day, "end_day": end_day}
    cost_children(engine, processes, sheet=sheet, placement_codes=PLACEMENT_CODES, **window)

    asked = "SELECT process, element, nullif(variation, '') AS variation, sum(quantity) AS quantity FROM cost GROUP BY process, element, variation"
    wanted = [(r["process"], r["element"], r["variation"], Decimal(str(r["quantity"]))) for r in examples["cost"].rows]
    assert sorted(engine.rows(asked), key=str) == sorted(wanted, key=str)
    assert engine.rows("SELECT sum(subtotal) AS gbp FROM cost") == [(Decimal(317),)]
    days: Counter[date] = Counter()
    support = "SELECT starts_on, ends_on FROM cost WHERE basis = 'night' AND kind = 'case_management'"
    for starts_on, ends_on in engine.rows(support):
        days.update(starts_on + timedelta(n) for n in range((ends_on - starts_on).days))
    assert set(days.values()) == {1}
    assert len(days) == (date(2021, 11, 1) - date(2021, 4, 5)).days
