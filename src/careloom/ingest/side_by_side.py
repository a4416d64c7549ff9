"""Read many files on all cores: other processes read ahead, and what they read is taken in the order of the files.

What comes of it is the same, row by row, as when this process reads alone. It does so where little is to be read, where
there is one core, and where no other process can be started; and it reads again what another did not bring to an end.
"""

import os
import pickle
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from careloom.ingest.ahead import Ahead
from careloom.ingest.carried import DONE, ROWS, Done, Message, Setup, Task, pickled, unpacked, unpickled
from careloom.ingest.parts import File
from careloom.ingest.reading import Reading
from careloom.ingest.recognise.values import MOST_TEXTS
from careloom.ingest.workbook import MOST_SHEETS

ASKED = "CARELOOM_READERS"
"""The environment variable that says how many processes read; 0 or 1: this one alone."""
MOST_PROCESSES = 6
"""Beyond, this process cannot take in what they read."""
LEAST_BESIDE = 100_000_000
"""Bytes: what is to be read beside the largest file must be more, or starting processes takes longer than it saves."""
PARTS_A_FILE = 2 * (MOST_SHEETS + 1)
"""Numbers of parts that each file may use: those of another process, and those of this one should it read again."""
PIPE = 1 << 20
"""Bytes that a pipe may hold, where that can be said: rows come in large pieces."""
BOOT = "import sys; sys.path[:] = sys.argv[1:]; from careloom.ingest.reader_process import main; main()"
"""What another process does: it has our paths, and nothing of the program that runs here."""


def read_all(reading: Reading, files: Sequence[File], on_file: Callable[[int, int], None]) -> None:
    """Read every file into its parts, or note why it cannot be read. `on_file` hears which, and of how many."""
    with reading_ahead(reading, files) as ahead:
        for place, file in enumerate(files):
            on_file(place + 1, len(files))
            messages = ahead.of(place) if ahead else None
            if messages is None or not take_over(reading, file, messages):
                reading.parts = place * PARTS_A_FILE + MOST_SHEETS + 1
                reading.read(file)


@contextmanager
def reading_ahead(reading: Reading, files: Sequence[File]) -> Iterator[Ahead | None]:
    """Have other processes read as long as this lasts; None where there are none."""
    places = [place for place, file in enumerate(files) if not reading.door.closed_to(file.delivery.la)]
    processes = started(processes_for([size_of(files[place]) for place in places]))
    if not processes:
        yield None
        return
    setup = Setup(reading.returns, reading.decisions, reading.accept, reading.door.is_watched)
    ahead = Ahead(processes, pickle.dumps(setup), places, lambda place: task_of(reading, files[place], place))
    try:
        yield ahead
    finally:
        ahead.close()


# --- whether, and how many --------------------------------------------------------------------------------------------


def processes_for(sizes: Sequence[int]) -> int:
    """Return how many processes are worth their start for files of so many bytes."""
    asked = os.environ.get(ASKED, "")
    most = int(asked) if asked.isdecimal() else min(cores(), MOST_PROCESSES)
    if most < 2 or len(sizes) < 2 or sum(sizes) - max(sizes) < LEAST_BESIDE:
        return 0
    return min(most, len(sizes))


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def size_of(file: File) -> int:
    try:
        return file.path.stat().st_size
    except OSError:
        return 0


def started(processes: int) -> list["subprocess.Popen[bytes]"]:
    """Start so many processes, or as many as the machine lets us; none in a program that is not run by Python itself."""
    is_python = "python" in Path(sys.executable or "").name.lower() and not getattr(sys, "frozen", False)
    found: list[subprocess.Popen[bytes]] = []
    with suppress(OSError):
        while is_python and len(found) < processes:
            found.append(
                subprocess.Popen(
                    [sys.executable, "-c", BOOT, *sys.path],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,  # what a fault says could hold a cell
                    pipesize=PIPE if sys.platform == "linux" else -1,
                    creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
                )
            )
    return found


# --- one file ---------------------------------------------------------------------------------------------------------


def task_of(reading: Reading, file: File, place: int) -> bytes:
    """What another process is told of a file."""
    delivery, door = file.delivery, reading.door
    barred = {
        (return_.name, table.name): frozenset(door.barred(delivery.la, return_.name, table))
        for return_ in reading.returns.values()
        if door.is_watched and delivery.return_name in (None, return_.name)
        for table in return_.tables.values()
    }
    return pickled(Task(file, place * PARTS_A_FILE, barred))


def take_over(reading: Reading, file: File, messages: Iterator[Message]) -> bool:
    """Take in what another process read of a file, as if it had been read here; False where that cannot be.

    Rows that were taken in by then are of parts that no file has, and are left behind.
    """
    for message in messages:
        if message.kind == ROWS:
            reading.engine.append(message.name, unpacked(message.data))
        elif message.kind == DONE:
            return settle(reading, file, unpickled(message.data, reading.returns))
    return False


def settle(reading: Reading, file: File, done: Done) -> bool:
    """Count what was counted of a file elsewhere; False, and nothing is, where it cannot be known without the files before."""
    counted = [(reading.reader(reading.returns[name], codes), texts) for (name, codes), texts in done.texts.items()]
    if done.is_full or any(len(reader.readings.keys() | texts.keys()) > MOST_TEXTS for reader, texts in counted):
        return False
    for reader, texts in counted:
        for text, times in texts.items():
            reader.read(text)
            reader.count(text, times)
    reading.headings += done.headings
    reading.door.came.update(done.came)
    reading.door.stayed_out.update(done.stayed_out)
    file.become(done.file)
    return True
