"""`careloom audit`: who did what with a study's data, when and why; and whether the log of it is whole."""

import argparse
from pathlib import Path
from typing import Any

from rich.console import Console

from careloom.core import AuditError
from careloom.study import catalogue_of, lines_of_log, verify_log

ABOUT = """Every run of a study, every look at a child or at two records side by side, every rotation of the vault and every deletion is
a line of access.jsonl beside the study file: when, who, what and for which purpose, chained to the line before.
verify says whether all lines are there as they were written, show lists them. Note the last fingerprint elsewhere: whoever may
write the file could cut off its end, and only a noted fingerprint would show that."""


def add_audit(commands: Any) -> None:
    """Add the commands that read the log."""
    audit = commands.add_parser(
        "audit", help="who did what with the study's data; is the log whole?", description=ABOUT
    )
    parts = audit.add_subparsers(title="what", required=True, metavar="WHAT")
    verify = parts.add_parser("verify", help="is every line still there, as it was written?", description=ABOUT)
    verify.add_argument("study", type=Path, metavar="STUDY.toml", help="the study file")
    verify.add_argument(
        "noted", nargs="?", default="", metavar="FINGERPRINT", help="one that you noted: is its line there?"
    )
    verify.set_defaults(command=verify_command, when_stopped="nothing was changed")
    show = parts.add_parser("show", help="list the lines; for inside only, as children are named by pseudonym")
    show.add_argument("study", type=Path, metavar="STUDY.toml", help="the study file")
    show.set_defaults(command=show_command, when_stopped="nothing was changed")


def verify_command(asked: argparse.Namespace, console: Console) -> int:
    checked = verify_log(asked.study, catalogue_of(asked.study), asked.noted)
    for fault in checked.faults:
        console.print(f"careloom: {fault}", style="red", markup=False, soft_wrap=True)
    if checked.faults:
        return AuditError.exit_code
    print(
        f"{checked.lines:,} lines, whole and in order. Note the last fingerprint elsewhere: {checked.fingerprint[:16]}"
    )
    return 0


def show_command(asked: argparse.Namespace, console: Console) -> int:
    for line in lines_of_log(asked.study, catalogue_of(asked.study)):
        print(line)
    return 0
