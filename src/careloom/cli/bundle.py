"""`careloom bundle`: everything needed to install Careloom where there is no internet."""

import argparse
from pathlib import Path
from typing import Any

from rich.console import Console

from careloom.study.bundle import make_bundle
from careloom.study.lock_file import SYSTEMS, Target

ABOUT = """Fill a folder with Careloom, every package it needs, their fingerprints and a page that says how to install them, to be
carried to a machine without internet. This is the only command that uses a network, through pip, and it reads no records; with
--from it uses none. Give it in the repository, or name a wheel and a lock file."""
EXAMPLES = """examples:
  careloom bundle --out to_carry                                        for a machine like this one
  careloom bundle --out to_carry --python 3.12 --system windows         for another
  careloom bundle --out to_carry --lock requirements/spark.lock         with PySpark
"""


def add_bundle(commands: Any) -> None:
    """Add the command that makes a bundle."""
    bundle = commands.add_parser(
        "bundle",
        help="everything to install Careloom where there is no internet",
        description=ABOUT,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    bundle.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="a new folder, or an empty one")
    bundle.add_argument("--python", default="", metavar="3.N", help="of the machine it is for (default: this one's)")
    bundle.add_argument("--system", choices=tuple(SYSTEMS), default="", help="of that machine (default: this one's)")
    bundle.add_argument("--lock", type=Path, metavar="FILE", help="which packages (default requirements/core.lock)")
    bundle.add_argument(
        "--wheel", type=Path, metavar="FILE", help="of Careloom itself (default: made from the repository)"
    )
    bundle.add_argument(
        "--from", dest="packages", type=Path, metavar="FOLDER", help="wheels to take; no network is used"
    )
    bundle.set_defaults(command=bundle_command, when_stopped="nothing was written")


def bundle_command(asked: argparse.Namespace, console: Console) -> int:
    target = Target(asked.python, asked.system)
    with console.status("fetching the packages"):
        packages = make_bundle(asked.out, target=target, lock=asked.lock, wheel=asked.wheel, packages=asked.packages)
    print(f"Bundle: {asked.out}, {packages} packages; {asked.out / 'INSTALL.txt'} says how to install them")
    return 0
