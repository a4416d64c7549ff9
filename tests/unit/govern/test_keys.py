"""The key and the pseudonyms that hang on it."""

import stat
from pathlib import Path

import pytest

from careloom.core import StudyError
from careloom.govern import StudyKey, open_key


def test_a_key_is_made_once_for_its_owner_only_and_read_again(tmp_path: Path) -> None:
    first = open_key(tmp_path / "keys" / "study.key")
    assert open_key(tmp_path / "keys" / "study.key") == first
    assert len(first.secret) == 32
    assert stat.S_IMODE((tmp_path / "keys" / "study.key").stat().st_mode) == 0o600
    assert open_key(tmp_path / "another.key").secret != first.secret


def test_pseudonyms_depend_on_key_and_purpose_and_do_not_contain_the_identifier() -> None:
    one, two = StudyKey(b"1" * 32), StudyKey(b"2" * 32)
    known = one.pseudonymise("person")(["A|1", "A|2", "A|1"])
    assert known[0] == known[2] != known[1]
    assert all(len(name) == 26 and name.isalnum() for name in known)
    assert known[0] not in (one.pseudonymise("release")(["A|1"])[0], two.pseudonymise("person")(["A|1"])[0])
    assert one.id != two.id


def test_another_file_is_not_taken_for_a_key(tmp_path: Path) -> None:
    (tmp_path / "x.key").write_text("hello")
    with pytest.raises(StudyError, match="not a Careloom key file"):
        open_key(tmp_path / "x.key")
    assert (tmp_path / "x.key").read_text() == "hello"


def test_a_key_that_others_may_read_is_refused_with_the_remedy(tmp_path: Path) -> None:
    path = tmp_path / "study.key"
    made = open_key(path)
    for mode in (0o640, 0o604, 0o644):
        path.chmod(mode)
        with pytest.raises(StudyError, match=r"others may read this key.*chmod 600 study\.key"):
            open_key(path)
    path.chmod(0o600)
    assert open_key(path) == made


def test_a_key_that_cannot_be_read_or_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "folder.key").mkdir()
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "folder.key", tmp_path / "file" / "x.key"):
        with pytest.raises(StudyError, match="cannot be read or made"):
            open_key(path)
