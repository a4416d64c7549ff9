"""The files of one part of a run that is kept: a note of what it was made from, and its tables, encrypted and sealed as the vault is."""

import datetime as dt
import json
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from careloom.core import Ledger, Step, VaultError
from careloom.engine import Engine
from careloom.govern import StudyKey, read_vault, write_vault
from careloom.study.outputs import OWNERS_FOLDER

NOTE, ACCOUNT, UNFINISHED = "kept.json", "account", ".unfinished"
FAULTS = (VaultError, OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError, pa.ArrowException)
"""What comes of a file that is not as it was written."""


@dataclass(frozen=True)
class Note:
    """What stands beside the tables of a part: its key, what it was made from, and when."""

    key: str
    made_from: dict[str, str]
    below: dict[str, str]
    made_on: dt.date


@dataclass(frozen=True)
class Place:
    """Where the files of a part are, the key they are locked with, and what they are sealed as.

    `about` names study and part, and the key of what the part was made from: its files open as nothing else.
    """

    folder: Path
    lock: StudyKey
    about: str

    def write(self, folder: Path, file: str, rows: pa.Table) -> None:
        write_vault(folder / file, {"rows": rows}, self.lock, f"{self.about}|{file}")

    def read(self, file: str) -> pa.Table:
        return read_vault(self.folder / file, self.lock, f"{self.about}|{file}")["rows"]


def lock_part(place: Place, engine: Engine, tables: Mapping[str, Sequence[str]], ledger: Ledger, note: Note) -> None:
    """Write a part's tables into a folder beside, and put it in place whole. Raises VaultError or OSError.

    `tables` are by name, each with its columns that identify a child: keyed hashes are written in their place.
    """
    folder, batches = new_folder(place), dict.fromkeys(tables, 0)
    for name, telling in tables.items():
        for rows in engine.parts(f'SELECT * FROM "{name}"'):
            place.write(folder, f"{name}.{batches[name]}", without_names(rows, telling, place.lock))
            batches[name] += 1
    said = json.dumps({"tables": batches, "steps": [asdict(step) for step in ledger.steps]})
    place.write(folder, ACCOUNT, pa.table({"said": [said]}))
    write_note(folder / NOTE, note)
    shutil.rmtree(place.folder, ignore_errors=True)
    folder.rename(place.folder)


def new_folder(place: Place) -> Path:
    """An empty folder beside the part's, which only its owner may open, as those may that it lies in."""
    folder = place.folder.with_name(place.folder.name + UNFINISHED)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for each in (folder, *list(folder.parents)[:3]):
        each.chmod(OWNERS_FOLDER)
    return folder


def without_names(rows: pa.Table, telling: Sequence[str], lock: StudyKey) -> pa.Table:
    """The rows with a keyed hash in place of each text that identifies a child: what was equal is equal still. Dates go."""
    hidden = lock.hide("kept")
    for name in [name for name in rows.column_names if name in telling]:
        at, column = rows.column_names.index(name), rows[name]
        if pa.types.is_string(column.type):
            packed = column.combine_chunks().dictionary_encode()
            names = pa.array(hidden(packed.dictionary.to_pylist()), pa.string())
            rows = rows.set_column(at, name, names.take(packed.indices))
        else:
            rows = rows.set_column(at, name, pa.nulls(len(column), column.type))
    return rows


def unlock_part(place: Place, engine: Engine) -> Ledger | None:
    """Load the tables of a part, and return its ledger; None, with none of them loaded, when any is not as it was written."""
    loaded: list[str] = []
    try:
        told = json.loads(place.read(ACCOUNT)["said"][0].as_py())
        for name, batches in told["tables"].items():
            for number in range(batches):
                rows = place.read(f"{name}.{number}")
                loaded.append(name)
                (engine.append if number else engine.load)(name, rows)
        return Ledger([step_of(step) for step in told["steps"]])
    except FAULTS:
        for name in loaded:
            engine.drop(name)
        return None


def step_of(told: dict[str, Any]) -> Step:
    pairs = {name: tuple((why, rows) for why, rows in told[name]) for name in ("set_aside", "changed")}
    return Step(**{**told, **pairs})


def write_note(path: Path, note: Note) -> None:
    """Write the note for its owner alone."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        json.dump({**asdict(note), "made_on": note.made_on.isoformat()}, file, indent=2)
        file.flush()
        os.fsync(file.fileno())


def read_note(folder: Path) -> Note | None:
    """Read the note of a part; None when there is none, or it is no such note."""
    try:
        told = json.loads((folder / NOTE).read_text(encoding="utf-8"))
        made, below = ({str(k): str(v) for k, v in told[name].items()} for name in ("made_from", "below"))
        return Note(str(told["key"]), made, below, dt.date.fromisoformat(told["made_on"]))
    except FAULTS:
        return None
