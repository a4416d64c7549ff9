"""`careloom synth`: the records of made-up authorities."""

import argparse
from pathlib import Path
from typing import Any

from rich.console import Console

from careloom.catalogue import read_population
from careloom.cli.progress import steps
from careloom.core import RequestError
from careloom.synth import SYSTEMS, calibration_table, make_england


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
