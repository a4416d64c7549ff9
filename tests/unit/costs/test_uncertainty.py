"""How sure a cost is: against means and standard deviations worked out by hand."""

import math
import sys
from pathlib import Path

import pytest

from careloom.core import CatalogueError, RequestError
from careloom.costs.uncertainty import FEES, UNNAMED, Doubt, as_they_are, at_limit, draw_prices, kinds_of

sys.path.append(str(Path(__file__).parent))
from prices_made_up import cells_of, line, row, sheet

DRAWS = 40_000
SEVERAL_ERRORS = 5
"""A mean of so many draws is that far from the truth, in its standard errors, once in two million times."""
WORK = ("LAC 3", "support", "week", [row(2, 2, 40, low=60, high=140)])
FEE = ("LAC 3", "placement fee", "week", [row(3, 0, 0, 700)])


def drawn(prices: object, cells: list, doubt: Doubt) -> object:
    return draw_prices(cells, prices, doubt).of_cells(cells, as_they_are(cells))  # type: ignore[arg-type]


@pytest.mark.parametrize("shape", ["triangular", "gamma"])
def test_one_price_spreads_as_its_range_and_its_rate_do(shape: str) -> None:
    """80 a week, from 60 to 140: hours and rate are drawn apart, so the variance is that of a product."""
    prices = sheet(WORK)
    cells = cells_of(prices, line("a", "support", 7, 80, "2"), line("b", "support", 63, 720, "2"))
    (found,) = drawn(prices, cells, Doubt(draws=DRAWS, shape=shape))  # type: ignore[misc]
    low, mode, high = 600, 800, 1400
    if shape == "triangular":
        mean = (low + mode + high) / 3
        variance = (low**2 + mode**2 + high**2 - low * mode - low * high - mode * high) / 18
    else:
        variance = ((high - low) / (2 * 1.959964)) ** 2
        scale = (math.sqrt(mode**2 + 4 * variance) - mode) / 2
        mean = mode + scale
    both = variance + 0.05**2 * (variance + mean**2)  # of hours x rate, the rate with mean 1 and sd 0.05
    assert abs(found.mean() - mean) < SEVERAL_ERRORS * math.sqrt(both / DRAWS)
    # a standard deviation of n draws has a relative standard error near 1 / sqrt(2n), somewhat more when skewed
    assert abs(found.std() / math.sqrt(both) - 1) < 2 * SEVERAL_ERRORS / math.sqrt(2 * DRAWS)


def test_a_price_is_one_draw_for_all_children_and_not_many() -> None:
    """A hundred children at one price are as unsure as one, in proportion: nothing averages out."""
    prices = sheet(WORK)
    one = cells_of(prices, line("a", "support", 7, 80, "2"))
    many = cells_of(prices, *(line(f"child{n}", "support", 7, 80, "2") for n in range(100)))
    doubt = Doubt(draws=500)
    assert drawn(prices, many, doubt)[0] == pytest.approx(100 * drawn(prices, one, doubt)[0])  # type: ignore[index]


def test_prices_of_authorities_go_together_in_part() -> None:
    prices = sheet(FEE)
    cells = cells_of(
        prices,
        *(line("a", "placement fee", 7, 700, "3", kind="fee", la=la) for la in ("A", "B")),
    )
    north, south = drawn(prices, cells, Doubt(draws=DRAWS, by_staff=0.4, by_la=0.1))  # type: ignore[misc]
    correlation = ((north - north.mean()) * (south - south.mean())).mean() / (north.std() * south.std())
    # what the normals share, 0.4, a triangular nearly keeps: of two uniforms it would be 6 / pi asin(0.4 / 2) = 0.385
    assert correlation == pytest.approx(0.4, abs=0.03)


def test_the_seed_makes_the_same_draws_and_another_seed_others() -> None:
    prices = sheet(WORK)
    cells = cells_of(prices, line("a", "support", 7, 80, "2"))
    first, again, other = (drawn(prices, cells, Doubt(draws=100, seed=seed)) for seed in (1, 1, 2))
    assert (first == again).all()  # type: ignore[attr-defined]
    assert (first != other).all()


def test_a_recorded_fee_is_never_drawn() -> None:
    prices = sheet(WORK)
    cells = cells_of(prices, line("a", "placement fee", 7, 912.5, kind="fee"))
    assert (drawn(prices, cells, Doubt(draws=100)) == 912.5).all()  # type: ignore[attr-defined]
    assert kinds_of(cells, prices) == []


def test_lowest_and_highest_are_of_the_sheet_or_so_far_either_way() -> None:
    prices = sheet(WORK, FEE)
    cells = cells_of(prices, line("a", "support", 7, 80, "2"), line("a", "placement fee", 7, 700, "3", kind="fee"))
    doubt = Doubt(within=0.1)
    ends = [
        at_limit(cells, prices, doubt, high=high).of_cells(cells, as_they_are(cells)).sum() for high in (False, True)
    ]
    assert ends == pytest.approx([60 + 630, 140 + 770])
    only_fees = at_limit(cells, prices, doubt, high=True, kind=FEES).of_cells(cells, as_they_are(cells)).sum()
    assert only_fees == pytest.approx(80 + 770)
    assert kinds_of(cells, prices) == [FEES, UNNAMED]


def test_costs_of_another_sheet_are_refused() -> None:
    with pytest.raises(CatalogueError, match="rows that it no longer has"):
        cells_of(sheet(FEE), line("a", "support", 7, 80, "2"))


@pytest.mark.parametrize("wrong", [{"draws": 5}, {"within": 1.5}, {"by_staff": 0.8, "by_la": 0.8}, {"shape": "flat"}])
def test_doubts_that_cannot_be_are_refused(wrong: dict) -> None:
    with pytest.raises(RequestError):
        Doubt(**wrong)
