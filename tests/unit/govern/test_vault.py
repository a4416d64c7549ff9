"""The vault opens with its key, for its study, whole, or not at all; and nothing of it is on disk in the clear."""

import json
import stat
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pyarrow as pa
import pytest

from careloom.core import VaultError
from careloom.govern import StudyKey, key_id_of, key_of_file, open_vault_key, read_vault, write_vault

KEY, OTHER = StudyKey(b"k" * 32), StudyKey(b"o" * 32)
TABLES = {
    "identity": pa.table({"surname": ["Zebedee", "Florence"], "person_id": ["a", "b"]}),
    "crosswalk": pa.table({"old": pa.array([], pa.string())}),
}


@pytest.fixture
def vault(tmp_path: Path) -> Path:
    path = tmp_path / "study.vault"
    write_vault(path, TABLES, KEY, "Anyshire")
    return path


def test_what_was_put_in_comes_out(vault: Path) -> None:
    found = read_vault(vault, KEY, "Anyshire")
    assert {name: rows.to_pydict() for name, rows in found.items()} == {n: t.to_pydict() for n, t in TABLES.items()}
    assert key_id_of(vault) == KEY.id
    assert stat.S_IMODE(vault.stat().st_mode) == 0o600
    assert [path.name for path in vault.parent.iterdir()] == ["study.vault"]


def test_nothing_of_it_is_in_the_clear_and_no_key_locks_twice(vault: Path) -> None:
    first = vault.read_bytes()
    assert not [word for word in (b"Zebedee", b"surname", b"crosswalk_", b"Anyshire", KEY.secret) if word in first]
    write_vault(vault, TABLES, KEY, "Anyshire")
    second = vault.read_bytes()
    assert first != second
    assert (
        json.loads(first.splitlines()[0])["tables"][0]["salt"]
        != json.loads(second.splitlines()[0])["tables"][0]["salt"]
    )


def test_another_key_or_another_study_does_not_open_it(vault: Path) -> None:
    with pytest.raises(VaultError, match=f"this key does not open the vault; it was locked with the key {KEY.id}"):
        read_vault(vault, OTHER, "Anyshire")
    with pytest.raises(VaultError, match="changed or cut short, or is another study's"):
        read_vault(vault, KEY, "Borchester")
    forged = vault.read_bytes().replace(KEY.id.encode(), OTHER.id.encode())
    vault.write_bytes(forged)  # a heading that claims the other key
    with pytest.raises(VaultError, match="changed or cut short"):
        read_vault(vault, OTHER, "Anyshire")


def test_a_changed_byte_anywhere_is_noticed(vault: Path) -> None:
    whole = vault.read_bytes()
    for at in range(0, len(whole), 7):
        vault.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        with pytest.raises(VaultError):
            read_vault(vault, KEY, "Anyshire")


def test_tables_cannot_be_exchanged_and_the_end_cannot_be_cut_off(vault: Path) -> None:
    heading, _, rest = vault.read_bytes().partition(b"\n")
    vault.write_bytes(heading + b"\n" + rest[:-5])
    with pytest.raises(VaultError, match="cut short"):
        read_vault(vault, KEY, "Anyshire")
    vault.write_bytes(heading.replace(b"identity", b"crosswalX").replace(b"crosswalk", b"identity") + b"\n" + rest)
    with pytest.raises(VaultError, match="changed"):
        read_vault(vault, KEY, "Anyshire")


def test_what_is_no_vault_is_said(tmp_path: Path) -> None:
    with pytest.raises(VaultError, match="cannot be opened"):
        read_vault(tmp_path / "none.vault", KEY, "x")
    (tmp_path / "x.vault").write_text("surname\n")
    for read in (lambda: read_vault(tmp_path / "x.vault", KEY, "x"), lambda: key_id_of(tmp_path / "x.vault")):
        with pytest.raises(VaultError, match="no vault of Careloom"):
            read()


def test_a_vault_that_cannot_be_written_leaves_the_one_there_is(vault: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = vault.read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(VaultError, match=r"No space left on device.*the one before is as it was"):
        write_vault(vault, TABLES, KEY, "Anyshire")
    assert vault.read_bytes() == before
    assert [path.name for path in vault.parent.iterdir()] == ["study.vault"]


# --- the key ---------------------------------------------------------------------------------------------------------


def test_a_key_file_is_made_once_and_read_only_while_nobody_else_may(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "vault.key"
    made = key_of_file(path, may_make=True)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert key_of_file(path, may_make=False) == made
    path.chmod(0o640)
    with pytest.raises(VaultError, match="others may read this key; close it to them"):
        key_of_file(path, may_make=False)
    with pytest.raises(VaultError, match="the vault's key is not there"):
        key_of_file(tmp_path / "lost.key", may_make=False)
    assert not (tmp_path / "lost.key").exists()


def test_the_environment_comes_first_and_no_message_repeats_a_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CARELOOM_VAULT_KEY", "ab" * 32)
    assert open_vault_key("file.key", tmp_path, "x", may_make=True).secret == bytes.fromhex("ab" * 32)
    assert not (tmp_path / "file.key").exists()
    monkeypatch.setenv("CARELOOM_VAULT_KEY", "cd" * 31)
    with pytest.raises(VaultError, match="environment's CARELOOM_VAULT_KEY: this is no key") as said:
        open_vault_key("", tmp_path, "x", may_make=True)
    assert "cdcd" not in str(said.value)
    monkeypatch.delenv("CARELOOM_VAULT_KEY")
    with pytest.raises(VaultError, match="the vault needs a key: set CARELOOM_VAULT_KEY"):
        open_vault_key("", tmp_path, "x", may_make=True)


def test_the_keyring_keeps_a_key_for_each_study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept: dict[tuple[str, str], str] = {}
    ring = ModuleType("keyring")
    ring.errors = SimpleNamespace(KeyringError=RuntimeError)  # type: ignore[attr-defined]
    ring.get_password = lambda service, study: kept.get((service, study))  # type: ignore[attr-defined]
    ring.set_password = lambda service, study, key: kept.update({(service, study): key})  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "keyring", ring)
    monkeypatch.delenv("CARELOOM_VAULT_KEY", raising=False)
    with pytest.raises(VaultError, match="not in the keyring"):
        open_vault_key("keyring", tmp_path, "Anyshire", may_make=False)
    made = open_vault_key("keyring", tmp_path, "Anyshire", may_make=True)
    assert open_vault_key("keyring", tmp_path, "Anyshire", may_make=False) == made
    assert kept == {("careloom vault", "Anyshire"): made.secret.hex()}
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(VaultError, match="keyring is not installed"):
        open_vault_key("keyring", tmp_path, "Anyshire", may_make=False)
