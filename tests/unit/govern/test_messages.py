"""Messages: whole or not at all, signed, and refused when anything is amiss."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from careloom.core import OutputError, RequestError
from careloom.govern.keys import StudyKey
from careloom.govern.messages import FORMAT, fingerprint, is_whole, receive, send, sign

KEY, OTHER = StudyKey(b"k" * 32), StudyKey(b"o" * 32)
BODY = {"kind": "question", "number": 3, "values": [0.1, 1e-30, -2.5], "words": ["é", 'a "quote"']}


def test_what_is_sent_is_received_to_the_last_bit(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "message.json"
    send(path, BODY, KEY)
    assert receive(path, KEY) == BODY
    assert is_whole(path)
    assert [one.name for one in path.parent.iterdir()] == ["message.json"]


def test_a_message_is_never_written_twice(tmp_path: Path) -> None:
    path = tmp_path / "message.json"
    send(path, BODY, KEY)
    with pytest.raises(OutputError, match="never written twice"):
        send(path, {**BODY, "number": 4}, KEY)
    assert receive(path, KEY) == BODY


def test_what_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        send(tmp_path / "file" / "message.json", BODY, KEY)


def test_another_key_and_a_changed_body_are_noticed(tmp_path: Path) -> None:
    path = tmp_path / "message.json"
    send(path, BODY, KEY)
    with pytest.raises(RequestError, match="signature is wrong"):
        receive(path, OTHER)
    path.write_text(path.read_text().replace('"number":3', '"number":4'))
    with pytest.raises(RequestError, match="signature is wrong"):
        receive(path, KEY)


@pytest.mark.parametrize("cut", [0, 1, 40, -1])
def test_a_message_that_is_not_whole_is_not_taken(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "message.json"
    send(path, BODY, KEY)
    path.write_bytes(path.read_bytes()[:cut])
    assert not is_whole(path)
    with pytest.raises(RequestError, match="no whole message"):
        receive(path, KEY)


def test_other_formats_and_other_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "message.json"
    path.write_text(json.dumps({"format": "careloom message 9", "body": BODY, "signature": sign(BODY, KEY)}))
    with pytest.raises(RequestError, match="careloom message 9"):
        receive(path, KEY)
    for text in ('{"body": 1}', "[1, 2]", "1", json.dumps({"format": FORMAT, "body": [1], "signature": "0"})):
        path.write_text(text)
        with pytest.raises(RequestError):
            receive(path, KEY)
    with pytest.raises(RequestError, match="cannot be read"):
        receive(tmp_path / "none.json", KEY)
    assert not is_whole(tmp_path / "none.json")


def test_a_fingerprint_does_not_depend_on_the_order_of_keys() -> None:
    assert fingerprint(BODY) == fingerprint(dict(reversed(BODY.items())))
    assert fingerprint(BODY) != fingerprint({**BODY, "number": 4})


def test_the_signature_is_of_a_key_of_its_own() -> None:
    """A signature must not be what the study's key makes of the same bytes elsewhere."""
    import hmac

    from careloom.govern.messages import written

    assert sign(BODY, KEY) != hmac.digest(KEY.secret, written(BODY), "sha256").hex()
