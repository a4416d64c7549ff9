"""The log of accesses: what is written, what tampering shows, and that nobody's line is lost."""

import hashlib
import json
import stat
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


def test_half_a_line_stays_and_shows_and_the_log_goes_on(log: Path) -> None:
    log.write_bytes(log.read_bytes()[:-20])
    assert check_log(log).faults == ("line 5: it is not whole",)
    assert note_access(log, {}).number == 6
    assert check_log(log).faults == ("line 5: this is no entry of the log",)


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
        check_log(tmp_path / "none.jsonl")
