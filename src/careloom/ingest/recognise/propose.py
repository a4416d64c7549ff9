"""Propose a mapping file for an extract with headings of its own: a person reads it, mends it, and gives it to the study."""

import json
import re

from careloom.core import Column
from careloom.ingest.recognise.decisions import SPECIAL, Decisions, Recognition
from careloom.ingest.recognise.headings import is_no_heading, match_headings
from careloom.ingest.recognise.mapping import Top, needed_columns
from careloom.ingest.recognise.tables import Candidates, Guess, UnknownHeadingError, likely_guesses
from careloom.ingest.recognise.words import tidy

OTHERS = 3
BARE = re.compile(r"[A-Za-z0-9_-]+")


def propose_mapping(top: Top, candidates: Candidates, decisions: Decisions, file_name: str) -> str:
    """Return the text of a mapping file for the table that the file is most like.

    Every column of it has a line: the heading it would be read from; or a comment that begins with `# ?` where a person
    should look, since nothing sure was found. Raises UnknownHeadingError when no heading is like any column.
    """
    guesses = likely_guesses(top, candidates, decisions)
    if not guesses:
        raise UnknownHeadingError(f"{file_name}: no row of this file is like the heading of any table we know")
    best = guesses[0]
    headings = match_headings(best.cells, best.table, best.scope, decisions)
    told = {row.written: row for row in headings.recognitions}
    names = {name: tidy(best.cells[position]) for name, position in headings.positions.items()}
    names |= {row.means: row.written for row in told.values() if row.how == "proposed"}
    needed = needed_columns(best.table)
    lines = [column_line(column, names, told, column.name in needed) for column in best.table.columns]
    lines += [f"{key_of(name)} = {quoted(names[name])}" for name in SPECIAL if name in names and name not in best.names]
    unused = [tidy(cell) for cell in best.cells if not is_no_heading(cell) and tidy(cell) not in names.values()]
    return "\n".join((*introduction(best, guesses, file_name, top), *lines, *not_used(unused), ""))


def introduction(best: Guess, guesses: list[Guess], file_name: str, top: Top) -> list[str]:
    others = [guess.scope for guess in guesses[1:] if guess.score > best.score / 2][:OTHERS]
    return [
        f"# Which heading of {tidy(file_name)} is which column of ours. Look at every line marked with a question mark:",
        "# take away the marks before it when it is right, or write the right heading.",
        *([f"# The file is also like {', '.join(others)}."] if others else []),
        f"return = {quoted(best.return_.name)}",
        f"table = {quoted(best.table.name)} # {best.table.row}",
        *([f"heading_line = {best.line}"] if best.line > top[0][0] else []),
        "",
        "[columns]",
    ]


def column_line(column: Column, names: dict[str, str], told: dict[str, Recognition], needed: bool) -> str:
    """Return the line of one column: taken, proposed with its score, doubtful, or not found."""
    what = f"{column.label}{'; needed' if needed else ''}"
    if heading := names.get(column.name):
        row = told.get(heading)
        look = f"? score {row.score}: " if row and row.how == "proposed" else ""
        return f"{key_of(column.name)} = {quoted(heading)} # {look}{what}"
    like = [
        row for row in told.values() if row.how in ("unclear", "unknown") and column.name in (row.means, row.or_else)
    ]
    like.sort(key=lambda row: (row.means != column.name, -row.score))
    if not like:
        return f"# ? {key_of(column.name)} = {quoted('')} # no heading is like it: {what}"
    score = f"score {like[0].score}" if like[0].means == column.name and like[0].score else "perhaps"
    return f"# ? {key_of(column.name)} = {quoted(like[0].written)} # {score}: {what}"


def not_used(headings: list[str]) -> list[str]:
    return (
        ["", "# Headings that no column is read from:", *(f"# {quoted(name)}" for name in headings)] if headings else []
    )


def key_of(name: str) -> str:
    return name if BARE.fullmatch(name) else quoted(name)


def quoted(text: str) -> str:
    """Return a TOML text on one line: escapes are those of JSON, and the one control mark that JSON lets stand."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
