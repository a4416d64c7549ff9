"""Which table of which return a file or sheet holds: found by its heading, never by the name of the file."""

from collections.abc import Mapping as AnyMapping
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

from careloom.catalogue import Return
from careloom.core import DeliveryError, Table
from careloom.ingest.recognise.decisions import Decisions, Recognition, scope_of
from careloom.ingest.recognise.headings import (
    Headings,
    is_no_heading,
    match_headings,
    names_known,
    special_positions,
)
from careloom.ingest.recognise.mapping import Mapping, Top, needed_columns
from careloom.ingest.recognise.words import letters, squeeze

Candidates = Sequence[tuple[Return, Table]]

ALIKE = 0.5
"""A heading that shares less than half of its columns with a table is not that table, unless all needed ones are there."""
FEW, MORE = 2, 3
"""Then so many columns of the table must be known, if it has so many: more when most of the heading is not known, and
half of them by their own names then, since an extract of a case system also holds the date of birth and sex of a child.
"""
A_LITTLE = 0.25
NEAR = 0.1
"""Two tables whose scores (0 to 2.25) differ by no more may both be meant."""
BY_NAME = ("exact", "confirmed", "normalised")
ROWS_TO_SCORE = 5
MOST_NAMED = 6
"""Names in a message; more are a wall of words."""
MOST_STRANGE = 1 / 3
"""The share of the headings of an extract that may be unknown before it is asked whether it is that extract."""
CONFIRM = "confirm it in recognised.csv"


class HeadingError(DeliveryError):
    """A heading that cannot be used; `recognitions` are what a person may confirm of it in recognised.csv."""

    def __init__(self, message: str, recognitions: Sequence[Recognition] = ()) -> None:
        super().__init__(message)
        self.recognitions = tuple(recognitions)


class UnknownHeadingError(HeadingError):
    """No row is the heading of any table we know, nor much like one: a page of guidance, or an extract to be mapped."""


@dataclass(frozen=True)
class Found:
    """A table in a file: the line of its heading, and the position of each column that the file has.

    `positions` may also hold `collection_year` and `la`, which a file of several years or authorities says in each row.
    """

    return_: Return
    table: Table
    heading_line: int
    positions: dict[str, int]
    remarks: str
    recognitions: tuple[Recognition, ...]


@dataclass(frozen=True)
class Guess:
    """A table that a row may be the heading of: the columns it names and how each is known. The best has most score."""

    return_: Return
    table: Table
    line: int
    cells: Sequence[str]
    names: AnyMapping[str, str]
    score: float

    @property
    def scope(self) -> str:
        return scope_of(self.return_, self.table.name)

    @property
    def is_it(self) -> bool:
        """Whether the row is this table's heading: it has all that is needed, or they are alike."""
        columns, known = len(self.table.columns), len(self.names)
        headings = sum(not is_no_heading(cell) for cell in self.cells)
        if known / max(1, columns + headings - known) >= ALIKE:
            return True
        if any(name not in self.names for name in needed_columns(self.table)):
            return False
        if known >= headings / 2:
            return known >= min(FEW, columns)
        by_name = sum(how in BY_NAME for how in self.names.values())
        return by_name >= known / 2 and known >= min(MORE, columns)


def find_table(
    top: Top,
    candidates: Candidates,
    decisions: Decisions,
    where: str,
    sheet_name: str = "",
    mappings: Sequence[Mapping] = (),
    accept: bool = False,
) -> Found:
    """Return the table that the file holds; `where` names file and sheet in messages.

    The first of `mappings` whose headings are all there is used; else each row of `top` is looked at as a heading of
    each candidate. The name of a sheet only decides between two that are near. With `accept`, headings that are like a
    column are used. Raises HeadingError (UnknownHeadingError when nothing is known) in words that name no cell.
    """
    if found := mapped(top, candidates, mappings, where):
        return found
    guesses = known_guesses(top, candidates, decisions)
    if not guesses or not guesses[0].is_it:
        guesses = likely_guesses(top, candidates, decisions)
    if not guesses or not guesses[0].is_it:
        refuse_unknown(top, candidates, guesses, where)
    best = only_one(guesses, sheet_name, where)
    place = f"{where} line {best.line}"
    headings = match_headings(best.cells, best.table, best.scope, decisions, accept)
    refuse_unfit(headings, best, place)
    refuse_strange(headings, best, candidates, place)
    return Found(
        best.return_,
        best.table,
        best.line,
        dict(headings.positions),
        remarks(headings, best.table, best.line > top[0][0]),
        headings.recognitions,
    )


def mapped(top: Top, candidates: Candidates, mappings: Sequence[Mapping], where: str) -> Found | None:
    """Return the table that a mapping file says the file holds, if it has all the headings mapped."""
    tables = {(return_.name, table.name): (return_, table) for return_, table in candidates}
    for mapping in mappings:
        if (mapping.return_name, mapping.table) in tables and (found := mapping.find(top, where)):
            return_, table = tables[mapping.return_name, mapping.table]
            line, positions = found
            cells = next(cells for at, cells in top if at == line)
            special = special_positions(cells, table)
            positions = {n: at for n, at in special.items() if at not in positions.values()} | positions
            unused = sum(not is_no_heading(cell) for cell in cells) - len(positions)
            headings = Headings(positions, (), (), (), unused)
            return Found(return_, table, line, positions, remarks(headings, table, line > top[0][0]), ())
    return None


# --- which table -----------------------------------------------------------------------------------------------------


def known_guesses(top: Top, candidates: Candidates, decisions: Decisions) -> list[Guess]:
    """Take the row in which most columns of any one table are known, and return all tables for it, the likeliest first."""
    best: list[Guess] = []
    most = 0
    for line, cells in top:
        if sum(not cell.isspace() for cell in cells if cell) <= most:
            continue  # it cannot name more columns than it has words
        names = [names_known(cells, table, scope_of(return_, table.name), decisions) for return_, table in candidates]
        if max(map(len, names), default=0) > most:
            most = max(map(len, names))
            best = ranked(line, cells, candidates, names)
    return best


def likely_guesses(top: Top, candidates: Candidates, decisions: Decisions) -> list[Guess]:
    """As `known_guesses`, counting also the headings that are like a column: for the first rows that hold words."""
    rows = [(line, cells) for line, cells in top if sum(letters(cell) > 1 for cell in cells) > 1]
    best: list[Guess] = []
    most = 0
    for line, cells in rows[:ROWS_TO_SCORE]:
        names = [names_like(cells, table, scope_of(return_, table.name), decisions) for return_, table in candidates]
        if max(map(len, names), default=0) > most:
            most = max(map(len, names))
            best = ranked(line, cells, candidates, names)
    return best


def names_like(cells: Sequence[str], table: Table, scope: str, decisions: Decisions) -> dict[str, str]:
    """Return the columns that a row of cells names, or has a heading like, and how."""
    proposed = match_headings(cells, table, scope, decisions).proposed
    return names_known(cells, table, scope, decisions) | dict.fromkeys(proposed, "proposed")


def ranked(
    line: int, cells: Sequence[str], candidates: Candidates, names: Sequence[AnyMapping[str, str]]
) -> list[Guess]:
    """Score each table: the share of the columns known in this row that are its own, and of its needed ones that are
    there; and a little for the share of all its columns, since a small table that is whole is likelier than a large one.
    """
    most = max(map(len, names))
    guesses = []
    for (return_, table), own in zip(candidates, names, strict=True):
        needed = needed_columns(table)
        score = len(own) / most + (sum(name in own for name in needed) / len(needed) if needed else 1.0)
        score += A_LITTLE * len(own) / len(table.columns)
        if own:
            guesses.append(Guess(return_, table, line, cells, own, score))
    return sorted(guesses, key=lambda guess: -guess.score)


def only_one(guesses: list[Guess], sheet_name: str, where: str) -> Guess:
    """Return the best guess; where others may be meant as well, the one that the sheet is named after."""
    near = [guess for guess in guesses if may_be_meant(guess, guesses[0])]
    named = [guess for guess in near if is_named(sheet_name, guess.table)]
    if len(near) > 1 and len(named) != 1:
        names = " or ".join(guess.scope for guess in near)
        raise HeadingError(
            f"{where} line {guesses[0].line}: the heading could be that of {names}; say which with return = in the study file, or write a mapping with careloom map"
        )
    return named[0] if len(near) > 1 else near[0]


def may_be_meant(guess: Guess, best: Guess) -> bool:
    """Whether a guess is as good as the best: its score is near; or, when the best lacks some of its columns, the very
    same ones are known of both. (CHILD, SEX and DOB are of the header and of the asylum seekers: who is meant?)
    """
    if guess is best or (guess.is_it and guess.score >= best.score - NEAR):
        return True
    is_whole = len(best.names) == len(best.table.columns)
    return not is_whole and guess.return_ is best.return_ and guess.names.keys() == best.names.keys()


def is_named(sheet_name: str, table: Table) -> bool:
    return bool(sheet_name) and squeeze(sheet_name) in {squeeze(name) for name in (table.name, *table.also)}


# --- what is wrong, and what is to be said ---------------------------------------------------------------------------


def refuse_unknown(top: Top, candidates: Candidates, guesses: list[Guess], where: str) -> NoReturn:
    """Raise for a file without a heading we know, with the heading of the likeliest table as an example."""
    if not top:
        raise UnknownHeadingError(f"{where}: there is no heading")
    line, _ = top[0]
    example = guesses[0].table if guesses else candidates[0][1]
    names = list(dict.fromkeys(return_.name for return_, _ in candidates))
    returns = f" of {', '.join(names)}" if len(names) <= MOST_NAMED else ""
    begins = ",".join(example.column_names[:MOST_NAMED])
    raise UnknownHeadingError(
        f"{where} line {line}: this is not the heading of any table{returns}; one begins, for example, {begins}; for an extract with headings of its own, run careloom map FILE"
    )


def refuse_unfit(headings: Headings, best: Guess, place: str) -> None:
    """Raise for a needed column that is missing, and for any that two headings name."""
    if headings.twice:
        raise HeadingError(f"{place}: column {headings.twice[0]} comes twice", headings.recognitions)
    missing = [name for name in needed_columns(best.table) if name not in headings.positions]
    if missing:
        like = [name for name in missing if name in headings.proposed]
        hint = f"; a heading like {' and one like '.join(like)} is there: {CONFIRM}" if like else ""
        raise HeadingError(
            f"{place}: column {' and column '.join(missing)} is missing{hint}; table {best.table.name} has {','.join(best.table.column_names)}",
            headings.recognitions,
        )


def refuse_strange(headings: Headings, best: Guess, candidates: Candidates, place: str) -> None:
    """Raise for an extract of which too much is not known, unless its return was said: it may be of another kind.

    What authorities hand over beside their returns has no end, and a list of referrals has the headings of many others.
    """
    is_said = len({return_.name for return_, _ in candidates}) == 1
    known = len(headings.positions)
    if not (best.return_.yearly or is_said) and headings.unused > (known + headings.unused) * MOST_STRANGE:
        raise HeadingError(
            f"{place}: this is most like {best.scope}, but {headings.unused} of its {known + headings.unused} headings are not of it; if it is that, say return = in the study file, or --return {best.return_.name}; else write a mapping with careloom map",
            headings.recognitions,
        )


def remarks(headings: Headings, table: Table, is_lower: bool) -> str:
    absent = [name for name in table.column_names if name not in headings.positions]
    waiting = len(headings.proposed)
    return "; ".join(
        note
        for note in (
            "the heading is not in the first row" if is_lower else "",
            f"columns not delivered: {', '.join(absent)}" if absent else "",
            f"{headings.unused} columns not used" if headings.unused > 0 else "",
            f"{waiting} headings like a column: {CONFIRM.replace('it', 'them')}" if waiting else "",
        )
        if note
    )
