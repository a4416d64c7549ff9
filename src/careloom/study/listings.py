"""What the commands list of what was handed over: a title, a heading and rows, made while the engine is open."""

from dataclasses import dataclass

from careloom.check import summarise
from careloom.core import Ledger
from careloom.engine import Engine
from careloom.study.accounts import LATEST

ASIDE = "SELECT delivery_id, count(CASE WHEN is_row THEN 1 END) AS rows_aside, count(CASE WHEN NOT is_row AND NOT is_used THEN 1 END) AS cells_aside FROM set_aside GROUP BY delivery_id"
FILES = f"""
    SELECT d.file_name, d.return_name, d.table_name, d.la, d.collection_year, d.rows_in,
           CAST(coalesce(s.rows_aside, 0) AS BIGINT) AS rows_aside, CAST(coalesce(s.cells_aside, 0) AS BIGINT) AS cells_aside
    FROM delivery AS d LEFT JOIN ({ASIDE}) AS s ON s.delivery_id = d.delivery_id
    WHERE d.state = 'read' ORDER BY d.delivery_id"""
REASONS = """
    SELECT d.return_name, s.table_name, coalesce(s.column_name, '(whole row)') AS column_name, s.reason, count(*) AS n
    FROM set_aside AS s JOIN delivery AS d ON d.delivery_id = s.delivery_id
    GROUP BY d.return_name, s.table_name, s.column_name, s.reason
    ORDER BY n DESC, d.return_name, s.table_name, coalesce(s.column_name, ''), s.reason"""
UNDERSTOOD = """
    SELECT scope, how, CASE WHEN is_used THEN 'yes' ELSE 'no' END AS used, texts, rows
    FROM recognition WHERE kind = 'value' AND scope IN (SELECT scope FROM recognition WHERE kind = 'value' AND how <> 'exact')
    ORDER BY scope, rows DESC, how"""
TO_KNOW = "SELECT file_name, collection_year, message FROM delivery WHERE state <> 'refused' AND message <> '' ORDER BY delivery_id"
MOST_REASONS = 25
REPLACED = """
    SELECT d.return_name, d.table_name, d.la, d.collection_year, count(*) AS files FROM delivery AS d
    WHERE d.state = 'read' AND d.rows_in > 0
    GROUP BY d.return_name, d.table_name, d.la, d.collection_year HAVING count(*) > 1
    ORDER BY d.return_name, d.table_name, d.la, d.collection_year"""
ABILITIES = "SELECT la, kind, title, state, items_there, items_needed, missing FROM ability ORDER BY la, position"
UNLOCKS = """
    SELECT la, item, questions_lacking, questions_lacking_only FROM unlock
    WHERE position <= 10 ORDER BY la, position"""


@dataclass(frozen=True)
class Listing:
    """A table to show: rows as wide as the heading."""

    title: str
    heading: tuple[str, ...]
    rows: tuple[tuple[object, ...], ...]


def list_files(engine: Engine, ledger: Ledger) -> list[Listing]:
    """List the files and what they were read as, why cells and rows were set aside, and how codes were understood."""
    reasons = engine.rows(REASONS)
    more = f"; the {MOST_REASONS} most frequent of {len(reasons)}" if len(reasons) > MOST_REASONS else ""
    heading = ("file", "read as", "table", "authority", "year", "rows", "rows aside", "cells aside")
    return [
        Listing("What was read", heading, tuple(engine.rows(FILES))),
        Listing("To know", ("file", "year", "what"), tuple(engine.rows(TO_KNOW))),
        Listing(
            "Of these more than one file came: where they tell of the same row, the one listed last counts",
            ("read as", "table", "authority", "year", "files"),
            tuple(engine.rows(REPLACED)),
        ),
        Listing(
            "Rows that tell of the same thing as a later row",
            ("table", "rows", "why"),
            tuple((step.reads, n, why) for step in ledger.steps if step.step == LATEST for why, n in step.set_aside),
        ),
        Listing(
            f"Set aside, or not as the catalogue writes it{more}",
            ("return", "table", "column", "reason", "times"),
            tuple(reasons[:MOST_REASONS]),
        ),
        Listing(
            "How codes and descriptions were understood",
            ("code set", "how", "used", "different texts", "cells"),
            tuple(engine.rows(UNDERSTOOD)),
        ),
    ]


def list_available(engine: Engine) -> list[Listing]:
    """List what is recorded, table by table, what it is enough for, and which items would help most."""
    items = ("structured", "coded", "free text", "absent")
    recorded = ("authority", "return", "table", "year", "rows", *items, "recorded", "usable")
    sources = tuple(
        (*row[:-2], percent(row[-2]), percent(row[-1]))
        for row in zip(*summarise(engine).to_pydict().values(), strict=True)
    )
    return [
        Listing(
            "What is there: rows, items by how they are recorded, and the share of cells filled and usable",
            recorded,
            sources,
        ),
        Listing(
            "What it is enough for",
            ("authority", "kind", "question", "state", "items there", "items needed", "missing"),
            tuple(engine.rows(ABILITIES)),
        ),
        Listing(
            "What would help most",
            ("authority", "item", "questions that lack it", "that lack only it"),
            tuple(engine.rows(UNLOCKS)),
        ),
    ]


def percent(share: float | None) -> str:
    return "" if share is None else f"{share:.0%}"
