"""What the command says to who misspelt an option, or asks for what the first run makes."""

from pathlib import Path

import pytest

from careloom.cli import main


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("run x.toml --acept", 'careloom run: error: there is no option --acept; did you mean "--accept"?'),
        ("cost x.toml --scenaro=if.toml", 'there is no option --scenaro; did you mean "--scenario"?'),
        ("audit verify x.toml --zzz", "there is no option --zzz; known here: --help, -h"),
        ("run x.toml y.toml", "unrecognized arguments: y.toml"),
    ],
)
def test_a_misspelt_option_is_told_its_right_name(words: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(words.split())
    assert stopped.value.code == 2
    assert said in capsys.readouterr().err


def test_the_log_of_a_study_that_was_never_run_begins_with_the_first_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    study = tmp_path / "study.toml"
    assert main(["synth", "--out", str(tmp_path), "--children", "40", "--years", "2020-2020", "--only", "ssda903"]) == 0
    assert main(["audit", "verify", str(study)]) == 9
    assert "there is no log of accesses: it begins with the first run of the study" in capsys.readouterr().err
