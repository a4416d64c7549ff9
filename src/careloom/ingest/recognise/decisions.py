"""`recognised.csv`: what was written otherwise than the catalogue has it, how it was read, and what a person decided.

It holds texts of the delivered files and is kept beside the study, inside the authority; nobody else may read it. A
person opens it in a spreadsheet and fills in the column `decision`: yes, no, or what the text really means.
"""

import csv
import io
import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, fields, replace
from pathlib import Path

from careloom.catalogue import Return
from careloom.core import OutputError, StudyError, nearest
from careloom.ingest.recognise.words import LIKE_A_CODE, fold, tidy

HEADING, VALUE = "heading", "value"
YES, NO = "yes", "no"
"""In small letters, as a person may write them in any; a code `YES` is another thing, and is kept in capitals."""
SHARED = "services"
"""A code set of the whole catalogue: decided once for all returns."""
SPECIAL = ("collection_year", "la")
"""What a heading of any table may mean beside the columns of the table."""
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
ENCODINGS = ("utf-8-sig", "cp1252")
Key = tuple[str, str, str]


@dataclass(frozen=True)
class Recognition:
    """One text that is not exactly as in the catalogue: how often it came, what it means, and how we know.

    `means` is the column or code it is taken for, or would be when confirmed; blank when nothing is near. `or_else` is
    the next candidate. `decision` is blank, yes, no, or the name of what it means instead.
    """

    kind: str
    scope: str
    written: str
    times: int = 0
    means: str = ""
    meaning: str = ""
    how: str = "unknown"
    score: int = 0
    or_else: str = ""
    decision: str = ""

    @property
    def key(self) -> Key:
        return self.kind, self.scope, fold(self.written)

    @property
    def is_open(self) -> bool:
        """Whether a person should decide: it is not used, and nobody has. A heading that is like none may stay so."""
        waits = (
            ("proposed", "unclear") if self.kind == HEADING else ("proposed", "unclear", "unknown", "kept as written")
        )
        return self.how in waits and not self.decision


COLUMNS = tuple(field.name for field in fields(Recognition))


@dataclass(frozen=True)
class Decision:
    """What a person said of a text: what it means, or None to leave it aside."""

    means: str | None


class Decisions:
    """The decided rows of `recognised.csv`."""

    def __init__(self, rows: Iterable[Recognition] = ()) -> None:
        self.rows = {row.key: row for row in rows if row.decision}

    def get(self, kind: str, scope: str, written: str) -> Decision | None:
        """Return what was decided of this text, in any case; None when nothing was."""
        row = self.rows.get((kind, scope, fold(written)))
        if row is None:
            return None
        return Decision({YES: row.means, NO: None}.get(row.decision, row.decision))

    @classmethod
    def load(cls, path: Path, returns: Mapping[str, Return]) -> "Decisions":
        """Read the file; without one nothing is decided.

        Raises StudyError naming the line when the heading is another, a decision is none, or two rows disagree.
        """
        known = known_names(returns)
        decided: dict[Key, Recognition] = {}
        for line, row in read_rows(path) if path.exists() else ():
            where = f"{path.name} line {line}"
            row = checked(row, where, known)
            earlier = decided.setdefault(row.key, row)
            if row.decision and earlier.decision and row.decision != earlier.decision:
                raise StudyError(f"{where}: another row of the same text says otherwise; keep one of the two")
            if row.decision:
                decided[row.key] = row
        return cls(decided.values())

    def save(self, path: Path, recognitions: Iterable[Recognition]) -> int:
        """Write the file anew and return how many of its rows wait for a decision; those come first.

        Every decided row stays, with 0 times when its text did not come. The file is written whole or not at all, and
        only its owner may read it.
        """
        rows = {key: replace(row, times=0) for key, row in self.rows.items()}
        rows.update((row.key, row) for row in merged(recognitions, self.rows))
        ordered = sorted(rows.values(), key=lambda row: (not row.is_open, bool(row.decision), -row.times, row.key))
        text = io.StringIO(newline="")
        writer = csv.writer(text, lineterminator="\r\n")
        writer.writerow(COLUMNS)
        writer.writerows([guarded(str(getattr(row, name))) for name in COLUMNS] for row in ordered)
        write_privately(path, text.getvalue().encode("utf-8-sig"))
        return sum(row.is_open for row in ordered)


def merged(recognitions: Iterable[Recognition], decided: Mapping[Key, Recognition]) -> list[Recognition]:
    """Add up what several files said of the same text, and keep what was decided of it before."""
    rows: dict[Key, Recognition] = {}
    for row in recognitions:
        row = replace(row, written=tidy(row.written))
        if row.key in rows:
            row = replace(rows[row.key], times=rows[row.key].times + row.times)
        elif before := decided.get(row.key):
            row = replace(row, decision=before.decision, means=before.means, meaning=before.meaning or row.meaning)
        rows[row.key] = row
    return list(rows.values())


def scope_of(return_: Return, name: str) -> str:
    """Return the scope of a table's headings or a code set's values: `annex_a list_1`, or `services` for all returns."""
    return name if name == SHARED else f"{return_.name} {name}"


def known_names(returns: Mapping[str, Return]) -> dict[tuple[str, str], frozenset[str]]:
    """Return the names that a decision may give, for each kind and scope."""
    known: dict[tuple[str, str], frozenset[str]] = {}
    for return_ in returns.values():
        for table in return_.tables.values():
            known[HEADING, scope_of(return_, table.name)] = frozenset((*table.column_names, *SPECIAL))
        for codes in return_.codes.values():
            known[VALUE, scope_of(return_, codes.name)] = frozenset(code.code for code in codes.codes)
    return known


# --- reading ---------------------------------------------------------------------------------------------------------


def checked(row: Recognition, where: str, known: Mapping[tuple[str, str], Collection[str]]) -> Recognition:
    """Return the row with its decision as the catalogue writes it. Messages name no text of the row."""
    if row.kind not in (HEADING, VALUE):
        raise StudyError(f'{where}: "kind" should be {HEADING} or {VALUE}')
    names = known.get((row.kind, row.scope))
    if names is None:
        scopes = sorted(scope for kind, scope in known if kind == row.kind)
        raise StudyError(f'{where}: "scope" is not a table or code set of the catalogue{nearest(row.scope, scopes)}')
    called = {name.casefold(): name for name in names}
    said = row.decision.casefold()
    if said in called:  # also where a code is itself a yes or a no
        return replace(row, decision=called[said])
    if said == "yes":
        means = called.get(row.means.casefold())
        is_kept = row.kind == VALUE and LIKE_A_CODE.fullmatch(row.means)
        if not means and not is_kept:
            raise StudyError(
                f'{where}: the decision is yes, but "means" is no name of {row.scope}; decide for one instead'
            )
        return replace(row, decision="yes", means=means or row.means)
    if said in ("", "no"):
        return replace(row, decision=said)
    raise StudyError(f"{where}: the decision is not yes, no or a name of {row.scope}{nearest(row.decision, names)}")


def read_rows(path: Path) -> Iterator[tuple[int, Recognition]]:
    """Yield line and row. Spreadsheets may have saved the file with semicolons or tabs, or as Windows-1252."""
    text = decode(path)
    first = text.partition("\n")[0]
    mark = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=mark)
    try:
        heading = [name.strip().casefold() for name in next(reader, [])]
        while heading and not heading[-1]:
            heading.pop()
        if sorted(heading) != sorted(COLUMNS):
            raise StudyError(f"{path.name} line 1: the heading should be {','.join(COLUMNS)}")
        for cells in reader:
            if any(cells):
                yield reader.line_num, read_row(heading, cells, f"{path.name} line {reader.line_num}")
    except csv.Error:
        raise StudyError(f"{path.name} line {reader.line_num}: this is not well-formed CSV") from None


def decode(path: Path) -> str:
    try:
        data = path.read_bytes()
    except OSError as fault:
        raise StudyError(f"{path.name}: the file cannot be opened ({fault.strerror})") from None
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    for encoding in ENCODINGS:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise StudyError(f"{path.name}: this is not text in UTF-8 or Windows-1252; save it as CSV UTF-8")


def read_row(heading: list[str], cells: list[str], where: str) -> Recognition:
    if any(cell.strip() for cell in cells[len(heading) :]):
        raise StudyError(f"{where}: the row has more cells than the heading")
    said = dict.fromkeys(COLUMNS, "") | dict(zip(heading, map(unguarded, cells), strict=False))
    numbers = {name: int(said[name]) if said[name].isdecimal() else 0 for name in ("times", "score")}
    texts = {name: tidy(said[name]) for name in COLUMNS if name not in numbers}
    return Recognition(**texts, **numbers)  # type: ignore[arg-type]


# --- writing ---------------------------------------------------------------------------------------------------------


def guarded(text: str) -> str:
    """Return a cell that a spreadsheet leaves as it is: an apostrophe goes before what it would take for a formula, a
    number or a day (`=1+1`, `01`, `1A`, `MAR 1`). Whole numbers as we write them need none.
    """
    if not text or (text.isascii() and text.isdigit() and (text == "0" or text[0] != "0") and len(text) < 10):
        return text
    like_a_day = text[:3].casefold() in MONTHS and any(mark.isdigit() for mark in text)
    return text if text[0].isalpha() and not like_a_day else f"'{text}"


def unguarded(cell: str) -> str:
    return cell.strip().removeprefix("'")


def write_privately(path: Path, data: bytes) -> None:
    """Write a file that only its owner may read, whole or not at all. Raises OutputError when it cannot be written."""
    part = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.unlink(missing_ok=True)
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(data)
        part.replace(path)
    except OSError as fault:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise OutputError(
            f"{path.name}: the file cannot be written ({fault.strerror}); is it open in a spreadsheet?"
        ) from None
