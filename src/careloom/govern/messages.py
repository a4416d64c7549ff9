"""Messages between authorities: JSON files that say who wrote them, that nobody changed, and what they belong to.

A message is signed with a key that all who take part hold (HMAC-SHA256). It keeps out who does not hold the key; it
does not tell one holder from another.
"""

import hashlib
import hmac
import json
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from careloom.core import OutputError, RequestError
from careloom.govern.keys import StudyKey

FORMAT = "careloom message 1"


def written(body: Mapping[str, Any]) -> bytes:
    """The one way in which a body is written: what is signed, and what its fingerprint is of."""
    return json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False).encode("ascii")


def fingerprint(body: Mapping[str, Any]) -> str:
    return hashlib.sha256(written(body)).hexdigest()


def sign(body: Mapping[str, Any], key: StudyKey) -> str:
    return hmac.digest(subkey(key), written(body), "sha256").hex()


def is_signed(body: Mapping[str, Any], signature: str, key: StudyKey) -> bool:
    try:
        return hmac.compare_digest(signature.encode("ascii"), sign(body, key).encode("ascii"))
    except (ValueError, RecursionError):  # letters, or numbers, that nobody signs
        return False


def subkey(key: StudyKey) -> bytes:
    """A key for signing alone, so that a signature tells nothing of what else the key is used for."""
    return hmac.digest(key.secret, b"careloom message", "sha256")


def send(path: Path, body: Mapping[str, Any], key: StudyKey) -> None:
    """Write a message whole or not at all. Raises OutputError when it cannot be written, or one is there already."""
    message = {"format": FORMAT, "body": body, "signature": sign(body, key)}
    unfinished = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists():
            raise OutputError(f"{path}: this message was written already, and is never written twice")
        unfinished.write_bytes(written(message))
        unfinished.replace(path)
    except OSError as fault:
        raise OutputError(f"{path}: the message cannot be written there ({fault.strerror})") from None


def receive(path: Path, key: StudyKey) -> dict[str, Any]:
    """Read the body of a message. Raises RequestError when it is not whole, of another format, or wrongly signed."""
    try:
        message = json.loads(path.read_bytes())
        body, signature = message["body"], str(message["signature"])
        of_format = message["format"]
    except OSError as fault:
        raise RequestError(f"{path}: this message cannot be read ({fault.strerror})") from None
    except (ValueError, KeyError, TypeError, RecursionError):
        raise RequestError(f"{path}: this is no whole message; if it is still being copied, try again") from None
    if of_format != FORMAT:
        raise RequestError(f'{path}: this message is of the format "{of_format}", and here that is "{FORMAT}"')
    if not isinstance(body, dict) or not is_signed(body, signature, key):
        raise RequestError(f"{path}: the signature is wrong: it was signed with another key, or changed on its way")
    return body


def is_whole(path: Path) -> bool:
    """Is a message there, and not just the beginning of one that is still being copied?"""
    try:
        return isinstance(json.loads(path.read_bytes()), dict)
    except (OSError, ValueError, RecursionError):
        return False
