"""Money of a few children, or of one child beside others, is not told, nor given away by what is shown beside it."""

from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from scipy.optimize import linprog

from careloom.disclose import Amount, Asked, Count, Label, Released, Same, Total, read_profile, release, release_all
from careloom.disclose.amounts import PERCENT, is_dominated

COLUMNS = (
    Label("need"),
    Label("place"),
    Count("children"),
    Amount("cost", "children", 100, ("largest", "next")),
)
TO = 100
DOWN, ACROSS = Total("place", "All", within=("need",)), Total("need", "All", within=("place",))


def told(cells: dict[tuple[str, str], list[float]]) -> pa.Table:
    """The costs of the children of each cell, added up both ways; each child is in one cell."""
    sums: dict[tuple[str, str], list[float]] = {}
    for (need, place), costs in cells.items():
        for key in ((need, place), (need, "All"), ("All", place), ("All", "All")):
            sums[key] = sums.get(key, []) + costs
    rows = []
    for (need, place), costs in sums.items():
        most = sorted(costs, reverse=True)
        largest = {"largest": most[0], "next": most[1] if len(most) > 1 else None}
        rows.append({"need": need, "place": place, "children": len(costs), "cost": sum(costs)} | largest)
    return pa.Table.from_pylist(rows)


def shown(released: Released) -> dict[tuple[str, str], Any]:
    return {(row["need"], row["place"]): row["cost"] for row in released.rows.to_pylist()}


def test_the_rule_by_hand() -> None:
    # the second child, who knows 40, takes the first for 160 - 40 = 120 at most: 20% above 100
    assert not is_dominated(160, 100, 40)
    assert is_dominated(149, 100, 40)  # 109 at most: within 10%
    assert not is_dominated(150, 100, 40)
    assert is_dominated(100, 100, 0)
    assert not is_dominated(0, 0, 0)


def test_one_dear_child_among_seven_is_not_told_and_hides_among_others() -> None:
    cells = {("a", "x"): [500_000.0, *[1_000.0] * 6], ("a", "y"): [60_000.0] * 20, ("a", "z"): [50_000.0] * 30}
    found = shown(release(told(cells), COLUMNS, name="t", total=DOWN, margin=ACROSS))
    assert found["a", "x"] is None  # 7 children, but it is one child's money
    assert found["a", "y"] is None  # or it would be the total less the others
    assert found["a", "z"] == 1_500_000
    assert found["a", "All"] == 3_206_000


def test_without_the_two_largest_only_counts_decide_and_they_are_never_shown() -> None:
    cells = {("a", "x"): [500_000.0, *[1_000.0] * 6], ("a", "y"): [60_000.0] * 20}
    columns = (*COLUMNS[:3], Amount("cost", "children", 100))
    table = told(cells)
    with pytest.raises(ValueError, match="not declared, so not released: largest, next"):
        release(table, columns, name="t", total=DOWN)
    assert shown(release(table.drop(["largest", "next"]), columns, name="t", total=DOWN))["a", "x"] == 506_000
    out = release(table, COLUMNS, name="t", total=DOWN, margin=ACROSS)
    assert out.rows.column_names == ["need", "place", "children", "cost", "withheld"]


def test_a_total_that_is_withheld_is_not_the_sum_of_its_parts() -> None:
    # "All" of x is withheld as the one other part beside "All" of y, which is one child's; then a part of x must go too
    cells = {("a", "x"): [900.0] * 20, ("b", "x"): [900.0] * 30, ("a", "y"): [90_000.0, 10.0, 10.0]}
    found = shown(release(told(cells), COLUMNS, name="t", total=DOWN, margin=ACROSS))
    assert found["All", "y"] is None
    for need in ("a", "b", "All"):
        line = [found.get((need, place), 0) for place in ("x", "y", "All")]
        assert line.count(None) != 1, need
    column = [found[need, "x"] for need in ("a", "b", "All")]
    assert column.count(None) != 1


@pytest.mark.parametrize("seed", range(20))
def test_no_dear_child_is_found_by_adding_and_taking_away(seed: int) -> None:
    """Linear programming over all that is shown: a withheld cell may always be so large that its dearest child is not told."""
    chance = np.random.default_rng(seed)
    needs, places = (tuple("abcd"[: chance.integers(2, 5)]), tuple("wxyz"[: chance.integers(2, 5)]))
    cells = {
        (need, place): list(np.exp(chance.normal(9, 1.6, int(chance.choice([1, 2, 4, 7, 12, 30])))))
        for need in needs
        for place in places
    }
    found = shown(release(told(cells), COLUMNS, name="t", total=DOWN, margin=ACROSS))
    names, hidden = list(cells), 0
    limits, most = [], []
    for key, cost in found.items():
        if cost is not None:  # lies within half of TO of what is shown
            inside = [float(key[0] in (need, "All") and key[1] in (place, "All")) for need, place in names]
            limits += [inside, [-share for share in inside]]
            most += [cost + TO / 2, TO / 2 - cost]
    for number, key in enumerate(names):
        largest, following = [*sorted(cells[key], reverse=True), 0.0][:2]
        if len(cells[key]) < 6 or is_dominated(sum(cells[key]), largest, following):
            assert found[key] is None
            hidden += 1
            aim = -np.eye(len(names))[number]
            answer = linprog(aim, np.array(limits) if limits else None, most or None, bounds=(0, 1e9))
            assert answer.success
            assert -answer.fun - following >= (1 + PERCENT / 100) * largest - TO, (key, names)
    assert hidden


def one_way(costs: dict[str, list[float]]) -> pa.Table:
    """Costs by one label, with their total."""
    rows = [row for row in told({("t", of): each for of, each in costs.items()}).to_pylist() if row["need"] == "t"]
    return pa.Table.from_pylist([{"of": row["place"], **row} for row in rows]).drop(["need", "place"])


ONE_WAY = (Label("of"), *COLUMNS[2:])


def cost_of(released: Released) -> dict[str, Any]:
    return {row["of"]: row["cost"] for row in released.rows.to_pylist()}


def test_what_hides_one_childs_money_is_not_told_by_another_table() -> None:
    # all of y is one child's; all of x is withheld so that it is not the total less x; by age, x is added up again
    cells = {("a", "x"): [900.0] * 20, ("b", "x"): [900.0] * 30, ("a", "y"): [90_000.0, *[10.0] * 6]}
    first = Asked("t", told(cells), COLUMNS, DOWN, ACROSS)
    ages = Asked("ages", one_way({"young": [900.0] * 25, "old": [900.0] * 25}), ONE_WAY, Total("of", "All"))
    same = Same("ages", (), {"children": "children"}, {"need": "All", "place": "x"}, {"of": "All"})
    exact = read_profile("dfe_exact")
    alone = release_all([first, ages], exact)
    assert shown(alone["t"])["All", "All"] - cost_of(alone["ages"])["All"] == 90_100  # that child's, nearly
    together = release_all([replace(first, same=[same]), ages], exact)
    assert cost_of(together["ages"])["All"] is None
    assert None in (cost_of(together["ages"])["young"], cost_of(together["ages"])["old"])
    assert shown(together["t"]) == shown(alone["t"])


def test_parts_that_are_shown_of_what_hides_one_childs_money_are_too_much() -> None:
    """One child's 100,000 are hidden among 30,000 of others: of which another table shows 27,000, which leaves too little."""
    needs = {"x": [100_000.0, *[10.0] * 6], "y": [1_500.0] * 20, "z": [2_000.0] * 30}
    ages = Asked("ages", one_way({"u": [1_500.0] * 2, "v": [1_500.0] * 18}), ONE_WAY, Total("of", "All"))
    same = Same("ages", (), {"children": "children"}, {"of": "y"}, {"of": "All"})
    found = release_all([Asked("needs", one_way(needs), ONE_WAY, Total("of", "All"), same=[same]), ages])
    assert cost_of(found["ages"]) == {"u": None, "v": 27_000, "All": None}
    assert cost_of(found["needs"]) == {"x": None, "y": None, "z": None, "All": 190_100}  # z hides x now, too
    assert cost_of(release_all([Asked("needs", one_way(needs), ONE_WAY, Total("of", "All"))])["needs"])["z"] == 60_000


def test_amounts_that_are_as_large_by_chance_are_two() -> None:
    cells = {("a", "x"): [900.0] * 20, ("b", "x"): [900.0] * 30, ("a", "y"): [90_000.0, *[10.0] * 6]}
    others = Asked("others", one_way({"young": [900.0] * 25, "old": [900.0] * 25}), ONE_WAY, Total("of", "All"))
    found = release_all([Asked("t", told(cells), COLUMNS, DOWN, ACROSS), others], read_profile("dfe_exact"))
    assert cost_of(found["others"]) == {"young": 22_500, "old": 22_500, "All": 45_000}


@pytest.mark.parametrize("seed", range(20))
def test_no_childs_money_is_told_by_two_tables_of_the_same_children(seed: int) -> None:
    """Bounds by linear programming over both tables: no amount of few, or of one child, is told to within a tenth."""
    random = np.random.default_rng(seed)
    costs = np.round(random.lognormal(8, 2, size=60), 2)
    tables = {
        name: {f"p{k}": costs[way == k].tolist() for k in np.unique(way)}
        for name in ("needs", "places")
        for way in [random.choice(5, size=60, p=[0.5, 0.3, 0.1, 0.06, 0.04])]
    }
    same = [Same("places", (), {"children": "children"}, {"of": "All"}, {"of": "All"})]
    asked = [Asked(name, one_way(each), ONE_WAY, Total("of", "All")) for name, each in tables.items()]
    out = release_all([replace(asked[0], same=same), asked[1]], read_profile("dfe_exact"))
    cells = [(name, of) for name, each in tables.items() for of in each]
    free, equal = (0.0, 1e12), [1.0 if name == "needs" else -1.0 for name, _ in cells]  # both have the same total
    seen = {cell: cost_of(out[cell[0]])[cell[1]] for cell in (*cells, ("needs", "All"))}
    bounds = [free if seen[cell] is None else about(seen[cell]) for cell in cells]
    total = seen["needs", "All"]
    sums = [[sign * float(name == "needs") for name, _ in cells] for sign in (1, -1)] if total is not None else None
    ends = [about(total)[1], -about(total)[0]] if total is not None else None
    for n, (name, of) in enumerate(cells):
        own = [*sorted(tables[name][of], reverse=True), 0.0]
        if seen[name, of] is None and (len(own) <= 6 or is_dominated(sum(own), *own[:2])):
            one = np.eye(len(cells))[n]
            low, high = (sign * linprog(sign * one, sums, ends, [equal], [0.0], bounds).fun for sign in (1, -1))
            margin = PERCENT / 100 * own[0]
            assert high - sum(own) >= margin or sum(own) - low >= margin, (name, of)


def about(amount: float) -> tuple[float, float]:
    """From what to what an amount can lie that is shown so."""
    return amount - TO / 2 - 1, amount + TO / 2 + 1
