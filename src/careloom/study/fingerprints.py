"""Fingerprints of tables by what they hold, whatever the order of their rows and however a file packs them; and of files.

A row's cells are hashed each, mixed into one number, and the numbers of all rows added up modulo 2^64, twice over in different
ways. It tells two runs apart; who wants to forge a table is kept out by the SHA-256 of the files, which the manifest holds as well.
"""

import hashlib
import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

FIGURES = 9
"""Significant figures of a number that count: sums over many threads differ in the last few of sixteen."""
SEEDS = (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F)
BLANK = "\x00"
Hashes = NDArray[np.uint64]
LAST_BYTES = np.array([2 ** (8 * count) - 1 for count in range(9)], np.uint64)
"""What keeps the first so many bytes of a word of eight."""


def fingerprint_table(table: pa.Table) -> str:
    """The fingerprint of a table's column names, and of its rows in any order: 32 hexadecimal digits.

    Column types do not count: 1 and "1" are told alike, as they are in a CSV file.
    """
    rows = RowsSeen()
    rows.add(table)
    return rows.fingerprint


@dataclass
class RowsSeen:
    """The fingerprint of a table that comes in parts, one `add` after the other, all with the same columns."""

    columns: tuple[str, ...] = ()
    rows: int = 0
    sums: tuple[int, int] = (0, 0)

    def add(self, part: pa.Table) -> None:
        self.columns = tuple(sorted(part.column_names))
        self.rows += part.num_rows
        hashes = np.zeros((2, part.num_rows), np.uint64)
        with np.errstate(over="ignore"):
            for name in self.columns:
                cells = hashes_of(part[name], name)
                for way, seed in enumerate(SEEDS):
                    hashes[way] = mixed(hashes[way] * np.uint64(seed) + cells[way])
            one, two = (
                (sum_ + int(mixed(way).sum(dtype=np.uint64))) % 2**64
                for sum_, way in zip(self.sums, hashes, strict=True)
            )
        self.sums = one, two

    @property
    def fingerprint(self) -> str:
        told = "|".join([*self.columns, str(self.rows), *map(str, self.sums)])
        return hashlib.sha256(told.encode()).hexdigest()[:32]


def hashes_of(column: pa.ChunkedArray, name: str) -> tuple[Hashes, Hashes]:
    """Two hashes of every cell of a column. Each distinct text is hashed once."""
    packed = pc.fill_null(as_texts(column), BLANK).combine_chunks().dictionary_encode()
    at = packed.indices.to_numpy(zero_copy_only=False)
    one, two = hashes_of_texts(packed.dictionary, name)
    return one[at], two[at]


def hashes_of_texts(texts: pa.StringArray, name: str) -> tuple[Hashes, Hashes]:
    """Two hashes of each text (n,), which begin with that of the column's name: eight bytes of all texts are mixed in at a time."""
    starts, data = bytes_of(texts)
    lengths = np.diff(starts)
    words = np.ndarray((data.size - 7,), "<u8", data, strides=(1,))  # the eight bytes from each byte on
    begun = np.frombuffer(hashlib.sha256(name.encode()).digest()[:16], "<u8")
    found = tuple(np.full(lengths.size, first, np.uint64) for first in begun)
    left = np.arange(lengths.size)
    for done in range(0, int(lengths.max(initial=0)), 8):
        left = left[lengths[left] > done]
        word = words[starts[left] + done] & LAST_BYTES[np.minimum(lengths[left] - done, 8)]
        for hashes, seed in zip(found, SEEDS, strict=True):
            hashes[left] = mixed((hashes[left] ^ word) * np.uint64(seed))
    one, two = (mixed(hashes ^ lengths.astype(np.uint64)) for hashes in found)
    return one, two


def bytes_of(texts: pa.StringArray) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """Where each text begins and the last ends (n + 1,), and the bytes of all, with eight more at the end."""
    _, offsets, data = texts.buffers()
    starts = (
        np.frombuffer(offsets, np.int32)[texts.offset : texts.offset + len(texts) + 1] if len(texts) else np.zeros(1)
    )
    first, last = int(starts[0]), int(starts[-1])
    out = np.zeros(last - first + 8, np.uint8)
    if last > first:
        out[:-8] = np.frombuffer(data, np.uint8)[first:last]
    return starts.astype(np.int64) - first, out


def as_texts(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """The cells as text: a number to so many figures that count, a list by its parts."""
    if pa.types.is_floating(column.type):
        texts = [None if number is None else f"{number:.{FIGURES}g}" for number in pc.unique(column).to_pylist()]
        places = pc.index_in(column, pc.unique(column))
        return pa.chunked_array([pa.array(texts, pa.string()).take(places.combine_chunks())])
    if pa.types.is_nested(column.type):
        return pa.chunked_array([pa.array([repr(cell) for cell in column.to_pylist()], pa.string())])
    return column.cast(pa.string())


def mixed(numbers: Hashes) -> Hashes:
    """Each number mixed so that every bit counts (the finaliser of SplitMix64: Steele, Lea and Flood 2014)."""
    numbers = (numbers ^ (numbers >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    numbers = (numbers ^ (numbers >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return numbers ^ (numbers >> np.uint64(31))


def fingerprint_file(path: Path) -> str:
    """The SHA-256 of a file's bytes; blank when there is no such file, or it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""


def fingerprints_of(paths: Sequence[Path]) -> list[str]:
    """The fingerprint of each file; some are read side by side."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(fingerprint_file, paths))


def fingerprint_files(folder: Path, endings: Iterable[str]) -> str:
    """One fingerprint of all files of these endings under a folder, by name and content."""
    whole = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.suffix in endings):
        whole.update(f"{path.relative_to(folder).as_posix()}\0{fingerprint_file(path)}\n".encode())
    return whole.hexdigest()
