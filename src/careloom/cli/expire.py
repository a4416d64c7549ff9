"""`careloom expire`: what must be deleted by now, under the agreements."""

import argparse
import datetime as dt
from pathlib import Path
from typing import Any

from rich.console import Console

from careloom.study import catalogue_of, expire

ABOUT = """Say what must go because an agreement's keep_until is past: the results that tell of single children (what was released stays), what
runs keep for the next, the identities in the vault, and, once every agreement is over, the key of pseudonyms and the decisions that
hang on it. With --delete it is deleted, and the audit log says what it was, by fingerprint. Backups and copies elsewhere are yours to find."""


def add_expire(commands: Any) -> None:
    """Add the command."""
    command = commands.add_parser("expire", help="delete what the agreements say must go by now", description=ABOUT)
    command.add_argument("study", type=Path, metavar="STUDY.toml", help="the study file")
    command.add_argument("--deliveries", action="store_true", help="also the files that were handed over")
    command.add_argument("--delete", action="store_true", help="delete it; without this it is only listed")
    command.set_defaults(command=expire_command, when_stopped="give the command again: what is left goes then")


def expire_command(asked: argparse.Namespace, console: Console) -> int:
    found = expire(
        asked.study,
        catalogue_of(asked.study),
        today=dt.date.today(),
        with_deliveries=asked.deliveries,
        delete=asked.delete,
    )
    if not found.agreements:
        print("No agreement is over: nothing must go.")
        return 0
    for each in found.agreements:
        print(f"{each.name} ({each.file}): to be kept until {each.keep_until}")
    done = "deleted" if found.is_deleted else "to be deleted"
    for due in found.due:
        print(f"{done}: {due.path} ({due.what}, {due.sha256[:16]})")
    if found.identities:
        print(f"{done}: identities in the vault, under these agreements")
    if not (found.due or found.identities):
        print("Nothing of it is there any more.")
    elif not found.is_deleted:
        print("Nothing was deleted; add --delete.")
    return 0
