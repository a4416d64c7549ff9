"""How long the report of many authorities takes, and how large it is: python benchmarks/report/measure.py --authorities 150.

A made-up England is made and every stage run; the report is then written from the working tables, and only that is timed.
"""

import argparse
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import lxml.html

from careloom.catalogue import Catalogue, load_catalogue
from careloom.core import Ledger
from careloom.engine import DuckDBEngine, Engine
from careloom.report import write_report
from careloom.study import Finished, Study, read_study
from careloom.study.checklists import checklist_table
from careloom.study.run import ledger_table, stages, study_words
from careloom.synth import make_england

LARGEST = 12


def main(arguments: Sequence[str] | None = None) -> None:
    asked = read(arguments)
    with TemporaryDirectory() as scratch:
        home = asked.folder or Path(scratch)
        if not (home / "study.toml").exists():
            make(home, asked)
        out = home / "report"
        out.mkdir(exist_ok=True)
        measure(home / "study.toml", out)


def read(arguments: Sequence[str] | None) -> argparse.Namespace:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--authorities", type=int, default=150)
    words.add_argument("--children", type=int, default=30_000)
    words.add_argument("--years", type=int, nargs=2, default=(2016, 2022), metavar=("FIRST", "LAST"))
    words.add_argument("--folder", type=Path, help="where the made-up England is, or is to be kept")
    return words.parse_args(arguments)


def make(home: Path, asked: argparse.Namespace) -> None:
    systems = ("ssda903", "cin_census")
    size = {"children": asked.children, "authorities": asked.authorities, "years": tuple(asked.years)}
    make_england(home, seed=1, systems=systems, **size)


def measure(study_file: Path, out: Path) -> None:
    """Run the stages, write the report, and print the seconds of one core and the sizes."""
    catalogue, engine = load_catalogue(), DuckDBEngine()
    study = read_study(study_file, catalogue)
    run_stages(study, catalogue, engine)
    words = study_words(study, Finished(out, Ledger(), (), (), ()), catalogue, engine)
    core, clock = time.process_time(), time.perf_counter()
    report = write_report(engine, catalogue, folder=out, study=words)
    core, clock = time.process_time() - core, time.perf_counter() - clock
    engine.close()
    print(f"report of {len(report.tables)} tables: {core:.1f} s of processor time, {clock:.1f} s by the clock")
    for name in ("report.html", "workbook.xlsx", "results.json"):
        print(f"{name}: {(out / name).stat().st_size / 1e6:.2f} MB")
    for folder in ("tables", "model"):
        print(f"{folder}/: {sum(path.stat().st_size for path in (out / folder).iterdir()) / 1e6:.2f} MB")
    for size, what in parts(out / "report.html")[:LARGEST]:
        print(f"  {size / 1e6:.2f} MB {what}")


def run_stages(study: Study, catalogue: Catalogue, engine: Engine) -> None:
    ledger = Ledger()
    for step, work in stages(study, catalogue, engine):
        before = time.perf_counter()
        ledger.extend(work())
        print(f"{time.perf_counter() - before:7.1f} s {step}", flush=True)
    engine.load("ledger", ledger_table(ledger))
    engine.load("reporting_checklist", checklist_table(study, catalogue, engine))


def parts(path: Path) -> list[tuple[int, str]]:
    """The tables and figures of the page, the largest first, with the page they are on."""
    tree = lxml.html.fromstring(path.read_text(encoding="utf-8"))
    found = []
    for part in tree.xpath("//table | //figure"):
        title = part.findtext("caption") or part.findtext("figcaption") or ""
        found.append((len(lxml.html.tostring(part)), f"{part.tag}: {title.strip()[:80]}"))
    return sorted(found, reverse=True)


if __name__ == "__main__":
    main()
