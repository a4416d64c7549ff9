"""Which child a command is about, and why it is asked: the same words for every command that shows one child."""

import argparse
from pathlib import Path

from careloom.study import Asked


def add_which_child(command: argparse.ArgumentParser) -> None:
    """Add the study, the purpose, and the three words that tell whose number a number is."""
    command.add_argument("study", type=Path, metavar="STUDY.toml", help="the study file; its results are looked in")
    command.add_argument(
        "--purpose", default="", metavar="WHY", help="why you look; without it nothing is shown. No names"
    )
    command.add_argument(
        "--child-id", metavar="N", help="the authority's own number of the child, instead of ID; needs the study's key"
    )
    command.add_argument("--authority", metavar="NAME", help="whose number it is, as the study names the authority")
    command.add_argument(
        "--return", dest="return_name", metavar="NAME", help="in which return, where it is two children"
    )


def which_child(said: argparse.Namespace, *, svg: Path | None = None, out: Path | None = None) -> Asked:
    who = {"child_id": said.child_id, "authority": said.authority, "return_name": said.return_name}
    return Asked(said.person_id, said.purpose, **who, svg=svg, out=out)
