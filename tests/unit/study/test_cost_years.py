"""Costs of each year at its own prices, by hand: pay and fees have their own indices, and recorded fees stay as paid."""

import sys
from datetime import date
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from careloom.catalogue import Price, PriceBase, PriceRow, PriceSheet, load_catalogue
from careloom.catalogue.price_base import Figure
from careloom.core import CatalogueError
from careloom.disclose import DEFAULT
from careloom.study.cost_years import tell_years
from careloom.study.listings import Listing

sys.path.append(str(Path(__file__).parents[1] / "costs"))
from prices_made_up import engine_of, line

NOTHING = Decimal(0)
# 60 of pay and 40 of fees a night in line 2 and 3; line 4 is pay alone, 500 an event
PAY = PriceRow(2, "pay", "worker", Decimal(1), Decimal(60), NOTHING, None, None, "made up")
FEE = PriceRow(3, "fees", "", NOTHING, NOTHING, Decimal(40), None, None, "made up")
EVENT = PriceRow(4, "pay", "worker", Decimal(10), Decimal(50), NOTHING, None, None, "made up")
INDICES = {
    ("2021/22", "pay"): 90, ("2022/23", "pay"): 100, ("2021/22", "fees"): 80, ("2022/23", "fees"): 100,
}  # fmt: skip


def sheet(indices: dict[tuple[str, str], int]) -> PriceSheet:
    figures = {key: Figure(Decimal(value), "indices.csv line 2", "made up") for key, value in indices.items()}
    prices = (
        Price("LAC 3", "support", (), "night", (PAY, FEE)),
        Price("LAC 6", "review", (), "event", (EVENT,)),
    )
    return PriceSheet("ours", "local", "2022/23", prices, PriceBase(indices=figures))


def costs(indices: dict[tuple[str, str], int], last: date = date(2023, 4, 1)) -> Any:
    """Twenty children alike: 30 nights to 10 April 2022, so 20 in one year and 10 in the next, a review, and a recorded fee."""
    days = {"starts_on": "2022-03-12", "ends_on": "2022-04-11", "standing": "local", "price_year": "2022/23"}
    review = {"process": "LAC 6", "basis": "event", "starts_on": "2022-02-01", "ends_on": "2022-02-02"}
    each = [
        entry
        for n in range(20)
        for entry in (
            line(f"child{n}", "support", 30, 3_000, "2 3", **days),
            line(f"child{n}", "review", 1, 500, "4", **(days | review)),
            line(f"child{n}", "placement fee", 30, 6_000, **days),
        )
    ]
    study = SimpleNamespace(cost_first_day=date(2021, 4, 1), cost_end_day=last, disclosure=DEFAULT)
    return SimpleNamespace(engine=engine_of(*each), catalogue=load_catalogue(), sheet=sheet(indices), study=study)


def table(told: list[str | Listing]) -> Listing:
    (found,) = (part for part in told if isinstance(part, Listing))
    return found


def test_each_year_goes_by_the_index_of_what_its_prices_consist_of() -> None:
    """2021-22: 20 nights at 60 x 0.9 + 40 x 0.8 = 86, 500 x 0.9 and 20 nights of a fee of 200 as paid: 6,170 a child."""
    found = table(tell_years(costs(INDICES)))
    assert found.heading == ("Year", "at prices of 2022/23", "at each year's own prices")
    assert found.rows == (
        ("2021-22", "£130,000", "£123,400"),  # 20 x (20 x 100 + 500 + 20 x 200) and 20 x (1,720 + 450 + 4,000)
        ("2022-23", "£60,000", "£60,000"),  # 20 x 10 x (100 + 200): the year of the sheet itself
        ("All", "£190,000", "£183,400"),
    )


def test_a_part_of_a_year_is_called_one() -> None:
    found = table(tell_years(costs(INDICES, last=date(2022, 6, 1))))
    assert [row[0] for row in found.rows] == ["2021-22", "2022-23 (part)", "All"]


def test_without_an_index_only_one_way_is_told_and_why() -> None:
    told = tell_years(costs({}))
    assert table(told).heading == ("Year", "at prices of 2022/23")
    assert "write indices.csv" in str(told[-1])


def test_a_year_that_the_index_does_not_have_is_named() -> None:
    with pytest.raises(CatalogueError, match='no index of "fees"'):
        tell_years(costs({key: value for key, value in INDICES.items() if key != ("2021/22", "fees")}))
