"""What agreements say must go: listed first, deleted when asked, and proved."""

import json
from pathlib import Path

import pyarrow as pa
import pytest

from careloom.cli import main
from careloom.govern import key_of_file, open_key, read_vault, write_vault

STUDY = """
[study]
name = "Expiring"
from = 2018-04-01
to = 2020-03-31
out = "results"
purpose = "A test"
vault = true
vault_key = "vault.key"
[[delivery]]
authority = "998"
files = ["998/*.csv"]
[[delivery]]
authority = "997"
files = ["997/*.csv"]
"""
AGREEMENT = """
name = "Agreement on {la}"
owner = "{la}"
recipients = ["us"]
purposes = ["A test"]
lawful_basis = "public task"
starts_on = 2020-01-01
expires_on = 2020-12-31
keep_until = {until}
allowed = {allowed}
"""
PAST, AHEAD = "2021-12-31", "2099-12-31"


def agree(folder: Path, la: str, until: str, allowed: str = '["ssda903"]', name: str = "") -> None:
    (folder / "agreements").mkdir(exist_ok=True)
    text = AGREEMENT.format(la=la, until=until, allowed=allowed)
    (folder / "agreements" / f"{name or la}.toml").write_text(text)


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A study with results, a key, and a vault that holds a child of each authority, as a run leaves them."""
    monkeypatch.delenv("CARELOOM_VAULT_KEY", raising=False)
    (tmp_path / "study.toml").write_text(STUDY)
    for la in ("998", "997"):
        (tmp_path / la).mkdir()
        (tmp_path / la / "Zebedee.csv").write_text(f"of {la}\n")
    results = tmp_path / "results"
    results.mkdir()
    for name in ("study.duckdb", "ledger.csv", "report.html"):
        (results / name).write_text(name)
    files = [{"file": "study.duckdb", "sharing": "inside"}, {"file": "ledger.csv", "sharing": "inside"}]
    told = {"study": "Expiring", "files": [*files, {"file": "report.html", "sharing": "released"}]}
    (results / "manifest.json").write_text(json.dumps(told))
    open_key(tmp_path / "study.key")
    rows = [{"person_id": f"p{la}", "la": la, "return_name": "ssda903", "child_id": "Z1"} for la in ("998", "997")]
    walked = [{"old": f"old{la}", "new": f"p{la}"} for la in ("998", "997")]
    tables = {"identity": pa.Table.from_pylist(rows), "crosswalk": pa.Table.from_pylist(walked)}
    write_vault(tmp_path / "study.vault", tables, key_of_file(tmp_path / "vault.key", may_make=True), "Expiring")
    return tmp_path / "study.toml"


def there(folder: Path) -> set[str]:
    return {
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file() and path.suffix != ".lock"
    }


def test_nothing_goes_before_its_time(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    agree(study.parent, "998", AHEAD)
    before = there(study.parent)
    assert main(["expire", str(study), "--delete", "--deliveries"]) == 0
    assert capsys.readouterr().out == "No agreement is over: nothing must go.\n"
    assert there(study.parent) == before


def test_what_must_go_is_listed_and_stays_until_it_is_asked_for(
    study: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    agree(study.parent, "998", PAST)
    before = there(study.parent)
    assert main(["expire", str(study)]) == 0
    said = capsys.readouterr().out
    assert "Agreement on 998 (998.toml): to be kept until 2021-12-31" in said
    assert f"to be deleted: {study.parent / 'results' / 'study.duckdb'}" in said
    assert said.endswith("Nothing was deleted; add --delete.\n")
    assert there(study.parent) == before


def test_one_agreement_that_is_over_takes_the_results_and_its_own_identities(study: Path) -> None:
    folder = study.parent
    agree(folder, "998", PAST)
    agree(folder, "997", AHEAD)
    before = there(folder)
    assert main(["expire", str(study), "--delete", "--deliveries"]) == 0
    assert before - there(folder) == {"results/study.duckdb", "results/ledger.csv", "998/Zebedee.csv"}
    left = read_vault(folder / "study.vault", key_of_file(folder / "vault.key", may_make=False), "Expiring")
    assert left["identity"]["la"].to_pylist() == ["997"]
    assert left["crosswalk"]["old"].to_pylist() == ["old997"]


def test_a_manifest_that_was_changed_has_no_other_file_deleted(study: Path) -> None:
    folder = study.parent
    agree(folder, "998", PAST)
    manifest = folder / "results" / "manifest.json"
    told = json.loads(manifest.read_text())
    elsewhere = folder / "998" / "Zebedee.csv"
    told["files"] += [{"file": name, "sharing": "inside"} for name in ("../998/Zebedee.csv", str(elsewhere))]
    manifest.write_text(json.dumps(told))
    assert main(["expire", str(study), "--delete"]) == 0
    assert elsewhere.exists()
    assert not (folder / "results" / "study.duckdb").exists()


def test_when_all_is_over_the_key_and_the_vault_go_and_the_log_proves_it(
    study: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = study.parent
    for la in ("998", "997"):
        agree(folder, la, PAST)
    assert main(["expire", str(study), "--delete"]) == 0
    assert there(folder) >= {"results/report.html", "results/manifest.json", "998/Zebedee.csv", "997/Zebedee.csv"}
    assert there(folder) & {"results/study.duckdb", "study.key", "study.vault"} == set()
    log = (folder / "access.jsonl").read_text()
    begun, finished = map(json.loads, log.splitlines())
    assert [each["what"] for each in begun["files"]] == ["results that tell of single children"] * 2 + [
        "what pseudonyms hang on"
    ]
    assert all(len(each["sha256"]) == 64 for each in begun["files"])
    assert (finished["outcome"], finished["still_there"], finished["identities"]) == ("finished", 0, 2)
    assert "Zebedee" not in log
    assert main(["audit", "verify", str(study)]) == 0
    capsys.readouterr()
    assert main(["expire", str(study), "--delete"]) == 0
    assert "Nothing of it is there any more." in capsys.readouterr().out


def test_an_agreement_that_was_renewed_is_not_over_unless_the_new_one_covers_less(study: Path) -> None:
    folder = study.parent
    agree(folder, "998", PAST)
    agree(folder, "998", AHEAD, name="renewed")
    before = there(folder)
    assert main(["expire", str(study), "--delete"]) == 0
    assert there(folder) == before
    agree(folder, "998", AHEAD, allowed='["ssda903 header"]', name="renewed")
    assert main(["expire", str(study), "--delete"]) == 0
    assert "results/study.duckdb" not in there(folder)


def test_nothing_is_deleted_when_the_vault_does_not_open(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    agree(study.parent, "998", PAST)
    (study.parent / "vault.key").unlink()
    before = there(study.parent)
    assert main(["expire", str(study), "--delete"]) == 11
    assert "the vault's key is not there" in capsys.readouterr().err
    assert there(study.parent) == before
