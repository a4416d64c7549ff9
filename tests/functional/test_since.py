"""The tables of two runs compared before the second goes out: how many numbers tell of few, and none of the numbers."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from careloom.cli import main
from careloom.disclose import read_profile, release_all
from careloom.govern import open_key
from careloom.report.question import asked_of, read_questions

STUDY = """
[study]
name = "Twice"
from = 2018-04-01
to = 2020-03-31
out = "results"
disclosure = "dfe_exact"
[[delivery]]
authority = "998"
files = ["none.csv"]
"""
NAME = "cost_by_placement"


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """A study as a run left it, and the results of an earlier one."""
    (tmp_path / "study.toml").write_text(STUDY)
    (tmp_path / "none.csv").write_text("")
    for folder, children in ((tmp_path / "earlier", 41), (tmp_path / "results", 42)):
        (folder / "tables").mkdir(parents=True)
        write(folder, children)
    about = {"study": "Twice", "key_id": open_key(tmp_path / "study.key").id}
    (tmp_path / "results" / "manifest.json").write_text(json.dumps(about))
    return tmp_path / "study.toml"


def write(folder: Path, children: int) -> None:
    """Released costs by placement: in fostering 7,777 GBP a child, in homes always the same."""
    profile, question = read_profile("dfe_exact"), read_questions()[NAME]
    rows = []
    for placement, n in (("Fostering", children), ("Homes", 50), ("All", children + 50)):
        row = {"placement": placement, "children": n, "nights": 365 * n, "cost": 7_777.0 * n, "prices": "local"}
        rows.append(row | {"largest": 7_777.0, "next_largest": 7_777.0})
    released = release_all([asked_of(question, pa.Table.from_pylist(rows))], profile)[NAME].rows
    pq.write_table(
        released.replace_schema_metadata({"disclosure": profile.name}), folder / "tables" / f"{NAME}.parquet"
    )


def test_what_one_child_more_tells_is_counted_and_not_shown(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["since", str(study), str(study.parent / "earlier")]) == 0
    said = capsys.readouterr().out
    assert [line.split() for line in said.splitlines() if line.startswith(NAME)] == [
        [NAME, "children", "3", "2", "2"],
        [NAME, "nights", "3", "2", "2"],
        [NAME, "cost", "3", "2", "2"],
    ]
    assert "6 of 9 numbers tell of few children" in said
    assert "Do not let both out" in said
    assert not [word for word in ("41", "42", "318,8", "326,6") if word in said]


def test_the_same_tables_tell_nothing_more(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(study.parent / "earlier", 42)
    assert main(["since", str(study), str(study.parent / "earlier" / "tables")]) == 0
    assert capsys.readouterr().out == "0 of 9 numbers tell of few children by having changed.\n"


def test_what_cannot_be_compared_is_said(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (study.parent / "earlier" / "tables" / "steps.parquet").write_bytes(b"")
    (study.parent / "earlier" / "tables" / f"{NAME}.parquet").write_bytes(b"no table")
    assert main(["since", str(study), str(study.parent / "earlier")]) == 0
    assert (
        "Not compared, as they are in one release only, or otherwise made: steps, cost_by_placement."
        in capsys.readouterr().out
    )
    assert main(["since", str(study), str(study.parent / "nowhere")]) == 8
    assert "there are no released tables" in capsys.readouterr().err
