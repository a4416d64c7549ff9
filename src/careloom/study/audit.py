"""The audit log of a study: one file, access.jsonl, in which every run, view of personal data, rotation and deletion is a line."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import careloom
from careloom.catalogue import Catalogue
from careloom.core import AuditError, CareloomError, fit_to_show
from careloom.govern import Access, CheckedLog, check_log, note_access
from careloom.study.file import Study, read_study
from careloom.study.fingerprints import fingerprint_file
from careloom.study.look import log_of
from careloom.study.manifest import inputs, settings
from careloom.study.outputs import MANIFEST

SHOWN = ("command", "outcome", "purpose", "person_id", "records", "table", "why", "wrote")
"""What a line tells that a person reads; its fingerprints are for check."""


def note(study: Study, command: str, outcome: str, **more: object) -> Access:
    """Write one line about something done with the study's data. Raises AuditError when that cannot be done."""
    about = {"study": study.name, "command": command, "purpose": study.governed.purpose, "outcome": outcome}
    return note_access(log_of(study.file, study), {**about, **more})


@contextmanager
def noted_run(study: Study, command: str) -> Iterator[None]:
    """Write down that a run begins, from what, and how it ends. Nothing is read before the first line is written.

    A run that is killed leaves the first line only. What went wrong is told by its kind: a message may name a file, and a
    file may be named after a child.
    """
    about = {
        "made_by": f"careloom {careloom.__version__}",
        "inputs": of(inputs(study)),
        "settings": of(settings(study)),
    }
    note(study, command, "begun", **about)
    try:
        yield
    except BaseException as fault:
        kind = type(fault).__name__
        note(
            study,
            command,
            "stopped",
            why=kind if isinstance(fault, CareloomError) else f"{kind}, a fault or an interrupt",
        )
        raise
    note(study, command, "finished", manifest=fingerprint_file(study.out / MANIFEST))


def of(told: Mapping[str, str]) -> str:
    """One fingerprint of many."""
    return hashlib.sha256(json.dumps(dict(sorted(told.items()))).encode()).hexdigest()


def verify_log(study_file: Path, catalogue: Catalogue, noted: str) -> CheckedLog:
    """Check the log of a study. Raises AuditError when it cannot be read; its faults are in what is returned."""
    return check_log(log_of(study_file, read_study(study_file, catalogue)), noted)


def lines_of_log(study_file: Path, catalogue: Catalogue) -> list[str]:
    """Each line of the log in words. Raises AuditError when there is no log, or it does not hold together."""
    log = log_of(study_file, read_study(study_file, catalogue))
    checked = check_log(log)
    if checked.faults:
        raise AuditError(f"{log}: {checked.faults[0]}")
    return [fit_to_show(in_words(json.loads(line))) for line in log.read_text(encoding="ascii").splitlines()]


def in_words(entry: Mapping[str, object]) -> str:
    told = [str(entry[name]) for name in SHOWN[:2] if entry.get(name)]
    more = [f"{name.replace('_id', '')}: {entry[name]}" for name in SHOWN[2:] if entry.get(name)]
    return f"{entry['no']:>5}  {entry['at']}  {entry['user']}  {' '.join(told)}{'; ' if more else ''}{'; '.join(more)}"
