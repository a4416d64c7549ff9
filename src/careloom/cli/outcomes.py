"""`careloom outcomes`: what became of the children, and how surely."""

import argparse
from pathlib import Path
from typing import Any

from rich.console import Console

from careloom.cli.progress import steps
from careloom.cli.typology import tell
from careloom.study import catalogue_of, look_at_outcomes, read_study
from careloom.study.fit_anew import AskedOfFit, fit_anew

ABOUT = """Show what the last run of a study found of its outcomes. In brief: who was followed, how many of each category of
demand had the event by 12 and 60 months, adjusted hazard ratios, and whether these stay the same over time. With --of or
--all: also who was left out, and why; shares by 3 to 72 months in two ways; hazard ratios of all that was adjusted for, as
more is adjusted for and in other ways; the first twelve months and after; and shares adjusted to all children. For a
made-up authority, whose truth lies beside the study file, the hazard ratios that were planted stand beside the estimates.
Numbers are withheld (c) and rounded as in the report.

With --of and --adjust-for or --stratum, a model is fitted anew, of the same children: Cox's model adjusted for what is named,
with a baseline for each authority and each level of the stratum, and shares by the stratum. All fits are of all children of
the outcome, never of some: two of them differ in no few children. Nothing is written."""
EXAMPLES = """examples:
  careloom outcomes ours.toml --of re_entry
  careloom outcomes ours.toml --of re_entry --adjust-for category,age_band,last_placement --stratum sex
  careloom outcomes ours.toml --of re_entry --stratum age_band      shares by age, nothing adjusted for

covariates of every outcome: category, age_band, sex, ethnic_group, disability, year. An outcome has more of its own; a name
that it has not is answered with those that it has.
"""


def add_outcomes(commands: Any) -> None:
    """Add the command."""
    command = commands.add_parser(
        "outcomes",
        help="show what became of the children, of a study that was run",
        description=ABOUT,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument("study", type=Path, metavar="STUDY.toml", help="the study file, once it has been run")
    command.add_argument("--of", metavar="NAME", help="all that is known of one outcome, such as re_referral")
    command.add_argument("--all", action="store_true", help="all that is known of every outcome")
    command.add_argument(
        "--adjust-for", default="", metavar="A,B", help="with --of: fit a model anew, adjusted for these"
    )
    command.add_argument("--stratum", metavar="A", help="with --of: a baseline, and shares, for each level of this")
    command.set_defaults(command=outcomes_command, when_stopped="nothing was written")


def outcomes_command(asked: argparse.Namespace, console: Console) -> int:
    catalogue = catalogue_of(asked.study)
    study = read_study(asked.study, catalogue)
    if asked.adjust_for or asked.stratum:
        named = tuple(name.strip() for name in asked.adjust_for.split(",") if name.strip())
        with steps(console) as on_step:
            told = fit_anew(study, catalogue, AskedOfFit(asked.of or "", named, asked.stratum), on_step=on_step)
        tell(told)
        return 0
    tell(look_at_outcomes(study, catalogue, of=asked.of, whole=asked.all, truth=asked.study.parent / "truth"))
    return 0
