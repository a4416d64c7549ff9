"""`careloom airlock`: what a study releases, put together for whoever lets outputs out of a secure setting.

Beside the files lies outputs.json, in the format of version 0.4 of ACRO, which output checkers read with SACRO Viewer: of each
file what it is, and which cells were withheld. The format: AI-SDC, ACRO (acro/record.py) and SACRO-Viewer (sacro/models.py).
Where ACRO is installed it can write its own file in its place (`acro_review`).
"""

import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from careloom.core import NotFoundError, OutputError
from careloom.disclose import WITHHELD
from careloom.study.acro_review import REVIEW, find_acro, write_review
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


def make_airlock(study: Study, folder: Path, *, by_acro: bool = False) -> Airlock:
    """Copy what the last run released into a new folder, with an account of each file, and note it in the log.

    by_acro : ACRO itself writes the account, as its results.json; that of the run stays behind
    Raises NotFoundError without results of this study, OutputError when the folder is there already, lies in the results
    or cannot be written, or when a file is not as the run wrote it, AuditError when it cannot be noted, and RequestError
    when ACRO is asked for and not installed.
    """
    acro = find_acro() if by_acro else None
    check_results(study)
    check_outside(folder, study.out)
    if folder.exists():
        raise OutputError(f"{folder}: this is there already; name a new folder")
    manifest = read_manifest(study)
    released = {each["file"]: each["sha256"] for each in manifest["files"] if each["sharing"] == "released"}
    wanted = [name for name in released if is_seen(name) and not (acro and name == REVIEW)]
    unfinished = folder.with_name(f".{folder.name}.unfinished")
    try:
        shutil.rmtree(unfinished, ignore_errors=True)
        (unfinished / SUMS).mkdir(parents=True)
        for name in wanted:
            copied(study.out / name, released[name], unfinished)
        about = {Path(name).name: account(study, name, manifest, released) for name in wanted}
        if acro:
            write_review(acro, unfinished, about)
        else:
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
    (folder / path.name).write_bytes(as_written(path, sha256))
    (folder / SUMS / f"{path.name}.txt").write_text(sha256, encoding="ascii")


def as_written(path: Path, sha256: str) -> bytes:
    """The bytes of a file. Raises OutputError when they are not those that the run wrote."""
    try:
        data = path.read_bytes()
    except (OSError, ValueError):
        data = b""
    if hashlib.sha256(data).hexdigest() != sha256:
        raise OutputError(f"{path}: this is not as the run wrote it; run the study again")
    return data


def read_manifest(study: Study) -> dict[str, Any]:
    """The manifest of the results, in which every file has a name, a class and a fingerprint. Raises NotFoundError."""
    try:
        told: dict[str, Any] = json.loads((study.out / MANIFEST).read_text(encoding="utf-8"))
        texts = [told["made_by"], told["made_on"]]
        texts += [each[key] for each in told["files"] for key in ("file", "sharing", "sha256")]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        texts = [None]
    if not all(isinstance(text, str) and text.isprintable() for text in texts):
        raise NotFoundError(f"{study.out / MANIFEST}: this is not as the run wrote it; run the study again")
    return told


def is_seen(name: str) -> bool:
    """Is this one of the files that a checker looks at: a table as CSV, or one of those beside them?"""
    path = PurePosixPath(name)
    return name in SEEN or (path.parts[:-1] == ("tables",) and path.suffix == ".csv")


def account(study: Study, name: str, manifest: Mapping[str, Any], released: Mapping[str, str]) -> dict[str, Any]:
    """What outputs.json says of one file; of a table, which cells the Parquet beside it says were withheld."""
    path = Path(name)
    table = None
    if path.parent.name == "tables":
        same = path.with_suffix(".parquet").as_posix()
        table = pq.read_table(pa.BufferReader(as_written(study.out / same, released.get(same, ""))))
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
