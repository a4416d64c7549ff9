"""The commands of the vault: new keys, what moves with them, what is written down, and what is refused."""

import json
from pathlib import Path

import pyarrow as pa
import pytest

from careloom.cli import main
from careloom.govern import key_of_file, open_key, read_vault, write_vault

STUDY = """
[study]
name = "Kept apart"
from = 2018-04-01
to = 2020-03-31
out = "results"
vault = true
vault_key = "keys/vault.key"
[[delivery]]
authority = "998"
files = ["none.csv"]
"""
CHILDREN = ("998|ssda903|Zebedee1", "998|ssda903|Zebedee2")


def named(folder: Path) -> list[str]:
    return open_key(folder / "study.key").pseudonymise("person|Kept apart")(CHILDREN)


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A study with a vault of two children, and a decision that they are one."""
    monkeypatch.delenv("CARELOOM_VAULT_KEY", raising=False)
    (tmp_path / "study.toml").write_text(STUDY)
    (tmp_path / "none.csv").write_text("")
    names = named(tmp_path)
    keys = ("la", "return_name", "child_id")
    rows = [
        {"person_id": name, **dict(zip(keys, child.split("|"), strict=True))}
        for name, child in zip(names, CHILDREN, strict=True)
    ]
    key = key_of_file(tmp_path / "keys" / "vault.key", may_make=True)
    write_vault(tmp_path / "study.vault", {"identity": pa.Table.from_pylist(rows)}, key, "Kept apart")
    one, two = sorted(names)
    (tmp_path / "links_decided.csv").write_text(
        f"one,two,decision,probability,who,when,why\n{one},{two},same,0.5,ann,2026-01-01,x\n"
    )
    return tmp_path / "study.toml"


def test_a_rotation_moves_decisions_and_is_written_down(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder, before = study.parent, named(study.parent)
    assert main(["vault", "rotate", str(study)]) == 0
    said = capsys.readouterr()
    now = named(folder)
    assert f"New key of pseudonyms: {open_key(folder / 'study.key').id}. Run the study again" in said.out
    decided = (folder / "links_decided.csv").read_text()
    assert ",".join(sorted(now)) in decided
    assert not [name for name in before if name in decided]
    log = (folder / "access.jsonl").read_text()
    assert [json.loads(line)["outcome"] for line in log.splitlines()] == ["begun", "finished"]
    secrets = (folder / "study.key").read_text().strip(), (folder / "keys" / "vault.key").read_text().strip()
    words = (*secrets, "Zebedee", *before, *now)  # neither a key, nor a child, nor which was which
    assert not [word for word in words if word in log + said.out + said.err]


def test_another_key_locks_the_vault(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = study.parent
    assert main(["vault", "rekey", str(study), str(folder / "keys" / "new.key")]) == 0
    assert main(["vault", "rotate", str(study)]) == 11
    assert "this key does not open the vault" in capsys.readouterr().err
    study.write_text(STUDY.replace("vault.key", "new.key"))
    assert main(["vault", "rotate", str(study)]) == 0
    tables = read_vault(folder / "study.vault", key_of_file(folder / "keys" / "new.key", may_make=False), "Kept apart")
    assert tables["crosswalk"].num_rows == 2


def test_a_study_without_a_vault_says_that_it_keeps_no_identifier(
    study: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    study.write_text(STUDY.replace("vault = true\n", "").replace('vault_key = "keys/vault.key"\n', ""))
    assert main(["vault", "rotate", str(study)]) == 11
    assert "keeps no vault, and so no name or number of a child; vault = true" in capsys.readouterr().err


def test_a_run_without_its_key_reads_nothing(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (study.parent / "keys" / "vault.key").unlink()
    assert main(["run", str(study)]) == 11
    assert "docs/security.md says what to do when it is lost" in capsys.readouterr().err
    assert not (study.parent / "access.jsonl").exists()  # it did not begin


def test_a_vault_may_not_lie_in_the_results(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    study.write_text(STUDY.replace("vault = true", 'vault = "results/study.vault"'))
    assert main(["run", str(study)]) == 3
    assert '"vault" lies inside "out"' in capsys.readouterr().err
