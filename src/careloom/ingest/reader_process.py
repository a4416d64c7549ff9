"""A process that reads files for another one: it is told of one at a time, and hands on its rows as they come.

It writes no file, and says nothing but to the process that started it; when that ends, so does this.
"""

import os
import pickle
import signal
import sys
from collections import Counter
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass, field
from typing import IO, Any

import pyarrow as pa

from careloom.catalogue import Return
from careloom.core import Table
from careloom.ingest.carried import (
    DONE,
    FAILED,
    READY,
    ROWS,
    Done,
    Setup,
    Task,
    packed,
    pickled,
    receive,
    send,
    unpickled,
)
from careloom.ingest.door import Door
from careloom.ingest.reading import Reading
from careloom.ingest.recognise import CodeReader
from careloom.ingest.recognise.values import MOST_TEXTS


@dataclass
class Way:
    """The way back to the other process, which rows are put on as into an engine."""

    says: IO[bytes]

    def append(self, table: str, rows: pa.Table) -> None:
        send(self.says, ROWS, table, packed(rows))


@dataclass
class Elsewhere(Reading):
    """Reads files one after the other for another process, each as though it were the first."""

    asked: dict[tuple[str, str], CodeReader] = field(default_factory=dict)
    barred: dict[tuple[str, str], frozenset[str]] = field(default_factory=dict)

    def reader(self, return_: Return, codes: str) -> CodeReader:
        reader = super().reader(return_, codes)
        if reader not in self.asked.values():
            self.asked[return_.name, codes] = reader
        return reader

    def bars(self, la: str, return_name: str, table: Table) -> Collection[str]:
        return self.barred[return_name, table.name]

    def begin(self, task: Task) -> None:
        """Forget what was counted; what texts mean may be kept in mind, but with room for as many as a file can add."""
        self.parts, self.barred = task.parts, dict(task.barred)
        self.headings, self.asked = [], {}
        self.door.came, self.door.stayed_out = Counter(), Counter()
        for reader in self.readers.values():
            reader.times = Counter()
            if len(reader.readings) > MOST_TEXTS // 2:
                reader.readings = {}

    def done(self, task: Task) -> Done:
        """What came of the file that was read."""
        texts = {asked: reader.times for asked, reader in self.asked.items()}
        is_full = any(len(reader.readings) >= MOST_TEXTS for reader in self.asked.values())
        return Done(task.file, self.headings, texts, is_full, self.door.came, self.door.stayed_out)


def main() -> None:
    """Read what the process at the other end of standard input names, until it ends."""
    hears, says = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # nothing else may be said there
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C stops the other process, and that this one
    with suppress(EOFError, OSError):
        serve(hears, says)


def serve(hears: IO[bytes], says: IO[bytes]) -> None:
    setup: Setup = pickle.loads(receive(hears).data)
    reading = Elsewhere(Way(says), setup.returns, setup.decisions, accept=setup.accept)
    reading.door = Door(barred=reading.bars, is_watched=setup.is_watched)
    send(says, READY)
    while True:
        task: Task = unpickled(receive(hears).data, setup.returns)
        kind, data = what_came_of(reading, task)
        send(says, kind, data=data)


def what_came_of(reading: Elsewhere, task: Task) -> tuple[bytes, Any]:
    """Read a file. Whatever goes wrong, other than with the file, is not told: it is read again where it can be shown."""
    try:
        reading.begin(task)
        reading.read(task.file)
        return DONE, pickled(reading.done(task))
    except Exception:
        return FAILED, b""
