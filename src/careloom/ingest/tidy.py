"""Cells as any reader cut them become tidy ones: trimmed, null when blank, garbled letters mended, blank rows gone."""

import re
from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from careloom.ingest.lines import WINDOWS, as_windows
from careloom.ingest.raw import ROWS_A_BATCH, Cells

NBSP = "\u00a0"
SPACE = 32  # in ASCII no white space comes after it
EMPTY, NULL = pa.scalar(""), pa.scalar(None, pa.string())
# "Zoë" in UTF-8, read once as Windows-1252 and saved again, is "ZoÃ«": a letter from Â to ô, which stands for the first
# byte of a letter, then a character that stands for one of its next bytes (80 to BF).
GARBLED = f"[\u00c2-\u00f4][{WINDOWS[0x80:0xC0]}]"
# The same looked for in the bytes, many times as fast, to leave a column alone that can have none.
MAY_BE_GARBLED = re.compile(rb"\xc3[\x82-\xb4][\xc2\xc5\xc6\xcb\xe2]")


def tidy_rows(
    lines: np.ndarray, columns: Sequence[pa.StringArray], broken: Sequence[tuple[int, str]] = ()
) -> tuple[list[Cells], int]:
    """Return tidy batches of at most ROWS_A_BATCH rows, without those wholly blank, and how many cells were mended."""
    tidied = [tidy_column(column) for column in columns]
    arrays = [array for array, _ in tidied]
    numbers = pa.array(lines, pa.int32())
    if arrays and all(array.null_count for array in arrays):
        kept = arrays[0].is_valid()
        for array in arrays[1:]:
            kept = pc.or_(kept, array.is_valid())
        if not pc.all(kept).as_py():
            numbers, arrays = numbers.filter(kept), [array.filter(kept) for array in arrays]
    return list(batches(numbers, arrays, broken)), sum(mended for _, mended in tidied)


def batches(
    lines: pa.Int32Array, columns: Sequence[pa.StringArray], broken: Sequence[tuple[int, str]]
) -> Iterator[Cells]:
    """Yield the rows in parts of equal size; broken rows go with the first."""
    parts = max(1, -(-len(lines) // ROWS_A_BATCH))
    size = -(-len(lines) // parts)
    for part in range(parts):
        start = part * size
        cut = tuple(column.slice(start, size) for column in columns)
        cells = Cells(lines.slice(start, size), cut, tuple(broken) if part == 0 else ())
        if len(cells.lines) or cells.broken:
            yield cells


def tidy_column(column: pa.StringArray) -> tuple[pa.StringArray, int]:
    """Return the cells trimmed, null when blank, with plain spaces, and how many had garbled letters mended.

    Cells without a character are null already.
    """
    mended = 0
    data = column.buffers()[2]
    text = data.to_pybytes() if data else b""
    if not text or (text.isascii() and np.frombuffer(text, np.uint8).min() > SPACE):
        return column, 0  # there is nothing to trim, as in most columns of a return
    if not text.isascii():
        if MAY_BE_GARBLED.search(text):
            column, mended = mend(column)
        column = pc.replace_substring(column, NBSP, " ")
    column = pc.utf8_trim_whitespace(column)
    blank = pc.equal(column, EMPTY)
    if pc.any(blank).as_py():
        column = pc.if_else(blank, NULL, column)
    return column, mended


def mend(column: pa.StringArray) -> tuple[pa.StringArray, int]:
    """Mend the cells that are UTF-8 read as Windows-1252; a cell that is not so throughout stays as it is."""
    garbled = pc.fill_null(pc.match_substring_regex(column, GARBLED), False)
    written = column.filter(garbled).to_pylist()
    read = [ungarbled(text) for text in written]
    mended = sum(old != new for old, new in zip(written, read, strict=True))
    return pc.replace_with_mask(column, garbled, pa.array(read, pa.string())), mended


def ungarbled(text: str) -> str:
    try:
        return as_windows(text).decode("utf-8")
    except UnicodeError:
        return text


def text_array(cells: Sequence[str | None]) -> pa.StringArray:
    return pa.array([cell or None for cell in cells], pa.string())


def tidy_list(cells: Sequence[str | None]) -> list[str]:
    """Return a few cells tidied the same way, blank ones empty."""
    column, _ = tidy_column(text_array(cells))
    return [text or "" for text in column.to_pylist()]
