"""New keys of pseudonyms: everybody has another name, the vault knows which was which, and a cut-off rotation is finished."""

import datetime as dt
from pathlib import Path

import pyarrow as pa
import pytest

from careloom.core import Keys, StudyError, VaultError
from careloom.engine import Engine
from careloom.govern import open_key, read_vault, write_vault
from careloom.study import vault as rooms
from careloom.study.asked_of_links import Decision
from careloom.study.vault import (
    AskedOfVault,
    identities,
    keep_identities,
    open_vault,
    read_asked_of_vault,
    rekey,
    rotate,
)

STUDY = "Anyshire"
CHILDREN = (("998", "cin_census", "A1"), ("998", "ssda903", "A1"), ("997", "cin_census", "B7"))


def people(folder: Path) -> pa.Table:
    """Two children; the first has two identifiers, and is named after the first of them."""
    names = named(folder)
    rows = [
        {
            "person_id": names[0 if place < 2 else 2],
            "la": la,
            "return_name": name,
            "child_id": child,
            "surname": "Zebedee",
        }
        for place, (la, name, child) in enumerate(CHILDREN)
    ]
    return pa.Table.from_pylist(rows)


def named(folder: Path) -> list[str]:
    return open_key(folder / "study.key").pseudonymise(f"person|{STUDY}")(["|".join(child) for child in CHILDREN])


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AskedOfVault:
    monkeypatch.delenv("CARELOOM_VAULT_KEY", raising=False)
    asked = AskedOfVault(tmp_path / "study.vault", "vault.key", tmp_path)
    key = open_vault(asked, STUDY)
    assert key is not None
    keep_identities(asked, STUDY, people(tmp_path), key)
    return asked


def opened(asked: AskedOfVault) -> dict[str, pa.Table]:
    key = open_vault(asked, STUDY)
    assert key is not None
    return read_vault(asked.path, key, STUDY)


def decision(one: str, two: str) -> Decision:
    return Decision(*sorted((one, two)), "same", "0.5", "ann", "2026-01-01", "x")


def check_walked(asked: AskedOfVault, before: list[str], folder: Path) -> None:
    """Every pseudonym of before leads to the one of now."""
    now, tables = named(folder), opened(asked)
    assert set(before).isdisjoint(now)
    assert tables["identity"]["person_id"].to_pylist() == [now[0], now[0], now[2]]
    walk = {row["old"]: row["new"] for row in tables["crosswalk"].to_pylist()}
    assert [walk[name] for name in before] == now


def test_a_rotation_renames_everybody_and_remembers(asked: AskedOfVault, tmp_path: Path) -> None:
    before, first_id = named(tmp_path), open_key(tmp_path / "study.key").id
    done, decisions = rotate(asked, STUDY, tmp_path / "study.key", [decision(before[1], before[2]), decision("x", "y")])
    now = named(tmp_path)
    check_walked(asked, before, tmp_path)
    assert done.key_id == open_key(tmp_path / "study.key").id != first_id
    assert (done.identifiers, done.decisions, done.unknown) == (3, 1, 1)
    assert [(each.one, each.two) for each in decisions] == [tuple(sorted(now[1:])), ("x", "y")]
    assert not (tmp_path / "study.key.next").exists()


def test_two_rotations_lead_from_the_oldest_to_the_newest(asked: AskedOfVault, tmp_path: Path) -> None:
    before = named(tmp_path)
    rotate(asked, STUDY, tmp_path / "study.key", [])
    _, (decided,) = rotate(asked, STUDY, tmp_path / "study.key", [decision(before[0], before[2])])
    now = named(tmp_path)
    assert (decided.one, decided.two) == tuple(sorted((now[0], now[2])))  # it was left behind twice
    assert opened(asked)["crosswalk"].num_rows == 6


def test_a_rotation_cut_off_before_the_vault_was_written_changes_nothing(
    asked: AskedOfVault, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, whole = named(tmp_path), asked.path.read_bytes()

    def cut(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(rooms, "write_vault", cut)
        with pytest.raises(KeyboardInterrupt):
            rotate(asked, STUDY, tmp_path / "study.key", [])
    assert (named(tmp_path), asked.path.read_bytes()) == (before, whole)
    rotate(asked, STUDY, tmp_path / "study.key", [])
    check_walked(asked, before, tmp_path)


def test_a_rotation_cut_off_before_the_key_was_put_in_place_is_finished_by_the_next(
    asked: AskedOfVault, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = named(tmp_path)

    def written_and_cut(*told: object) -> None:
        write_vault(*told)  # type: ignore[arg-type]
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(rooms, "write_vault", written_and_cut)
        with pytest.raises(KeyboardInterrupt):
            rotate(asked, STUDY, tmp_path / "study.key", [])
    assert named(tmp_path) == before
    _, (decided,) = rotate(asked, STUDY, tmp_path / "study.key", [decision(before[0], before[2])])
    check_walked(asked, before, tmp_path)  # once, not twice
    assert {decided.one, decided.two} == {named(tmp_path)[0], named(tmp_path)[2]}


def test_a_vault_made_with_another_key_of_pseudonyms_is_not_rotated(asked: AskedOfVault, tmp_path: Path) -> None:
    (tmp_path / "study.key").unlink()
    with pytest.raises(VaultError, match="made with another key of pseudonyms; run the study first"):
        rotate(asked, STUDY, tmp_path / "study.key", [])
    with pytest.raises(VaultError, match="no vault yet"):
        rotate(AskedOfVault(tmp_path / "none.vault", "n.key", tmp_path), STUDY, tmp_path / "study.key", [])


def test_a_run_keeps_the_crosswalk(asked: AskedOfVault, tmp_path: Path) -> None:
    rotate(asked, STUDY, tmp_path / "study.key", [])
    key = open_vault(asked, STUDY)
    assert key is not None
    keep_identities(asked, STUDY, people(tmp_path).slice(0, 1), key)
    assert {name: rows.num_rows for name, rows in opened(asked).items()} == {"identity": 1, "crosswalk": 3}


def test_another_key_can_lock_the_vault(asked: AskedOfVault, tmp_path: Path) -> None:
    before = opened(asked)["identity"].to_pydict()
    rekey(asked, STUDY, tmp_path / "new.key")
    with pytest.raises(VaultError, match="this key does not open the vault"):
        open_vault(asked, STUDY)
    assert opened(AskedOfVault(asked.path, "new.key", tmp_path))["identity"].to_pydict() == before


def test_a_lost_key_is_said_and_no_other_is_made(asked: AskedOfVault, tmp_path: Path) -> None:
    (tmp_path / "vault.key").unlink()
    with pytest.raises(VaultError, match="the vault's key is not there"):
        open_vault(asked, STUDY)
    assert not (tmp_path / "vault.key").exists()


@pytest.mark.parametrize(
    ("said", "path", "key"),
    [
        ({}, None, ""),
        ({"vault": False}, None, ""),
        ({"vault": True, "vault_key": "v.key"}, "ours.vault", "v.key"),
        ({"vault": "elsewhere/x.vault"}, "elsewhere/x.vault", ""),
    ],
)
def test_a_study_has_a_vault_only_when_it_asks(
    said: dict[str, object], path: str | None, key: str, tmp_path: Path
) -> None:
    asked = read_asked_of_vault(Keys(said, "s.toml [study]", StudyError), tmp_path, "ours")
    assert asked == (AskedOfVault(tmp_path / path, key, tmp_path) if path else None)


def test_a_key_without_a_vault_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="write vault = true, too"):
        read_asked_of_vault(Keys({"vault_key": "v.key"}, "s.toml [study]", StudyError), tmp_path, "ours")


WHO = {"la": "998", "return_name": "ssda903", "child_id": "Z1"}
NOBODY = dict.fromkeys(("first_name", "surname", "full_name", "born_on", "postcode", "nhs_number", "upn"))


def table(rows: list[dict[str, object]]) -> pa.Table:
    types = {name: pa.date32() if name == "born_on" else pa.string() for name in rows[0]}
    return pa.Table.from_pylist(rows, pa.schema(types))


def test_everything_that_identifies_a_child_in_any_row_is_told_once(engine: Engine) -> None:
    born = dt.date(2010, 3, 2)
    engine.load("person_of", table([{"person_id": "p", **WHO}, {"person_id": "q", **WHO, "child_id": "Z2"}]))
    names = {**WHO, **NOBODY, "surname": "Zebedee", "postcode": "ZZ1 1AA"}
    engine.load("identity_row", table([names, names, {**names, "child_id": "unknown"}]))
    engine.load(
        "record",
        table([{**WHO, "born_on": born, "upn": "A1"}, {**WHO, "child_id": "Z2", "born_on": None, "upn": None}]),
    )
    found = identities(engine).to_pylist()
    assert sorted(found, key=lambda row: (row["person_id"], str(row["surname"]))) == [
        {"person_id": "p", **WHO, **NOBODY, "born_on": born, "upn": "A1"},
        {"person_id": "p", **names},
        {"person_id": "q", **WHO, **NOBODY, "child_id": "Z2"},
    ]
