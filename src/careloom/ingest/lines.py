"""The bytes of a text file as whole lines in UTF-8, a block at a time, so that memory stays flat."""

import codecs
import io
from collections import deque
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from careloom.core import DeliveryError

BLOCK = 4 << 20  # about ROWS_A_BATCH rows of a return
LONGEST_LINE = 8 * BLOCK
FEED, RETURN = b"\n\r"
# Python's Windows-1252 stops at the five bytes that Windows leaves open (81 8D 8F 90 9D). Windows itself, and every
# browser, reads them as the control characters of the same number; so do we, so that no row is lost over one byte.
WINDOWS = "".join(bytes([n]).decode("cp1252", "ignore") or chr(n) for n in range(256))
TO_WINDOWS = codecs.charmap_build(WINDOWS)


def from_windows(data: bytes) -> str:
    return codecs.charmap_decode(data, "strict", WINDOWS)[0]


def as_windows(text: str) -> bytes:
    """Return the bytes of `text` in Windows-1252. Raises UnicodeEncodeError for a character it does not have."""
    return codecs.charmap_encode(text, "strict", TO_WINDOWS)[0]


def blocks(path: Path, encoding: str) -> Iterator[bytes]:
    """Yield the file as UTF-8 in blocks of whole lines, each with its line end; the last line is given one.

    `encoding` is one that `survey` found. Raises DeliveryError for a line of over 32 MB, which no table has.
    """
    rest = b""
    for data in as_utf8(path, encoding):
        rest += data
        # A carriage return at the very end may be half of a line end, so it waits for what comes after it.
        cut = rest.rfind(b"\n") + 1 or rest.rfind(b"\r", 0, -1) + 1
        if cut:
            yield rest[:cut]
            rest = rest[cut:]
        elif len(rest) > LONGEST_LINE:
            raise DeliveryError(f"{path.name}: a line is over 32 MB long; this is not a table")
    if rest:
        yield rest if rest.endswith((b"\n", b"\r")) else rest + b"\n"


def as_utf8(path: Path, encoding: str) -> Iterator[bytes]:
    """Yield the bytes of the file in UTF-8, without a byte-order mark, cut anywhere."""
    with path.open("rb") as file:
        if encoding == "utf-8-sig":
            file.seek(len(codecs.BOM_UTF8))
        decoder = None if encoding in ("utf-8", "utf-8-sig", "cp1252") else codecs.getincrementaldecoder(encoding)()
        while data := file.read(BLOCK):
            if encoding == "cp1252":
                yield from_windows(data).encode()
            else:
                yield decoder.decode(data).encode() if decoder else data


def count_lines(block: bytes) -> int:
    """Count the lines of a block as an editor does: ended by a line feed, a carriage return, or both together."""
    feeds = np.frombuffer(block, np.uint8) == FEED
    return int(np.count_nonzero(feeds)) + lone_returns(block)


def lone_returns(block: bytes) -> int:
    """Count the carriage returns without a line feed after them."""
    if b"\r" not in block:
        return 0
    data = np.frombuffer(block, np.uint8)
    lone = (data[:-1] == RETURN) & (data[1:] != FEED)
    return int(np.count_nonzero(lone)) + block.endswith(b"\r")


def split(block: bytes) -> list[str]:
    """Return the lines of a block, each with its line end."""
    return list(io.StringIO(block.decode(), newline=""))


class Lines:
    """The lines of one block, and of those after it for as long as a reader asks for more.

    A reader that takes a record while `waiting` is not empty asks for a further block only where a cell runs on past
    the end of this one. `number` is the line that comes next; `is_over` says that a line was asked for past the end.
    """

    def __init__(self, block: bytes, further: Iterator[bytes], number: int) -> None:
        self.waiting = deque(split(block))
        self.further = further
        self.number = number
        self.is_over = False

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if not self.waiting:
            try:
                self.waiting.extend(split(next(self.further)))
            except StopIteration:
                self.is_over = True
                raise
        self.number += 1
        return self.waiting.popleft()
