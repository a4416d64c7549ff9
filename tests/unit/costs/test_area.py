"""Where a placement is changes its price: inside the authority, outside it, or far away."""

from datetime import date
from decimal import Decimal

import pytest

from careloom.catalogue import Price, PriceRow, PriceSheet, load_catalogue
from careloom.catalogue.examples import ISO, typed
from careloom.core import CatalogueError, read_examples
from careloom.costs import check_prices, cost_children
from careloom.engine import Engine

CATALOGUE = load_catalogue()
LAC_3 = next(process for process in CATALOGUE.processes if process.key == "LAC 3")
# near: nothing says where; far: the second placement is far away; shared: two authorities say otherwise of one day
RECORD = """
spell
spell_id | person_id | la | kind              | starts_on  | ends_on    | start_reason | code | detail | within_id
n        | near      | A  | period_of_care    | 2021-05-01 | 2021-05-11 | S            | N1   |        |
n1       | near      | A  | placement         | 2021-05-01 | 2021-05-11 | S            | K2   | PR4    | n
n1a      | near      | A  | placement_segment | 2021-05-01 | 2021-05-11 |              | K2   | PR4    | n1
f        | far       | A  | period_of_care    | 2021-05-01 | 2021-05-31 | S            | N1   |        |
f1       | far       | A  | placement         | 2021-05-01 | 2021-05-11 | S            | K2   | PR4    | f
f1a      | far       | A  | placement_segment | 2021-05-01 | 2021-05-11 |              | K2   | PR4    | f1
f2       | far       | A  | placement         | 2021-05-11 | 2021-05-31 | P            | K2   | PR4    | f
f2a      | far       | A  | placement_segment | 2021-05-11 | 2021-05-31 |              | K2   | PR4    | f2

event
person_id | la | event        | happened_on | code
far       | A  | placed_where | 2021-05-01  | outside
far       | A  | placed_where | 2021-05-11  | outside_over_20_miles
near      | B  | placed_where | 2021-05-01  | outside
"""
NOTHING = Decimal(0)


def price(element: str, amount: int, **keys: str) -> Price:
    row = PriceRow(2, "fees", "", NOTHING, NOTHING, Decimal(amount), None, None, "made up")
    return Price("LAC 3", element, tuple(keys.items()), "night", (row,))


def sheet(*areas: tuple[str, int]) -> PriceSheet:
    support = [price(element.name, 0) for element in LAC_3.elements if element.kind != "fee"]
    fees = [price("placement fee", 100), *(price("placement fee", amount, area=area) for area, amount in areas)]
    return PriceSheet("ours", "local", "2021/22", (*support, *fees))


def test_a_placement_costs_what_its_area_does(engine: Engine) -> None:
    tables = read_examples(RECORD, "spell")
    for name in ("spell", "event", "person", "timeline", "fee"):
        engine.load(name, typed(CATALOGUE.tables[name], tables[name].rows if name in tables else (), ISO))
    cost_children(
        engine,
        [LAC_3],
        sheet=sheet(("outside_over_20_miles", 250)),
        placement_codes=CATALOGUE.placement_codes,
        first_day=date(2021, 4, 1),
        end_day=date(2022, 4, 1),
    )
    found = engine.rows(
        "SELECT placement_id, area, quantity, subtotal FROM cost WHERE kind = 'fee' ORDER BY placement_id"
    )
    assert found == [
        ("f1a", "outside", 10, 1_000),
        ("f2a", "outside_over_20_miles", 20, 5_000),
        ("n1a", None, 10, 1_000),
    ]


def test_an_area_that_nothing_says_is_refused() -> None:
    with pytest.raises(CatalogueError, match='no area "outside_20"; did you mean "outside"'):
        check_prices(sheet(("outside_20", 3)), CATALOGUE.processes, CATALOGUE.needs, CATALOGUE.placement_codes)
