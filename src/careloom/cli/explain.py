"""`careloom explain cost`: one child's cost lines, and where each figure of a line comes from."""

import argparse
from typing import Any

from rich.console import Console

from careloom.cli.child import show
from careloom.cli.which_child import add_which_child, which_child
from careloom.study import catalogue_of, explain_cost

ABOUT = """List one child's cost lines, numbered, or trace one of them: what in the record shows the work (file and line), from which
day to which it counts, and what one of it costs: the rows of the price sheet with hours, rate, region, index and source, or
the payments of the child's own fee. It reads what careloom run has kept and the price sheet as it stands now, and says so where the
two no longer agree.

As with careloom child, every access is written down first, and what is shown is for inside the authority only."""
EXAMPLES = """examples:
  careloom explain cost ours.toml --child 4vq7m2kd6tnx5ryw3bjz2hcaeu --purpose "fee query, May"
  careloom explain cost ours.toml --child 4vq7m2kd6tnx5ryw3bjz2hcaeu --purpose "fee query, May" --line 12
"""


def add_explain(commands: Any) -> None:
    """Add the command that explains costs."""
    explain = commands.add_parser("explain", help="trace a child's costs to the rows they come from; written down")
    parts = explain.add_subparsers(title="what", required=True, metavar="WHAT")
    cost = parts.add_parser(
        "cost",
        help="a child's cost lines, or one of them traced",
        description=ABOUT,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_which_child(cost)
    cost.add_argument("--child", dest="person_id", metavar="ID", help="the child: a person_id of study.duckdb")
    cost.add_argument("--line", type=int, metavar="N", help="trace this line; without it all lines are listed")
    cost.set_defaults(command=explain_command, when_stopped="nothing was shown")


def explain_command(asked: argparse.Namespace, console: Console) -> int:
    show(explain_cost(asked.study, catalogue_of(asked.study), which_child(asked), asked.line))
    return 0
