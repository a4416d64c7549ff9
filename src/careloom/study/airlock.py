"""`careloom airlock`: what a study releases, put together for whoever lets outputs out of a secure setting.

Beside the files lies outputs.json, in the format of version 0.4 of ACRO, which output checkers read with SACRO Viewer: of each
file what it is, and which cells were withheld. The format: AI-SDC, ACRO (acro/record.py) and SACRO-Viewer (sacro/models.py).
"""

import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from careloom.core import OutputError
from careloom.disclose import WITHHELD
from careloom.study.audit import note
from careloom.study.file import Study
from careloom.study.look import check_results
from careloom.study.outputs import MANIFEST, check_outside

FORMAT = "0.4.0"
INDEX, SUMS = "outputs.json", "checksums"
SEEN = {
    "report.html": "The report: one page without a script. It tells the numbers of the tables, and no others.",
    "workbook.xlsx": "The tables, a sheet each, with notes.",
    "for_review.csv": "Of each table: how many numbers, how many withheld and why, the smallest shown, and the rule.",
    "results.json": "The numbers of the tables, the method and its sources, for other programmes.",
}
"""Files beside the tables, and what a checker is told of them. Parquet tells the same and cannot be looked into by eye."""


@dataclass(frozen=True)
class Airlock:
    """What was put together: the files by name, and how many numbers in the tables are withheld."""

    folder: Path
    files: tuple[str, ...]
    withheld: int


def make_airlock(study: Study, folder: Path) -> Airlock:
    """Copy what the last run released into a new folder, with an account of each file, and note it in the log.

    Raises NotFoundError without results of this study, OutputError when the folder is there already, lies in the results
    or cannot be written, or when a file is not as the run wrote it, and AuditError when it cannot be noted.
    """
    check_results(study)
    check_outside(folder, study.out)
    if folder.exists():
        raise OutputError(f"{folder}: this is there already; name a new folder")
    manifest = json.loads((study.out / MANIFEST).read_text(encoding="utf-8"))
    released = {each["file"]: each["sha256"] for each in manifest["files"] if each["sharing"] == "released"}
    wanted = [name for name in released if name in SEEN or (name.startswith("tables/") and name.endswith(".csv"))]
    unfinished = folder.with_name(f".{folder.name}.unfinished")
    try:
        shutil.rmtree(unfinished, ignore_errors=True)
        (unfinished / SUMS).mkdir(parents=True)
        for name in wanted:
            copied(study.out / name, released[name], unfinished)
        about = {Path(name).name: account(study, name, manifest) for name in wanted}
        index = json.dumps({"version": FORMAT, "results": about}, indent=2)
        (unfinished / INDEX).write_text(index, encoding="utf-8")
        note(study, "airlock", "made", wrote=[Path(name).name for name in wanted])
        unfinished.replace(folder)
    except OSError as fault:
        raise OutputError(f"{folder}: it cannot be written ({fault.strerror})") from None
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    withheld = sum(file["sdc"].get("summary", {}).get(WITHHELD, 0) for each in about.values() for file in each["files"])
    return Airlock(folder, tuple(Path(name).name for name in wanted), withheld)


def copied(path: Path, sha256: str, folder: Path) -> None:
    """Copy one file, whose bytes must be those that the run wrote, and its checksum."""
    data = path.read_bytes()
    if hashlib.sha256(data).hexdigest() != sha256:
        raise OutputError(f"{path}: this is not as the run wrote it; run the study again")
    (folder / path.name).write_bytes(data)
    (folder / SUMS / f"{path.name}.txt").write_text(sha256, encoding="ascii")


def account(study: Study, name: str, manifest: Mapping[str, Any]) -> dict[str, Any]:
    """What outputs.json says of one file."""
    path = Path(name)
    table = pq.read_table(study.out / path.with_suffix(".parquet")) if path.parent.name == "tables" else None
    cells = withheld_cells(table) if table is not None else []
    sdc = {"summary": {"suppressed": bool(cells), WITHHELD: len(cells)}, "cells": {WITHHELD: cells}} if cells else {}
    status = "review" if cells or table is None else "pass"
    said = (table.schema.metadata or {}) if table is not None else {}
    told = [said[key].decode("utf-8") for key in (b"title", b"note", b"disclosure") if said.get(key)] or [SEEN[name]]
    return {
        "uid": path.name,
        "status": status,
        "type": "custom" if table is None else "table",
        "properties": {} if table is None else {"method": told[0]},
        "files": [{"name": path.name, "sdc": sdc}],
        "outcome": {},
        "command": f"careloom run ({manifest['made_by']})",
        "summary": f"{status}; {len(cells)} cells suppressed" if cells else status,
        "timestamp": manifest["made_on"],
        "comments": told,
        "exception": "",
        "fair": {},
    }


def withheld_cells(table: pa.Table) -> list[list[int]]:
    """Row and column of each number that is withheld, as the format counts: rows from 0, columns from 0 after the first."""
    return list(positions(table))


def positions(table: pa.Table) -> Iterator[list[int]]:
    place = {name: number - 1 for number, name in enumerate(table.column_names)}
    for row, names in enumerate(table[WITHHELD].to_pylist()):
        yield from ([row, place[name]] for name in (names or "").split(",") if name)
