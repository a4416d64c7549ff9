"""Make countries of one, ten or more authorities, and print how long it takes, how much memory, and what is written.

    python benchmarks/synthetic_england/make_country.py [SIZE ...] [--children 24000] [--years 2015-2021] [--processes N]
        [--folder DIR] [--keep] [--no-lxml]

SIZE is a number of authorities: 1 and 10 when none is given; 150 is all of England. Each is made in a process of its
own, so that the memory of one says nothing of another: the peak of that process, which holds the country together, and
of the largest of those that make one authority each. Flat memory means that neither grows with SIZE.

Last, the census writer against a plain alternative: lxml.etree builds the same elements one by one, from rows of Python
texts that are ready, and writes them. Our time is that of a country made with the census less one made without, so it
includes finding out what the census says; that of lxml does not, which is in its favour.

What is written goes to a temporary folder and is removed, unless --keep.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, TypeAlias

from lxml import etree

from careloom.synth import make_england

RETURNS = ("ssda903", "cin_census")
REPEATS = 3  # the fastest of so many counts, as others may use the machine
MEGABYTE, KILOBYTE = 1e6, 1024  # getrusage counts kilobytes of 1024 on Linux
Element: TypeAlias = tuple[str, str | None, list[Any]]  # tag, text, and the elements within


def main() -> None:
    asked = arguments()
    if asked.alone:
        print(json.dumps(measure(asked, asked.sizes[0])))
        return
    print(f"{asked.children:,} children each, {asked.years}: {' and '.join(RETURNS)}, truth aside")
    heading = ("authorities", "seconds", "s each", "parent MB", "child MB", "written MB", "assessments")
    print(" ".join(f"{name:>12}" for name in heading))
    for size in asked.sizes or (1, 10):
        found = in_own_process(size)
        cells = (size, f"{found['seconds']:.1f}", f"{found['seconds'] / size:.2f}", f"{found['parent']:.0f}")
        more = (f"{found['child']:.0f}", f"{found['written']:,.0f}", f"{found['assessments']:,}")
        print(" ".join(f"{cell:>12}" for cell in (*cells, *more)), flush=True)
    if asked.lxml:
        compare_with_lxml(asked)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="How long and how much memory a made-up country takes.")
    parser.add_argument("sizes", nargs="*", type=int, metavar="SIZE")
    parser.add_argument("--children", type=int, default=24_000, help="in the returns of each authority, about")
    parser.add_argument("--years", default="2015-2021")
    parser.add_argument("--processes", type=int, default=None)
    parser.add_argument("--folder", type=Path, default=None, help="where to write; a temporary folder if not given")
    parser.add_argument("--keep", action="store_true", help="leave what was written")
    parser.add_argument("--no-lxml", dest="lxml", action="store_false")
    parser.add_argument("--alone", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


def in_own_process(size: int) -> dict[str, Any]:
    options = [word for word in sys.argv[1:] if not word.isdigit() or is_value(word)]
    command = [sys.executable, __file__, str(size), "--alone", *options]
    found: dict[str, Any] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return found


def is_value(word: str) -> bool:
    """Whether a number on the command line belongs to the option before it."""
    before = sys.argv[sys.argv.index(word) - 1]
    return before.startswith("--")


def make(asked: argparse.Namespace, out: Path, size: int, systems: tuple[str, ...], processes: int | None) -> Any:
    first, last = map(int, asked.years.split("-"))
    return make_england(
        out,
        authorities=size,
        children=asked.children * size,
        years=(first, last),
        systems=systems,
        processes=processes,
    )


def measure(asked: argparse.Namespace, size: int) -> dict[str, float]:
    """Make one country; seconds, peak memory in MB, MB written, and assessments completed within the years."""
    out = Path(tempfile.mkdtemp(prefix=f"england_{size}_", dir=asked.folder))
    try:
        started = time.perf_counter()
        made = make(asked, out, size, RETURNS, asked.processes)
        seconds = time.perf_counter() - started
        return {
            "seconds": seconds,
            "parent": peak(resource.RUSAGE_SELF),
            "child": peak(resource.RUSAGE_CHILDREN),
            "written": sum(path.stat().st_size for path in out.rglob("*") if path.is_file()) / MEGABYTE,
            "assessments": int(made.counts.tables["assessments_completed"].over.sum()),
        }
    finally:
        if not asked.keep:
            shutil.rmtree(out)


def peak(whose: int) -> float:
    """The largest memory in MB of this process, or of the largest of its children (0 when it had none)."""
    return resource.getrusage(whose).ru_maxrss * KILOBYTE / MEGABYTE


# --- the census, written by us and by lxml ---------------------------------------------------------------------------


def compare_with_lxml(asked: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory(dir=asked.folder) as folder:
        ours = seconds_to_write(asked, Path(folder))
        files = sorted(Path(folder).glob("*/cin_census/*.xml"))
        theirs = sum(seconds_of_lxml(path, Path(folder) / "lxml.xml") for path in files) / len(files)
        written = sum(path.stat().st_size for path in files) / len(files) / MEGABYTE
    print(f"\nthe census of one authority and year, {written:.1f} MB, in one process:")
    print(f"  ours {ours:.2f} s, lxml.etree {theirs:.2f} s: {theirs / ours:.1f} times ours")


def seconds_to_write(asked: argparse.Namespace, out: Path) -> float:
    """Seconds that the census of one authority and year takes: with it, less without it, over the years."""
    first, last = map(int, asked.years.split("-"))
    taken = {systems: min(seconds_of(asked, out, systems) for _ in range(REPEATS)) for systems in ((), ("cin_census",))}
    return (taken["cin_census",] - taken[()]) / (last - first + 1)


def seconds_of(asked: argparse.Namespace, out: Path, systems: tuple[str, ...]) -> float:
    started = time.perf_counter()
    make(asked, out, 1, systems, 1)
    return time.perf_counter() - started


def seconds_of_lxml(path: Path, out: Path) -> float:
    """Seconds in which lxml builds and writes what is in a file, from rows read beforehand; it must be the same."""
    rows = rows_of(etree.parse(path, etree.XMLParser(remove_blank_text=True)).getroot())
    started = time.perf_counter()
    out.write_bytes(etree.tostring(built(rows), encoding="utf-8", xml_declaration=True, pretty_print=True))
    seconds = time.perf_counter() - started
    assert out.read_bytes() == path.read_bytes(), "lxml wrote something else"
    return seconds


def rows_of(element: Any) -> Element:
    return element.tag, element.text, [rows_of(inner) for inner in element]


def built(rows: Element) -> Any:
    tag, text, inner = rows
    element = etree.Element(tag)
    element.text = text
    element.extend(built(each) for each in inner)
    return element


if __name__ == "__main__":
    main()
