"""SSDA903 returns as CSV, one folder a year and one file a table."""

from __future__ import annotations

from pathlib import Path

from careloom.synth.files.ssda903_books import open_books
from careloom.synth.files.ssda903_tables import tables_of
from careloom.synth.files.table import write_csv
from careloom.synth.who.identity import Homes, Identities
from careloom.synth.who.recording import Recording
from careloom.synth.world import World


def write_ssda903(
    folder: Path, world: World, identities: Identities, homes: Homes, recording: Recording, seed: int
) -> None:
    """Write ssda903/YEAR/TABLE.csv for every year of the returns."""
    books = open_books(world, identities, recording, seed)
    for year in range(world.years[0], world.years[1] + 1):
        for name, columns in tables_of(books, year).items():
            write_csv(folder / "ssda903" / str(year) / f"{name}.csv", columns)
