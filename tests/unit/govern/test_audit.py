"""The log of accesses: what is written, what tampering shows, and that nobody's line is lost."""

import hashlib
import json
import os
import stat
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from careloom.core import AuditError
from careloom.govern import check_log, note_access


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "access.jsonl"
    for number in range(5):
        note_access(path, {"study": "Anyshire", "purpose": f"audit {number}"})
    return path


def lines(log: Path) -> list[bytes]:
    return log.read_bytes().splitlines(keepends=True)


def test_an_access_is_one_line_chained_to_the_one_before(tmp_path: Path) -> None:
    log = tmp_path / "access.jsonl"
    first = note_access(log, {"purpose": "wegen Prüfung\nzweite Zeile", "wrote": ["a.svg"]})
    second = note_access(log, {"purpose": "again"})
    one, two = log.read_bytes().splitlines()
    entry = json.loads(one)
    assert entry == {
        "no": 1,
        "at": f"{first.at:%Y-%m-%dT%H:%M:%SZ}",
        "user": first.user,
        "purpose": "wegen Prüfung\nzweite Zeile",
        "wrote": ["a.svg"],
        "before": "0" * 64,
    }
    assert abs((datetime.now(UTC) - first.at).total_seconds()) < 60
    assert json.loads(two)["before"] == first.fingerprint == hashlib.sha256(one).hexdigest()
    assert (second.number, second.log) == (2, "access.jsonl")
    assert stat.S_IMODE(log.stat().st_mode) == 0o600


def test_who_looked_when_and_in_what_order_is_not_the_callers_to_say(tmp_path: Path) -> None:
    log = tmp_path / "access.jsonl"
    told = {"no": 99, "at": "1999-01-01T00:00:00Z", "user": "nobody", "before": "f" * 64}
    access = note_access(log, {"purpose": "x", **told})
    entry = json.loads(log.read_bytes())
    assert (entry["no"], entry["user"], entry["before"]) == (1, access.user, "0" * 64)
    assert entry["at"] == f"{access.at:%Y-%m-%dT%H:%M:%SZ}"
    assert list(entry) == ["no", "at", "user", "purpose", "before"]
    assert check_log(log).faults == ()


@pytest.mark.skipif(not hasattr(os, "O_NOFOLLOW"), reason="this system cannot refuse links")
def test_a_log_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    other = tmp_path / "other.txt"
    other.write_text("of somebody else\n")
    (tmp_path / "access.jsonl").symlink_to(other)
    with pytest.raises(AuditError, match=r"nothing was shown; put the file itself in the link's place"):
        note_access(tmp_path / "access.jsonl", {})
    assert other.read_text() == "of somebody else\n"


@pytest.mark.skipif(not hasattr(os, "fchmod"), reason="this system has other permissions")
def test_a_log_that_others_may_read_is_closed_to_them(log: Path) -> None:
    log.chmod(0o644)
    note_access(log, {})
    assert stat.S_IMODE(log.stat().st_mode) == 0o600


def test_a_log_that_nobody_touched_is_whole(log: Path) -> None:
    checked = check_log(log)
    assert (checked.lines, checked.faults) == (5, ())
    assert checked.fingerprint == hashlib.sha256(lines(log)[-1].rstrip()).hexdigest()
    assert check_log(log, checked.fingerprint[:12].upper()).faults == ()


@pytest.mark.parametrize("at", range(4))
def test_a_line_taken_out_or_changed_shows(log: Path, at: int) -> None:
    whole = lines(log)
    log.write_bytes(b"".join(whole[:at] + whole[at + 1 :]))
    assert check_log(log).faults[0].startswith(f"line {at + 1}: it does not follow")
    log.write_bytes(b"".join([*whole[:at], whole[at].replace(b"audit", b"other"), *whole[at + 1 :]]))
    assert check_log(log).faults == (
        f"line {at + 2}: it does not follow the line before it: one was changed, taken out or put in",
    )


def test_lines_put_in_or_exchanged_show(log: Path) -> None:
    one, two, *rest = lines(log)
    for changed in ([one, one, two, *rest], [two, one, *rest], [one, b"\n", two, *rest], [b"[1]\n", one, two, *rest]):
        log.write_bytes(b"".join(changed))
        assert check_log(log).faults


def test_a_line_with_another_number_shows(log: Path) -> None:
    log.write_bytes(log.read_bytes().replace(b'"no": 5', b'"no": 7'))
    assert check_log(log).faults[0].startswith("line 5")


def test_a_cut_end_shows_only_against_a_noted_fingerprint(log: Path) -> None:
    noted = check_log(log).fingerprint
    log.write_bytes(b"".join(lines(log)[:3]))
    assert check_log(log).faults == ()
    assert "the end was cut off" in check_log(log, noted).faults[0]
    assert check_log(log, "0").faults  # too short to be anybody's


def test_a_changed_last_line_shows_once_another_follows_or_against_a_noted_fingerprint(log: Path) -> None:
    noted = check_log(log).fingerprint
    log.write_bytes(log.read_bytes().replace(b"audit 4", b"audit 9"))
    assert check_log(log, noted).faults
    assert check_log(log).faults == ()  # the chain alone cannot know


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (lambda whole: b"".join(whole)[:-20], "line 5: it is not whole"),  # as a power cut leaves it
        (lambda whole: b"".join(whole[1:]), "line 1: it does not follow"),
        (lambda whole: b"".join([*whole, b"x\n"]), "line 6: this is no entry"),
    ],
)
def test_nothing_is_added_to_a_log_that_does_not_hold_together(
    log: Path, broken: Callable[[list[bytes]], bytes], said: str
) -> None:
    left = broken(lines(log))
    log.write_bytes(left)
    assert check_log(log).faults[0].startswith(said)
    with pytest.raises(AuditError, match=f"{said}.*nothing was shown.*move the file aside and keep it"):
        note_access(log, {})
    assert log.read_bytes() == left
    log.rename(log.with_name("kept.jsonl"))
    assert note_access(log, {}).number == 1
    assert check_log(log).faults == ()


def note_many(log: str, times: int) -> None:
    for _ in range(times):
        note_access(Path(log), {"purpose": "x" * 3000})


def test_accesses_at_the_same_time_are_all_written_in_one_chain(tmp_path: Path) -> None:
    log = tmp_path / "access.jsonl"
    with ProcessPoolExecutor(4) as pool:
        list(pool.map(note_many, [str(log)] * 4, [15] * 4))
    assert (check_log(log).lines, check_log(log).faults) == (60, ())


def test_what_cannot_be_written_or_read_is_said(tmp_path: Path) -> None:
    (tmp_path / "access.jsonl").mkdir()
    (tmp_path / "file").write_text("")
    with pytest.raises(AuditError, match=r"cannot be written down .*nothing was shown"):
        note_access(tmp_path / "access.jsonl", {})
    with pytest.raises(AuditError, match="cannot be written down"):
        note_access(tmp_path / "file" / "access.jsonl", {})
    with pytest.raises(AuditError, match="cannot be read"):
        check_log(tmp_path / "access.jsonl")
    with pytest.raises(AuditError, match="there is no log of accesses: it begins with the first run"):
        check_log(tmp_path / "none.jsonl")
