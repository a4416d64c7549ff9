"""Declarations of an authority's own, laid over Careloom's: what is new is added, what has the name of one takes its place."""

import atexit
import hashlib
import shutil
import tempfile
from dataclasses import replace
from functools import cache
from pathlib import Path

from careloom.catalogue.load import OURS, load_catalogue
from careloom.catalogue.nouns import Catalogue
from careloom.core import CatalogueError, nearest

MAY = (
    "returns", "services", "indicators", "typologies", "outcomes", "processes", "needs", "measures", "repairs", "plausibility",
    "placement_codes.csv", "care_states.csv",
)  # fmt: skip
"""What may be added to or replaced. Tables, pages, profiles and flows decide what is released, and are Careloom's; prices
and scenarios are files that a study names."""
ENDINGS = {".toml", ".csv", ".sql"}
IGNORED = {".md", ".txt"}


def lay_over(own: Path) -> Catalogue:
    """Careloom's catalogue with the declarations under `own`, a folder with the folders of the catalogue.

    Raises CatalogueError for a folder that is not there or a file that is no declaration, and as `load_catalogue` does;
    the file at fault is named where it lies in `own`.
    """
    files = files_under(own)
    together = laid(own, digest(own, files))
    try:
        return replace(load_catalogue(together), own=own, own_files=files)
    except CatalogueError as fault:
        raise CatalogueError(as_in_own(str(fault), own, files, together)) from None


def files_under(own: Path) -> tuple[str, ...]:
    """The declarations of a folder, by their path in it."""
    if not own.is_dir():
        raise CatalogueError(f"{own}: this folder of declarations of your own is not there")
    found = []
    for path in sorted(own.rglob("*")):
        name = path.relative_to(own)
        if path.is_dir() or path.suffix in IGNORED or name.name.startswith("."):
            continue
        if name.parts[0] not in MAY:
            raise CatalogueError(
                f"{path}: declarations of your own are laid out as Careloom's catalogue, and may be {', '.join(MAY)}; "
                f'there is no "{name.parts[0]}"{nearest(name.parts[0], MAY)}'
            )
        if path.suffix not in ENDINGS:
            raise CatalogueError(f"{path}: a declaration is a .toml, .csv or .sql file")
        found.append(name.as_posix())
    if not found:
        raise CatalogueError(f"{own}: there are no declarations in it")
    return tuple(found)


def digest(own: Path, files: tuple[str, ...]) -> str:
    whole = hashlib.sha256()
    for name in files:
        whole.update(f"{name}\0{hashlib.sha256((own / name).read_bytes()).hexdigest()}\n".encode())
    return whole.hexdigest()


@cache
def laid(own: Path, _digest: str) -> Path:
    """A folder with the whole catalogue, which goes when the process ends; one for each state of the own declarations."""
    together = Path(tempfile.mkdtemp(prefix="catalogue-"))
    atexit.register(shutil.rmtree, together, ignore_errors=True)
    shutil.copytree(OURS, together, dirs_exist_ok=True, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    for name in files_under(own):
        (together / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(own / name, together / name)
    return together


def as_in_own(said: str, own: Path, files: tuple[str, ...], together: Path) -> str:
    """A message that names files of the folder laid together, with the file where people find it."""
    for name in files:
        said = said.replace(str(together / name), str(own / name))
    return said.replace(str(together), str(OURS))


def says_own(catalogue: Catalogue) -> list[str]:
    """What a reader should know: how many declarations are the study's own, and which take the place of Careloom's."""
    if not catalogue.own_files:
        return []
    instead = in_place_of_ours(catalogue)
    count = len(catalogue.own_files)
    said = f"this run used {count} declaration{'s' if count > 1 else ''} of the study's own beside Careloom's"
    return [f"{said}; in place of Careloom's: {', '.join(instead)}" if instead else said]


def in_place_of_ours(catalogue: Catalogue) -> list[str]:
    """The study's own declarations that have the name of one of Careloom's."""
    return [name for name in catalogue.own_files if (OURS / name).exists()]
