"""The working tables of `careloom cost`: totals with their ranges, differences, bars and reconciled lines, for questions to ask of."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from careloom.catalogue import Catalogue
from careloom.catalogue.kinds import ARROW
from careloom.costs.counts import EVERYTHING, Cell
from careloom.costs.reconcile import Reconciled, topdown_weekly
from careloom.costs.recount import BEFORE
from careloom.disclose import Profile
from careloom.disclose.amounts import is_dominated
from careloom.engine import Engine, text, value
from careloom.stats.drawn_amounts import Floats, resampled_sums

ALL = "All"
LOWER, UPPER = 0.025, 0.975
CENTRAL, LOWEST, HIGHEST = "cost", "lowest prices", "highest prices"
BY_CHILDREN = ("95% interval for the children, from", "to (children)")
BY_PRICES = ("95% interval for prices, from", "to (prices)")
"""What is said of each group, as the tables of ranges name it."""
GROUPINGS: dict[str, tuple[str, Callable[[Mapping[str, str]], str]]] = {
    "Process": (
        "c.process || ' ' || c.process_name || ': ' || replace(c.kind, '_', ' ')",
        lambda keys: f"{keys['process']} {keys['process_name']}: {keys['kind'].replace('_', ' ')}",
    ),
    "Placement": ("coalesce(c.placement_code, '')", lambda keys: keys["placement_code"]),
}
"""How costs are grouped: in SQL, and from the keys of a cell."""


@dataclass(frozen=True)
class Behind:
    """Whose costs a group's are: children, and whether one of them makes up most."""

    children: int
    is_dominated: bool


def behind(engine: Engine, grouping: str, where: str = EVERYTHING) -> dict[str, Behind]:
    """Whose lines of `cost` those of `where` are, group by group; `All` for all together."""
    group = GROUPINGS[grouping][0]
    return ranked(engine, f"SELECT {group} AS grp, c.person_id, c.subtotal AS cost FROM cost AS c WHERE {where}")


def moved_by_recount(engine: Engine, grouping: str) -> dict[str, Behind]:
    """Whose costs differ between `cost_before` and `cost`, as a recount leaves them."""
    group = GROUPINGS[grouping][0]
    parts = (
        f"SELECT {group} AS grp, c.person_id, {sign}c.subtotal AS cost FROM {table} AS c"
        for table, sign in ((BEFORE, "-"), ("cost", ""))
    )
    return ranked(engine, " UNION ALL ".join(parts))


def ranked(engine: Engine, lines: str) -> dict[str, Behind]:
    """Count the children whose lines (grp, person_id, cost) do not come to nothing, and see whether one makes up most."""
    rows = engine.rows(
        f"""
        WITH line AS ({lines}),
        child AS (
          SELECT grp, person_id, abs(CAST(sum(cost) AS DOUBLE)) AS cost FROM line GROUP BY grp, person_id
          UNION ALL
          SELECT '{ALL}' AS grp, person_id, abs(CAST(sum(cost) AS DOUBLE)) AS cost FROM line GROUP BY person_id
        ), ranked AS (
          SELECT grp, cost, row_number() OVER (PARTITION BY grp ORDER BY cost DESC, person_id) AS place
          FROM child WHERE cost > 0.000001
        )
        SELECT grp, count(*) AS children, sum(cost) AS cost, max(CASE WHEN place = 1 THEN cost END) AS first,
          max(CASE WHEN place = 2 THEN cost END) AS second
        FROM ranked GROUP BY grp"""
    )
    return {grp: Behind(n, is_dominated(cost, first or 0.0, second or 0.0)) for grp, n, cost, first, second in rows}


def fewest(each: Iterable[Behind | None]) -> Behind | None:
    """Of those that an amount rests on, the fewer: whoever is behind one of two numbers can be told from their product."""
    known = [who for who in each if who]
    return min(known, key=lambda who: (not who.is_dominated, who.children), default=None)


def summed(cells: Sequence[Cell], drawn: Floats, grouping: str) -> dict[str, Floats]:
    """Add GBP of cells, cells x draws, up by group, and for all together."""
    name = GROUPINGS[grouping][1]
    found: dict[str, Floats] = {ALL: drawn.sum(axis=0)}
    for cell, row in zip(cells, drawn, strict=True):
        group = name(cell.keys)
        found[group] = found[group] + row if group in found else row
    return found


def children_again(engine: Engine, grouping: str, draws: int, seed: int) -> dict[str, Floats]:
    """Draw the children who cost anything again, so often, and return what each group would have come to."""
    group = GROUPINGS[grouping][0]
    engine.make(
        "cost_drawn",
        f"SELECT {group} AS grp, c.person_id, CAST(sum(c.subtotal) AS DECIMAL(18, 6)) AS cost FROM cost AS c GROUP BY {group}, c.person_id",
    )
    groups = [str(grp) for (grp,) in engine.rows("SELECT DISTINCT grp FROM cost_drawn ORDER BY grp")]
    amounts = np.empty((int(value(engine, "SELECT count(DISTINCT person_id) FROM cost_drawn")), len(groups)))
    names = [f"cost_{number}" for number in range(len(groups))]
    sums = ", ".join(
        f"CAST(sum(CASE WHEN grp = {text(grp)} THEN cost ELSE 0 END) AS DOUBLE) AS {name}"
        for name, grp in zip(names, groups, strict=True)
    )
    told = f"SELECT person_id, {sums} FROM cost_drawn GROUP BY person_id"
    place = 0
    for part in engine.parts(f"SELECT {', '.join(names)} FROM ({told}) AS told ORDER BY person_id") if groups else ():
        for number, name in enumerate(names):
            amounts[place : place + part.num_rows, number] = part.column(name).to_numpy()
        place += part.num_rows
    engine.drop("cost_drawn")
    again = resampled_sums(amounts, draws=draws, chance=np.random.default_rng(seed))
    return {ALL: again.sum(axis=0)} | dict(zip(groups, again, strict=True))


Row = dict[str, object]


def shown_amount(who: Behind | None, cost: float) -> Row:
    """A cell of money and who is behind it; where one child makes up most of it, that child is all of it to the door."""
    dominated = who is not None and who.is_dominated
    return {
        "children": who.children if who else 0,
        "cost": float(cost),
        "largest": max(abs(float(cost)), 1.0) if dominated else 0.0,
        "next_largest": 0.0,
    }


def group_rows(
    grouping: str, whats: Sequence[tuple[str, Mapping[str, float]]], who: Mapping[str, Behind], groups: Iterable[str]
) -> list[Row]:
    """One row for each group and each of the things said of it, in order."""
    return [
        {"grouped_by": grouping, "group_value": group, "what_no": number, "what": what}
        | shown_amount(who.get(group), amounts.get(group, 0.0))
        for group in groups
        for number, (what, amounts) in enumerate(whats, start=1)
    ]


def reconciled_rows(found: Sequence[Reconciled], disclosure: Profile) -> list[Row]:
    """One row for each line. Weekly figures rest on counts as they may be shown, so that they say no more than those."""
    return [reconciled_row(each, disclosure) for each in found]


def reconciled_row(each: Reconciled, disclosure: Profile) -> Row:
    basis, few = each.line.basis, disclosure.is_small(each.counted_children)
    counted = (
        None if few else 5 * round(each.denominator / 5) if basis == "care_days" else disclosure.shown(each.denominator)
    )
    who = Behind(each.children, is_dominated(each.cost, each.largest, each.next_largest))
    # what is left unexplained says as much as the costs do
    is_told = not (who.is_dominated or disclosure.is_small(each.children))
    return {
        "la": each.spending.la,
        "year": f"{each.spending.year - 1}-{each.spending.year % 100:02}",
        "line": each.line.title,
        "not_in": each.line.not_in,
        "divided_by": each.line.denominator,
        "counted_children": each.counted_children,
        "denominator": counted,
        "spent": each.spending.amount,
        "remainder": each.spending.amount - each.cost if is_told else None,
        "spent_weekly": topdown_weekly(each.spending.amount, counted or 0, basis=basis),
        "costed_weekly": topdown_weekly(each.cost, counted or 0, basis=basis) if is_told else None,
        **shown_amount(who, each.cost),
    }


def load_rows(engine: Engine, catalogue: Catalogue, table: str, rows: Sequence[Row]) -> None:
    """Load a working table with the columns that the catalogue declares."""
    schema = pa.schema([(column.name, ARROW[column.type]) for column in catalogue.tables[table].columns])
    engine.load(table, pa.Table.from_pylist([dict(row) for row in rows], schema=schema))
