"""The catalogue that a study uses: Careloom's, with the declarations of the study's own laid over it; and what those come to."""

from pathlib import Path

from careloom.catalogue import Catalogue, in_place_of_ours, lay_over, load_catalogue
from careloom.study.file import keys_of, own_folder
from careloom.study.listings import Listing
from careloom.study.try_examples import try_own


def catalogue_of(study_file: Path) -> Catalogue:
    """Careloom's catalogue, or what `catalogue` in [study] lays over it: a folder, relative to the study file.

    Raises StudyError for another kind of file, and CatalogueError naming the declaration at fault.
    """
    own = own_folder(keys_of(study_file).table("study"), study_file)
    return lay_over(own) if own else load_catalogue()


def list_own(catalogue: Catalogue) -> tuple[Listing, list[str]]:
    """The declarations of the study's own, with what came of their examples; and what does not agree, in sentences."""
    instead, rows, faults = in_place_of_ours(catalogue), [], []
    for tried in try_own(catalogue):
        came = "not tried" if tried.faults is None else "do not hold" if tried.faults else "hold"
        rows.append((tried.file, "in place of Careloom's" if tried.file in instead else "new", came))
        faults += [f"{catalogue.own}/{tried.file}: {fault}" for fault in tried.faults or ()]
    title = f"Declarations in {catalogue.own}"
    return Listing(title, ("file", "stands", "its examples"), tuple(rows)), faults
