"""The log of accesses: who looked at which child, when and why. One line of JSON an access, each chained to the line before.

A line holds the SHA-256 of the line before it, so a line that is changed, taken out or put in later breaks the chain.
Whoever may write the file could write all of it anew, or cut its end: against that, the fingerprint of a line (which
each page shows, and `check_log` gives) is noted elsewhere and looked for.
"""

import contextlib
import getpass
import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from careloom.core import AuditError

FIRST = "0" * 64
"""Stands for the line before the first."""
WAIT_SECONDS = 10
MOST_FAULTS = 10
SHORTEST_NOTED = 12


@dataclass(frozen=True)
class Access:
    """One access as it was written down. `at` is UTC; `fingerprint` is the SHA-256 of its line, in hex."""

    number: int
    at: datetime
    user: str
    log: str
    fingerprint: str


@dataclass(frozen=True)
class CheckedLog:
    """What a log came to: its lines, the fingerprint of the last one, and every fault found, at most the first ten."""

    lines: int
    fingerprint: str
    faults: tuple[str, ...]


def note_access(log: Path, words: Mapping[str, object]) -> Access:
    """Append one access with `words` about it, and return it as written.

    The file is made so that only its owner can read it. Raises AuditError when it cannot be written: nothing may be
    shown then.
    """
    at, user = datetime.now(UTC).replace(microsecond=0), os_user()
    try:
        with (
            FileLock(log.with_name(f".{log.name}.lock"), timeout=WAIT_SECONDS),
            os.fdopen(os.open(log, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600), "rb+") as file,
        ):
            written = file.read()
            number, before = written.count(b"\n") + 1, fingerprint_of_last(written)
            if written and not written.endswith(b"\n"):  # a power cut left half a line: it stays, on a line of its own
                file.write(b"\n")
                number += 1
            entry = {"no": number, "at": f"{at:%Y-%m-%dT%H:%M:%SZ}", "user": user, **words, "before": before}
            line = json.dumps(entry, ensure_ascii=True).encode("ascii")
            file.write(line + b"\n")
            file.flush()
            os.fsync(file.fileno())
    except Timeout:
        raise AuditError(f"{log}: another access is being written down; nothing was shown, try again") from None
    except OSError as fault:
        why = f"this access cannot be written down ({fault.strerror}), so nothing was shown"
        raise AuditError(f"{log}: {why}; make the file writable for you") from None
    return Access(number, at, user, log.name, fingerprint(line))


def check_log(log: Path, noted: str = "") -> CheckedLog:
    """Follow the chain from the first line to the last, and look for the line of a fingerprint that was noted.

    `noted` is at least the first 12 characters of a fingerprint. Raises AuditError when there is no log to check.
    """
    try:
        written = log.read_bytes()
    except OSError as fault:
        raise AuditError(f"{log}: the log of accesses cannot be read ({fault.strerror})") from None
    faults, before, prints = [], FIRST, []
    lines = written.split(b"\n")
    if lines.pop():
        faults.append(f"line {len(lines) + 1}: it is not whole")
    for number, line in enumerate(lines, start=1):
        entry = read_entry(line)
        if entry is None:
            faults.append(f"line {number}: this is no entry of the log")
        elif entry.get("no") != number or entry.get("before") != before:
            faults.append(f"line {number}: it does not follow the line before it: one was changed, taken out or put in")
        before = fingerprint(line)
        prints.append(before)
    if noted and (len(noted) < SHORTEST_NOTED or not any(known.startswith(noted.lower()) for known in prints)):
        faults.append("the fingerprint you noted is in no line: the end was cut off, or the log was written anew")
    return CheckedLog(len(lines), before if lines else "", tuple(faults[:MOST_FAULTS]))


def read_entry(line: bytes) -> dict[str, object] | None:
    with contextlib.suppress(ValueError):
        entry = json.loads(line)
        return entry if isinstance(entry, dict) else None
    return None


def fingerprint(line: bytes) -> str:
    return hashlib.sha256(line).hexdigest()


def fingerprint_of_last(written: bytes) -> str:
    """The fingerprint of the last line, whole or not; of an empty log, that of no line."""
    return fingerprint(written.removesuffix(b"\n").rpartition(b"\n")[2]) if written else FIRST


def os_user() -> str:
    """Name the user as the operating system knows them; the environment, which anyone can set, only where it cannot."""
    if hasattr(os, "getuid"):
        import pwd  # not there on Windows

        with contextlib.suppress(KeyError):
            return pwd.getpwuid(os.getuid()).pw_name
        return f"uid {os.getuid()}"
    return getpass.getuser()
