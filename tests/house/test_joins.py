"""No statement of a run compares every record with every other: of a country's records it would never end.

DuckDB does so where nothing is equal on both sides of a join, and in an outer join where a condition is on one side alone.
"""

import json
from collections.abc import Iterator
from typing import Any

from careloom.engine import DuckDBEngine

EVERY_WITH_EVERY = ("BLOCKWISE_NL_JOIN", "CROSS_PRODUCT")
ONE_ROW = "UNGROUPED_AGGREGATE"
OF_ONE_CHILD = {"person_id", "child_id", "spell_id", "line", "row_id"}
"""A table that was handed to the engine without any of these is declared, or says what was counted: its rows are few."""
FEW_BY_THEN = [("writing the outputs", {"care_history", "care_month"})]
"""Of twenty histories each month is drawn."""


def test_no_join_compares_every_record_with_every_other(recording: Any) -> None:
    loaded = [said for said in recording.said if said.verb == "load"]
    few = {said.name for said in loaded} - {said.name for said in loaded if OF_ONE_CHILD & set(said.columns)}
    planned = [said for said in recording.said if said.plan]
    assert len(planned) > 300
    found = [(said.stage, met) for said in planned for met in meetings(json.loads(said.plan)[0], few)]
    assert found == FEW_BY_THEN


def test_a_join_by_a_condition_on_one_side_alone_is_found(duck: DuckDBEngine) -> None:
    """As once kept a run of a whole country from its end."""
    duck.make("episode", "SELECT 'a' AS child, 'V3' AS status FROM (VALUES (1), (2)) AS numbers(n)")
    care = "WITH care AS (SELECT child, lead(child) OVER (ORDER BY child) AS next FROM episode)"
    asked = f"{care} SELECT o.next FROM episode AS e LEFT JOIN care AS o ON o.child = e.child LEFT JOIN care AS c ON c.child = "
    by_one_side, by_equals = "e.child AND e.status <> 'V3'", "CASE WHEN e.status <> 'V3' THEN e.child END"
    assert meetings_of(duck, asked + by_one_side, set()) == [{"episode"}]
    assert meetings_of(duck, asked + by_one_side, {"episode"}) == []
    assert meetings_of(duck, asked + by_equals, set()) == []


def meetings_of(duck: DuckDBEngine, select: str, few: set[str]) -> list[set[str]]:
    return list(meetings(json.loads(duck.rows(f"EXPLAIN (FORMAT json) {select}")[0][1])[0], few))


def meetings(plan: dict[str, Any], few: set[str]) -> Iterator[set[str]]:
    """Yield for each join of every row with every row in a plan the tables of many rows that meet in it."""
    steps = list(steps_of(plan))
    said_once = {
        step["extra_info"]["Table Index"]: step["children"][0] for step in steps if step["name"].strip() == "CTE"
    }
    for step in steps:
        if step["name"].strip() in EVERY_WITH_EVERY:
            sides = [tables(side, said_once) - few for side in step["children"]]
            if all(sides):
                yield set().union(*sides)


def steps_of(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for inner in plan["children"]:
        yield from steps_of(inner)


def tables(step: dict[str, Any], said_once: dict[str, Any]) -> set[str]:
    """The tables that the rows of a step come from, but for those that are added up to a single row."""
    if step["name"].strip() == ONE_ROW:
        return set()
    about = step["extra_info"]
    own = {about["Table"].rpartition(".")[2]} if "Table" in about else set()
    inner = [*step["children"], *([said_once[about["CTE Index"]]] if "CTE Index" in about else [])]
    return own.union(*(tables(each, said_once) for each in inner))
