"""What goes between this process and one that reads files beside it, and how: through pipes, so that nothing touches a disk.

A message is its kind, the name of a table or nothing, and bytes: rows as Arrow writes them, all else pickled. Both ends
are Careloom's own and of one version. A return is sent by its name, as both know the same.
"""

import io
import pickle
import struct
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO, Any

import pyarrow as pa

from careloom.catalogue import Return
from careloom.ingest.parts import File
from careloom.ingest.recognise import Decisions, Recognition

SETUP, TASK = b"s", b"t"
"""What a process is told."""
READY, ROWS, DONE, FAILED = b"!", b"r", b"d", b"x"
"""What it says: that it can begin; rows of a table; what came of a file; that nothing came of it."""
HEAD = struct.Struct(">cHQ")


@dataclass(frozen=True)
class Message:
    """One message; `name` is the table that rows are of."""

    kind: bytes
    name: str = ""
    data: bytes = b""

    @property
    def is_last(self) -> bool:
        """Is this the last of what is said of a file?"""
        return self.kind != ROWS


@dataclass(frozen=True)
class Setup:
    """What a process is told once: what Reading is made with."""

    returns: Mapping[str, Return]
    decisions: Decisions
    accept: bool
    is_watched: bool


@dataclass(frozen=True)
class Task:
    """One file to read: the number before that of its first part, and the columns that stay out, by return and table."""

    file: File
    parts: int
    barred: Mapping[tuple[str, str], frozenset[str]]


@dataclass(frozen=True)
class Done:
    """What came of a file beside its rows.

    `texts` are the texts of codes that it holds and how often, in the order in which they came, by return and code set;
    `came` and `stayed_out` are what its door counted. `is_full` says that a code set had more texts than are listed, so
    that what others were read as depends on the files before.
    """

    file: File
    headings: list[Recognition]
    texts: Mapping[tuple[str, str], Counter[str]]
    is_full: bool
    came: Counter[tuple[str, str]]
    stayed_out: Counter[tuple[str, str, str]]


def send(to: IO[bytes], kind: bytes, name: str = "", data: Any = b"") -> None:
    named, size = name.encode(), memoryview(data).nbytes
    to.write(HEAD.pack(kind, len(named), size) + named)
    to.write(data)
    to.flush()


def receive(of: IO[bytes]) -> Message:
    """Wait for the next message. Raises EOFError where the other process has ended."""
    kind, name, size = HEAD.unpack(whole(of, HEAD.size))
    return Message(kind, whole(of, name).decode(), whole(of, size))


def whole(of: IO[bytes], size: int) -> bytes:
    data = of.read(size)
    if len(data) < size:
        raise EOFError
    return data


def packed(rows: pa.Table) -> pa.Buffer:
    into = pa.BufferOutputStream()
    with pa.ipc.new_stream(into, rows.schema) as stream:
        stream.write_table(rows)
    return into.getvalue()


def unpacked(data: bytes) -> pa.Table:
    return pa.ipc.open_stream(data).read_all()


class Pickler(pickle.Pickler):
    """Pickles with returns by their names."""

    def persistent_id(self, thing: Any) -> str | None:
        return thing.name if isinstance(thing, Return) else None


class Unpickler(pickle.Unpickler):
    """Gives what was pickled, with the returns that are known here."""

    def __init__(self, data: bytes, returns: Mapping[str, Return]) -> None:
        super().__init__(io.BytesIO(data))
        self.returns = returns

    def persistent_load(self, name: str) -> Return:
        return self.returns[name]


def pickled(thing: Task | Done) -> bytes:
    into = io.BytesIO()
    Pickler(into, pickle.HIGHEST_PROTOCOL).dump(thing)
    return into.getvalue()


def unpickled(data: bytes, returns: Mapping[str, Return]) -> Any:
    return Unpickler(data, returns).load()
