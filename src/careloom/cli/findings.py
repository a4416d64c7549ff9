"""`careloom findings`: what the validation rules found, and where."""

import argparse
from pathlib import Path
from typing import Any

from rich.console import Console

from careloom.catalogue import load_catalogue
from careloom.cli.typology import tell
from careloom.study import read_study
from careloom.study.findings import find_places, tell_rules

ABOUT = """Say how every validation rule went in the last run of a study: rows looked at and rows that break it, withheld and
rounded as in the report. With --rule, for who mends the records: in which lines of which files the rows are that break it.
What the lines hold is never shown. Each of them is of one child, so the purpose is asked for, and the access is written into
access.jsonl first, as careloom child does; the list stays inside the authority."""


def add_findings(commands: Any) -> None:
    """Add the command."""
    command = commands.add_parser("findings", help="say what the validation rules found, and where", description=ABOUT)
    command.add_argument("study", type=Path, metavar="STUDY.toml", help="the study file, once it has been run")
    command.add_argument("--rule", metavar="RULE", help='one rule, such as "ssda903 101": the lines that break it')
    command.add_argument("--purpose", default="", metavar="WHY", help="why you look at lines; it is written down")
    command.set_defaults(command=findings_command, when_stopped="nothing was shown")


def findings_command(asked: argparse.Namespace, console: Console) -> int:
    catalogue = load_catalogue()
    if asked.rule is None:
        tell(tell_rules(read_study(asked.study, catalogue)))
    else:
        tell(find_places(asked.study, catalogue, rule=asked.rule, purpose=asked.purpose))
    return 0
