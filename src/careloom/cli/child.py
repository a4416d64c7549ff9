"""`careloom child`: one child's record as a timeline, and the log of who looked."""

import argparse
import os
import sys
from pathlib import Path
from typing import Any

from rich.console import Console

from careloom.cli.which_child import add_which_child, which_child
from careloom.study import catalogue_of, look_at_child

ABOUT = """Show one child's record as a timeline: help, plans, care, placements, legal status, events and costs, each with its
days, what was repaired, and the file and line it was read from. It reads what careloom run has kept, and changes nothing.

The child is named by ID: the person_id of study.duckdb, a pseudonym. Who works in the authority can ask by its own number
of the child instead (--child-id), if the study knows the child by no earlier one: the page says in which return it was
found. The number is not written down anywhere, but a shell may remember what you type.

Every access is written down first, also one that is refused: when, who, why, whom, and which files were written. It goes
to access.jsonl beside the study file, each line chained to the one before. What cannot be written down is not shown, nor is
anything while that file does not hold together: move it aside, and keep it.
What is shown is for inside the authority only; files are written so that only you can read them."""
EXAMPLES = """examples:
  careloom child ours.toml 4vq7m2kd6tnx5ryw3bjz2hcaeu --purpose "case audit, April"
  careloom child ours.toml --child-id 12345 --authority 998 --purpose "complaint 17" --svg child.svg --out child.txt
  careloom audit verify ours.toml                    is every access still there, as it was written?

what is shown begins like this:
                         2020            2021            2022            2023
  Case open              |=====      |=================================>
  Child protection plan                 |=====
  Looked after                                 |=======================>

  CHILD PROTECTION PLAN (1)
     2 Jun 2021 14 Oct 2021  Neglect [NEG]                                  [4] line 311
                               repaired: A plan that was never ended ends with its case
"""


def add_child(commands: Any) -> None:
    """Add the command that shows one child."""
    child = commands.add_parser(
        "child",
        help="show one child's record as a timeline; every access is written down",
        description=ABOUT,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_which_child(child)
    child.add_argument("person_id", nargs="?", metavar="ID", help="the child: a person_id of study.duckdb")
    child.add_argument("--svg", type=Path, metavar="FILE.svg", help="also draw it, into a new file")
    child.add_argument(
        "--out", type=Path, metavar="FILE.txt", help="write the text into a new file instead of showing it"
    )
    child.set_defaults(command=child_command, when_stopped="nothing was shown")


def child_command(asked: argparse.Namespace, console: Console) -> int:
    words = look_at_child(asked.study, catalogue_of(asked.study), which_child(asked, svg=asked.svg, out=asked.out))
    if not asked.out:
        show(words)
    for what, path in (("Text", asked.out), ("Drawing", asked.svg)):
        if path:
            print(f"{what}: {path}")
    return 0


def show(words: str) -> None:
    """Print a page, also to a reader that has seen enough before its end (`| head`, or a pager that is left)."""
    try:
        print(words, end="", flush=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
