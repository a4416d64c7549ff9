"""From the rows handed over to those that figures rest on: how many are dropped at each rule, and what is left."""

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Sequence

import pyarrow as pa

from careloom.catalogue import Flow
from careloom.core import Ledger
from careloom.engine import Engine, with_names

Whose = tuple[str | None, int | None]
"""Authority and collection year; nothing and nothing for all together."""
ALL: Whose = (None, None)
FLOW = pa.schema(
    [
        ("flow", pa.string()),
        ("title", pa.string()),
        ("position", pa.int64()),
        ("step", pa.string()),
        ("la", pa.string()),
        ("year", pa.int64()),
        ("rows_dropped", pa.int64()),
        ("rows_left", pa.int64()),
        ("children_left", pa.int64()),
        ("children_dropped", pa.int64()),
    ]
)


def follow_flows(engine: Engine, flows: Sequence[Flow], *, first_day: dt.date, end_day: dt.date) -> Ledger:
    """Make `flow`: for each flow whose returns came, what each rule drops and leaves, by authority and year and in all.

    Reads the tables of returns that the flows begin with, and the common tables. The first row of a flow is what came
    in, the last what is left. A row whose child is not known counts as a row and as no child.
    """
    ledger, rows = Ledger(), list[dict[str, object]]()
    for flow in flows:
        if not all(engine.columns(table) for table in flow.needs):
            continue
        engine.make("flowing", flowing_select(flow, first_day, end_day))
        ended = rows_by_end(engine)
        rows += flow_rows(flow, ended, children_by_end(engine), children_dropped(engine))
        dropped = {drop.reason: ended[ALL][number] for number, drop in enumerate(flow.drops, start=1)}
        left_over = left(ended[ALL], len(flow.drops))
        ledger.note(f"follow {flow.title}", flow.begin, flow.end, ended[ALL].total(), left_over, dropped)
    engine.load("flow", pa.Table.from_pylist(rows, FLOW))
    return ledger


def flowing_select(flow: Flow, first_day: dt.date, end_day: dt.date) -> str:
    """SQL of every row handed over and the number of the rule that drops it; one more than the last for those left."""
    period = {"study_period": f"SELECT DATE '{first_day}' AS first_day, DATE '{end_day}' AS end_day"}
    cases = " ".join(f"WHEN {drop.when} THEN {number}" for number, drop in enumerate(flow.drops, start=1))
    return f"""
        SELECT kept.la, CAST(kept.year AS BIGINT) AS year, kept.person_id, CASE {cases} ELSE {len(flow.drops) + 1} END AS ends_at
        FROM ({with_names(period, flow.select)}) AS kept"""


def rows_by_end(engine: Engine) -> dict[Whose, Counter[int]]:
    """Return how many rows end at each rule, by authority and year and in all."""
    ended = engine.rows("SELECT la, year, ends_at, count(*) AS n FROM flowing GROUP BY la, year, ends_at")
    return gathered([((la, year), end, n) for la, year, end, n in ended] + [(ALL, end, n) for _, _, end, n in ended])


def children_by_end(engine: Engine) -> dict[Whose, Counter[int]]:
    """Return how many children's last row ends at each rule, by authority and year and in all."""
    last = "SELECT {whose}person_id, max(ends_at) AS ends_at FROM flowing WHERE person_id IS NOT NULL GROUP BY {whose}person_id"
    counted = "SELECT {whose}ends_at, count(*) AS n FROM ({last}) AS child GROUP BY {whose}ends_at"
    split, in_all = (
        engine.rows(counted.format(whose=whose, last=last.format(whose=whose))) for whose in ("la, year, ", "")
    )
    return gathered([((la, year), end, n) for la, year, end, n in split] + [(ALL, end, n) for end, n in in_all])


def children_dropped(engine: Engine) -> dict[Whose, Counter[int]]:
    """Return how many different children have a row that ends at each rule, by authority and year and in all."""
    counted = "SELECT {whose}ends_at, count(DISTINCT person_id) AS n FROM flowing GROUP BY {whose}ends_at"
    split, in_all = (engine.rows(counted.format(whose=whose)) for whose in ("la, year, ", ""))
    return gathered([((la, year), end, n) for la, year, end, n in split] + [(ALL, end, n) for end, n in in_all])


def gathered(ended: Sequence[tuple[Whose, int, int]]) -> dict[Whose, Counter[int]]:
    found: dict[Whose, Counter[int]] = {ALL: Counter()}
    for whose, end, rows in ended:
        found.setdefault(whose, Counter())[end] += rows
    return found


def flow_rows(
    flow: Flow,
    rows: dict[Whose, Counter[int]],
    children: dict[Whose, Counter[int]],
    dropped: dict[Whose, Counter[int]],
) -> Iterator[dict[str, object]]:
    """Yield the rows of `flow`: what came in, what each rule drops, and what is left in the end."""
    steps = [flow.begin, *(drop.reason for drop in flow.drops), flow.end]
    for whose in sorted(rows, key=lambda key: (key != ALL, str(key[0]), key[1] or 0)):
        for position, step in enumerate(steps):
            is_rule = 0 < position <= len(flow.drops)
            rule = min(position, len(flow.drops))  # what the last rule leaves is left in the end
            yield {
                "flow": flow.name,
                "title": flow.title,
                "position": position,
                "step": step,
                "la": whose[0],
                "year": whose[1],
                "rows_dropped": rows[whose][position] if is_rule else 0,
                "rows_left": left(rows[whose], rule),
                "children_left": left(children.get(whose, Counter()), rule),
                "children_dropped": dropped[whose][position] if is_rule else 0,
            }


def left(ended: Counter[int], position: int) -> int:
    """Return how many end at a later rule, or at none."""
    return sum(rows for end, rows in ended.items() if end > position)
