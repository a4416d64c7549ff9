"""Read a CSV of SSDA903 episodes, and print how fast and in how much memory, beside other readers of the same file.

    python benchmarks/ingest/csv_file.py [--rows 10000000] [--folder DIR] [--keep] [--only NAME ...]

The readers, each in a process of its own, one after the other, so that the memory of one says nothing of another:

- `duckdb`: DuckDB's bare reader, every column as text, into a table in memory (all cores).
- `duckdb on disk`: the same into a database file, so that its memory is that of reading, not of the table.
- `careloom reads`: what this repository's reader does before a cell is understood: the survey of the file (fingerprint and
  encoding), then every batch of tidy cells with the line of each row; batches are let go as they come (one core).
- `careloom types`: the same, with every cell typed, and the rows sent to a table on disk: what a run does first.
- `careloom whole`: all of ingest, to the last: years settled, standings, years stitched, on disk as with --scratch.
- `pandas`: pandas.read_csv with dtype=str, then the date columns typed; left out where pandas is not installed.

The rate to look at is that of `careloom reads` against `duckdb`: the aim is at least half of its rows a second. pandas
does what `careloom types` does, less the codes and the notes on cells. The file is made anew,
streamed, in a temporary folder (`TMPDIR` says where), some 80 bytes a row, and removed unless --keep.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from careloom.engine import DuckDBEngine
from careloom.engine.open import MEMORY

KILOBYTE, MEGABYTE = 1024, 1e6  # Linux counts kilobytes of 1024
COLUMNS = "CHILD,DECOM,RNE,LS,CIN,PLACE,PLACE_PROVIDER,DEC,REC,REASON_PLACE_CHANGE,HOME_POST,PL_POST,URN"
DATES = ("DECOM", "DEC")
PART = 100_000


def main() -> None:
    asked = arguments()
    if asked.alone:
        print(json.dumps(measure(READERS[asked.alone], asked.file)))
        return
    with tempfile.TemporaryDirectory(dir=asked.folder) as folder:
        path = Path(folder, "episodes.csv")
        if asked.keep:
            path = Path(asked.folder or ".", "episodes.csv")
        write_episodes(path, asked.rows)
        size = path.stat().st_size
        print(
            f"{asked.rows:,} rows, {size / MEGABYTE:,.0f} MB; load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
        )
        print(" ".join(f"{name:>16}" for name in ("reader", "seconds", "rows/s", "MB/s", "x duckdb's time", "peak MB")))
        bare = None
        for name in asked.only or READERS:
            if name == "pandas" and not importlib.util.find_spec("pandas"):
                print(f"{name:>16} is not installed")
                continue
            found = in_own_process(name, path)
            if found["rows"] != asked.rows:
                raise SystemExit(f"{name} read {found['rows']:,} rows of {asked.rows:,}")
            bare = found["seconds"] if name == "duckdb" else bare
            ratio = f"{found['seconds'] / bare:.2f}" if bare else "-"
            rate = (f"{asked.rows / found['seconds']:,.0f}", f"{size / MEGABYTE / found['seconds']:,.0f}")
            cells = (name, f"{found['seconds']:.1f}", *rate, ratio, f"{found['peak'] / MEGABYTE:,.0f}")
            print(" ".join(f"{cell:>16}" for cell in cells), flush=True)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="How fast a CSV of episodes is read.")
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--folder", type=Path, help="where to make the file")
    parser.add_argument("--keep", action="store_true", help="leave the file in the folder")
    parser.add_argument("--only", nargs="+", choices=READERS, metavar="NAME")
    parser.add_argument("--alone", choices=READERS, help=argparse.SUPPRESS)  # this process is one reader's own
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


def in_own_process(name: str, path: Path) -> dict[str, float]:
    command = [sys.executable, __file__, "--alone", name, "--file", str(path)]
    found: dict[str, float] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return found


def measure(reader: Callable[[Path], int], path: Path) -> dict[str, float]:
    started = time.perf_counter()
    rows = reader(path)
    seconds = time.perf_counter() - started
    return {"rows": rows, "seconds": seconds, "peak": peak()}


def peak() -> int:
    """The most memory this process had, in bytes. getrusage would also count the process it was started from."""
    told = Path("/proc/self/status").read_text(encoding="ascii")
    return int(told.partition("VmHWM:")[2].split()[0]) * KILOBYTE


def duckdb_in_memory(path: Path) -> int:
    return duckdb_reads(path, ":memory:")


def duckdb_on_disk(path: Path) -> int:
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        return duckdb_reads(path, str(Path(folder, "episodes.duckdb")))


def duckdb_reads(path: Path, database: str) -> int:
    import duckdb

    connection = duckdb.connect(database)
    connection.execute("CREATE TABLE t AS SELECT * FROM read_csv(?, all_varchar = true)", [str(path)])
    [rows] = connection.execute("SELECT count(*) FROM t").fetchone() or (0,)
    return int(rows)


def careloom_reads(path: Path) -> int:
    from careloom.ingest.survey import open_grids, survey

    [grid] = open_grids(path, survey(path))
    [(heading_line, _), *_] = grid.top()
    return sum(len(cells.lines) for cells in grid.rows(heading_line))


def careloom_types(path: Path) -> int:
    from careloom.catalogue import load_catalogue
    from careloom.ingest.parts import Delivery, File
    from careloom.ingest.reading import Reading
    from careloom.ingest.recognise import Decisions

    with tempfile.TemporaryDirectory(dir=path.parent) as folder, closing(on_disk(folder)) as engine:
        file = File(Delivery("501", (path,)), path)
        Reading(engine, load_catalogue().returns, Decisions()).read(file)
        [part] = file.read
        return part.rows_in.total()


def careloom_whole(path: Path) -> int:
    from careloom.catalogue import load_catalogue
    from careloom.ingest import Delivery, ingest

    with tempfile.TemporaryDirectory(dir=path.parent) as folder, closing(on_disk(folder)) as engine:
        ingested = ingest(engine, load_catalogue(), deliveries=[Delivery("501", (path,))])
        assert not ingested.ledger.faults()
        return ingested.ledger.steps[0].rows_in


def on_disk(folder: str) -> DuckDBEngine:
    return DuckDBEngine(place=Path(folder, "working.duckdb"), memory=MEMORY)


def pandas_reads(path: Path) -> int:
    import pandas  # not a dependency: what an analyst would write instead

    frame = pandas.read_csv(path, dtype=str)
    for column in DATES:
        frame[column] = pandas.to_datetime(frame[column], format="%d/%m/%Y", errors="coerce")
    return len(frame)


READERS: dict[str, Callable[[Path], int]] = {
    "duckdb": duckdb_in_memory,
    "duckdb on disk": duckdb_on_disk,
    "careloom reads": careloom_reads,
    "careloom types": careloom_types,
    "careloom whole": careloom_whole,
    "pandas": pandas_reads,
}


def write_episodes(path: Path, rows: int) -> None:
    """Write so many made-up episodes; a part of them varies at random and comes again with other children."""
    pick = random.Random(903)
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(COLUMNS + "\r\n")
        tails = [episode(pick) for _ in range(PART)]
        for start in range(0, rows, PART):
            some = tails[: rows - start]
            file.write("".join(f"{(start + n) // 3:07d},{tail}\r\n" for n, tail in enumerate(some)))


def episode(pick: random.Random) -> str:
    """Return one episode without its child."""
    open_ = pick.random() < 0.3
    cells = (
        day(pick),
        pick.choice("SLPTB"),
        pick.choice(("C1", "C2", "D1", "E1", "J2", "V2")),
        f"N{pick.randrange(1, 9)}",
        pick.choice(("U1", "U2", "U3", "U4", "U5", "U6", "K1", "K2", "P1", "H5")),
        f"PR{pick.randrange(6)}",
        "" if open_ else day(pick),
        "" if open_ else pick.choice(("X1", "E4A", "E11", "E8")),
        "" if pick.random() < 0.7 else pick.choice(("CARPL", "ALLEG", "PLANN")),
        f"A{pick.randrange(1, 99)} {pick.randrange(10)}",
        f"B{pick.randrange(1, 99)} {pick.randrange(10)}",
        "" if pick.random() < 0.6 else f"SC{pick.randrange(10**6):06d}",
    )
    return ",".join(cells)


def day(pick: random.Random) -> str:
    return f"{pick.randrange(1, 29):02d}/{pick.randrange(1, 13):02d}/{pick.randrange(2005, 2026)}"


if __name__ == "__main__":
    main()
