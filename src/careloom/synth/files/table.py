"""Columns written as CSV: UTF-8, a line feed after each line, quotes only where a cell needs them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from careloom.synth.days import NEVER, Days, day

Column: TypeAlias = pa.Array | pa.ChunkedArray | NDArray[Any] | list[Any]

_FIRST, _LAST = day(1900, 1, 1), day(2100, 12, 31)
_NEEDS_QUOTES = '[,"\r\n]'


@cache
def word(text: str) -> pa.StringScalar:
    """A piece of text as Arrow has it, made once: to make one of an untyped text pyarrow 26 looks for dateutil on disk."""
    return pa.scalar(text, pa.string())


def write_csv(path: Path, columns: Mapping[str, Column]) -> None:
    """Write columns of one length as a CSV file with their names on the first line.

    columns : text, whole numbers or decimals, by name; null, NaN and "" are blank cells
    """
    cells = [quoted(text_of(column)) for column in columns.values()]
    first = ",".join(quoted(pa.array(list(columns))).to_pylist())
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.write(f"{first}\n".encode())
        if len(cells[0]):
            file.write(bytes_of(lines_of(cells)))


def text_of(column: Column) -> pa.Array:
    """The cells of a column as text, "" for null and NaN."""
    cells = column if isinstance(column, pa.Array | pa.ChunkedArray) else pa.array(column, from_pandas=True)
    cells = cells.combine_chunks() if isinstance(cells, pa.ChunkedArray) else cells
    return pc.fill_null(cells.cast(pa.string()), word(""))


def quoted(text: pa.Array) -> pa.Array:
    """Cells in quotes, quotes within them doubled, where they hold a comma, a quote or the end of a line."""
    unsafe = pc.match_substring_regex(text, _NEEDS_QUOTES)
    if not pc.any(unsafe).as_py():
        return text
    doubled = pc.replace_substring(text, '"', '""')
    return pc.if_else(unsafe, pc.binary_join_element_wise('"', doubled, '"', ""), text)


def lines_of(cells: list[pa.Array]) -> pa.Array:
    """One line a row, its end included."""
    return pc.binary_join_element_wise(pc.binary_join_element_wise(*cells, word(",")), word("\n"), word(""))


def bytes_of(lines: pa.Array) -> memoryview:
    """All lines one after the other: Arrow already keeps them so."""
    _, offsets, text = lines.buffers()
    at = np.frombuffer(offsets, np.int32)[lines.offset : lines.offset + len(lines) + 1]
    return memoryview(text)[at[0] : at[-1]]


def iso_text(days: Days) -> pa.Array:
    """YYYY-MM-DD of each day number, "" for NEVER."""
    return _texts("%Y-%m-%d").take(pa.array(_position(days)))


def dmy_text(days: Days) -> pa.Array:
    """DD/MM/YYYY of each day number, "" for NEVER."""
    return _texts("%d/%m/%Y").take(pa.array(_position(days)))


def _position(days: Days) -> Days:
    return np.where(days == NEVER, 0, days - _FIRST + 1)


@cache
def _texts(form: str) -> pa.Array:
    """A blank, then every day from the first to the last that can be written."""
    days = pa.array(np.arange(_FIRST, _LAST + 1, dtype=np.int32)).cast(pa.date32())
    return pa.concat_arrays([pa.array([""]), pc.strftime(days, format=form)])
