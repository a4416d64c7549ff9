"""`careloom expire`: what agreements say must go by now, found, deleted when asked, and proved by fingerprints in the audit log."""

import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from careloom.catalogue import Catalogue
from careloom.core import OutputError, VaultError
from careloom.govern import Agreement, StudyKey, item_of, read_vault, write_vault
from careloom.study.audit import note
from careloom.study.file import Study, read_study
from careloom.study.fingerprints import fingerprint_file
from careloom.study.keeping import forget, kept_home
from careloom.study.outputs import MANIFEST, beside
from careloom.study.vault import IDENTITY, identifiers, leads_to, newest_names, open_vault

RESULTS, KEYS, DELIVERIES, VAULT = (
    "results that tell of single children",
    "what pseudonyms hang on",
    "files handed over",
    "identities",
)


@dataclass(frozen=True)
class Due:
    """A file that must go, what it is, and its fingerprint."""

    what: str
    path: Path
    sha256: str


@dataclass(frozen=True)
class Expired:
    """Agreements that are over, the files that must go, and the identifiers to be taken out of the vault (which may be a file to go)."""

    agreements: tuple[Agreement, ...]
    due: tuple[Due, ...]
    identities: int
    is_deleted: bool


def expire(
    study_file: Path, catalogue: Catalogue, *, today: dt.date, with_deliveries: bool = False, delete: bool = False
) -> Expired:
    """Find what must go, and with `delete` delete it: from the results all but what was released, and identities in the vault.

    Once every agreement is over the key of pseudonyms and what people decided go, too; `with_deliveries`, also the files handed over.
    What was deleted stands in the audit log by fingerprint. Raises OutputError when a file is still there afterwards, VaultError when
    the vault cannot be opened, before anything is deleted.
    """
    study = read_study(study_file, catalogue)
    over = tuple(each for each in study.governed.agreements if is_over(each, study, catalogue, today))
    due = tuple(find_due(study, over, with_deliveries=with_deliveries)) if over else ()
    tables, lock = vault_of(study) if over else ({}, None)
    kept = {name: without(rows, name, study, over, tables) for name, rows in tables.items()}
    gone = len(identifiers(tables[IDENTITY])) - len(identifiers(kept[IDENTITY])) if tables else 0
    found = Expired(over, due, gone, delete and bool(due or gone))
    if found.is_deleted:
        remove(study, found, kept, lock)
    return found


def is_over(each: Agreement, study: Study, catalogue: Catalogue, today: dt.date) -> bool:
    """Is its time to keep past, with no other agreement under which all that it covers may still be kept?"""
    others = [o for o in study.governed.agreements if o.authority == each.authority and o.keep_until >= today]
    items = (
        item_of(r.name, t.name, c)
        for r in catalogue.returns.values()
        for t in r.tables.values()
        for c in t.column_names
    )
    return each.keep_until < today and not all(any(o.covers(i) for o in others) for i in items if each.covers(i))


def find_due(study: Study, over: Sequence[Agreement], *, with_deliveries: bool) -> list[Due]:
    """The files that must go: results are made of the records of all, so that one agreement that is over is enough."""
    paths = [(RESULTS, path) for path in inside(study)]
    if set(over) == set(study.governed.agreements):
        names = (study.key, study.recognised, study.links.decided)
        paths += [(KEYS, path) for path in names if path.is_file()]
    if with_deliveries:
        whose = {each.authority for each in over}
        handed = [path for delivery in study.deliveries if delivery.la in whose for path in delivery.files]
        paths += [(DELIVERIES, path) for path in handed if path.is_file()]
    return [Due(what, path, fingerprint_file(path)) for what, path in paths]


def inside(study: Study) -> list[Path]:
    """The files of the results that are not released, what an interrupted run left beside them, and what runs keep to be quicker.

    The manifest stays as proof.
    """
    places = (beside(study.out, ".unfinished"), beside(study.out, ".previous"), kept_home(study))
    left = [path for place in places for path in sorted(place.rglob("*")) if path.is_file()]
    try:
        told = json.loads((study.out / MANIFEST).read_text(encoding="utf-8"))["files"]
        named = [study.out / each["file"] for each in told if each["sharing"] != "released"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return left
    home = study.out.resolve()  # a manifest that somebody changed must not have other files deleted
    return [*(path for path in named if path.is_file() and path.resolve().is_relative_to(home)), *left]


def vault_of(study: Study) -> tuple[dict[str, pa.Table], StudyKey | None]:
    """The vault's tables and its key; nothing where there is no vault. Raises VaultError."""
    if study.vault is None or not study.vault.path.exists():
        return {}, None
    key = open_vault(study.vault, study.name)
    if key is None:
        raise VaultError(f"{study.vault.path}: the vault cannot be opened")
    return read_vault(study.vault.path, key, study.name), key


def without(
    rows: pa.Table, name: str, study: Study, over: Sequence[Agreement], tables: dict[str, pa.Table]
) -> pa.Table:
    """A table of the vault without what must go: of people, rows of the agreements' authorities and returns; of the crosswalk,
    pseudonyms of people who are no longer there.
    """
    if name == IDENTITY:
        of = [(row["la"], row["return_name"]) for row in rows.select(["la", "return_name"]).to_pylist()]
        return rows.filter(pa.array([not any(e.authority == la and e.gives_of(r) for e in over) for la, r in of]))
    left = set(without(tables[IDENTITY], IDENTITY, study, over, tables)["person_id"].to_pylist())
    newest = newest_names(rows)
    return rows.filter(pa.array([leads_to(name, newest) in left for name in rows["new"].to_pylist()], pa.bool_()))


def remove(study: Study, found: Expired, kept: dict[str, pa.Table], lock: StudyKey | None) -> None:
    """Delete, look whether all is gone, and write down what it was. Files are named by fingerprint: a name may be a child's."""
    told = [{"what": each.what, "sha256": each.sha256} for each in found.due]
    over = [each.file for each in found.agreements]
    note(study, "expire", "begun", agreements=over, files=told, identities=found.identities)
    if found.identities and study.vault and lock:
        if kept[IDENTITY].num_rows:
            write_vault(study.vault.path, kept, lock, study.name)
        else:
            study.vault.path.unlink()
    for each in found.due:
        each.path.unlink(missing_ok=True)
    forget(study)
    still = [each for each in found.due if each.path.exists()]
    how = "stopped" if still else "finished"
    note(study, "expire", how, agreements=over, files=told, identities=found.identities, still_there=len(still))
    if still:
        raise OutputError(f"{still[0].path}: this is still there, and {len(still) - 1} more; delete them by hand")
