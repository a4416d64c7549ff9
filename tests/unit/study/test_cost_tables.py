"""What `careloom cost` may show: nothing that rests on few children, or on one."""

import runpy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from careloom.catalogue import load_catalogue
from careloom.disclose import DEFAULT
from careloom.engine import DuckDBEngine
from careloom.study.cost_tables import (
    ALL,
    Behind,
    behind,
    children_again,
    fewest,
    group_rows,
    load_rows,
    moved_by_recount,
)
from careloom.study.kept_demand import answers_of

MADE = runpy.run_path(str(Path(__file__).parents[1] / "costs" / "prices_made_up.py"))


def lines(children: int, cost: float, code: str, first: int = 0) -> list[dict[str, str]]:
    more = {"placement_code": code, "standing": "local", "price_year": "2023/24"}
    return [MADE["line"](f"child{first + n:03}", "fee", 1, cost, kind="fee", **more) for n in range(children)]


@pytest.fixture
def engine() -> DuckDBEngine:
    """40 children in foster care, 30 with an agency, 2 in a home, and 12 elsewhere of whom one costs nearly all."""
    rows = [*lines(40, 100, "la_foster"), *lines(30, 200, "ifa_foster", 40), *lines(2, 5_000, "secure", 70)]
    rows += [*lines(11, 10, "other", 72), *lines(1, 9_000, "other", 83)]
    return MADE["engine_of"](*rows)  # type: ignore[no-any-return]


def test_who_is_behind_each_group_and_whether_one_child_is_most_of_it(engine: DuckDBEngine) -> None:
    who = behind(engine, "Placement")
    assert who["la_foster"] == Behind(40, is_dominated=False)
    assert who["other"] == Behind(12, is_dominated=True)
    assert who[ALL].children == 84
    assert behind(engine, "Placement", "c.placement_code = 'castle'") == {}


def test_what_few_or_one_make_up_is_not_shown(engine: DuckDBEngine) -> None:
    amounts = {"la_foster": 4_000.0, "ifa_foster": 6_000.0, "secure": 10_000.0, "other": 9_110.0, ALL: 29_110.0}
    rows = group_rows("Placement", [("cost", amounts)], behind(engine, "Placement"), amounts)
    load_rows(engine, load_catalogue(), "cost_sure", rows)
    answer = answers_of(engine, ("cost_sure_by_placement",), DEFAULT)["cost_sure_by_placement"]
    told: dict[str, Any] = {row["group_value"]: row["cost"] for row in answer.rows}
    assert [told[name] for name in ("Secure children's home", "Other placement")] == [None, None]
    assert told["Foster care, the authority's own"] == 4_000
    assert (
        told["Foster care, through an agency"] is None
    )  # or the total less the rest would be two groups of one child each
    assert told[ALL] == 29_100


def test_a_gain_dominated_by_one_child_is_hidden_though_it_is_negative(engine: DuckDBEngine) -> None:
    amounts = {"la_foster": -400.0, "other": -911.0, "ifa_foster": -600.0, ALL: -1_911.0}
    rows = group_rows("Placement", [("difference", amounts)], behind(engine, "Placement"), amounts)
    load_rows(engine, load_catalogue(), "cost_change", rows)
    answer = answers_of(engine, ("cost_change_by_placement",), DEFAULT)["cost_change_by_placement"]
    told = {row["group_value"]: row["cost"] for row in answer.rows}
    assert told["Other placement"] is None
    shown = [cost for name, cost in told.items() if cost is not None]
    # what is shown must not give the hidden one away: either the total or a second part is hidden, too
    assert len(shown) <= 2


def test_a_recount_rests_on_the_children_whose_costs_it_moves(engine: DuckDBEngine) -> None:
    """Of 40 children two are counted otherwise: the difference is of those two, not of the forty."""
    engine.make("cost_before", "SELECT * FROM cost")
    dearer = (
        "CASE WHEN person_id IN ('child000', 'child001') THEN CAST(150 AS DECIMAL(18, 6)) ELSE subtotal END AS subtotal"
    )
    engine.make("cost", f"SELECT * REPLACE ({dearer}) FROM cost_before")
    assert moved_by_recount(engine, "Placement") == {
        "la_foster": Behind(2, is_dominated=True),
        ALL: Behind(2, is_dominated=True),
    }


def test_the_fewest_stand_for_all_that_an_amount_rests_on() -> None:
    many, few, one = Behind(40, is_dominated=False), Behind(7, is_dominated=False), Behind(50, is_dominated=True)
    assert fewest((many, None, few)) == few
    assert fewest((many, few, one)) == one
    assert fewest(()) is None


def test_children_drawn_again_spread_about_what_they_cost(engine: DuckDBEngine) -> None:
    again = children_again(engine, "Placement", 400, 1)
    assert set(again) == {"la_foster", "ifa_foster", "secure", "other", ALL}
    assert np.allclose(sum(again[group] for group in again if group != ALL), again[ALL])
    # 84 draws of which 40 cost 100: a mean of 4,000 and a standard deviation of 100 x sqrt(84 p (1 - p))
    error = 100 * np.sqrt(84 * (40 / 84) * (44 / 84))
    assert abs(again["la_foster"].mean() - 4_000) < 5 * error / np.sqrt(400)
    assert again["la_foster"].std() == pytest.approx(error, rel=5 / np.sqrt(2 * 400))
