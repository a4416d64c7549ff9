"""`careloom classes`: which categories of demand there are, and names that people settle."""

import argparse
from pathlib import Path
from typing import Any

from rich.console import Console

from careloom.cli.records import show
from careloom.study import catalogue_of, list_classes, name_class, read_study

ABOUT = """List the categories of demand of a study's last run, or settle the name of one. Decisions are added to classes.csv
beside the study file, with who took them and when, and none is ever taken away; the last one about a category counts. A later
run gives a category the name that was settled for one with the same profile (congruence of 0.95 or more), whatever its
number; the others keep the name that their profile suggests. classes.csv holds profiles to four decimals: it stays inside
the authority."""


def add_classes(commands: Any) -> None:
    """Add the command."""
    command = commands.add_parser(
        "classes", help="list the categories of demand, or settle the name of one", description=ABOUT
    )
    what = command.add_subparsers(title="what to do", required=True, metavar="list | name")
    listed = what.add_parser("list", help="list the categories, and who named them")
    listed.add_argument("study", type=Path, metavar="STUDY.toml", help="the study file, once it has been run")
    listed.set_defaults(command=list_command, when_stopped="nothing was written")
    named = what.add_parser("name", help="settle the name of a category")
    named.add_argument("study", type=Path, metavar="STUDY.toml", help="the study file, once it has been run")
    named.add_argument(
        "number", type=int, metavar="NUMBER", help="its number in the last run, as careloom classes list has it"
    )
    named.add_argument("name", metavar="NAME", help='what it is called from now on, such as "Neglect, with drink"')
    named.set_defaults(command=name_command, when_stopped="nothing was written")


def list_command(asked: argparse.Namespace, console: Console) -> int:
    show(list_classes(read_study(asked.study, catalogue_of(asked.study))))
    return 0


def name_command(asked: argparse.Namespace, console: Console) -> int:
    study = read_study(asked.study, catalogue_of(asked.study))
    named = name_class(study, asked.number, asked.name)
    decision = named.decision
    print(
        f'Category {asked.number} of the last run, "{named.before}" ({named.size} of assessments), is called '
        f'"{decision.name}" from the next careloom run on (version {decision.version}, by {decision.by}; written to '
        f"{study.demand.names})"
    )
    return 0
