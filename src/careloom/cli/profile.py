"""`careloom profile`: who came and what followed, by any column."""

import argparse
from pathlib import Path
from typing import Any

from rich.console import Console

from careloom.cli.records import show
from careloom.core import RequestError
from careloom.study import catalogue_of, describe_by, list_described, list_profiles, read_study, write_described

ABOUT = """Describe who came and what followed, by any column, from the results of a study that was run: shares, medians, and
what sets a group apart. Numbers are withheld and rounded as in the report: c stands where too few children were. Without
--of it lists what can be asked."""


def add_profile(commands: Any) -> None:
    """Add the command."""
    profile = commands.add_parser(
        "profile", help="describe who came and what followed, by any column", description=ABOUT
    )
    profile.add_argument("study", type=Path, metavar="STUDY.toml", help="the study file, once it has been run")
    profile.add_argument("--of", metavar="NAME", help="whom to describe, such as episodes")
    profile.add_argument("--by", metavar="COLUMN", help="the column whose groups to tell apart, such as ethnic_group")
    profile.add_argument("--out", type=Path, metavar="FILE.csv", help="also write all numbers that may be shown there")
    profile.set_defaults(command=profile_command, when_stopped="nothing was written")


def profile_command(asked: argparse.Namespace, console: Console) -> int:
    catalogue = catalogue_of(asked.study)
    study = read_study(asked.study, catalogue)
    if not asked.of:
        if asked.by or asked.out:
            raise RequestError(f"say whom to describe: --of {' or --of '.join(catalogue.profiles)}")
        for listing in list_profiles(catalogue):
            show(listing)
        return 0
    told = describe_by(study, catalogue, of=asked.of, by=asked.by)
    for listing in list_described(told):
        show(listing)
    if asked.out:
        write_described(told, asked.out, study)
        print(f"Profile: {asked.out}")
    return 0
