"""The output folder: replaced whole or kept whole. A run writes beside it, and takes its place only when all is done."""

import json
import shutil
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from careloom.core import OutputError
from careloom.study.fingerprints import fingerprints_of

MANIFEST = "manifest.json"
UNFINISHED, PREVIOUS, LOCK = ".unfinished", ".previous", ".lock"
OWNER_ONLY, OWNERS_FOLDER = 0o600, 0o700
"""Permissions of what stays inside. Windows knows no such, and leaves files as its folders have them."""


@contextmanager
def new_outputs(out: Path, study: str) -> Iterator[Path]:
    """Give a new folder to write in; put it in place of `out` when the block ends well, and remove it otherwise.

    Raises OutputError when another run is writing `out`, when it cannot be written, or when it holds anything that a
    run of this study did not make: such a folder is never replaced.
    """
    unfinished, previous = beside(out, UNFINISHED), beside(out, PREVIOUS)
    with alone(out):
        try:
            settle(out, unfinished, previous, study)
            unfinished.mkdir()
            mode = stat.S_IMODE(unfinished.stat().st_mode)
            unfinished.chmod(OWNERS_FOLDER)  # until every file in it is what those who may read it may see
        except OSError as fault:
            raise cannot_write(out, fault) from None
        try:
            yield unfinished
        except BaseException:
            shutil.rmtree(unfinished, ignore_errors=True)
            raise
        unfinished.chmod(mode)
        if out.exists():
            out.rename(previous)
        unfinished.rename(out)
        shutil.rmtree(previous, ignore_errors=True)


@contextmanager
def alone(out: Path) -> Iterator[None]:
    """Hold the folder for this run alone. The operating system lets go of the lock when a run ends, however it ends."""
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(beside(out, LOCK), timeout=0)
        lock.acquire()
    except Timeout:
        raise OutputError(f"{out}: another run is writing this folder; wait for it, or name another") from None
    except OSError as fault:
        raise cannot_write(out, fault) from None
    try:
        yield
    finally:
        lock.release()


def cannot_write(out: Path, fault: OSError) -> OutputError:
    why = f"the output folder cannot be written ({fault.strerror})"
    return OutputError(f"{out}: {why}; name another with out = in [study]")


def beside(out: Path, ending: str) -> Path:
    """Name a hidden neighbour of the folder."""
    return out.with_name(f".{out.name}{ending}")


def settle(out: Path, unfinished: Path, previous: Path, study: str) -> None:
    """Undo what an interrupted run left behind, and refuse a folder that is not ours to replace."""
    if previous.exists() and not out.exists():
        previous.rename(out)
    for leftover in (unfinished, previous):
        if leftover.exists():
            shutil.rmtree(leftover)
    if out.exists() and not out.is_dir():
        raise OutputError(f"{out}: this is a file, and the outputs need a folder; name one with out = in [study]")
    if out.exists() and any(out.iterdir()):
        check_ours(out, study)


def check_outside(path: Path, out: Path) -> None:
    """Refuse a file of the user's in the results: the next run would not know it, and would replace nothing."""
    if path.resolve().is_relative_to(out.resolve()):
        raise OutputError(f"{path}: this lies in the study's results, which every run replaces; name another place")


def check_ours(out: Path, study: str) -> None:
    """Refuse a folder with anything in it that a run of this study did not write."""
    advice = "a run replaces its folder whole; move it away, or name another folder with out = in [study]"
    try:
        manifest = json.loads((out / MANIFEST).read_text(encoding="utf-8"))
        written = {MANIFEST, *(file["file"] for file in manifest["files"])}
    except PermissionError as fault:
        raise cannot_write(out, fault) from None
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        raise OutputError(f"{out}: this holds files that no Careloom run made; {advice}") from None
    if manifest.get("study") != study:
        raise OutputError(f"{out}: this holds the results of another study; {advice}")
    strange = sum(path.is_file() and path.relative_to(out).as_posix() not in written for path in out.rglob("*"))
    if strange:
        raise OutputError(
            f"{out}: {strange} of the files in this folder were not made by the run that made the others; {advice}"
        )


def write_manifest(folder: Path, about: Mapping[str, object], sharing: Mapping[str, str]) -> None:
    """Write manifest.json last: what made the folder, and for each file its fingerprint and who may see it.

    `sharing` maps the beginning of a file's path to its sharing class; a file it does not know is `inside`. Only who
    made them can read files of that class, and the manifest.
    """
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    files = []
    for path, fingerprint in zip(paths, fingerprints_of(paths), strict=True):
        name = path.relative_to(folder).as_posix()
        may_see = next((who for start, who in sharing.items() if name.startswith(start)), "inside")
        if may_see == "inside":
            path.chmod(OWNER_ONLY)
        files.append({"file": name, "sharing": may_see, "sha256": fingerprint})
    manifest = folder / MANIFEST
    manifest.write_text(json.dumps({**about, "files": files}, indent=2) + "\n", encoding="utf-8")
    manifest.chmod(OWNER_ONLY)
