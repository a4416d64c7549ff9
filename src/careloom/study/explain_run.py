"""`careloom run --explain`: which stages a run would go through and which it would take up, and why. Nothing is run."""

from dataclasses import replace

from careloom.catalogue import Catalogue
from careloom.report.words import say_day
from careloom.study.file import Study
from careloom.study.keeping import Keeping
from careloom.study.listings import Listing
from careloom.study.parts import parts_of

HEADING = ("stage", "what", "why")
LAST = ("writing the outputs", "will run", "they are written anew by every run")


def explain_run(study: Study, catalogue: Catalogue, *, accept: bool = False, is_fresh: bool = False) -> list[Listing]:
    """Say of every stage whether the next run goes through it, and why; of both passes where services are sensitive.

    Files are looked at by fingerprint, and no row is read. What is kept is not opened: should it prove broken, the run
    makes it again.
    """
    title = f"What runs of {study.name}, and why"
    rows = [*lines(study, catalogue, accept=accept, is_fresh=is_fresh), LAST]
    if not study.governed.sensitive:
        return [Listing(title, HEADING, tuple(rows))]
    apart = replace(study, governed=study.governed.apart())
    again = lines(apart, catalogue, accept=accept, is_fresh=is_fresh)
    first = f"First, a pass of {study.name} that never sees what is sensitive"
    return [Listing(first, HEADING, tuple(again)), Listing(title, HEADING, tuple(rows))]


def lines(study: Study, catalogue: Catalogue, *, accept: bool, is_fresh: bool) -> list[tuple[str, str, str]]:
    """One line a stage: its name, kept or will run, and why."""
    keeping, found = Keeping(study, catalogue, accept, None, is_fresh), []
    for part in parts_of(study):
        standing = keeping.look(part)
        for stage in part.stages:
            if standing.since:
                found.append((stage, "kept", f"since {say_day(standing.since)}; nothing that it reads has changed"))
            else:
                found.append((stage, "will run", standing.why))
    return found
