"""`careloom catalogue`: the declarations that a study lays over Careloom's, and whether their examples hold."""

import argparse
from pathlib import Path
from typing import Any

from rich.console import Console

from careloom.cli.records import show
from careloom.core import CatalogueError
from careloom.study import catalogue_of, list_own

ABOUT = """List the declarations of a study's own, in the folder that `catalogue` in [study] names, and try their worked examples:
does a rule find the rows that are marked, an outcome follow the children drawn, a need or a process come to what is
written down? Nothing of the study's records is read."""
EXAMPLES = """the folder is laid out as Careloom's catalogue, so that a rule of the SSDA903 of your own is
  catalogue/returns/ssda903/rules/X1.toml
and the study file says
  [study]
  catalogue = "catalogue"
A file with the name of one of Careloom's takes its place; the report says so."""


def add_catalogue(commands: Any) -> None:
    """Add the command."""
    command = commands.add_parser(
        "catalogue",
        help="list and try the declarations of a study's own: rules, outcomes, needs, processes",
        description=ABOUT,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument("study", type=Path, metavar="STUDY.toml", help="the study file")
    command.set_defaults(command=catalogue_command, when_stopped="nothing was written")


def catalogue_command(asked: argparse.Namespace, console: Console) -> int:
    catalogue = catalogue_of(asked.study)
    if not catalogue.own:
        print('This study uses Careloom\'s catalogue as it is; "catalogue" in [study] names a folder of your own.')
        return 0
    listing, faults = list_own(catalogue)
    show(listing)
    for fault in faults:
        console.print(fault, style="red", markup=False, soft_wrap=True)
    return CatalogueError.exit_code if faults else 0
