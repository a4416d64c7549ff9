"""The identity vault: one file that holds who a pseudonym is, encrypted, apart from everything else.

Each of its tables is a Parquet file in memory, encrypted as the Parquet format declares (AES-256-GCM, footer and column names
included), under a key of its own: HMAC-SHA256 of the vault's key over 32 random bytes that stand in the heading. So no key ever encrypts
twice. The file ends with an HMAC of all of it, looked at before anything is read. Nothing is on disk in the clear, not even while it is written. Source: Apache Parquet Modular Encryption, as pyarrow has it.
"""

import hmac
import io
import json
import os
import re
import secrets
import uuid
from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from careloom.core import VaultError
from careloom.govern.keys import StudyKey

FORMAT = "careloom vault 1"
SALT_BYTES = 32
SEAL_BYTES = 32
MOST_HEADING = 1_000_000
KEY_ID = re.compile("[0-9a-f]{12}")


def write_vault(path: Path, tables: Mapping[str, pa.Table], key: StudyKey, about: str) -> None:
    """Write the vault whole, or leave the one that is there. `about` names the study: the vault opens for no other.

    Raises VaultError when it cannot be written.
    """
    salts = {name: secrets.token_bytes(SALT_BYTES) for name in tables}
    locked = {name: lock(rows, table_key(key, salts[name]), f"{about}|{name}") for name, rows in tables.items()}
    heading = {
        "format": FORMAT,
        "key_id": key.id,
        "tables": [{"name": name, "salt": salts[name].hex(), "bytes": len(part)} for name, part in locked.items()],
    }
    written = json.dumps(heading).encode("ascii") + b"\n" + b"".join(locked.values())
    unfinished = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(written + seal(written, key, about))
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    except OSError as fault:
        raise VaultError(
            f"{path}: the vault cannot be written ({fault.strerror}); the one before is as it was"
        ) from None
    finally:
        unfinished.unlink(missing_ok=True)


def read_vault(path: Path, key: StudyKey, about: str) -> dict[str, pa.Table]:
    """Read every table of the vault. Raises VaultError without a vault, with another key, or when a byte of it was changed."""
    try:
        whole = path.read_bytes()
    except OSError as fault:
        raise VaultError(f"{path}: the vault cannot be opened ({fault.strerror})") from None
    line, _, parts = whole[:-SEAL_BYTES].partition(b"\n")
    heading = read_heading(path, line)
    if heading["key_id"] != key.id:
        raise VaultError(f"{path}: this key does not open the vault; it was locked with the key {heading['key_id']}")
    if not hmac.compare_digest(seal(whole[:-SEAL_BYTES], key, about), whole[-SEAL_BYTES:]):
        raise VaultError(f"{path}: the vault was changed or cut short, or is another study's; take a copy from before")
    tables, at = {}, 0
    for part in heading["tables"]:
        own = table_key(key, bytes.fromhex(part["salt"]))
        tables[part["name"]] = unlock(parts[at : at + part["bytes"]], own, f"{about}|{part['name']}")
        at += part["bytes"]
    return tables


def key_id_of(path: Path) -> str:
    """Which key locks the vault: its public fingerprint, which needs no key to read. Raises VaultError."""
    try:
        with path.open("rb") as file:
            return str(read_heading(path, file.readline(MOST_HEADING))["key_id"])
    except OSError as fault:
        raise VaultError(f"{path}: the vault cannot be opened ({fault.strerror})") from None


def read_heading(path: Path, line: bytes):  # type: ignore[no-untyped-def]
    try:
        heading = json.loads(line)
        if heading["format"] != FORMAT or not KEY_ID.fullmatch(heading["key_id"]):
            raise ValueError
        for part in heading["tables"]:
            if not isinstance(part["name"], str) or not isinstance(part["bytes"], int):
                raise ValueError
            bytes.fromhex(part["salt"])
    except (ValueError, KeyError, TypeError, RecursionError):
        raise VaultError(f"{path}: this is no vault of Careloom, or its heading was changed") from None
    return heading


def table_key(key: StudyKey, salt: bytes) -> bytes:
    """The key of one table as it was written this once."""
    return hmac.digest(key.secret, b"careloom vault|" + salt, "sha256")


def lock(rows: pa.Table, key: bytes, about: str) -> bytes:
    from pyarrow.parquet import encryption  # only where there is a vault

    properties = encryption.create_encryption_properties(key, aad_prefix=about.encode(), store_aad_prefix=False)
    written = io.BytesIO()
    pq.write_table(rows, written, compression="zstd", compression_level=1, encryption_properties=properties)
    return written.getvalue()


def unlock(locked: bytes, key: bytes, about: str) -> pa.Table:
    from pyarrow.parquet import encryption

    properties = encryption.create_decryption_properties(key, aad_prefix=about.encode())
    return pq.read_table(io.BytesIO(locked), decryption_properties=properties)


def seal(written: bytes, key: StudyKey, about: str) -> bytes:
    """What shows that the file is as it was written, and about this study: SEAL_BYTES bytes."""
    own = hmac.digest(key.secret, f"careloom vault seal|{about}".encode(), "sha256")
    return hmac.digest(own, written, "sha256")
