"""Known faults of the records are mended as the catalogue declares: counted, told on the row, and only if the study wants it."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from careloom.catalogue import Repair
from careloom.core import Ledger
from careloom.engine import Engine, text, with_names

CARE = "care_episode"
KEYS = {"care_mended": "episode_id", "spell_mended": "spell_id"}
"""The tables that are mended, and what names their rows."""
KINDS = {
    "repair": pa.string(),
    "position": pa.int64(),
    "title": pa.string(),
    "la": pa.string(),
    "is_on": pa.bool_(),
    "rows_in": pa.int64(),
    "rows_changed": pa.int64(),
    "rows_merged": pa.int64(),
}


@dataclass(frozen=True)
class Mended:
    """What one repair came to in one authority."""

    repair: Repair
    la: str
    is_on: bool
    rows_in: int
    rows_changed: int
    rows_merged: int


def mended_kinds(repairs: Sequence[Repair]) -> list[str]:
    """Name the kinds of spell that any repair mends."""
    return sorted({kind for repair in repairs for kind in repair.of} - {CARE})


def mend_all(engine: Engine, repairs: Sequence[Repair], *, off: Collection[str] = ()) -> Ledger:
    """Make every repair in its order, on `care_mended` and `spell_mended`, and make `repair` of what each came to.

    Both tables are replaced; a row that was mended has the repair's name in `repairs`. `merged` says which spell each
    merged one became part of. A repair that is `off` changes nothing: its rows are only counted. Reads `spell_told`
    (the spells that no repair mends) and `event`.
    """
    engine.load("merged", pa.table({"row_id": pa.array([], pa.string()), "into_id": pa.array([], pa.string())}))
    ledger, done = Ledger(), list[Mended]()
    for repair in repairs:
        table = "care_mended" if CARE in repair.of else "spell_mended"
        is_on = repair.name not in off
        engine.make("mending", mending_select(engine, repair, table))
        came_to = count_mended(engine, repair, table, is_on=is_on)
        if is_on and any(mended.rows_changed or mended.rows_merged for mended in came_to):
            apply(engine, repair, table)
        account(ledger, repair, came_to, is_on=is_on)
        done += came_to
    engine.load("repair", repair_table(done))
    return ledger


def names_as_mended(engine: Engine) -> dict[str, str]:
    """Return SELECTs of `spell` and `care_episode` as they stand: parts belong to the spell that theirs became part of."""
    own = ", ".join(f"told.{column}" for column in engine.columns("spell_mended") if column != "within_id")
    both = "SELECT * FROM spell_told UNION ALL SELECT * FROM spell_mended"
    spell = f"""SELECT {own}, coalesce(merged.into_id, told.within_id) AS within_id
        FROM ({both}) AS told LEFT JOIN merged ON merged.row_id = told.within_id"""
    return {"spell": spell, CARE: "SELECT * FROM care_mended"}


def mending_select(engine: Engine, repair: Repair, table: str) -> str:
    """SQL of the rows to be mended: row_id, into_id and the columns that change."""
    names = names_as_mended(engine)
    kinds = ", ".join(text(kind) for kind in repair.of)
    kept = f"SELECT episode_id AS row_id, * FROM {CARE}"
    if table == "spell_mended":
        kept = f"SELECT spell_id AS row_id, * FROM spell WHERE kind IN ({kinds})"
    return with_names({**names, "kept": kept}, repair.select)


def count_mended(engine: Engine, repair: Repair, table: str, *, is_on: bool) -> list[Mended]:
    """Count, by authority, the rows that the repair looks at, changes and merges."""
    key = KEYS[table]
    into = "into_id" if "into_id" in engine.columns("mending") else "NULL"
    of = "" if table == "care_mended" else f"WHERE kind IN ({', '.join(text(kind) for kind in repair.of)})"
    found = engine.rows(f"""
        SELECT la, count(*) AS rows_in, sum(CASE WHEN mending.row_id IS NOT NULL AND {into} IS NULL THEN 1 ELSE 0 END) AS changed,
               sum(CASE WHEN {into} IS NOT NULL THEN 1 ELSE 0 END) AS merged
        FROM (SELECT la, {key} FROM {table} {of}) AS looked LEFT JOIN mending ON mending.row_id = looked.{key}
        GROUP BY la ORDER BY la""")
    return [Mended(repair, la, is_on, int(rows), int(changed), int(merged)) for la, rows, changed, merged in found]


def apply(engine: Engine, repair: Repair, table: str) -> None:
    """Replace the table by its mended rows, and remember what the merged ones became part of."""
    key, given = KEYS[table], engine.columns("mending")
    before = "mending.repairs" if "repairs" in given else "told.repairs"
    flagged = f"""CASE WHEN mending.row_id IS NULL THEN told.repairs
        ELSE concat_ws(' ', {before}, {text(repair.name)}) END AS repairs"""
    columns = ", ".join(
        flagged
        if column == "repairs"
        else f"CASE WHEN mending.row_id IS NULL THEN told.{column} ELSE mending.{column} END AS {column}"
        if column in given
        else f"told.{column}"
        for column in engine.columns(table)
    )
    merges = "into_id" in given
    stays = "WHERE mending.into_id IS NULL" if merges else ""
    if merges:
        engine.make(
            "merged",
            """SELECT merged.row_id, coalesce(mending.into_id, merged.into_id) AS into_id
               FROM merged LEFT JOIN mending ON mending.row_id = merged.into_id
               UNION ALL SELECT row_id, into_id FROM mending WHERE into_id IS NOT NULL""",
        )
    engine.make(
        table, f"SELECT {columns} FROM {table} AS told LEFT JOIN mending ON mending.row_id = told.{key} {stays}"
    )


def account(ledger: Ledger, repair: Repair, came_to: Sequence[Mended], *, is_on: bool) -> None:
    """Note the repair: a merged row is set aside, a changed one goes on and is counted."""
    what = f"told as {' or '.join(repair.of)}"
    total = Counter({"in": 0, "changed": 0, "merged": 0})
    for mended in came_to:
        total.update({"in": mended.rows_in, "changed": mended.rows_changed, "merged": mended.rows_merged})
    merged = total["merged"] if is_on else 0
    aside = {f"{repair.title}: merged into another row": merged}
    changed: Mapping[str, int] = {repair.title: total["changed"]} if is_on else {}
    ledger.note(f"repair {repair.name}", what, what, total["in"], total["in"] - merged, aside, changed=changed)


def repair_table(done: Sequence[Mended]) -> pa.Table:
    rows = [
        (m.repair.name, m.repair.position, m.repair.title, m.la, m.is_on, m.rows_in, m.rows_changed, m.rows_merged)
        for m in done
    ]
    return pa.table({name: pa.array([row[i] for row in rows], kind) for i, (name, kind) in enumerate(KINDS.items())})
