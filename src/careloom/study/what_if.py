"""A what-if put together field by field, written as a scenario file, so that `careloom cost --scenario` gives the same."""

import datetime as dt
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from careloom.catalogue import Catalogue
from careloom.catalogue.scenarios import load_scenarios, read_scenario
from careloom.core import OutputError, RequestError
from careloom.engine import Engine, with_names
from careloom.govern import os_user
from careloom.report.question import FOLDER
from careloom.study.file import Study
from careloom.study.kept_demand import kept
from careloom.study.outputs import check_outside

START = "what_if_"
"""What the files begin with that are written here, beside the study file."""
LEAST, MOST = -100.0, 300.0
"""Per cent by which something may be changed: to nothing, or to four times as much."""
LONGEST = 400
UNFIT = re.compile("[^a-z0-9]+")


@dataclass(frozen=True)
class WhatIf:
    """What would be otherwise. Numbers are per cent: +10 is a tenth more. Fees go by placement code, work by process key.

    `moved` per cent of the nights in placements of code `moved_from` are spent in `moved_to` instead.
    """

    title: str
    why: str
    fees: Mapping[str, float] = field(default_factory=dict)
    hours: Mapping[str, float] = field(default_factory=dict)
    often: Mapping[str, float] = field(default_factory=dict)
    moved: float = 0.0
    moved_from: str = ""
    moved_to: str = ""


@dataclass(frozen=True)
class Changeable:
    """What the costs of a study hold that could be otherwise: placements by code, and processes by key, each with its title."""

    placements: Mapping[str, str]
    processes: Mapping[str, str]


def changeable(study: Study, catalogue: Catalogue) -> Changeable:
    """Name the placements and the processes that the last run costed. Raises NotFoundError without results."""
    titles = {process.key: f"{process.key} {process.name}" for process in catalogue.processes}
    with kept(study, "cost") as engine:
        found = {key for (key,) in engine.rows("SELECT DISTINCT process FROM cost WHERE kind <> 'fee'")}
        return Changeable(placements(engine), {key: title for key, title in titles.items() if key in found})


def placements(engine: Engine) -> dict[str, str]:
    labels = (FOLDER / "names" / "placement_label.sql").read_text(encoding="utf-8")
    asked = """SELECT DISTINCT c.placement_code, p.label FROM cost AS c
        JOIN placement_label AS p ON p.placement_code = c.placement_code WHERE c.kind = 'fee' ORDER BY p.label"""
    return dict(engine.rows(with_names({"placement_label": labels}, asked)))


def scenarios_of(study_file: Path) -> dict[str, str]:
    """The what-ifs that can be asked: their titles by what `--scenario` calls them, first those beside the study file."""
    ours = {str(path): read_scenario(path).title for path in sorted(study_file.parent.glob(f"{START}*.toml"))}
    return ours | {name: scenario.title for name, scenario in load_scenarios().items()}


def write_what_if(study_file: Path, study: Study, asked: WhatIf) -> Path:
    """Write the scenario beside the study file, named after its title, and return its path.

    Raises RequestError for a what-if that changes nothing or too much, and OutputError when the file cannot be written, or
    another what-if of that name is there: none is ever changed.
    """
    title, why = (one_line(text) for text in (asked.title, asked.why))
    name = UNFIT.sub("_", title.lower()).strip("_")[:60]
    if not name or not why:
        raise RequestError("say what it is called, in letters, and why it is asked")
    changes = list(changes_of(asked))
    if not changes:
        raise RequestError("nothing would be otherwise: change at least one number")
    path = study_file.parent / f"{START}{name}.toml"
    check_outside(path, study.out)
    today = dt.date.today().isoformat()
    head = {"title": title, "why": why, "source": f"Set by {os_user()} on {today}: a question, not a finding."}
    lines = [f"{key} = {quoted(value)}" for key, value in head.items()]
    lines += ['assumptions = ["Nothing else changes: not who comes, nor how long they stay."]', ""]
    write_new(path, "\n".join([*lines, *("\n".join(change) + "\n" for change in changes)]))
    read_scenario(path)  # what was written can be read: or it is told now
    return path


def changes_of(asked: WhatIf) -> Iterator[list[str]]:
    """The lines of each change."""
    for code, change in asked.fees.items():
        if change:
            yield changed("fee", change, f"{{ placement_code = {quoted(code)} }}")
    for what, changes in (("hours", asked.hours), ("frequency", asked.often)):
        for key, change in changes.items():
            if change:
                yield changed(what, change, f'{{ process = {quoted(key)}, kind = "case_management" }}')
    if asked.moved:
        if not 0 < asked.moved <= 100 or not asked.moved_from or not asked.moved_to:
            raise RequestError("of nights, 0 to 100% can be moved, from one kind of placement to another")
        if asked.moved_from == asked.moved_to:
            raise RequestError("nights are moved to another kind of placement than they come from")
        yield [
            "[[change]]",
            'what = "mix"',
            f"share = {asked.moved / 100:.4f}",
            f"from = {{ placement_code = {quoted(asked.moved_from)} }}",
            f"to = {{ placement_code = {quoted(asked.moved_to)} }}",
            'of = { process = "LAC 3" }',
        ]


def changed(what: str, change: float, of: str) -> list[str]:
    if not LEAST <= change <= MOST:
        raise RequestError(f"a change lies between {LEAST:.0f}% and {MOST:.0f}%")
    return ["[[change]]", f"what = {quoted(what)}", f"times = {1 + change / 100:.4f}", f"of = {of}"]


def one_line(text: str) -> str:
    """The text with its blanks made single. Raises RequestError for one that is too long, or holds what cannot be printed."""
    text = " ".join(text.split())
    if len(text) > LONGEST or not text.isprintable():
        raise RequestError(f"what it is called, and why it is asked, have at most {LONGEST} letters each")
    return text


def quoted(text: str) -> str:
    """A text as TOML writes it: its basic strings are those of JSON."""
    return json.dumps(text, ensure_ascii=False)


def write_new(path: Path, text: str) -> None:
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise OutputError(f"{path}: there is a what-if of this name already; call this one something else") from None
    except OSError as fault:
        raise OutputError(f"{path}: the what-if cannot be written there ({fault.strerror})") from None
