"""Read a large CIN census XML, and print how long it takes and how much memory, beside lxml alone and a plain reading.

    python benchmarks/ingest/xml_file.py [MB] [--folder DIR] [--repeats 1] [--no-plain]

A made-up authority's census is written again and again with new identifiers of children until the file has MB
megabytes (1000 when none is given). It is read in these ways, each in a process of its own, one after the other, so
that the memory of one says nothing of another:

bare       lxml.etree.iterparse over the children, each forgotten unread: less cannot be done with lxml
every tag  the same over every element, its tag and text looked at
careloom   read_xml: all tables, every item as text with its line, in batches that are counted and let go
whole      all of ingest: typed, noted, standings, years stitched, on disk as with --scratch
plain      lxml.etree.parse, then a list of dicts for each table, then a DataFrame (pandas; Arrow where pandas is not)

Rows are those of all tables. Ratios are seconds against bare. The file goes to a temporary folder (TMPDIR says where)
and is removed. `plain` needs about 15 times the file in memory: leave it out with --no-plain.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pyarrow as pa
from lxml import etree

from careloom.catalogue import load_catalogue
from careloom.engine import DuckDBEngine
from careloom.engine.open import MEMORY
from careloom.ingest import Delivery, ingest
from careloom.ingest.raw import About
from careloom.ingest.xml_file import CAUTIOUS, read_xml
from careloom.synth import make_england

MEGABYTE, KILOBYTE = 1e6, 1024  # /proc counts kilobytes of 1024
CIN = "cin_census"


def main() -> None:
    asked = arguments()
    if asked.alone:
        print(json.dumps(measure(WAYS[asked.alone], asked.file)))
        return
    with tempfile.TemporaryDirectory(dir=asked.folder) as folder:
        path = make_file(Path(folder), asked.megabytes * MEGABYTE)
        print(f"{path.stat().st_size / MEGABYTE:,.0f} MB of CIN census; load {os.getloadavg()[0]:.1f}")
        print(" ".join(f"{name:>12}" for name in ("", "seconds", "MB/s", "rows", "rows/s", "of bare", "peak MB")))
        for _ in range(asked.repeats):
            show(path, [way for way in WAYS if way != "plain" or asked.plain])


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="How long and how much memory reading a large XML return takes.")
    parser.add_argument("megabytes", nargs="?", type=int, default=1_000, metavar="MB")
    parser.add_argument("--folder", type=Path, default=None, help="where to write; a temporary folder if not given")
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--no-plain", dest="plain", action="store_false")
    parser.add_argument("--alone", choices=WAYS, help=argparse.SUPPRESS)
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


def show(path: Path, ways: list[str]) -> None:
    bare = 0.0
    for way in ways:
        command = [sys.executable, __file__, "--alone", way, "--file", str(path)]
        found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        seconds, rows = found["seconds"], found["rows"]
        bare = bare or seconds
        speed = f"{path.stat().st_size / MEGABYTE / seconds:.1f}"
        counted = (f"{rows:,}", f"{rows / seconds:,.0f}") if rows else ("", "")
        cells = (way, f"{seconds:.1f}", speed, *counted, f"{seconds / bare:.2f}", f"{found['peak']:,.0f}")
        print(" ".join(f"{cell:>12}" for cell in cells), flush=True)


def measure(way: Callable[[Path], int], path: Path) -> dict[str, float]:
    started = time.perf_counter()
    rows = way(path)
    seconds = time.perf_counter() - started
    return {"seconds": seconds, "rows": rows, "peak": peak()}


def peak() -> float:
    """The largest memory of this process in MB. getrusage would tell that of the process which started it, if larger."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * KILOBYTE / MEGABYTE


def make_file(folder: Path, size: float) -> Path:
    """Write a census of about `size` bytes: one authority's children again and again, each time by other names."""
    made = folder / "made"
    make_england(made, children=6_000, years=(2024, 2024), systems=(CIN,))
    text = next(made.glob(f"*/{CIN}/*.xml")).read_text(encoding="utf-8")
    start, _, rest = text.partition("<Children>\n")
    children, end, tail = rest.rpartition("  </Children>")
    path = folder / "cin.xml"
    with path.open("w", encoding="utf-8") as file:
        file.write(f"{start}<Children>\n")
        for number in range(max(1, round(size / len(children.encode())))):
            file.write(children.replace("<LAchildID>", f"<LAchildID>{number:04d}"))
        file.write(end + tail)
    return path


# --- ways to read ----------------------------------------------------------------------------------------------------


def bare(path: Path) -> int:
    for _, element in etree.iterparse(path, events=("end",), tag="Child", **CAUTIOUS):
        forget(element)
    return 0


def every_tag(path: Path) -> int:
    for _, element in etree.iterparse(path, events=("end",), tag="Child", **CAUTIOUS):
        for inner in element.iter():
            _ = inner.tag, inner.text
        forget(element)
    return 0


def forget(element: Any) -> None:
    element.clear()
    while element.getprevious() is not None:
        del element.getparent()[0]


def careloom(path: Path) -> int:
    return sum(len(rows.lines) for rows in read_xml(path, load_catalogue().returns[CIN], About()))


def whole(path: Path) -> int:
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        place = Path(folder, "working.duckdb")
        with closing(DuckDBEngine(place=place, memory=MEMORY)) as engine:
            ledger = ingest(engine, load_catalogue(), deliveries=[Delivery("", (path,))]).ledger
            assert not ledger.faults()
            return sum(step.rows_in for step in ledger.steps if step.step == "read files")


def plain(path: Path) -> int:
    """What one would write first: the whole tree, each table by its path, the items of the row and of those around."""
    root = etree.parse(path, etree.XMLParser(**CAUTIOUS)).getroot()
    count = 0
    for table in load_catalogue().returns[CIN].tables.values():
        rows = [
            plain_row(element, table.column_names) for element in root.iterfind(f"Children/{table.path}") if table.path
        ]
        count += len(frame(rows))
    return count


def plain_row(element: Any, names: tuple[str, ...]) -> dict[str, str | None]:
    row: dict[str, str | None] = {element.tag: element.text}
    around = element
    while around.tag != "Children":
        for inner in around:
            row.setdefault(inner.tag, inner.text)
            if inner.tag in ("ChildIdentifiers", "ChildCharacteristics"):
                row.update((leaf.tag, leaf.text) for leaf in inner)
        around = around.getparent()
    return {name: row.get(name) for name in names}


def frame(rows: list[dict[str, str | None]]) -> Any:
    if importlib.util.find_spec("pandas"):
        import pandas as pd

        return pd.DataFrame(rows)
    return pa.Table.from_pylist(rows)


WAYS: dict[str, Callable[[Path], int]] = {
    "bare": bare,
    "every tag": every_tag,
    "careloom": careloom,
    "whole": whole,
    "plain": plain,
}

if __name__ == "__main__":
    main()
