"""`careloom since`: what two releases of a study tell together."""

import argparse
from pathlib import Path
from typing import Any

from rich.console import Console

from careloom.cli.records import show
from careloom.study import catalogue_of, read_study
from careloom.study.since import since

ABOUT = """Compare the released tables of an earlier run, which others may have by now, with those of the last run, before these go
out too. Counts are listed whose change is surely of few children, and amounts of money that changed while the children behind
them may have changed by few. Only numbers of such numbers are shown."""


def add_since(commands: Any) -> None:
    """Add the command."""
    command = commands.add_parser(
        "since", help="say what two releases tell together that neither tells alone", description=ABOUT
    )
    command.add_argument("study", type=Path, metavar="STUDY.toml", help="the study file, once it has been run")
    command.add_argument("earlier", type=Path, metavar="FOLDER", help="the earlier results, or their tables/")
    command.set_defaults(command=since_command, when_stopped="nothing was changed")


def since_command(asked: argparse.Namespace, console: Console) -> int:
    found = since(asked.earlier, read_study(asked.study, catalogue_of(asked.study)))
    if found.telling:
        show(found.listing)
    print(f"{found.telling:,} of {found.numbers:,} numbers tell of few children by having changed.")
    if found.telling:
        print("Do not let both out: keep to the earlier release, or wait until more has changed.")
    if found.not_compared:
        print(f"Not compared, as they are in one release only, or otherwise made: {', '.join(found.not_compared)}.")
    return 0
