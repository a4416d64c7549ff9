"""`careloom typology`: the categories of demand, sought from many starts, and all that is known of them."""

import argparse
from pathlib import Path
from typing import Any

from rich.console import Console

from careloom.cli.records import show
from careloom.study import STARTS, AskedOfTypology, Told, catalogue_of, look_at_typology, read_study

ABOUT = """Seek the categories of demand of a study again, from many random starts, among the assessments that its last run
kept, and say what was found: how many categories, and why; what is proved of the fit; each category with its size and what
marks it out; with --by, whether they are the same everywhere; and with --all what that rests on. The results of the run
stay as they are: what should last is written in [typology] of the study file. Numbers are withheld and rounded as in the
report."""
EXAMPLES = """examples:
  careloom typology ours.toml                            the number of categories by the study's rule
  careloom typology ours.toml --classes 12 --starts 300  twelve, from more starts
  careloom typology ours.toml --by la --by year          are they the same in every authority, and every year?
  careloom typology ours.toml --save anyshire_2024       write typologies/anyshire_2024.toml: it carries no child
"""


def add_typology(commands: Any) -> None:
    """Add the command."""
    command = commands.add_parser(
        "typology",
        help="seek the categories of demand from many starts, and say how sure they are",
        description=ABOUT,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument("study", type=Path, metavar="STUDY.toml", help="the study file, once it has been run")
    command.add_argument("--classes", type=int, metavar="K", help="so many categories, whatever the rule says")
    command.add_argument(
        "--starts", type=int, default=STARTS, metavar="N", help=f"random starts for each number (default {STARTS})"
    )
    command.add_argument(
        "--by", action="append", choices=("la", "year"), default=[], help="fit each authority, or year, on its own, too"
    )
    command.add_argument(
        "--all", dest="whole", action="store_true", help="also every number of categories, the rule, residuals and more"
    )
    command.add_argument("--save", metavar="NAME", help="save the parameters as typologies/NAME.toml beside the study")
    command.set_defaults(command=typology_command, when_stopped="nothing was written")


def typology_command(asked: argparse.Namespace, console: Console) -> int:
    catalogue = catalogue_of(asked.study)
    study = read_study(asked.study, catalogue)
    by = tuple(dict.fromkeys(asked.by))
    with console.status("seeking the categories of demand ..."):
        told = look_at_typology(
            study, catalogue, AskedOfTypology(asked.classes, asked.starts, by, asked.save, asked.whole)
        )
    tell(told)
    return 0


def tell(told: Told) -> None:
    """Print sentences and listings in order."""
    for part in told.parts:
        if isinstance(part, str):
            print(part, end="\n\n")
        else:
            show(part)
