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
import stat
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
OWNER_ONLY = 0o600


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

    Its number, time, user and chain are not the caller's to say: words of those names (no, at, user, before) do not
    count. Only the file's owner may read it, which is mended if need be. Raises AuditError when it cannot be written, is
    a link to another file, or does not hold together as it is (a line more would hide that): nothing may be shown then.
    """
    at, user = datetime.now(UTC).replace(microsecond=0), os_user()
    try:
        with (
            FileLock(log.with_name(f".{log.name}.lock"), timeout=WAIT_SECONDS),
            os.fdopen(open_log(log), "rb+") as file,
        ):
            written = file.read()
            prints, faults = follow(written)
            if faults:
                raise broken(log, faults[0])
            number, before = len(prints) + 1, prints[-1] if prints else FIRST
            ours = {"no": number, "at": f"{at:%Y-%m-%dT%H:%M:%SZ}", "user": user}
            entry = {**ours, **words, **ours, "before": before}  # twice: first in the line, and the last word
            line = json.dumps(entry, ensure_ascii=True).encode("ascii")
            file.write(line + b"\n")
            file.flush()
            os.fsync(file.fileno())
    except Timeout:
        raise AuditError(f"{log}: another access is being written down; nothing was shown, try again") from None
    except OSError as fault:
        why = f"this access cannot be written down ({fault.strerror}), so nothing was shown"
        what = "put the file itself in the link's place" if log.is_symlink() else "make the file your own and writable"
        raise AuditError(f"{log}: {why}; {what}") from None
    return Access(number, at, user, log.name, fingerprint(line))


def broken(log: Path, fault: str) -> AuditError:
    why = f"this log of accesses does not hold together ({fault}), so nothing was shown and nothing was written to it"
    what = "move the file aside and keep it, for who looked is still in it; the next access begins a new one"
    return AuditError(f"{log}: {why}; {what}")


def open_log(log: Path) -> int:
    """Open the file to read and append, and return its descriptor. Raises OSError, also when it is a link."""
    no_links = getattr(os, "O_NOFOLLOW", 0)  # Windows has none
    opened = os.open(log, os.O_RDWR | os.O_CREAT | os.O_APPEND | no_links, OWNER_ONLY)
    if hasattr(os, "fchmod") and stat.S_IMODE(os.fstat(opened).st_mode) != OWNER_ONLY:
        try:
            os.fchmod(opened, OWNER_ONLY)
        except OSError:  # somebody else's file, which others may read
            os.close(opened)
            raise
    return opened


def check_log(log: Path, noted: str = "") -> CheckedLog:
    """Follow the chain from the first line to the last, and look for the line of a fingerprint that was noted.

    `noted` is at least the first 12 characters of a fingerprint. Raises AuditError when there is no log to check.
    """
    try:
        written = log.read_bytes()
    except FileNotFoundError:
        begins = "it begins with the first run of the study; if there was one, somebody moved or deleted it"
        raise AuditError(f"{log}: there is no log of accesses: {begins}") from None
    except OSError as fault:
        raise AuditError(f"{log}: the log of accesses cannot be read ({fault.strerror})") from None
    prints, faults = follow(written)
    if noted and (len(noted) < SHORTEST_NOTED or not any(known.startswith(noted.lower()) for known in prints)):
        faults.append("the fingerprint you noted is in no line: the end was cut off, or the log was written anew")
    return CheckedLog(len(prints), prints[-1] if prints else "", tuple(faults[:MOST_FAULTS]))


def follow(written: bytes) -> tuple[list[str], list[str]]:
    """Follow the chain of a log: the fingerprints of its whole lines, and every fault of them."""
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
    return prints, faults


def read_entry(line: bytes) -> dict[str, object] | None:
    """The words of a line; None when it is none of ours, of which each says at least when and who."""
    with contextlib.suppress(ValueError, RecursionError):
        entry = json.loads(line)
        return entry if isinstance(entry, dict) and {"at", "user"} <= entry.keys() else None
    return None


def fingerprint(line: bytes) -> str:
    return hashlib.sha256(line).hexdigest()


def os_user() -> str:
    """Name the user as the operating system knows them; the environment, which anyone can set, only where it cannot."""
    if hasattr(os, "getuid"):
        import pwd  # not there on Windows

        with contextlib.suppress(KeyError):
            return pwd.getpwuid(os.getuid()).pw_name
        return f"uid {os.getuid()}"
    return getpass.getuser()
