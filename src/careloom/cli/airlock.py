"""`careloom airlock`: what a study releases, for whoever lets outputs out."""

import argparse
from pathlib import Path
from typing import Any

from rich.console import Console

from careloom.study import catalogue_of, read_study
from careloom.study.airlock import make_airlock

ABOUT = """Put together what the last run released, and nothing else: the tables as CSV, the report, the workbook, results.json and
for_review.csv, in one new folder, each with its checksum. outputs.json says of each what it is and which cells were withheld, in
the format that SACRO Viewer shows to output checkers. A file that is not as the run wrote it is refused. What was put together
is written into access.jsonl. With --acro the package acro, if it is installed, writes that file and reads it again; it calls it
results.json, and that of the run, whose numbers the tables tell, stays behind."""


def add_airlock(commands: Any) -> None:
    """Add the command."""
    airlock = commands.add_parser(
        "airlock", help="put together what is released, for those who let outputs out", description=ABOUT
    )
    airlock.add_argument("study", type=Path, metavar="STUDY.toml", help="the study file, once it has been run")
    airlock.add_argument("folder", type=Path, metavar="FOLDER", help="a new folder")
    airlock.add_argument("--acro", action="store_true", help="have acro write its review file (needs the extra acro)")
    airlock.set_defaults(command=airlock_command, when_stopped="nothing was put together")


def airlock_command(asked: argparse.Namespace, console: Console) -> int:
    made = make_airlock(read_study(asked.study, catalogue_of(asked.study)), asked.folder, by_acro=asked.acro)
    print(f"{len(made.files)} files in {made.folder}, with checksums; {made.withheld:,} numbers in them are withheld.")
    return 0
