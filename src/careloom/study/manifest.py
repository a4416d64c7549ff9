"""What a run's manifest says of it: enough to run it again, and to say afterwards what was another."""

import datetime as dt
import hashlib
import os
import platform
import sys
from collections.abc import Mapping
from dataclasses import fields
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

import careloom
from careloom.catalogue import Catalogue
from careloom.engine import Engine, files_below
from careloom.govern import open_key
from careloom.study.agreements import account
from careloom.study.file import Study
from careloom.study.fingerprints import fingerprint_files, fingerprint_table, fingerprints_of

COUNTED = ("duckdb", "numpy", "pyarrow", "scipy", "splink", "sqlglot", "statsmodels", "scikit-learn", "lxml")
"""Libraries whose version may change a figure."""
PLACES = {"file", "vault", "out", "key", "recognised", "scratch", "deliveries", "common"}
"""What a study names that are places, and no settings."""


def about_run(
    study: Study,
    catalogue: Catalogue,
    engine: Engine,
    folder: Path,
    kept: Mapping[str, str],
    *,
    accept: bool,
    taken: Mapping[str, dt.date],
) -> dict[str, Any]:
    """What the manifest says before its list of files. `kept` are the fingerprints of the tables of study.duckdb; the released are read from `folder`.

    `taken` are the stages that were taken up as an earlier run made them, and when that was.
    """
    return {
        "study": study.name,
        "made_by": f"careloom {careloom.__version__}",
        "made_on": dt.date.today().isoformat(),
        "key_id": open_key(study.key).id,
        "study_file": path_from(study.file, study.out),
        "accept": accept,
        "taken_up": {stage: since.isoformat() for stage, since in taken.items()},
        "seed": study.seed,
        "engine": study.engine,
        "versions": versions(),
        "code": fingerprint_files(Path(careloom.__file__).parent, {".py", ".toml", ".css", ".html", ".so"}),
        "catalogue": fingerprint_files(catalogue.folder, {".toml", ".csv", ".md"}),
        "settings": settings(study),
        "inputs": inputs(study),
        "agreements": account(study.governed, catalogue, engine, dt.date.today()),
        "tables": {
            "kept": dict(kept),
            "released": {
                path.stem: fingerprint_table(pq.read_table(path))
                for path in sorted((folder / "tables").glob("*.parquet"))
            },
        },
    }


def path_from(path: Path, home: Path) -> str:
    """A path as seen from a folder, with / between its parts; whole, where the two are on different drives."""
    try:
        return Path(os.path.relpath(path, home)).as_posix()
    except ValueError:
        return path.as_posix()


def versions() -> dict[str, str]:
    """Versions of Careloom, Python, the system and every library that may change a figure."""
    said = {"careloom": careloom.__version__, "python": platform.python_version(), "system": sys.platform}
    for name in COUNTED:
        try:
            said[name] = version(name)
        except PackageNotFoundError:
            said[name] = "not there"
    return said


def settings(study: Study) -> dict[str, str]:
    """A fingerprint of everything that the study file asks, key by key; the files that it names count by what they say."""
    home = str(study.file.parent)
    values = {field.name: getattr(study, field.name) for field in fields(study) if field.name not in PLACES}
    return {
        name: hashlib.sha256(repr(asked).replace(home, ".").encode()).hexdigest()[:16] for name, asked in values.items()
    }


def inputs(study: Study) -> dict[str, str]:
    """The SHA-256 of every file handed over, by its path from the study file, and of what people decided; blank where there is none."""
    handed = [path for delivery in study.deliveries for path in delivery.files]
    handed += files_below(study.common) if study.common else []
    mappings = [delivery.mapping for delivery in study.deliveries if delivery.mapping]
    home = study.file.parent
    named = {path_from(path, home): path for path in (*handed, *mappings)}
    decided = {path.name: path for path in (study.recognised, study.links.decided, study.demand.names)}
    files = named | decided
    return dict(zip(files, fingerprints_of(list(files.values())), strict=True))
