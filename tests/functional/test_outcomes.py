"""`careloom outcomes` on a made-up authority: what was planted stands beside what was found; on a real one it does not."""

import shutil
from pathlib import Path

import pytest

from careloom.cli.main import main
from careloom.synth import make_england


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A made-up authority that has been run; its study asks about re-referral alone, and tries one number of classes."""
    folder = tmp_path_factory.mktemp("authority")
    make_england(folder, children=2500, population="five_kinds", systems=("ssda903", "cin_census"))
    study = folder / "study.toml"
    text = study.read_text().replace(
        'questions = ["re_referral", "repeat_plan", "re_entry"]', 'questions = ["re_referral"]'
    )
    study.write_text(text)
    assert 'questions = ["re_referral"]' in text
    assert main(["run", str(study)]) == 0
    return folder


def test_planted_ratios_stand_beside_the_estimates(authority: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["outcomes", str(authority / "study.toml")]) == 0
    said = capsys.readouterr().out
    for title in (
        "how following them ended",
        "what each rule leaves out",
        "worked out in two ways",
        "Do the hazard ratios",
    ):
        assert title in said
    held, rest = said.split("Planted and estimated hazard ratios")[1].split(" intervals of 95% hold")[0].rsplit("\n", 1)
    inside, terms = (int(number) for number in rest.split(" of "))
    assert held.count("yes") == inside
    # Four or five categories, four ages and a sex; one interval in twenty misses by chance, and three of eight by more
    # than chance, once in thirty thousand.
    assert terms >= 6
    assert inside >= terms - 2


def test_a_real_authority_has_no_truth_beside_it(authority: Path, capsys: pytest.CaptureFixture[str]) -> None:
    truth, aside = authority / "truth", authority / "elsewhere"
    shutil.move(truth, aside)
    assert main(["outcomes", str(authority / "study.toml"), "--of", "re_referral"]) == 0
    shutil.move(aside, truth)
    said = capsys.readouterr().out
    assert "Planted" not in said
    assert "Adjusted hazard ratios" in said


def test_an_outcome_that_was_not_asked_for_is_named(authority: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["outcomes", str(authority / "study.toml"), "--of", "re_refferal"]) == 2
    assert 'does not ask about "re_refferal"; did you mean "re_referral"' in capsys.readouterr().err


def test_without_a_run_there_is_nothing_to_show(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.csv").write_text("x")
    (tmp_path / "study.toml").write_text(
        '[study]\nname = "s"\nfrom = 2017-04-01\nto = 2020-03-31\nout = "out"\n[[delivery]]\nauthority = "A"\nfiles = ["a.csv"]\n'
    )
    assert main(["outcomes", str(tmp_path / "study.toml")]) == 8
    assert "careloom run" in capsys.readouterr().err
