"""A study with declarations of its own: tried, run, said in the report, and run again."""

import re
from pathlib import Path

import duckdb
import pytest

from careloom.cli import main
from careloom.synth import make_england

REPOSITORY = Path(__file__).resolve().parents[2]
FIRST_HOUR = REPOSITORY / "CONTRIBUTING.md"
WRITTEN = re.compile(r"<!-- file: (?:src/careloom/)?catalogue/(\S+) -->\n```toml\n(.*?)```", re.DOTALL)


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A made-up authority, and the rule, the outcome and the process of a newcomer's first hour laid over its catalogue."""
    folder = tmp_path_factory.mktemp("own")
    make_england(folder, children=150, years=(2019, 2020), systems=("ssda903", "cin_census"))
    for name, declared in WRITTEN.findall(FIRST_HOUR.read_text(encoding="utf-8")):
        path = folder / "laid" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(declared, encoding="utf-8")
    path = folder / "study.toml"
    words = path.read_text().replace("[study]\n", '[study]\ncatalogue = "laid"\n', 1)
    words = words.replace("most_classes = 12", "most_classes = 2").replace("starts = 10", "starts = 1")
    asked = re.sub(r"questions = \[.*?\]", 'questions = ["re_referral", "plan_after_closure"]', words)
    path.write_text(asked)
    return path


def test_their_examples_are_tried(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["catalogue", str(study)]) == 0
    said = capsys.readouterr().out
    assert re.findall(r"(\S+)/\S+\s+new\s+hold", said) == ["outcomes", "processes", "returns/ssda903/rules"]


@pytest.mark.parametrize(
    ("name", "now", "becomes", "says"),
    [
        ("returns/ssda903/rules/143.toml", "X   | yes", "X   | no", "findings found that are not drawn: 1"),
        ("returns/ssda903/rules/143.toml", "c.code = t.RNE", "c.cod = t.RNE", "its examples cannot be tried (BinderEx"),
        ("outcomes/plan_after_closure.toml", "\ntime_to_event", "\nspells", "its examples cannot be tried (ValueError"),
        ("outcomes/plan_after_closure.toml", 'until = "cp_plan"', 'until = "s47_enquiry"', "stretches drawn"),
    ],
)
def test_examples_that_do_not_hold_are_said(
    study: Path, name: str, now: str, becomes: str, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = study.parent / "laid" / name
    before = path.read_text()
    assert now in before
    path.write_text(before.replace(now, becomes))
    try:
        assert main(["catalogue", str(study)]) == 7
    finally:
        path.write_text(before)
    told = capsys.readouterr()
    assert "do not hold" in told.out
    assert f"{name}: {says}" in told.err.replace("\n", "")


def test_a_run_uses_them_and_says_so(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", str(study)]) == 0
    results = study.parent / "results"
    with duckdb.connect(str(results / "study.duckdb"), read_only=True) as kept:
        found = kept.execute("SELECT DISTINCT outcome FROM time_to_event ORDER BY outcome").fetchall()
    assert found == [("plan_after_closure",), ("re_referral",)]
    report = (results / "report.html").read_text(encoding="utf-8")
    assert "This run used 3 declarations of the study" in report
    capsys.readouterr()
    assert main(["rerun", str(results)]) == 0
    (study.parent / "laid" / "outcomes" / "plan_after_closure.toml").open("a").write("# another thought\n")
    assert main(["rerun", str(results)]) in (0, 10)
    assert "Changed since: the catalogue" in capsys.readouterr().out
    assert main(["run", str(study), "--explain"]) == 0
    explained = capsys.readouterr().out
    assert "the catalogue's outcomes" in explained.replace("\n", " ")


def test_a_study_without_any_says_so(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plain = study.with_name("plain.toml")
    plain.write_text(study.read_text().replace('catalogue = "laid"\n', ""))
    assert main(["catalogue", str(plain)]) == 0
    assert "as it is" in capsys.readouterr().out


def test_a_folder_that_is_not_there_is_named(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = study.with_name("wrong.toml")
    wrong.write_text(study.read_text().replace('"laid"', '"lade"'))
    assert main(["run", str(wrong)]) == 7
    assert "lade: this folder of declarations" in capsys.readouterr().err.replace("\n", "")
