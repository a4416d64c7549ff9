"""`careloom classify`: score assessments with a saved typology, without fitting."""

import argparse
from pathlib import Path
from typing import Any

from rich.console import Console

from careloom.cli.typology import tell
from careloom.study import catalogue_of, classify_assessments, read_study

ABOUT = """Say which category of a saved typology each assessment of a study belongs to, without finding categories anew, and
how well the typology fits: the likelihood of the assessments beside what the typology expects, the sizes that would fit
here, and the factors recorded more or less often than expected. What is shown is released; the file with the
category of each assessment stays inside the authority, and only you can read it.

To use a saved typology for the whole analysis, write use = "NAME" in [typology] of the study file, and run it."""


def add_classify(commands: Any) -> None:
    """Add the command."""
    command = commands.add_parser(
        "classify",
        help="score assessments with a saved typology, without fitting",
        description=ABOUT,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument("study", type=Path, metavar="STUDY.toml", help="the study file, once it has been run")
    command.add_argument(
        "--with",
        dest="using",
        required=True,
        metavar="NAME",
        help="the typology: a file, or its name in typologies/ beside the study, or in the catalogue",
    )
    command.add_argument(
        "--out", type=Path, metavar="FILE.csv", help="where each assessment's category goes (default class_of_NAME.csv)"
    )
    command.set_defaults(command=classify_command, when_stopped="nothing was written")


def classify_command(asked: argparse.Namespace, console: Console) -> int:
    catalogue = catalogue_of(asked.study)
    told, path = classify_assessments(read_study(asked.study, catalogue), catalogue, using=asked.using, out=asked.out)
    tell(told)
    print(f"Each assessment's category (stays inside the authority): {path}")
    return 0
