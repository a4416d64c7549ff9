"""`careloom run`: from the returns that a study names to a report; or what a run would do, and why."""

import argparse
from pathlib import Path
from typing import Any

from rich.console import Console

from careloom.cli.progress import steps
from careloom.cli.records import show
from careloom.core import DeliveryError
from careloom.study import catalogue_of, explain_run, read_study, run_study


def add_run(commands: Any, exits: str) -> None:
    """Add the command. `exits` says what its exit codes mean."""
    run = commands.add_parser(
        "run",
        help="run a study: from the returns it names to a report",
        epilog=exits,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    run.add_argument("study", type=Path, metavar="STUDY.toml", help="the study file; see examples/")
    run.add_argument("--accept", action="store_true", help="take every clear proposal of recognised.csv as confirmed")
    run.add_argument("--explain", action="store_true", help="run nothing: say which stages would run, and why")
    run.add_argument("--fresh", action="store_true", help="take up nothing that the run before has kept")
    run.set_defaults(command=run_command, when_stopped="earlier outputs are untouched")


def run_command(asked: argparse.Namespace, console: Console) -> int:
    catalogue = catalogue_of(asked.study)
    study = read_study(asked.study, catalogue)
    if asked.explain:
        for listing in explain_run(study, catalogue, accept=asked.accept, is_fresh=asked.fresh):
            show(listing)
        return 0
    with steps(console) as on_step:
        finished = run_study(study, catalogue, accept=asked.accept, on_step=on_step, is_fresh=asked.fresh)
    for message in finished.refused:
        console.print(f"not read: {message}", style="red", markup=False, soft_wrap=True)
    for note in finished.notes:
        console.print(f"note: {note}", markup=False, soft_wrap=True)
    for doubt in finished.doubts:
        console.print(f"doubtful: more than one in five {doubt}", style="yellow", markup=False, soft_wrap=True)
    print(f"Report: {finished.out / 'report.html'}")
    return DeliveryError.exit_code if finished.refused else 0
