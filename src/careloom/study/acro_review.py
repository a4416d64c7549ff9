"""The review file of an airlock folder, written and read back by ACRO itself: the extra `acro` (docs/decisions/0026).

ACRO: Tools for the Semi-Automatic Checking of Research Outputs (AI-SDC), https://github.com/AI-SDC/ACRO.
"""

import importlib
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from careloom.core import OutputError, RequestError

REVIEW = "results.json"
"""The file's name, which ACRO chooses; Careloom's own results.json cannot lie beside it."""
NEEDS = (
    "acro is not installed: pip install 'careloom[acro]', or requirements/acro.lock; without --acro it is not needed"
)


def find_acro() -> Any:
    """The package acro. Raises RequestError when it is not installed."""
    try:
        with unlogged():
            return importlib.import_module("acro")
    except ImportError:
        raise RequestError(NEEDS) from None


@contextmanager
def unlogged() -> Iterator[None]:
    """While acro is at work: it would write several lines for each file to the screen."""
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)


def write_review(acro: Any, folder: Path, about: Mapping[str, Mapping[str, Any]]) -> None:
    """Have ACRO write its review file and the checksums of a folder, and read it again.

    about : of each file in the folder, by name, what `airlock.account` tells
    Raises OutputError when ACRO's own settings forbid a file of this kind, or when it does not read what it wrote.
    """
    with unlogged():
        records = records_of(acro.ACRO().results, folder, about)
        records.finalise_json(str(folder))
        records.write_checksums(str(folder))
    try:
        read = acro.record.load_records(str(folder))
    except Exception as fault:
        raise OutputError(f"{REVIEW}: acro does not read what it wrote ({type(fault).__name__})") from None
    if read.get_keys() != list(about):
        raise OutputError(f"{REVIEW}: acro reads other files than it was given")


def records_of(records: Any, folder: Path, about: Mapping[str, Mapping[str, Any]]) -> Any:
    """ACRO's records, with one of each file: to ACRO an output that it did not make, of which we tell what it would."""
    for name, each in about.items():
        if not records.add_custom(str(folder / name)):
            raise OutputError(f"{name}: the settings of acro forbid files that end so; leave --acro away")
        record = records.get_index(-1)
        record.status, record.properties, record.summary = each["status"], each["properties"], each["summary"]
        record.command, record.comments, record.timestamp = each["command"], each["comments"], each["timestamp"]
        record.sdc = each["files"][0]["sdc"]
        records.rename(record.uid, name)
    return records
