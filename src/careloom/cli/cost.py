"""`careloom cost`: what care cost, how sure that is, what would change it, and whether it adds up to what was spent."""

import argparse
from pathlib import Path
from typing import Any

from rich.console import Console

from careloom.catalogue.scenarios import load_scenarios
from careloom.cli.typology import tell
from careloom.costs.uncertainty import SHAPES, Doubt
from careloom.study import AskedOfCost, catalogue_of, look_at_cost, read_study
from careloom.study.cost import PARTS

ABOUT = """Say what the children of a study cost, as its last run costed them. In brief: the total, with an interval from prices
drawn many times and one from children drawn again; a week in care; the largest lines; and what is not costed. With --of or
--all: every process, every kind of placement, each at lowest, central and highest prices; every year, at one year's prices
and at its own; or what moves the cost most. With --scenario, what would change instead, with an interval. With --outturn, the
costs against what the authority spent. No event is counted again for prices; conventions of the method, such as how long a
placement takes to settle, are counted again beside the results, which stay as they are. Numbers are withheld and rounded as
in the report."""
EXAMPLES = """examples:
  careloom cost ours.toml                              in brief
  careloom cost ours.toml --of placement               every kind of placement, with its ranges
  careloom cost ours.toml --scenario monthly_visits    one of the scenarios that come with Careloom
  careloom cost ours.toml --scenario what_if.toml --svg what_if.svg
  careloom cost ours.toml --outturn spending.csv       columns la,year,line,amount,source; see docs/costs.md

scenarios that come with Careloom:
"""


def add_cost(commands: Any) -> None:
    """Add the command."""
    shipped = "".join(f"  {name:<34} {scenario.title}\n" for name, scenario in load_scenarios().items())
    command = commands.add_parser(
        "cost",
        help="say what care cost, how sure that is, and what would change it",
        description=ABOUT,
        epilog=EXAMPLES + shipped,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument("study", type=Path, metavar="STUDY.toml", help="the study file, once it has been run")
    command.add_argument(
        "--of", choices=tuple(PARTS), help="by process, placement or year, or what moves the cost most"
    )
    command.add_argument("--all", action="store_true", dest="whole", help="all of these")
    command.add_argument("--scenario", metavar="FILE", help="a what-if: a .toml file, or the name of a shipped one")
    command.add_argument("--outturn", type=Path, metavar="CSV", help="what was spent, by section 251 line")
    command.add_argument("--svg", type=Path, metavar="SVG", help="draw what moves the costs most into a new file")
    command.add_argument("--draws", type=int, default=1000, metavar="N", help="draws of prices (default 1000)")
    command.add_argument("--seed", type=int, default=1, metavar="N", help="the same seed, the same draws (default 1)")
    command.add_argument(
        "--within", type=float, default=0.2, metavar="SHARE", help="range of a price that gives none (default 0.2)"
    )
    command.add_argument("--shape", choices=tuple(SHAPES), default="triangular", help="how amounts are drawn")
    command.set_defaults(command=cost_command, when_stopped="nothing was written")


def cost_command(asked: argparse.Namespace, console: Console) -> int:
    catalogue = catalogue_of(asked.study)
    study = read_study(asked.study, catalogue)
    doubt = Doubt(draws=asked.draws, seed=asked.seed, within=asked.within, shape=asked.shape)
    asked_of_cost = AskedOfCost(asked.scenario, asked.outturn, asked.svg, doubt, asked.of, asked.whole)
    with console.status("asking the costs ..."):
        told = look_at_cost(study, catalogue, asked_of_cost)
    tell(told)
    return 0
