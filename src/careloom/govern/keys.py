"""Pseudonyms and the key they hang on. The key is a file of its own, never in the outputs, the database or the log."""

import base64
import hashlib
import hmac
import os
import secrets
import stat
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from careloom.core import StudyError

KEY_BYTES = 32


@dataclass(frozen=True)
class StudyKey:
    """A secret of 32 random bytes. `id` is its public fingerprint: it says which key was used, not what it is."""

    secret: bytes

    @property
    def id(self) -> str:
        return hashlib.sha256(b"careloom key id|" + self.secret).hexdigest()[:12]

    def pseudonymise(self, purpose: str) -> Callable[[Sequence[str]], list[str]]:
        """Return a function from identifiers to pseudonyms for one purpose; two purposes cannot be joined.

        Each pseudonym is 26 letters and digits: 128 bits of HMAC-SHA256 under a subkey of the purpose.
        """
        subkey = hmac.digest(self.secret, f"careloom pseudonym|{purpose}".encode(), "sha256")

        def pseudonyms(identifiers: Sequence[str]) -> list[str]:
            digests = (hmac.digest(subkey, identifier.encode(), "sha256")[:16] for identifier in identifiers)
            return [base64.b32encode(digest).decode().rstrip("=").lower() for digest in digests]

        return pseudonyms

    def hide(self, purpose: str) -> Callable[[Sequence[str]], list[str]]:
        """Return a function from identifiers to 128 bits of keyed BLAKE2b, in hexadecimal, for one purpose.

        For what Careloom keeps for itself: several times as fast as pseudonyms, where there is one for each row of a country.
        """
        keyed = hashlib.blake2b(
            key=hmac.digest(self.secret, f"careloom hidden|{purpose}".encode(), "sha256"), digest_size=16
        )

        def hidden(identifier: str) -> str:
            digest = keyed.copy()
            digest.update(identifier.encode())
            return digest.hexdigest()

        return lambda identifiers: [hidden(identifier) for identifier in identifiers]


def is_open_to_others(path: Path) -> bool:
    """May anybody but its owner read this file? Windows has no such permissions: its folder must keep others out there."""
    return os.name != "nt" and bool(stat.S_IMODE(path.stat().st_mode) & 0o077)


def open_key(path: Path) -> StudyKey:
    """Read the key file, or make one that only its owner can read.

    Raises StudyError for a file that is not a key, that cannot be read, or that others may read, too.
    """
    try:
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
                file.write(secrets.token_hex(KEY_BYTES) + "\n")
        secret = bytes.fromhex(path.read_text(encoding="ascii"))
    except OSError as fault:
        raise StudyError(f"{path}: this key cannot be read or made ({fault.strerror})") from None
    except ValueError:
        secret = b""
    if len(secret) != KEY_BYTES:
        raise StudyError(
            f"{path}: this is not a Careloom key file; name another with key = in [study], or move it away to have one made"
        )
    if is_open_to_others(path):
        raise StudyError(
            f"{path}: others may read this key, and tell with it whom a pseudonym is of; close it to them (chmod 600 "
            f"{path.name}). If they did read it: docs/security.md says how to get a new one"
        )
    return StudyKey(secret)
