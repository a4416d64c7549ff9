"""The output folder is replaced whole or kept whole, and a folder that is not ours is never touched."""

import json
import os
import stat
from pathlib import Path

import pytest

from careloom.core import OutputError
from careloom.study.outputs import MANIFEST, PREVIOUS, UNFINISHED, beside, new_outputs, write_manifest


def make(out: Path, text: str) -> None:
    with new_outputs(out, "study") as folder:
        (folder / "report.html").write_text(text)
        write_manifest(folder, {"study": "study"}, {"report.html": "released"})


def break_off(out: Path, fault: type[BaseException]) -> None:
    with new_outputs(out, "study") as folder:
        (folder / "report.html").write_text("half")
        raise fault


def siblings(out: Path) -> list[str]:
    return sorted(path.name for path in out.parent.iterdir() if path.suffix != ".lock")


def test_a_second_run_replaces_the_first_whole(tmp_path: Path) -> None:
    out = tmp_path / "deep" / "results"
    make(out, "one")
    make(out, "two")
    assert sorted(path.name for path in out.iterdir()) == [MANIFEST, "report.html"]
    assert (out / "report.html").read_text() == "two"
    assert siblings(out) == ["results"]


@pytest.mark.parametrize("fault", [RuntimeError, KeyboardInterrupt, SystemExit])
def test_an_interrupted_run_keeps_the_first_whole(tmp_path: Path, fault: type[BaseException]) -> None:
    out = tmp_path / "results"
    make(out, "one")
    with pytest.raises(fault):
        break_off(out, fault)
    assert (out / "report.html").read_text() == "one"
    assert siblings(out) == ["results"]


def test_what_a_killed_run_left_is_put_right(tmp_path: Path) -> None:
    out = tmp_path / "results"
    make(out, "one")
    beside(out, UNFINISHED).mkdir()
    (beside(out, UNFINISHED) / "report.html").write_text("half")
    make(out, "two")
    assert (out / "report.html").read_text() == "two"
    out.rename(beside(out, PREVIOUS))  # killed between the two renames
    with pytest.raises(RuntimeError), new_outputs(out, "study"):
        raise RuntimeError
    assert (out / "report.html").read_text() == "two"
    assert siblings(out) == ["results"]


def test_a_folder_that_is_not_ours_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "a.jpg").write_text("x")
    (tmp_path / "file").write_text("x")
    for out, said in ((tmp_path / "photos", "no Careloom run made"), (tmp_path / "file", "this is a file")):
        with pytest.raises(OutputError, match=said), new_outputs(out, "study"):
            pass
    assert (tmp_path / "photos" / "a.jpg").read_text() == "x"
    (tmp_path / "empty").mkdir()
    make(tmp_path / "empty", "one")
    assert (tmp_path / "empty" / "report.html").exists()


def test_what_the_user_put_there_and_another_study_are_never_replaced(tmp_path: Path) -> None:
    out = tmp_path / "results"
    make(out, "one")
    with pytest.raises(OutputError, match="results of another study"), new_outputs(out, "another"):
        pass
    (out / "my notes.docx").write_text("x")
    with pytest.raises(OutputError, match="1 of the files in this folder"):
        make(out, "two")
    assert (out / "my notes.docx").read_text() == "x"
    (out / "my notes.docx").unlink()
    make(out, "two")
    assert (out / "report.html").read_text() == "two"


def test_two_runs_at_once_do_not_meet(tmp_path: Path) -> None:
    out = tmp_path / "results"
    with new_outputs(out, "study") as folder:
        with pytest.raises(OutputError, match="another run is writing"):
            make(out, "two")
        (folder / "report.html").write_text("one")
    assert (out / "report.html").read_text() == "one"


def test_a_place_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputError, match="cannot be written"):
        make(tmp_path / "file" / "results", "one")


def test_the_manifest_says_who_may_see_what(tmp_path: Path) -> None:
    with new_outputs(tmp_path / "out", "s") as folder:
        (folder / "study.duckdb").write_text("x")
        (folder / "report.html").write_text("x")
        write_manifest(folder, {"study": "s"}, {"report.html": "released"})
    files = json.loads((tmp_path / "out" / MANIFEST).read_text())["files"]
    assert {file["file"]: file["sharing"] for file in files} == {"report.html": "released", "study.duckdb": "inside"}
    assert all(len(file["sha256"]) == 64 for file in files)


@pytest.mark.skipif(os.name == "nt", reason="this system has other permissions")
def test_what_stays_inside_is_for_who_made_it_alone(tmp_path: Path) -> None:
    def mode(path: Path) -> int:
        return stat.S_IMODE(path.stat().st_mode)

    (tmp_path / "plain").mkdir()
    (tmp_path / "plain.txt").write_text("")
    with new_outputs(tmp_path / "out", "s") as folder:
        for name in ("study.duckdb", "ledger.csv", "report.html"):
            (folder / name).write_text("x")
        assert mode(folder) == 0o700  # nobody reads a file before its permissions are set
        write_manifest(folder, {"study": "s"}, {"report.html": "released"})
    written = {path.name: mode(path) for path in (tmp_path / "out").iterdir()}
    assert written == {
        "study.duckdb": 0o600,
        "ledger.csv": 0o600,
        MANIFEST: 0o600,
        "report.html": mode(tmp_path / "plain.txt"),
    }
    assert mode(tmp_path / "out") == mode(tmp_path / "plain")
