"""Where the vault's key is: the environment, the system's keyring, or a file that only its owner may read. Never in a study."""

import importlib
import os
import secrets
from pathlib import Path
from typing import Any

from careloom.core import VaultError
from careloom.govern.keys import KEY_BYTES, StudyKey, is_open_to_others

VARIABLE = "CARELOOM_VAULT_KEY"
KEYRING = "keyring"
"""What a study says in place of a file for the system's keyring."""
SERVICE = "careloom vault"
HOW = f"set {VARIABLE} to 64 hexadecimal digits, or name a file with vault_key = in [study]"


def open_vault_key(place: str, home: Path, study: str, *, may_make: bool) -> StudyKey:
    """The vault's key: from the environment if it is there, else from `place`, a file's path from `home` or `keyring`.

    With `may_make`, a key that is not there yet is made, in the file or the keyring. Raises VaultError when there is none, when it is
    no key, or when others may read the file. No message repeats a key.
    """
    if VARIABLE in os.environ:
        return key_of(os.environ[VARIABLE], f"the environment's {VARIABLE}")
    if not place:
        raise VaultError(f'the vault needs a key: {HOW}, or vault_key = "{KEYRING}"')
    if place == KEYRING:
        return key_of_keyring(study, may_make=may_make)
    return key_of_file(home / place, may_make=may_make)


def key_of(text: str, where: str) -> StudyKey:
    try:
        secret = bytes.fromhex(text.strip())
    except ValueError:
        secret = b""
    if len(secret) != KEY_BYTES:
        raise VaultError(f"{where}: this is no key, which is {2 * KEY_BYTES} hexadecimal digits")
    return StudyKey(secret)


def key_of_file(path: Path, *, may_make: bool) -> StudyKey:
    """Read the key file, or make it. Raises VaultError when anybody but its owner may read it."""
    if not path.exists():
        if not may_make:
            raise VaultError(f"{path}: the vault's key is not there; docs/security.md says what to do when it is lost")
        make_key_file(path)
    if is_open_to_others(path):
        raise VaultError(
            f"{path}: others may read this key; close it to them (chmod 600), and if they did read it, rotate"
        )
    try:
        return key_of(path.read_text(encoding="ascii"), str(path))
    except (OSError, UnicodeDecodeError):
        raise VaultError(f"{path}: this key cannot be read") from None


def make_key_file(path: Path) -> None:
    """Write a new key that only its owner may read. Raises VaultError, also where there is a file already."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
            file.write(secrets.token_hex(KEY_BYTES) + "\n")
    except OSError as fault:
        raise VaultError(f"{path}: a key cannot be written there ({fault.strerror})") from None


def key_of_keyring(study: str, *, may_make: bool) -> StudyKey:
    """The key in the system's keyring, under the study's name. Raises VaultError when there is no keyring, or no key in it."""
    try:
        keyring: Any = importlib.import_module("keyring")
    except ImportError:
        raise VaultError(f"the package keyring is not installed (pip install keyring); or {HOW}") from None
    try:
        told = keyring.get_password(SERVICE, study)
        if told is None and may_make:
            told = secrets.token_hex(KEY_BYTES)
            keyring.set_password(SERVICE, study, told)
    except keyring.errors.KeyringError:
        raise VaultError(f"the system's keyring cannot be used here; {HOW}") from None
    if told is None:
        raise VaultError("the vault's key is not in the keyring; docs/security.md says what to do when it is lost")
    return key_of(told, "the keyring")
