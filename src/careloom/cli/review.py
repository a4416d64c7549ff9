"""`careloom review`: pairs of records in doubt, side by side, for a person to decide."""

import argparse
from pathlib import Path
from typing import Any

from rich.console import Console

from careloom.cli.progress import steps
from careloom.study import Talk, agreement, catalogue_of, read_study, review_links

ABOUT = """Go through the pairs of records that linkage leaves in doubt: twins, two who are nearly as likely, second records of one
child, and what is neither likely nor unlikely. Both records are shown side by side with their names, which happens nowhere
else in Careloom: you need the study's key, say why you look, and every view is written into access.jsonl before it is shown.
What you decide is kept in links_decided.csv beside the study file, by pseudonym, with who, when and why, and holds in the next
run. Two reviewers do not see each other's decisions; where they differ the pair stays open. With --sample, a random sample of
all pairs that were weighed instead, joined or not, without saying which: from what you decide of these, careloom link tells how
right the links are. It is the same sample each time, so you can stop and go on. The study's link mode is probabilistic."""


def add_review(commands: Any) -> None:
    """Add the command."""
    command = commands.add_parser("review", help="decide on pairs of records in doubt, side by side", description=ABOUT)
    command.add_argument("study", type=Path, metavar="STUDY.toml", help="the study file")
    command.add_argument(
        "--purpose", default="", metavar="WHY", help="why you look; without it nothing is shown. No names"
    )
    command.add_argument(
        "--sample",
        type=int,
        default=0,
        metavar="N",
        help="the first N pairs of a random sample of all, from which careloom link tells how right the links are",
    )
    command.add_argument("--agreement", action="store_true", help="show nobody; say how far two reviewers agree")
    command.set_defaults(command=review_command, when_stopped="what was decided until then is kept")


def review_command(asked: argparse.Namespace, console: Console) -> int:
    catalogue = catalogue_of(asked.study)
    study = read_study(asked.study, catalogue)
    if asked.agreement:
        print(agreement(study))
        return 0
    with steps(console) as on_step:
        pages = review_links(
            study,
            catalogue,
            study_file=asked.study,
            purpose=asked.purpose,
            talk=Talk(input, print),
            on_step=on_step,
            sample=asked.sample,
        )
    print(f"{pages} decided; {study.links.decided} holds all decisions.")
    return 0
