"""Headings as people write them, and which column of a table each is."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from careloom.core import Column, Table
from careloom.ingest.recognise.decisions import HEADING, SPECIAL, Decisions, Recognition
from careloom.ingest.recognise.scores import Scorer
from careloom.ingest.recognise.words import fold, squeeze, tidy

WAYS_OF_SPECIAL = {
    "collection_year": ("collection_year", "year", "collection year", "reporting year", "return year", "census year"),
    "la": ("la", "lea", "la code", "lea code", "la number", "local authority", "local authority code", "authority"),
}
NO_HEADINGS = {"", "index", "rowid", "row", "rownumber", "rowno", "unnamed"}
TIERS = ("exact", "confirmed", "normalised", "spelling")
"""The ways in which a heading is used, the surest first."""


@dataclass(frozen=True)
class Headings:
    """The columns that a heading names. `positions` are those to read; `proposed` those that a person should confirm.

    `twice` are columns that two headings name equally well; `unused` counts headings that name nothing.
    """

    positions: Mapping[str, int]
    recognitions: tuple[Recognition, ...]
    proposed: tuple[str, ...]
    twice: tuple[str, ...]
    unused: int


@dataclass(frozen=True)
class Seen:
    """One heading: where it stands, and what it was taken for. `column` is blank when it is none."""

    position: int
    written: str
    how: str
    column: str = ""
    score: int = 0
    or_else: str = ""


class Ways:
    """All the ways in which the headings of one table are written."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.labels = {column.name: column.label for column in table.columns}
        self.exact = {fold(column.name): column.name for column in table.columns}
        names = [(squeeze(column.name), column.name) for column in table.columns]
        also = [(squeeze(way), column.name) for column in table.columns for way in column.also]
        labels = [(squeeze(label), column.name) for column in table.columns for label in short_labels(column)]
        self.named = only_once(names)
        self.spelt = only_once(also)
        self.labelled = only_once(labels)
        taken = {*self.named, *self.spelt}
        has_years = any(column.name.endswith("_year") for column in table.columns)  # of school, as `Year` may be then
        for name in SPECIAL:
            if name not in self.labels and not (has_years and name == "collection_year"):
                self.spelt |= {squeeze(way): name for way in WAYS_OF_SPECIAL[name] if squeeze(way) not in taken}
        self.scorer = Scorer(
            (column.name, way) for column in table.columns for way in (column.name, *column.also, *short_labels(column))
        )

    def used(self, cell: str, scope: str, decisions: Decisions) -> tuple[str, str | None] | None:
        """Return how a heading is known and its column, None when a person said it is none; None when not known."""
        if name := self.exact.get(fold(cell)):
            return "exact", name
        if decided := decisions.get(HEADING, scope, cell):
            return "confirmed", decided.means
        form = squeeze(cell)
        if name := self.named.get(form):
            return "normalised", name
        if name := self.spelt.get(form):
            return ("exact" if fold(cell) in (name, "year") else "spelling"), name
        name = self.labelled.get(form)
        return ("normalised", name) if name else None


@lru_cache(maxsize=512)
def ways_of(table: Table) -> Ways:
    return Ways(table)


def short_labels(column: Column) -> Iterable[str]:
    """A label, and its beginning before a bracket, colon or semicolon: `Date of birth (repeated from header)`."""
    label = column.label
    for mark in "(;:":
        label = label.partition(mark)[0]
    return dict.fromkeys((column.label, label))


def only_once(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the column of each form that is of one column only."""
    pairs = list(dict.fromkeys((form, name) for form, name in pairs if form))
    times = Counter(form for form, _ in pairs)
    return {form: name for form, name in pairs if times[form] == 1}


def is_no_heading(cell: str) -> bool:
    """Whether a cell of a heading heads no data: blank, or the row numbers that programs add."""
    form = squeeze(cell)
    return form in NO_HEADINGS or (form.startswith("unnamed") and form.removeprefix("unnamed").isdigit())


def names_known(cells: Iterable[str], table: Table, scope: str, decisions: Decisions) -> dict[str, str]:
    """Return the columns of the table that a row of cells names for sure, and how each is known."""
    ways = ways_of(table)
    known = (ways.used(cell, scope, decisions) for cell in cells if cell.strip())
    return {used[1]: used[0] for used in known if used and used[1] in ways.labels}


def match_headings(
    cells: Sequence[str], table: Table, scope: str, decisions: Decisions, accept: bool = False
) -> Headings:
    """Say for each cell of a heading which column of the table it is.

    Used are names, in any case; what a person confirmed; names and labels that differ only in punctuation or spaces;
    and declared spellings. Other headings are proposed by their likeness, and with `accept` used. Where two headings
    name one column the surer is taken; when they are equally sure the column is in `twice`, and neither is read.
    """
    ways = ways_of(table)
    seen, others = known_headings(cells, ways, scope, decisions)
    chosen, twice, beaten = the_surest(seen)
    free = set(ways.labels) - set(chosen) - set(twice)
    scored = [scored_heading(position, cell, ways, free) for position, cell in others]
    scored = apart(scored)
    proposed = {one.column: one for one in scored if one.how == "proposed"}
    if accept:
        chosen |= proposed
    listed = [one for one in (*chosen.values(), *beaten, *scored) if one.how != "exact"]
    recognitions = {one.position: recognition(one, scope, ways, accept, decisions) for one in listed}
    return Headings(
        positions={name: chosen[name].position for name in (*table.column_names, *SPECIAL) if name in chosen},
        recognitions=tuple(recognitions[position] for position in sorted(recognitions)),
        proposed=() if accept else tuple(proposed),
        twice=twice,
        unused=sum(not is_no_heading(cell) for cell in cells) - len(chosen),
    )


def known_headings(
    cells: Sequence[str], ways: Ways, scope: str, decisions: Decisions
) -> tuple[list[Seen], list[tuple[int, str]]]:
    """Part the headings into those known for sure, or set aside by a person, and the others."""
    seen, others = [], []
    for position, cell in enumerate(cells):
        used = ways.used(cell, scope, decisions) if cell.strip() else None
        if used:
            seen.append(Seen(position, tidy(cell), used[0], used[1] or ""))
        elif not is_no_heading(cell):
            others.append((position, cell))
    return seen, others


def the_surest(seen: Iterable[Seen]) -> tuple[dict[str, Seen], tuple[str, ...], list[Seen]]:
    """Return the surest heading of each column, the columns with two that are equally sure, and all not taken."""
    by_column: dict[str, list[Seen]] = {}
    beaten = []
    for one in seen:
        if one.column:
            by_column.setdefault(one.column, []).append(one)
        else:
            beaten.append(one)
    chosen, twice = {}, []
    for name, rivals in by_column.items():
        rivals.sort(key=lambda one: (TIERS.index(one.how), one.position))
        sure = [one for one in rivals if one.how == rivals[0].how]
        if len(sure) > 1 and name not in SPECIAL:
            twice.append(name)
            beaten += [doubted(one) for one in rivals]
        else:
            chosen[name] = rivals[0]
            beaten += [doubted(one) for one in rivals[1:]]
    return chosen, tuple(twice), beaten


def doubted(one: Seen) -> Seen:
    return Seen(one.position, one.written, "unclear", one.column)


def scored_heading(position: int, cell: str, ways: Ways, free: set[str]) -> Seen:
    """Say what a heading is most like. A column that another heading already names is not proposed again."""
    best = ways.scorer.best(cell)
    how = "unclear" if best.how == "proposed" and best.name not in free else best.how
    return Seen(position, tidy(cell), how, best.name, best.score, best.or_else)


def apart(scored: list[Seen]) -> list[Seen]:
    """Two headings that are proposed for the same column are both unclear."""
    times = Counter(one.column for one in scored if one.how == "proposed")
    return [
        Seen(one.position, one.written, "unclear", one.column, one.score, one.or_else)
        if one.how == "proposed" and times[one.column] > 1
        else one
        for one in scored
    ]


def recognition(one: Seen, scope: str, ways: Ways, accept: bool, decisions: Decisions) -> Recognition:
    is_accepted = accept and one.how == "proposed"
    return Recognition(
        kind=HEADING,
        scope=scope,
        written=one.written,
        times=1,
        means=one.column,
        meaning=ways.labels.get(one.column, ""),
        how="confirmed" if is_accepted else one.how,
        score=one.score,
        or_else=one.or_else,
        decision="yes" if is_accepted else "",
    )


def special_positions(cells: Sequence[str], table: Table) -> dict[str, int]:
    """Return where a heading says the collection year and the authority of each row, if it does."""
    ways = ways_of(table)
    named = [(ways.spelt.get(squeeze(cell)), position) for position, cell in enumerate(cells)]
    return {name: position for name, position in reversed(named) if name in SPECIAL and name not in ways.labels}
