"""Profiles: who came and what followed, by any column: counts, shares, medians, and how far groups stand apart."""

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite, nan

import numpy as np
import pyarrow as pa

from careloom.catalogue import Profile, ProfileItem
from careloom.catalogue.kinds import SQL
from careloom.core import Ledger, Table
from careloom.engine import Engine, count, with_names
from careloom.stats import Counted, difference_of_means, difference_of_shares

Said = str | float | None
"""A level, an amount, or None where it is not known."""
Tallies = dict[str | None, Counter[Said]]
"""For each group, how many rows say what; of one item."""

JOINS = {
    "person": "LEFT JOIN person AS more ON more.person_id = d.person_id",
    "pathway": "LEFT JOIN pathway AS more ON more.episode_id = d.episode_id",
}
"""Tables whose columns a profile can also be grouped by."""
PROFILE = pa.schema(
    [
        *((name, pa.string()) for name in ("profile", "grouped_by", "group_value")),
        ("is_all", pa.bool_()),
        *((name, pa.string()) for name in ("item", "title", "level")),
        *((name, pa.int64()) for name in ("position", "rows_known", "rows_missing", "rows_elsewhere", "rows_of_level")),
        *((f"children_{of}", pa.int64()) for of in ("known", "missing", "elsewhere", "of_level")),
        *(
            (name, pa.float64())
            for name in ("share", "mean", "median", "lower_quartile", "upper_quartile", "difference")
        ),
    ]
)
MOST_LEVELS = 1000
"""Positions between one item and the next."""


@dataclass(frozen=True)
class Children:
    """How many different children are behind the rows of one item: of all groups, and group by group (0 where none).

    `known` and `missing` by group, `of_level` by group and level.
    """

    whole: int
    known: Mapping[str | None, int]
    missing: Mapping[str | None, int]
    of_level: Mapping[tuple[str | None, Said], int]


@dataclass(frozen=True)
class Grouping:
    """A column whose groups can be told apart: its name, what it is called, its table beside the profile's own (blank: own), and SQL."""

    name: str
    title: str
    table: str
    sql: str


def groupings(profile: Profile, tables: Mapping[str, Table]) -> dict[str, Grouping]:
    """Return what a profile can be grouped by: its own columns but the amounts, then those of `person` and `pathway`.

    A date, a number or an identifier makes no groups. Of two columns of one name the profile's own counts.
    """
    found: dict[str, Grouping] = {}
    kept_out = {"unit_id", "person_id", "episode_id"} | {item.name for item in profile.items if item.kind == "amount"}
    for name, table in [("", profile.table), *((name, tables[name]) for name in JOINS)]:
        for column in table.columns:
            is_group = column.type in ("text", "code", "boolean") or column.name == "year"
            if is_group and column.privacy != "identifier" and column.name not in kept_out | found.keys():
                found[column.name] = Grouping(
                    column.name, column.label, name, group_sql(name, column.name, column.type)
                )
    return found


def group_sql(table: str, column: str, kind: str) -> str:
    spoken = f"{'more' if table else 'd'}.{column}"
    if kind == "boolean":
        return f"CASE WHEN {spoken} THEN 'Yes' WHEN NOT {spoken} THEN 'No' END"
    return f"CAST({spoken} AS VARCHAR)"


def describe(
    engine: Engine,
    profiles: Mapping[str, Profile],
    tables: Mapping[str, Table],
    *,
    by: Sequence[str],
    first_day: dt.date,
    end_day: dt.date,
) -> Ledger:
    """Make the table of each profile's rows in [first_day, end_day), and `profile`: all of them together, and by each column of `by` that it has.

    Reads the common tables that the profiles ask for, `class_of` and `pathway` among them.
    """
    ledger, rows = Ledger(), list[dict[str, object]]()
    period = {"study_period": f"SELECT DATE '{first_day}' AS first_day, DATE '{end_day}' AS end_day"}
    for profile in profiles.values():
        name = profile.table.name
        units = engine.make(name, described_select(profile, period))
        columns = groupings(profile, tables)
        for grouping in (None, *(columns[column] for column in by if column in columns)):
            rows += profile_rows(engine, profile, grouping)
        ledger.note(f"describe {profile.title}", name, f"{name} in profiles", count(engine, name), units)
    engine.load("profile", pa.Table.from_pylist(rows, PROFILE))
    return ledger


def described_select(profile: Profile, period: Mapping[str, str]) -> str:
    """SQL of a profile's rows with the columns of its table, in order and typed."""
    columns = ", ".join(f"CAST({c.name} AS {SQL[c.type]}) AS {c.name}" for c in profile.table.columns)
    return f"SELECT {columns} FROM ({with_names(period, profile.select)}) AS described"


# --- counting --------------------------------------------------------------------------------------------------------


def profile_rows(engine: Engine, profile: Profile, grouping: Grouping | None) -> list[dict[str, object]]:
    """Return the rows of `profile` for one grouping, or for all together, from the table of the profile's rows."""
    tallies: dict[str, Tallies] = {item.name: {} for item in profile.items}
    of_level: dict[str, dict[tuple[str | None, Said], int]] = {item.name: {} for item in profile.items}
    for name, group, level, amount, rows, children in engine.rows(counted_select(profile, grouping)):
        value = amount if level is None else level
        tallies[name].setdefault(group, Counter())[value] += rows
        of_level[name][group, value] = children
    *by_group, whole = engine.rows(children_select(profile, grouping))
    return [
        {"profile": profile.name, "grouped_by": grouping.name if grouping else "", "is_all": not grouping, **row}
        for place, item in enumerate(profile.items)
        for row in item_rows(
            item,
            tallies[item.name],
            Children(
                whole[2 + 2 * place],
                {row[1]: row[2 + 2 * place] for row in by_group},
                {row[1]: row[3 + 2 * place] for row in by_group},
                of_level[item.name],
            ),
            (place + 1) * MOST_LEVELS,
        )
    ]


def grouped_select(profile: Profile, grouping: Grouping | None) -> str:
    """SQL of a profile's rows: the group, the child and the items."""
    group = grouping.sql if grouping else "CAST(NULL AS VARCHAR)"
    join = JOINS[grouping.table] if grouping and grouping.table else ""
    items = ", ".join(f"d.{item.name}" for item in profile.items)
    return f"SELECT {group} AS group_value, d.person_id, {items} FROM {profile.table.name} AS d {join}"


def counted_select(profile: Profile, grouping: Grouping | None) -> str:
    """SQL that counts the rows of every level of every item, and of every different amount, in every group; of levels the children, too."""
    level, amount, nobody = "CAST(NULL AS VARCHAR)", "CAST(NULL AS DOUBLE)", "CAST(NULL AS BIGINT)"
    parts = [
        f"""SELECT '{item.name}' AS item, group_value, {level if item.kind == "amount" else item.name} AS level,
            {item.name if item.kind == "amount" else amount} AS amount, count(*) AS n,
            {nobody if item.kind == "amount" else "count(DISTINCT person_id)"} AS children
            FROM grouped GROUP BY group_value, {item.name}"""
        for item in profile.items
    ]
    return with_names({"grouped": grouped_select(profile, grouping)}, " UNION ALL ".join(parts))


def children_select(profile: Profile, grouping: Grouping | None) -> str:
    """SQL that counts, item by item, the children of whom it is known and of whom it is not: each group, and last all.

    Each child is looked at once for all items: counting different children item by item takes several times as long.
    """
    flags = {
        f"{item.name}_{name}": f"CASE WHEN person_id IS NOT NULL AND {item.name} IS {state} THEN 1 ELSE 0 END"
        for item in profile.items
        for state, name in (("NOT NULL", "known"), ("NULL", "missing"))
    }
    marks = ", ".join(f"max({flag}) AS {name}" for name, flag in flags.items())
    once = ", ".join(f"max({name}) AS {name}" for name in flags)
    counts = ", ".join(f"CAST(coalesce(sum({name}), 0) AS BIGINT) AS {name}" for name in flags)
    names = {
        "grouped": grouped_select(profile, grouping),
        "child_in_group": f"SELECT group_value, person_id, {marks} FROM grouped GROUP BY group_value, person_id",
        "child": f"SELECT person_id, {once} FROM child_in_group GROUP BY person_id",
    }
    select = f"""
        SELECT 0 AS is_whole, group_value, {counts} FROM child_in_group GROUP BY group_value
        UNION ALL SELECT 1 AS is_whole, CAST(NULL AS VARCHAR) AS group_value, {counts} FROM child ORDER BY is_whole"""
    return with_names(names, select)


def item_rows(item: ProfileItem, tallies: Tallies, children: Children, position: int) -> Iterator[dict[str, object]]:
    """Yield the rows of one item, group by group; rows in which it is not known are counted, and in no share."""
    whole: Counter[Said] = Counter()
    for tally in tallies.values():
        whole.update(tally)
    for group in sorted(tallies, key=lambda name: (name is None, name or "")):
        mine, other = known(tallies[group]), known(whole - tallies[group])
        row = {
            "group_value": group,
            "item": item.name,
            "title": item.title,
            "rows_known": mine.total(),
            "rows_missing": tallies[group][None],
            "rows_elsewhere": other.total() if len(tallies) > 1 else None,
            "children_known": children.known[group],
            "children_missing": children.missing[group],
            "children_elsewhere": children.whole - children.known[group] if len(tallies) > 1 else None,
        }
        if item.kind == "amount":
            yield {**row, "level": "", "position": position, **amount_row(counted(mine), counted(other))}
            continue
        for at, level in enumerate(levels(item, whole), start=1):
            of_level = {"children_of_level": children.of_level.get((group, level), 0), **level_row(mine, other, level)}
            yield {**row, "level": level, "position": position + at, **of_level}


def known(tally: Counter[Said]) -> Counter[Said]:
    return Counter({value: rows for value, rows in tally.items() if value is not None})


def levels(item: ProfileItem, whole: Counter[Said]) -> list[str]:
    """Return the levels of an item: those declared, in their order, then others found, by name."""
    return [*item.levels, *sorted(str(level) for level in whole if level is not None and level not in item.levels)]


def level_row(mine: Counter[Said], other: Counter[Said], level: str) -> dict[str, object]:
    share, elsewhere = (tally[level] / tally.total() if tally else nan for tally in (mine, other))
    return {
        "rows_of_level": mine[level],
        "share": said(share),
        "difference": said(difference_of_shares(share, elsewhere)),
    }


def amount_row(mine: Counted, other: Counted) -> dict[str, object]:
    quartiles = {"lower_quartile": 0.25, "median": 0.5, "upper_quartile": 0.75}
    quantiles = {name: said(mine.quantile(share)) for name, share in quartiles.items()}
    return {"mean": said(mine.mean), **quantiles, "difference": said(difference_of_means(mine, other))}


def counted(tally: Counter[Said]) -> Counted:
    values = sorted(float(value) for value in tally if value is not None)
    return Counted(np.array(values, dtype=float), np.array([tally[value] for value in values], dtype=np.int64))


def said(number: float) -> float | None:
    """A number, or nothing where there is none."""
    return float(number) if isfinite(number) else None
