"""`careloom vault`: new keys for the pseudonyms and for the vault that knows whose they are."""

import argparse
from pathlib import Path
from typing import Any

from rich.console import Console

from careloom.study import catalogue_of, rekey_vault, rotate_key

ABOUT = """A study keeps no name, birth date, postcode or number of a child, unless its file says vault = true: then careloom run writes
them, and the pseudonym of each, into one encrypted file apart from the results. Its key comes from the environment (CARELOOM_VAULT_KEY),
from a file that only you may read (vault_key = "FILE" in [study]) or from the system's keyring (vault_key = "keyring"); it is never
written into a study, a log or a message, and no command takes it as an argument."""
ABOUT_ROTATE = """Make a new key of pseudonyms. Every child has another pseudonym from then on; which was which stands in the vault and nowhere else.
Decisions on links move with it. Run the study again afterwards: its results still carry the old pseudonyms."""
ABOUT_REKEY = """Lock the vault with another key, of a file that is made if it is not there. Name that file in the study afterwards
(vault_key = "FILE"), or put the key where the study looks for it, and destroy the old one."""


def add_vault(commands: Any) -> None:
    """Add the commands of the vault."""
    vault = commands.add_parser("vault", help="new keys for pseudonyms, and for the vault", description=ABOUT)
    parts = vault.add_subparsers(title="what", required=True, metavar="WHAT")
    rotate = parts.add_parser("rotate", help="a new key of pseudonyms", description=ABOUT_ROTATE)
    rotate.add_argument("study", type=Path, metavar="STUDY.toml", help="the study file")
    rotate.set_defaults(command=rotate_command, when_stopped="give the command again: it puts right what is half done")
    rekey = parts.add_parser("rekey", help="lock the vault with another key", description=ABOUT_REKEY)
    rekey.add_argument("study", type=Path, metavar="STUDY.toml", help="the study file")
    rekey.add_argument("key", type=Path, metavar="NEW.key", help="the file of the new key")
    rekey.set_defaults(command=rekey_command, when_stopped="the vault is as it was")


def rotate_command(asked: argparse.Namespace, console: Console) -> int:
    done = rotate_key(asked.study, catalogue_of(asked.study))
    print(f"New key of pseudonyms: {done.key_id}. Run the study again; its results carry the old ones until then.")
    if done.unknown:
        console.print(
            f"note: {done.unknown} decisions on links are of records that the vault does not know, and stay as they were"
        )
    return 0


def rekey_command(asked: argparse.Namespace, console: Console) -> int:
    print(f"The vault is locked with the key {rekey_vault(asked.study, catalogue_of(asked.study), asked.key)}.")
    return 0
