"""Ofsted's Annex A as a workbook of eleven lists, as it would be handed over for an inspection on the last 31 March."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from careloom.synth.days import day, iso, year_ends, year_starts
from careloom.synth.files import annex_a_adoption, annex_a_care, annex_a_lists
from careloom.synth.files.annex_a_lists import Inspection, List
from careloom.synth.files.ssda903_books import open_books
from careloom.synth.files.workbook import write_workbook
from careloom.synth.who.identity import Homes, Identities
from careloom.synth.who.recording import Recording, returned
from careloom.synth.world import World

# Lists 1 to 11, in order
LISTS: tuple[Callable[[Inspection], List], ...] = (
    annex_a_lists.contacts,
    annex_a_lists.early_help,
    annex_a_lists.referrals,
    annex_a_lists.assessments,
    annex_a_lists.enquiries,
    annex_a_lists.children_in_need,
    annex_a_lists.child_protection,
    annex_a_care.children_in_care,
    annex_a_care.care_leavers,
    annex_a_adoption.adoption,
    annex_a_adoption.adopters,
)


def write_annex_a(
    folder: Path, world: World, identities: Identities, homes: Homes, recording: Recording, seed: int
) -> None:
    """Write annex_a/annex_a_YYYY-MM-DD.xlsx: sheets "List 1" to "List 11", headings in the first row."""
    on = year_ends(world.years[1])
    path = folder / "annex_a" / f"annex_a_{iso(on)}.xlsx"
    seen = Inspection(
        books=open_books(world, identities, recording, seed),
        told=returned(world.years[1], np.arange(len(world.people)), world.people, identities, recording, seed),
        on=on,
        half=day(world.years[1] - 1, 10, 1),
        year=year_starts(world.years[1]),
    )
    write_workbook(path, {f"List {number}": fill(seen) for number, fill in enumerate(LISTS, start=1)})
