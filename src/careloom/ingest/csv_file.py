"""Cut one CSV file into cells, with the line of each row as an editor shows it.

A block of the file whose quotes are plain is cut by Arrow, many times as fast as Python; any other block, such as one
with a line break inside a cell, by Python's csv. Both give the same cells, which a test proves.
"""

import csv
import re
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from itertools import chain, islice
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv

from careloom.core import DeliveryError
from careloom.ingest.lines import FEED, RETURN, Lines, blocks, count_lines, lone_returns, split
from careloom.ingest.raw import ROWS_A_BATCH, Cells
from careloom.ingest.tidy import text_array, tidy_list, tidy_rows

SEPARATORS = (",", ";", "\t", "|")
TOP_ROWS = 30
QUOTE = ord('"')
LOOK_AHEAD = 2
Tidied = tuple[list[Cells], int]  # and how many cells were repaired
Job = Callable[[], Tidied]
OTHER_WIDTH = "the row has more or fewer cells than the heading"
MALFORMED = "the row is not well-formed CSV: a quote stands where none should, or a cell is too long"


@dataclass(frozen=True)
class Record:
    """One row of the file: its first and last line, and its cells as they stand; `fault` says why it has none."""

    line: int
    last_line: int
    cells: list[str]
    fault: str = ""

    @property
    def is_blank(self) -> bool:
        return not self.fault and not any(cell.strip() for cell in self.cells)


@dataclass
class Cut:
    """Rows cut to the width of the heading: the line of each, its cells by column, and rows that do not fit."""

    lines: Sequence[int] | np.ndarray
    columns: Sequence[pa.StringArray]
    broken: list[tuple[int, str]] = field(default_factory=list)


class CsvGrid:
    """A CSV file as a Grid. `separator` is the one found; `repaired` counts cells whose garbled letters were mended.

    Reading raises DeliveryError where a quote never closes.
    """

    name = ""
    is_hidden = False

    def __init__(self, path: Path, encoding: str) -> None:
        self.path = path
        self.encoding = encoding
        self.repaired = 0
        self.separator = find_separator(split(next(blocks(path, encoding), b"")))
        self._first: list[Record] | None = None
        self._top: list[tuple[int, list[str]]] | None = None

    def top(self) -> list[tuple[int, list[str]]]:
        if self._top is None:
            self._top = [(record.line, tidy_list(record.cells)) for record in self._records()]
        return self._top

    def rows(self, heading_line: int) -> Iterator[Cells]:
        heading = next(record for record in self._records() if record.line == heading_line)
        self.repaired = 0
        for cells, repaired in ahead(jobs(self.path, self.encoding, self.separator, heading)):
            self.repaired += repaired
            yield from cells

    def _records(self) -> list[Record]:
        if self._first is None:
            stream = blocks(self.path, self.encoding)
            # Records of the whole file, but it is read only as far as the rows taken reach.
            lines = Lines(next(stream, b""), stream, 1)
            found = (r for r in whole_file(self.path, lines, self.separator) if not r.fault and not r.is_blank)
            self._first = list(islice(found, TOP_ROWS))
        return self._first


def find_separator(lines: list[str]) -> str:
    """Return the separator that cuts most of the first rows into the same number of cells, more than one."""
    named = re.fullmatch(r'"?sep=([,;\t|])"?', lines[0].strip("\r\n \ufeff")) if lines else None
    if named:  # Excel's own way to say it, on a line above the heading
        return named[1]

    def evenness(separator: str) -> tuple[float, int]:
        widths = first_widths(lines[: 10 * TOP_ROWS], separator)
        return max(((n / len(widths), width) for width, n in Counter(widths).items() if width > 1), default=(0, 0))

    return max(SEPARATORS, key=evenness)


def first_widths(lines: list[str], separator: str) -> list[int]:
    """Return into how many cells a separator cuts each of the first rows: 0 where it does not suit the quotes."""
    widths: list[int] = []
    rows = csv.reader(lines, delimiter=separator, strict=True)
    while len(widths) < TOP_ROWS:
        try:
            cells = next(rows)
        except StopIteration:
            break
        except csv.Error:
            widths.append(0)
        else:
            if any(cell.strip() for cell in cells):
                widths.append(len(cells))
    return widths


def ahead(jobs: Iterator[Job]) -> Iterator[Tidied]:
    """Yield what each job gives, in their order; a few run in other threads, as Arrow leaves Python free meanwhile."""
    first = list(islice(jobs, 2))
    if len(first) == 1:  # as in most files: a thread would take longer to start
        yield first[0]()
        return
    waiting: deque[Future[Tidied]] = deque()
    with ThreadPoolExecutor(LOOK_AHEAD) as pool:
        for job in chain(first, jobs):
            waiting.append(pool.submit(job))
            if len(waiting) > LOOK_AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def jobs(path: Path, encoding: str, separator: str, heading: Record) -> Iterator[Job]:
    """Yield the work left to do for each block below the heading."""
    width, line = len(heading.cells), 1
    stream = blocks(path, encoding)
    for block in stream:
        if line <= heading.last_line:
            lines = split(block)
            above = min(heading.last_line - line + 1, len(lines))
            line += above
            block = "".join(lines[above:]).encode()
            if not block:
                continue
        if is_plain(block, separator):
            yield partial(cut_plain, path, block, separator, width, line)
            line += count_lines(block)
        else:
            careful = Lines(block, stream, line)
            for cut in cut_carefully(records(path, careful, separator), width):
                yield partial(tidied, [cut])
            line = careful.number


def cut_plain(path: Path, block: bytes, separator: str, width: int, line: int) -> Tidied:
    cut = cut_fast(block, separator, width, line)
    if cut:
        return tidied([cut])
    found = records(path, Lines(block, iter(()), line), separator)
    return tidied(cut_carefully(found, width))


def tidied(cuts: Iterable[Cut]) -> Tidied:
    tidy = [tidy_rows(np.asarray(cut.lines, np.int32), cut.columns, cut.broken) for cut in cuts]
    return [cells for some, _ in tidy for cells in some], sum(repaired for _, repaired in tidy)


def is_plain(block: bytes, separator: str) -> bool:
    """Can Arrow cut this block just as Python's csv would, one row a line?

    So when no line ends in a lone carriage return, and each quote opens at the start of a cell, closes at its end on
    the same line, or is doubled inside.
    """
    if lone_returns(block):
        return False
    if b'"' not in block:
        return True
    data = np.frombuffer(block, np.uint8)
    quotes = np.flatnonzero(data == QUOTE)
    if len(quotes) % 2:
        return False
    # Every second quote closes; a doubled quote is one that closes and one that opens again at once.
    opening, closing = quotes[::2], quotes[1::2]
    before = np.where(opening == 0, FEED, data[opening - 1])
    after = data[closing + 1]  # there is one: a block ends with a line end
    feeds = np.flatnonzero(data == FEED)
    return bool(
        np.isin(before, (ord(separator), FEED, QUOTE)).all()
        and np.isin(after, (ord(separator), FEED, RETURN, QUOTE)).all()
        and (np.searchsorted(feeds, opening) == np.searchsorted(feeds, closing)).all()
    )


def cut_fast(block: bytes, separator: str, width: int, first_line: int) -> Cut | None:
    """Cut a plain block with Arrow; None when a row is of another width only by cells that are blank."""
    lines = lines_with_text(block) + first_line
    names = [str(place) for place in range(width)]
    faulty: list[int] = []  # positions in `lines`
    mended_by_blanks = False

    def misfit(row: pa.csv.InvalidRow) -> str:
        nonlocal mended_by_blanks
        mended_by_blanks |= is_blank_beyond(row.text, separator, row.actual_columns > width)
        faulty.append(row.number - 1)
        return "skip"

    if not len(lines):
        return Cut(lines, [pa.array([], pa.string())] * width)
    table = pa.csv.read_csv(
        pa.BufferReader(block),
        pa.csv.ReadOptions(use_threads=False, column_names=names, block_size=len(block) + 1),
        pa.csv.ParseOptions(delimiter=separator, invalid_row_handler=misfit),
        pa.csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()),
            null_values=[""],  # "NA" and "NULL" are text; what they mean is for the catalogue to say
            strings_can_be_null=True,
        ),
    )
    if mended_by_blanks:
        return None
    broken = [(int(lines[place]), OTHER_WIDTH) for place in faulty]
    return Cut(np.delete(lines, faulty), [column.combine_chunks() for column in table.columns], broken)


def is_blank_beyond(text: str, separator: str, is_wide: bool) -> bool:
    """May a row of another width be blank, or have more cells than the heading only at its end and blank?"""
    cells = text.replace('"', "").split(separator)
    return not any(cell.strip() for cell in cells) or (is_wide and not cells[-1].strip())


def lines_with_text(block: bytes) -> np.ndarray:
    """Return the places, from 0, of the lines of a plain block that are not empty: Arrow passes over those."""
    data = np.frombuffer(block, np.uint8)
    ends = np.flatnonzero(data == FEED)
    lengths = np.diff(ends, prepend=-1) - 1
    short = np.flatnonzero(lengths <= 1)
    empty = short[(lengths[short] == 0) | (data[ends[short] - 1] == RETURN)]
    return np.delete(np.arange(len(ends), dtype=np.int32), empty)


def cut_carefully(found: Iterator[Record], width: int) -> Iterator[Cut]:
    """Cut records a batch at a time to the width of the heading."""
    while batch := list(islice(found, ROWS_A_BATCH)):
        lines, rows, broken = [], [], []
        for record in batch:
            if record.is_blank:
                continue
            cells = record.cells
            if len(cells) > width and not any(cell.strip() for cell in cells[width:]):
                cells = cells[:width]  # some programs end each row, but not the heading, with a separator
            if record.fault or len(cells) != width:
                broken.append((record.line, record.fault or OTHER_WIDTH))
            else:
                lines.append(record.line)
                rows.append(cells)
        columns = list(zip(*rows, strict=True)) or [()] * width
        yield Cut(lines, [text_array(column) for column in columns], broken)


def records(path: Path, lines: Lines, separator: str) -> Iterator[Record]:
    """Yield the records of a block with Python's csv, the last one to its end in a later block.

    Raises DeliveryError with the line for a quote that does not close, or closes in the wrong place lines below: what
    lies between cannot be told apart. A row spoilt within its line is yielded with its fault.
    """
    reader = csv.reader(lines, delimiter=separator, strict=True)
    while lines.waiting:
        first = lines.number
        try:
            cells = next(reader)
        except csv.Error:
            if lines.is_over or lines.number - first > 1:
                raise DeliveryError(
                    f"{path.name} line {first}: this is not well-formed CSV (a quote opens here and does not close); was the file cut short?"
                ) from None
            yield Record(first, first, [], MALFORMED)
        else:
            yield Record(first, lines.number - 1, cells)


def whole_file(path: Path, lines: Lines, separator: str) -> Iterator[Record]:
    """Yield the records of all blocks."""
    while lines.waiting:
        yield from records(path, lines, separator)
        lines.waiting.extend(split(next(lines.further, b"")))
