"""`careloom rerun`: run a study again from its manifest, and say whether the same tables come of it, and if not, what is another."""

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from careloom.core import NotFoundError
from careloom.govern import open_key
from careloom.study.audit import note
from careloom.study.file import Study, read_study
from careloom.study.outputs import MANIFEST, beside
from careloom.study.own_catalogue import catalogue_of
from careloom.study.run import OnStep, run_study

AGAIN = ".rerun"
ONE_VALUE = ("made_by", "key_id", "engine", "accept", "code", "catalogue")
CALLED = {
    "made_by": "Careloom's version",
    "key_id": "the key of pseudonyms",
    "engine": "the engine",
    "accept": "whether --accept was given",
    "code": "Careloom's code",
    "catalogue": "the catalogue",
}
KINDS = ("kept", "released")
SEVERAL = {"versions": "the version of", "settings": "what the study file asks as", "inputs": "the file"}


@dataclass(frozen=True)
class Rerun:
    """What came of running again: the number of tables compared, those that are others, and what else is another."""

    tables: int
    other_tables: tuple[str, ...]
    changed: tuple[str, ...]

    @property
    def is_identical(self) -> bool:
        return not self.other_tables


def rerun(manifest_file: Path, *, on_step: OnStep = lambda step, share: None) -> Rerun:
    """Run the study of a manifest into a folder that goes at the end, and compare. Nothing that is there is changed.

    Raises NotFoundError when the manifest, its study file or its key is not there, and whatever a run raises.
    """
    before = read_manifest(manifest_file)
    study_file = study_file_of(manifest_file, before)
    study = read_study(study_file, catalogue := catalogue_of(study_file))
    if not study.key.exists():
        raise NotFoundError(f"{study.key}: the key is not there, and with another each child has another pseudonym")
    if before["key_id"] != open_key(study.key).id:
        raise NotFoundError(
            f"{study.key}: this is not the key that the results were made with, so no table can be compared"
        )
    home = beside(study.out, AGAIN)
    try:
        again = aside(study, home)
        run_study(again, catalogue, accept=bool(before["accept"]), on_step=on_step, command="rerun", is_kept=False)
        after = read_manifest(again.out / MANIFEST)
    finally:
        shutil.rmtree(home, ignore_errors=True)
    found = compared(before, after)
    note(study, "rerun", "identical tables" if found.is_identical else "other tables", tables=list(found.other_tables))
    return found


def aside(study: Study, home: Path) -> Study:
    """The same study with all that a run writes in a folder of its own, which only its owner may open."""
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(mode=0o700)
    if study.recognised.exists():
        shutil.copy2(study.recognised, home / study.recognised.name)
    return replace(study, vault=None, out=home / study.out.name, recognised=home / study.recognised.name)


def read_manifest(path: Path) -> dict[str, Any]:
    """Read the manifest of a run. Raises NotFoundError when it is none, or from a version that told less."""
    try:
        told = json.loads((path / MANIFEST if path.is_dir() else path).read_text(encoding="utf-8"))
        several = [told["tables"][kind] for kind in KINDS] + [told[name] for name in SEVERAL]
        is_whole = all(isinstance(each, dict) for each in several) and {"accept", "key_id"} <= told.keys()
    except OSError as fault:
        raise NotFoundError(f"{path}: this manifest cannot be read ({fault.strerror})") from None
    except (ValueError, KeyError, TypeError, RecursionError):
        is_whole = False
    if not (is_whole and isinstance(told.get("study_file"), str)):
        raise NotFoundError(f"{path}: this is no manifest of a run that could be run again; run the study anew")
    return dict(told)


def study_file_of(manifest_file: Path, told: Mapping[str, Any]) -> Path:
    folder = manifest_file if manifest_file.is_dir() else manifest_file.parent
    try:
        path = (folder / str(told["study_file"])).resolve()
        if path.is_file():
            return path
    except (OSError, ValueError):  # longer than a path can be, or with signs that none has
        path = folder
    raise NotFoundError(f"{path}: the study file that the manifest names is not there")


def compared(before: Mapping[str, Any], after: Mapping[str, Any]) -> Rerun:
    """Compare two manifests: the tables, and everything that might make them differ."""
    tables = {(kind, name) for told in (before, after) for kind in KINDS for name in told["tables"][kind]}
    others = [
        f"{name} ({kind})"
        for kind, name in sorted(tables)
        if before["tables"][kind].get(name) != after["tables"][kind].get(name)
    ]
    changed = [CALLED[name] for name in ONE_VALUE if before.get(name) != after.get(name)]
    for name, called in SEVERAL.items():
        was, now = dict(before[name]), dict(after[name])
        changed += [f"{called} {key}" for key in sorted(was | now) if was.get(key) != now.get(key)]
    changed += agreed_otherwise(before, after)
    return Rerun(len(tables), tuple(others), tuple(changed))


def agreed_otherwise(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """What the agreements let in then and now."""
    was, now = before.get("agreements"), after.get("agreements")
    return [] if was == now else ["what the agreements let in"]
