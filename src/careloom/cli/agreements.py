"""`careloom agreements`, and `careloom new agreement`: what a study may use, and under which agreement the last run used it."""

import argparse
import datetime as dt
from pathlib import Path
from typing import Any

from rich.console import Console

from careloom.core import fit_to_show
from careloom.study import catalogue_of, read_study, show_agreements, write_new_agreement

ABOUT = """Say what each agreement beside the study file allows, whether it holds today for the study's purpose, and what the last run
read and left out under it. Agreements are files in the folder agreements/; careloom new agreement writes one to fill in."""
ABOUT_NEW = """Write an agreement to fill in: a file that says, key by key, whose records may be used by whom, for what, until when,
which items of them, and with whose they may be linked. Put it into the folder agreements/ beside the study file."""


def add_agreements(commands: Any) -> None:
    """Add the command that shows what is agreed."""
    command = commands.add_parser(
        "agreements", help="what each agreement allows, and what the last run used", description=ABOUT
    )
    command.add_argument("study", type=Path, metavar="STUDY.toml", help="the study file")
    command.set_defaults(command=agreements_command, when_stopped="nothing was changed")


def add_new_agreement(parts: Any) -> None:
    """Add what `careloom new` can write: an agreement."""
    agreement = parts.add_parser("agreement", help="an agreement on the use of records", description=ABOUT_NEW)
    agreement.add_argument("file", type=Path, metavar="FILE.toml", help="a new file, such as agreements/anyshire.toml")
    agreement.set_defaults(command=new_agreement_command, when_stopped="nothing was written")


def agreements_command(asked: argparse.Namespace, console: Console) -> int:
    for line in show_agreements(read_study(asked.study, catalogue_of(asked.study)), dt.date.today()):
        print(fit_to_show(line))
    return 0


def new_agreement_command(asked: argparse.Namespace, console: Console) -> int:
    write_new_agreement(asked.file)
    print(f"Agreement: {asked.file}, to be filled in; every text in <...>")
    return 0
