"""Of a whole run: the flow ends where the figures begin, and profiles describe exactly what it leaves."""

from collections import Counter
from typing import Any

import pytest

from careloom.engine import value


@pytest.mark.parametrize("flow", ["assessments", "episodes"])
def test_years_and_authorities_add_up_to_all_together(demonstration: Any, flow: str) -> None:
    rows = demonstration.engine.rows(
        f"SELECT position, la IS NULL AS is_all, sum(rows_dropped), sum(rows_left), sum(children_left) FROM flow WHERE flow = '{flow}' GROUP BY position, is_all ORDER BY position, is_all"
    )
    assert len(rows) > 10
    for split, whole in zip(rows[::2], rows[1::2], strict=True):
        assert split[2:4] == whole[2:4]
        assert split[4] >= whole[4]  # a child may come in several years


def test_the_flow_leaves_what_is_classified_and_what_is_described(demonstration: Any) -> None:
    engine = demonstration.engine

    def left(flow: str, step: str) -> int:
        which = f"la IS NULL AND flow = '{flow}' AND step = '{step}'"
        return int(value(engine, f"SELECT rows_left FROM flow WHERE {which}"))

    counted = {
        name: value(engine, f"SELECT count(*) FROM {name}")
        for name in ("class_of", "assessments_described", "episodes_described")
    }
    assert left("assessments", "assessments in a category of demand") == counted["class_of"] > 1000
    assert left("assessments", "aged 18 or over at assessment") == counted["assessments_described"]
    assert left("episodes", "CIN episodes described") == counted["episodes_described"] > 1000


def test_the_rungs_of_the_profile_are_those_of_the_pathways(demonstration: Any) -> None:
    engine = demonstration.engine
    described = {unit for (unit,) in engine.rows("SELECT unit_id FROM episodes_described")}
    rungs = Counter(rung for unit, rung in engine.rows("SELECT episode_id, rung FROM pathway") if unit in described)
    told = engine.rows(
        "SELECT rows_of_level FROM profile WHERE is_all AND profile = 'episodes' AND item = 'rung_reached'"
    )
    assert sorted(n for (n,) in told if n) == sorted(rungs.values())


def test_every_grouping_accounts_for_every_row(demonstration: Any) -> None:
    """Known and not known, of all groups of a column together, are the rows described."""
    engine = demonstration.engine
    for profile in ("assessments", "episodes", "plans", "periods_of_care"):
        rows = value(engine, f"SELECT count(*) FROM {profile}_described")
        totals = engine.rows(
            f"""SELECT grouped_by, item, sum(rows_known + rows_missing) FROM (
                SELECT DISTINCT grouped_by, group_value, item, rows_known, rows_missing FROM profile WHERE profile = '{profile}') AS one
                GROUP BY grouped_by, item"""
        )
        assert {grouped_by for grouped_by, _, _ in totals} == {"", "category", "la", "year"}
        assert {n for _, _, n in totals} == {rows}
