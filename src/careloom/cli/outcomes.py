"""`careloom outcomes`: what became of the children, and how surely."""

import argparse
from pathlib import Path
from typing import Any

from rich.console import Console

from careloom.catalogue import load_catalogue
from careloom.cli.typology import tell
from careloom.study import look_at_outcomes, read_study

ABOUT = """Show what the last run of a study found of its outcomes. In brief: who was followed, how many of each category of
demand had the event by 12 and 60 months, adjusted hazard ratios, and whether these stay the same over time. With --of or
--all: also who was left out, and why; shares by 3 to 72 months in two ways; hazard ratios of all that was adjusted for, as
more is adjusted for and in other ways; the first twelve months and after; and shares adjusted to all children. For a
made-up authority, whose truth lies beside the study file, the hazard ratios that were planted stand beside the estimates.
Numbers are withheld (c) and rounded as in the report."""


def add_outcomes(commands: Any) -> None:
    """Add the command."""
    command = commands.add_parser(
        "outcomes", help="show what became of the children, of a study that was run", description=ABOUT
    )
    command.add_argument("study", type=Path, metavar="STUDY.toml", help="the study file, once it has been run")
    command.add_argument("--of", metavar="NAME", help="all that is known of one outcome, such as re_referral")
    command.add_argument("--all", action="store_true", help="all that is known of every outcome")
    command.set_defaults(command=outcomes_command, when_stopped="nothing was written")


def outcomes_command(asked: argparse.Namespace, console: Console) -> int:
    catalogue = load_catalogue()
    study = read_study(asked.study, catalogue)
    tell(look_at_outcomes(study, catalogue, of=asked.of, whole=asked.all, truth=asked.study.parent / "truth"))
    return 0
