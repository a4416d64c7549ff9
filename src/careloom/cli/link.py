"""`careloom link`: the study's records linked, and how good the links are."""

import argparse
from pathlib import Path
from typing import Any

from rich.console import Console

from careloom.cli.progress import steps
from careloom.cli.typology import tell
from careloom.study import SETS, catalogue_of, look_at_doubt, look_at_links, read_study

ABOUT = """Read the study's files, link their records into children, and say how good the links are: what is known of children to link
by, which rule joined how many, which joins were broken because they cannot be, and who is found in more than one record and
who is not. For a made-up authority, whose truth lies beside the study file, also precision, recall and F1 by group. In the link
mode probabilistic, also what other thresholds would join. How children are linked is said in [link] of the study file:
link_mode is within_authority, pupil_number, both or probabilistic. With --doubt, once the study has been run, what doubt about
links does to outcomes and costs instead: each link mode beside the others and, in the mode probabilistic, sets of links drawn by
how probable they are, combined by Rubin's rules. That works everything out anew for each mode and set, and takes as long.
Nothing is written; numbers are withheld and rounded as in the report."""


def add_link(commands: Any) -> None:
    """Add the command."""
    command = commands.add_parser(
        "link", help="link the study's records, and say how good the links are", description=ABOUT
    )
    command.add_argument("study", type=Path, metavar="STUDY.toml", help="the study file")
    command.add_argument(
        "--doubt", action="store_true", help="what doubt about links does to outcomes and costs; after careloom run"
    )
    command.add_argument(
        "--sets", type=int, default=SETS, metavar="M", help=f"with --doubt: sets of links to draw (default {SETS})"
    )
    command.set_defaults(command=link_command, when_stopped="nothing was written")


def link_command(asked: argparse.Namespace, console: Console) -> int:
    catalogue = catalogue_of(asked.study)
    study = read_study(asked.study, catalogue)
    with steps(console) as on_step:
        if asked.doubt:
            told = look_at_doubt(study, catalogue, sets=asked.sets, on_step=on_step)
        else:
            told = look_at_links(study, catalogue, truth=asked.study.parent / "truth", on_step=on_step)
    tell(told)
    return 0
