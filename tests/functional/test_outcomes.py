"""`careloom outcomes` on a made-up authority: what was planted stands beside what was found; on a real one it does not."""

import re
import shutil
from pathlib import Path

import duckdb
import numpy as np
import pytest

from careloom.cli.main import main
from careloom.stats.survival import fit_cox
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


def said(capsys: pytest.CaptureFixture[str], *asked: str) -> str:
    assert main(["outcomes", *asked]) == 0
    return capsys.readouterr().out


def lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.splitlines()]


def test_in_brief_a_screen_tells_what_a_person_wants_first(authority: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = lines(said(capsys, str(authority / "study.toml")))
    assert len(told) < 50
    assert max(map(len, told)) <= 100
    heading = next(place for place, line in enumerate(told) if line.startswith("category"))
    assert told[heading].split("  ")[-1].strip() == "planted"
    rows = told[heading + 1 : told.index("", heading)]
    assert rows[0].startswith("All children")
    assert rows[-1].startswith("No category")
    # A share with its limits by 12 and by 60 months, and a ratio with its own; the largest is what others are held against.
    shares = [re.findall(r"[\d.]+% \([\d.]+-[\d.]+\)", row) for row in rows[:4]]
    assert [len(found) for found in shares] == [2] * 4
    assert sum("compared with" in row for row in rows) == 1
    assert any(line.startswith("Do the hazard ratios stay the same over time?") for line in told)


def test_planted_ratios_stand_beside_the_estimates(authority: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = said(capsys, str(authority / "study.toml"), "--of", "re_referral")
    table, rest = told.split("planted and estimated hazard ratios")[1].split("This authority was made up: ")
    inside, terms = (int(number) for number in rest.split(" intervals")[0].split(" of "))
    assert [line.split()[-1] for line in lines(table)[2:] if line].count("yes") == inside
    # Four or five categories, four ages and a sex; one interval in twenty misses by chance, and three of eight by more
    # than chance, once in thirty thousand.
    assert terms >= 6
    assert inside >= terms - 2


def test_everything_known_of_an_outcome_is_shown_when_asked_for(
    authority: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    of_one, of_all = (
        said(capsys, str(authority / "study.toml"), *asked) for asked in (("--of", "re_referral"), ("--all",))
    )
    for told in (of_one, of_all):
        assert max(map(len, lines(told))) <= 100
        for title in (
            "children followed",
            "what each rule leaves out",
            "share with the event, all children",
            "share with the event, children too young to turn 18 before",
            "Adjusted hazard ratios",
            "as more is adjusted for",
            "worked out in other ways",
            "Do the hazard ratios",
            "if all children were of one category",
        ):
            assert title in " ".join(told.split()), title
    # The words of the field, not of the code.
    assert "Cases of children in need in the returns" in of_one
    assert not re.search("spell|cin_|time zero", of_one)
    whole = lines(of_one)
    heading = next(place for place, line in enumerate(whole) if line.split()[:2] == ["Category", "M0"])
    assert whole[heading].split() == ["Category", "M0", "M1", "M2"]
    assert whole[heading + 1].startswith("1. ")


def test_the_ratios_are_those_of_the_kept_stretches(authority: Path) -> None:
    """From `time_to_event`, as docs/outcomes.md has it for R: one long design matrix gives the ratios of model M0."""
    with duckdb.connect(str(authority / "results" / "study.duckdb"), read_only=True) as kept:
        rows = kept.execute(
            "SELECT coalesce(CAST(class_no AS VARCHAR), 'unclassed'), days, is_event, la, person_id FROM time_to_event"
        ).fetchall()
        told = kept.execute(
            "SELECT level, hazard_ratio, lower, upper, reference FROM hazard_ratio WHERE model = 'M0' AND period = 'all' "
            "AND method = 'cause_specific' AND reference <> 'mean of all'"
        ).fetchall()
    level, days, is_event, la, child = (np.array(column) for column in zip(*rows, strict=True))
    others = [row for row in told if row[0] != row[4]]
    assert len(others) >= 4
    x = np.column_stack([level == row[0] for row in others]).astype(float)
    fit = fit_cox(x, np.arange(len(x)), days, is_event, names=[row[0] for row in others], stratum=la, cluster=child)
    for row, ratio in zip(others, fit.hazard_ratios(), strict=True):
        assert row[1:4] == pytest.approx((ratio.hazard_ratio, ratio.lower, ratio.upper), rel=1e-8)


def test_a_real_authority_has_no_truth_beside_it(authority: Path, capsys: pytest.CaptureFixture[str]) -> None:
    truth, aside = authority / "truth", authority / "elsewhere"
    shutil.move(truth, aside)
    told = [said(capsys, str(authority / "study.toml"), *asked) for asked in ((), ("--of", "re_referral"))]
    shutil.move(aside, truth)
    assert not any("planted" in each for each in told)
    assert "Adjusted hazard ratios" in told[1]


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
