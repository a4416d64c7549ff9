"""The worked examples of each process, as they stand in the catalogue, on every engine."""

from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from careloom.catalogue import Price, PriceRow, PriceSheet, load_catalogue
from careloom.catalogue.costing import SYSTEMS, read_process
from careloom.catalogue.examples import ISO, typed
from careloom.catalogue.load import OURS
from careloom.core import read_examples
from careloom.costs import cost_children
from careloom.engine import Engine
from careloom.pathways import make_timeline
from careloom.study.try_examples import OF_PROCESSES, process_faults

CATALOGUE = load_catalogue()
PROCESSES = sorted((OURS / "processes").glob("*.toml"), key=lambda path: path.name)


@pytest.mark.parametrize("path", PROCESSES, ids=lambda path: path.stem)
def test_the_examples_hold(engine: Engine, path: Path) -> None:
    assert list(process_faults(engine, CATALOGUE, read_process(path))) == []


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
    for name in OF_PROCESSES:
        engine.load(name, typed(CATALOGUE.tables[name], examples[name].rows if name in examples else (), ISO))
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
    cost_children(engine, processes, sheet=sheet, placement_codes=CATALOGUE.placement_codes, **window)

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
