"""`careloom rerun`: does the same come of it once more?"""

import argparse
from pathlib import Path
from typing import Any

from rich.console import Console

from careloom.cli.progress import steps
from careloom.core import fit_to_show
from careloom.study import rerun

DIFFERENT = 10
"""Exit code when the tables are others."""
MOST = 20
ABOUT = """Run a study again from the manifest of its results, into a folder that goes at the end, and compare every table, kept and
released, by what it holds. Says "identical tables", or which tables are others and what else has changed: files handed over,
what the study file asks, agreements, Careloom, its catalogue, the versions of the libraries. Nothing that is there is changed."""


def add_rerun(commands: Any) -> None:
    """Add the command."""
    command = commands.add_parser("rerun", help="run a study again and compare every table", description=ABOUT)
    command.add_argument(
        "manifest", type=Path, metavar="MANIFEST", help="manifest.json of a run, or the folder it is in"
    )
    command.set_defaults(command=rerun_command, when_stopped="nothing was changed")


def rerun_command(asked: argparse.Namespace, console: Console) -> int:
    with steps(console) as on_step:
        found = rerun(asked.manifest, on_step=on_step)
    for what in found.changed:
        print(fit_to_show(f"Changed since: {what}"))
    if found.is_identical:
        print(f"Identical tables: all {found.tables}.")
        return 0
    named, more = found.other_tables[:MOST], len(found.other_tables) - MOST
    others = f"{', '.join(named)}{f' and {more} more' if more > 0 else ''}"
    print(fit_to_show(f"Other tables: {len(found.other_tables)} of {found.tables}: {others}."))
    return DIFFERENT
