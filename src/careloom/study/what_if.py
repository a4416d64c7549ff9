"""A what-if put together field by field, written as a scenario file, so that `careloom cost --scenario` gives the same."""

import datetime as dt
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from careloom.catalogue import Catalogue
from careloom.catalogue.scenarios import WHATS, Change, Scenario, Where, load_scenarios, read_scenario
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
BACK = "halve_re_entries"
"""The shipped scenario that says who comes back into care."""
NOTHING_ELSE = "Nothing else changes: not who comes, nor how long they stay."
CHANGED = {
    "fee": "Placement fees",
    "hours": "How long the work takes",
    "frequency": "How often the work is done",
    "rate": "What an hour of staff costs",
}
"""What may be changed by so many per cent."""
UNFIT = re.compile("[^a-z0-9]+")


@dataclass(frozen=True)
class WhatIf:
    """What would be otherwise. Numbers are per cent: +10 is a tenth more. Fees go by placement code, work by process key, rates by staff.

    `moved` per cent of the nights in placements of code `moved_from` are spent in `moved_to` instead, and `needs_moved` per cent of
    what children of the need group `needs_from` cost is of `needs_to` instead; `fewer_back` per cent fewer come back into care.
    """

    title: str
    why: str
    fees: Mapping[str, float] = field(default_factory=dict)
    hours: Mapping[str, float] = field(default_factory=dict)
    often: Mapping[str, float] = field(default_factory=dict)
    rates: Mapping[str, float] = field(default_factory=dict)
    moved: float = 0.0
    moved_from: str = ""
    moved_to: str = ""
    needs_moved: float = 0.0
    needs_from: str = ""
    needs_to: str = ""
    fewer_back: float = 0.0


@dataclass(frozen=True)
class Changeable:
    """What the costs of a study hold that could be otherwise, each with its title: placements by code, processes by key, need
    groups, and the staff whose hours the price sheet names."""

    placements: Mapping[str, str]
    processes: Mapping[str, str]
    needs: Mapping[str, str] = field(default_factory=dict)
    staff: Mapping[str, str] = field(default_factory=dict)


def changeable(study: Study, catalogue: Catalogue) -> Changeable:
    """Name the placements and the processes that the last run costed. Raises NotFoundError without results."""
    titles = {process.key: f"{process.key} {process.name}" for process in catalogue.processes}
    with kept(study, "cost") as engine:
        found = {key for (key,) in engine.rows("SELECT DISTINCT process FROM cost WHERE kind <> 'fee'")}
        needs = [need for (need,) in engine.rows("SELECT DISTINCT need_group FROM cost ORDER BY need_group") if need]
        named = {
            row.staff for price in study.prices.prices if price.process in found for row in price.rows if row.staff
        }
        return Changeable(
            placements(engine),
            {key: title for key, title in titles.items() if key in found},
            dict(zip(needs, needs, strict=True)),
            {name: name for name in sorted(named)},
        )


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
    lines += [f"assumptions = [{', '.join(map(quoted, assumptions_of(asked)))}]", ""]
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
    for staff, change in asked.rates.items():
        if change:
            yield [*changed("rate", change, ""), f"staff = {quoted(staff)}"]
    if asked.moved:
        yield [
            *mix("nights", "kind of placement", asked.moved, "placement_code", asked.moved_from, asked.moved_to),
            'of = { process = "LAC 3" }',
        ]
    if asked.needs_moved:
        yield mix("costs", "need group", asked.needs_moved, "need_group", asked.needs_from, asked.needs_to)
    if asked.fewer_back:
        yield fewer_back(asked.fewer_back)


def mix(of: str, kind: str, share: float, column: str, taken_from: str, given_to: str) -> list[str]:
    """The lines of a change that moves a share from one `kind` to another. Raises RequestError for none that can be made."""
    if not 0 < share <= 100 or not taken_from or not given_to:
        raise RequestError(f"of {of}, 0 to 100% can be moved, from one {kind} to another: say both")
    if taken_from == given_to:
        raise RequestError(f"{of} are moved to another {kind} than they come from")
    sides = (f"from = {{ {column} = {quoted(taken_from)} }}", f"to = {{ {column} = {quoted(given_to)} }}")
    return ["[[change]]", 'what = "mix"', f"share = {share / 100:.4f}", *sides]


def fewer_back(share: float) -> list[str]:
    """The lines of a change by which fewer come back into care: those whom the shipped scenario counts as coming back."""
    if not 0 < share <= 100:
        raise RequestError("of those who come back into care, 0 to 100% can be fewer")
    (shipped,) = load_scenarios()[BACK].changes
    of = ", ".join(f"{column} = [{', '.join(map(quoted, values))}]" for column, values in shipped.of)
    select = f"select = {quoted(shipped.select)}"
    return ["[[change]]", 'what = "returns"', f"share = {share / 100:.4f}", select, f"of = {{ {of} }}"]


def assumptions_of(asked: WhatIf) -> tuple[str, ...]:
    """What the what-if takes for granted; of fewer who come back, what the shipped scenario does, too."""
    more = load_scenarios()[BACK].assumptions[1:] if asked.fewer_back else ()
    return (NOTHING_ELSE, *more)


def words_of_changes(scenario: Scenario, could: Changeable) -> tuple[str, ...]:
    """What a scenario changes, a sentence a change, for who asks what was set."""
    return tuple(
        words_of(change, {**could.placements, **could.processes, **could.needs}) for change in scenario.changes
    )


def words_of(change: Change, titles: Mapping[str, str]) -> str:
    """One change in words, with the titles of what it is of."""

    def named(where: Where) -> str:
        values = [value for column, found in where if column != "kind" for value in found]
        return ", ".join(titles.get(value, value) for value in values)

    about = named(change.of) or (change.staff if change.staff else "all")
    if change.what == "mix":
        return f"Moved: {100 * change.number:.4g}% from {named(change.taken_from)} to {named(change.given_to)}"
    if change.what == "returns":
        return f"Fewer come back: {100 * change.number:.4g}%"
    if change.is_added:
        return f"{CHANGED[change.what]}, {about}: {change.number:+.4g} hours a {change.per}"
    if change.what in CHANGED:
        return f"{CHANGED[change.what]}, {about}: {100 * (change.number - 1):+.4g}%"
    return WHATS[change.what][0].upper() + WHATS[change.what][1:]


def changed(what: str, change: float, of: str) -> list[str]:
    if not LEAST <= change <= MOST:
        raise RequestError(f"a change lies between {LEAST:.0f}% and {MOST:.0f}%")
    return ["[[change]]", f"what = {quoted(what)}", f"times = {1 + change / 100:.4f}", *([f"of = {of}"] if of else [])]


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
