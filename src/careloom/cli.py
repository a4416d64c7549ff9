"""The command line: thin commands that print and set the exit code; no logic of their own."""

import argparse
import os
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

import careloom
from careloom.catalogue import load_catalogue, read_population
from careloom.core import CareloomError, DeliveryError, RequestError
from careloom.study import read_study, run_study
from careloom.synth import SYSTEMS, calibration_table, make_england

STOPPED = 130

EXITS = """
exit codes:
  0  everything asked was done
  1  a fault in Careloom itself
  2  the command line is wrong
  3  the study file is wrong: the message names the key
  4  done, but at least one delivered file could not be read: the messages name file, line or column
  5  no delivered file could be read; earlier outputs are untouched
  6  the output folder cannot be written, or is not ours to replace
  7  a declaration of the catalogue, or a price sheet, is wrong
130  stopped with Ctrl-C; the outputs of an earlier run are untouched
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    asked = parser().parse_args(arguments)
    console = Console(stderr=True, highlight=False)
    try:
        return int(asked.command(asked, console))
    except CareloomError as fault:
        console.print(f"careloom: {fault}", style="red", markup=False, soft_wrap=True)
        return fault.exit_code
    except KeyboardInterrupt:
        return stopped(console, asked)
    except Exception as fault:
        if "nterrupted" in str(fault):  # DuckDB says so in its own words when Ctrl-C meets a query
            return stopped(console, asked)
        if os.environ.get("CARELOOM_DEBUG"):
            raise
        console.print(f"careloom: {where_it_failed(fault)}", style="red", markup=False, soft_wrap=True)
        return 1


def stopped(console: Console, asked: argparse.Namespace) -> int:
    console.print(f"careloom: stopped; {asked.when_stopped}", style="red")
    return STOPPED


def where_it_failed(fault: Exception) -> str:
    """Name a fault of Careloom itself by kind and place; its own text might hold a row's value."""
    place = traceback.extract_tb(fault.__traceback__)[-1]
    return (
        f"a fault in Careloom itself: {type(fault).__name__} at {Path(place.filename).name} line {place.lineno}. Its text "
        "is not shown, as it might hold personal data; set CARELOOM_DEBUG=1 to see it, and take care where it goes."
    )


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(
        prog="careloom",
        description=careloom.__doc__,
        epilog=EXITS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("--version", action="version", version=f"careloom {careloom.__version__}")
    commands = top.add_subparsers(title="commands", required=True, metavar="COMMAND")
    run = commands.add_parser(
        "run",
        help="run a study: from the returns it names to a report",
        epilog=EXITS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    run.add_argument("study", type=Path, metavar="STUDY.toml", help="the study file; see examples/")
    run.set_defaults(command=run_command, when_stopped="earlier outputs are untouched")
    add_synth(commands)
    return top


def add_synth(commands: Any) -> None:
    """Add the command that makes records of children who do not exist."""
    synth = commands.add_parser(
        "synth",
        help="write the records of made-up authorities, with a study file and the truth aside",
        description="Write the records of made-up authorities in the formats real ones use, with a study file and the truth aside.",
    )
    synth.add_argument("--out", type=Path, metavar="DIR", help="folder to write into")
    synth.add_argument("--authorities", type=positive, default=1, metavar="N", help="how many, 1 to 150 (default 1)")
    synth.add_argument(
        "--children", type=positive, metavar="M", help="about how many in all their returns (default 6000 each)"
    )
    synth.add_argument(
        "--years",
        type=year_range,
        default=(2016, 2024),
        metavar="A-B",
        help="collection years, of 2015 to 2026 (default 2016-2024)",
    )
    synth.add_argument("--seed", type=int, default=2, metavar="S", help="same seed, same files (default 2)")
    synth.add_argument(
        "--population",
        default="england",
        metavar="NAME",
        help="what is planted: england (default), five_kinds, no_kinds, or a TOML file of your own",
    )
    synth.add_argument(
        "--errors",
        type=float,
        default=1.0,
        metavar="X",
        help="errors of recording against the usual; 0 is none (default 1)",
    )
    add_files_of_synth(synth)
    synth.set_defaults(command=synth_command, when_stopped="what is there is not whole: give the same command again")


def add_files_of_synth(synth: argparse.ArgumentParser) -> None:
    """Add what is written, and whether anything is."""
    synth.add_argument("--only", metavar="A,B", help=f"write only some systems, of {', '.join(SYSTEMS)}")
    synth.add_argument(
        "--defects",
        action="store_true",
        help="plant faults in ssda903 and cin_census, listed in truth/CODE/defects.csv",
    )
    synth.add_argument(
        "--calibration", action="store_true", help="print what is made against published figures; needs no --out"
    )


def positive(text: str) -> int:
    """Read a whole number above 0 from the command line."""
    if not text.isdigit() or not int(text):
        raise argparse.ArgumentTypeError("should be a whole number above 0")
    return int(text)


def year_range(text: str) -> tuple[int, int]:
    """Read a first and last year, such as 2015-2024, or one year."""
    first, _, last = text.partition("-")
    if not (first.isdigit() and (last or first).isdigit()):
        raise argparse.ArgumentTypeError("should be a first and a last year, such as 2015-2024")
    return int(first), int(last or first)


@contextmanager
def steps(console: Console) -> Iterator[Callable[[str, float], None]]:
    """Show the step being done and the share of all that is done."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("starting", total=1.0)
        yield lambda step, share: progress.update(task, description=step, completed=share)
        progress.update(task, description="done", completed=1.0)


def run_command(asked: argparse.Namespace, console: Console) -> int:
    catalogue = load_catalogue()
    study = read_study(asked.study, catalogue)
    with steps(console) as on_step:
        finished = run_study(study, catalogue, on_step=on_step)
    for message in finished.refused:
        console.print(f"not read: {message}", style="red", markup=False, soft_wrap=True)
    for note in finished.notes:
        console.print(f"note: {note}", markup=False, soft_wrap=True)
    for doubt in finished.doubts:
        console.print(f"doubtful: more than one in five {doubt}", style="yellow", markup=False, soft_wrap=True)
    print(f"Report: {finished.out / 'report.html'}")
    return DeliveryError.exit_code if finished.refused else 0


def synth_command(asked: argparse.Namespace, console: Console) -> int:
    if asked.out is None and not asked.calibration:
        raise RequestError("--out DIR is missing: name a folder to write into (or ask for --calibration alone)")
    what = asked.population
    with steps(console) as on_step:
        made = make_england(
            asked.out,
            authorities=asked.authorities,
            children=asked.children,
            years=asked.years,
            seed=asked.seed,
            population=read_population(Path(what)) if what.endswith(".toml") else what,
            errors=asked.errors,
            systems=[name.strip() for name in asked.only.split(",")] if asked.only else SYSTEMS,
            defects=asked.defects,
            on_step=on_step,
        )
    if asked.calibration:
        print(calibration_table(made.calibration))
    if made.study:
        print(f"Study: {made.study}")
    elif asked.out:
        print(f"Made: {asked.out} (no study: a run reads ssda903 and cin_census, and neither was asked for)")
    return 0
