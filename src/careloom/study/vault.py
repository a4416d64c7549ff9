"""The identity vault of a study, where it asks for one: who each pseudonym is, and what it was called under earlier keys.

A study that does not ask keeps no name, postcode or number anywhere: they go with the working memory of a run. Birth dates are
kept encrypted, for the next run (study/keeping.py).
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa

from careloom.core import Keys, StudyError, VaultError
from careloom.engine import Engine
from careloom.govern import (
    StudyKey,
    key_id_of,
    key_of_file,
    make_key_file,
    open_key,
    open_vault_key,
    read_vault,
    write_vault,
)
from careloom.study.asked_of_links import Decision

IDENTITY, CROSSWALK = "identity", "crosswalk"
NEXT = ".next"
"""Ends the name of a new key of pseudonyms until the vault knows it."""
TOLD = ("first_name", "surname", "full_name", "born_on", "postcode", "nhs_number", "upn")
OF_PERSON = "p.la = t.la AND p.return_name = t.return_name AND p.child_id = t.child_id"
IDENTITIES = f"""
    SELECT DISTINCT p.person_id, p.la, p.return_name, p.child_id, {", ".join(f"t.{name}" for name in TOLD)}
    FROM person_of AS p JOIN (
        SELECT la, return_name, child_id, {", ".join(TOLD)} FROM identity_row
        UNION ALL
        SELECT la, return_name, child_id, CAST(NULL AS VARCHAR) AS first_name, CAST(NULL AS VARCHAR) AS surname,
               CAST(NULL AS VARCHAR) AS full_name, born_on, CAST(NULL AS VARCHAR) AS postcode,
               CAST(NULL AS VARCHAR) AS nhs_number, upn
        FROM record) AS t ON {OF_PERSON}
    ORDER BY la, return_name, child_id, person_id, {", ".join(TOLD)}"""
"""Each identifier with its pseudonym, and everything that identifies the child in any row about it."""
CROSSWALK_ROWS = pa.schema(
    [(name, pa.string()) for name in ("old", "new", "old_key", "new_key", "rotated_on")],
)


@dataclass(frozen=True)
class AskedOfVault:
    """Where the vault is, and where its key: a file's path from `home`, or `keyring`; blank for the environment alone."""

    path: Path
    key: str
    home: Path


def read_asked_of_vault(keys: Keys, home: Path, stem: str) -> AskedOfVault | None:
    """Read vault (true, or a file) and vault_key of [study]; None without a vault. Raises StudyError."""
    place, asked = keys.text("vault_key", ""), keys.values.get("vault", False)
    path = (
        home / (f"{stem}.vault" if keys.flag("vault") else "") if isinstance(asked, bool) else home / keys.text("vault")
    )
    if asked:
        return AskedOfVault(path, place, home)
    if place:
        raise StudyError(f'{keys.where}: "vault_key" is for a vault; write vault = true, too')
    return None


def open_vault(asked: AskedOfVault | None, study: str) -> StudyKey | None:
    """The vault's key, made if there is no vault yet; None without one. Raises VaultError when it does not fit the vault."""
    if asked is None:
        return None
    key = open_vault_key(asked.key, asked.home, study, may_make=not asked.path.exists())
    if asked.path.exists() and key_id_of(asked.path) != key.id:
        raise VaultError(
            f"{asked.path}: this key does not open the vault; it was locked with the key {key_id_of(asked.path)}"
        )
    return key


def identities(engine: Engine) -> pa.Table:
    """Who each identifier is, from the working tables of a run."""
    return engine.arrow(IDENTITIES)


def keep_identities(asked: AskedOfVault, study: str, rows: pa.Table, key: StudyKey) -> None:
    """Put these identities into the vault, in place of those before; what it knows of earlier pseudonyms stays."""
    before = read_vault(asked.path, key, study) if asked.path.exists() else {}
    write_vault(asked.path, {**before, IDENTITY: rows}, key, study)


@dataclass(frozen=True)
class Rotated:
    """What came of a rotation: the new key's fingerprint, and how many identifiers and decisions have new pseudonyms."""

    key_id: str
    identifiers: int
    decisions: int
    unknown: int


def rotate(
    asked: AskedOfVault, study: str, key_file: Path, decisions: Sequence[Decision]
) -> tuple[Rotated, list[Decision]]:
    """Put a new key of pseudonyms in place of the one there is, and write old and new pseudonyms into the vault.

    Returns what came of it, and the decisions on links under their newest pseudonyms. The vault is written before the key is put in
    place; a rotation that was cut off in between is finished by the next one. Raises VaultError when there is no vault, or when it was
    made with another key of pseudonyms.
    """
    lock = open_vault(asked, study)
    if lock is None or not asked.path.exists():
        raise VaultError(
            f"{asked.path}: there is no vault yet; careloom run makes it, and pseudonyms are renewed from it"
        )
    tables = read_vault(asked.path, lock, study)
    unfinished = key_file.with_name(key_file.name + NEXT)
    if not (unfinished.exists() and are_of(tables[IDENTITY], open_key(unfinished), study)):
        tables = renewed(tables, open_key(key_file), new_key(unfinished), study, key_file)
        write_vault(asked.path, tables, lock, study)
    unfinished.replace(key_file)
    newest = newest_names(tables[CROSSWALK])
    turned = [under_newest(each, newest) for each in decisions]
    unknown = sum(not {each.one, each.two} <= set(newest.values()) for each in turned)
    return Rotated(open_key(key_file).id, len(identifiers(tables[IDENTITY])), len(turned) - unknown, unknown), turned


def renewed(
    tables: Mapping[str, pa.Table], old: StudyKey, new: StudyKey, study: str, key_file: Path
) -> dict[str, pa.Table]:
    """The vault's tables under a new key of pseudonyms: its people renamed, and which was which added to the crosswalk."""
    people = tables[IDENTITY]
    if not are_of(people, old, study):
        raise VaultError(f"{key_file}: the vault was made with another key of pseudonyms; run the study first")
    names = identifiers(people)
    was, now = (key.pseudonymise(f"person|{study}")(names) for key in (old, new))
    turned = dict(zip(was, now, strict=True))
    renamed = pa.array([turned[name] for name in people["person_id"].to_pylist()], pa.string())
    today = dt.date.today().isoformat()
    rows = [{"old": a, "new": b, "old_key": old.id, "new_key": new.id, "rotated_on": today} for a, b in turned.items()]
    walked = pa.Table.from_pylist(rows, CROSSWALK_ROWS)
    before = [tables[CROSSWALK]] if CROSSWALK in tables else []
    place = people.column_names.index("person_id")
    return {
        IDENTITY: people.set_column(place, "person_id", renamed),
        CROSSWALK: pa.concat_tables([*before, walked]),
    }


def are_of(people: pa.Table, key: StudyKey, study: str) -> bool:
    """Were these people named with this key?"""
    return set(people["person_id"].to_pylist()) <= set(key.pseudonymise(f"person|{study}")(identifiers(people)))


def new_key(place: Path) -> StudyKey:
    """A new key in a file of its own; what an interrupted rotation left there is written over."""
    place.unlink(missing_ok=True)
    make_key_file(place)
    return open_key(place)


def identifiers(people: pa.Table) -> list[str]:
    """Every identifier once, as pseudonyms are made of them."""
    rows = people.select(["la", "return_name", "child_id"]).to_pylist()
    return list(dict.fromkeys("|".join(row.values()) for row in rows))


def under_newest(each: Decision, newest: Mapping[str, str]) -> Decision:
    """A decision on two identifiers under their newest pseudonyms, in their order."""
    one, two = sorted(leads_to(name, newest) for name in (each.one, each.two))
    return replace(each, one=one, two=two)


def newest_names(crosswalk: pa.Table) -> dict[str, str]:
    """What each old pseudonym became, a step at a time."""
    return dict(zip(crosswalk["old"].to_pylist(), crosswalk["new"].to_pylist(), strict=True))


def leads_to(name: str, newest: Mapping[str, str]) -> str:
    """The newest pseudonym that a pseudonym became: itself, if it was never renewed."""
    while name in newest:
        name = newest[name]
    return name


def rekey(asked: AskedOfVault, study: str, new_file: Path) -> str:
    """Lock the vault with another key, of a file that is made if it is not there; return its fingerprint. Raises VaultError."""
    lock = open_vault(asked, study)
    if lock is None or not asked.path.exists():
        raise VaultError(f"{asked.path}: there is no vault yet; careloom run makes it")
    tables = read_vault(asked.path, lock, study)
    new = key_of_file(new_file, may_make=True)
    write_vault(asked.path, tables, new, study)
    return new.id
