"""The study file that goes with made-up records: the main job of a run, all deliveries named."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from careloom.synth.days import iso, year_ends, year_starts
from careloom.synth.world import Authority

JOINING = ("early_help", "education", "health", "services")
"""Systems whose records join the children's histories, once their own words are recognised."""


def study_text(
    name: str, authorities: Sequence[Authority], years: tuple[int, int], most_classes: int, systems: Iterable[str]
) -> str:
    """A study of everything that was written and can be read by a run; paths are relative to the file."""
    first, last = years
    lines = ["[study]", f"name = {json.dumps(name, ensure_ascii=False)}"]
    lines += [
        f"from = {iso(year_starts(first))}",
        f"to = {iso(year_ends(last))}",
        'out = "results"',
        'residents = "residents.csv"',
        "synthetic = true  # made up: no agreement is needed",
        "",
    ]
    for authority in authorities:
        if "ssda903" in systems:
            for year in range(first, last + 1):
                lines += _delivery("ssda903", authority.code, f"{authority.code}/ssda903/{year}/*.csv", year)
        if "cin_census" in systems:
            lines += _delivery("cin_census", authority.code, f"{authority.code}/cin_census/*.xml")
        lines += _others(authority.code, [system for system in JOINING if system in systems])
    lines += ["[typology]", f"most_classes = {most_classes}", "starts = 10", "seed = 1", ""]
    lines += ["[outcomes]", 'questions = ["re_referral", "repeat_plan", "re_entry"]', ""]
    lines += ["[costs]", f"from = {iso(year_starts(last))}", f"to = {iso(year_ends(last))}", 'prices = "illustrative"']
    return "\n".join([*lines, ""])


def _others(authority: str, systems: Sequence[str]) -> list[str]:
    """Other systems, not read unless asked: their headings and words are their own, and want decisions first."""
    if not systems:
        return []
    files = ", ".join(f'"{authority}/{system}/*.csv"' for system in systems)
    told = "# Other systems, in words of their own; take the # away to join them to the children's histories."
    return [told, "# [[delivery]]", f'# authority = "{authority}"', f"# files = [{files}]", ""]


def _delivery(name: str, authority: str, files: str, year: int | None = None) -> list[str]:
    of_year = [f"year = {year}"] if year else []
    return ["[[delivery]]", f'return = "{name}"', f'authority = "{authority}"', *of_year, f'files = ["{files}"]', ""]
