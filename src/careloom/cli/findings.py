"""`careloom findings`: what the validation rules found, and where."""

import argparse
from typing import Any

from rich.console import Console

from careloom.cli.typology import tell
from careloom.cli.which_child import add_which_child, which_child
from careloom.study import catalogue_of, read_study
from careloom.study.findings import find_places, tell_rules
from careloom.study.findings_of_children import find_children, find_of_child, tell_children, tell_of_child

ABOUT = """Say how every validation rule went in the last run of a study: rows looked at and rows that break it, withheld and
rounded as in the report. With --rule, for who mends the records: in which lines of which files the rows are that break it.
What the lines hold is never shown. Each of them is of one child, so the purpose is asked for, and the access is written into
access.jsonl first, as careloom child does; the list stays inside the authority. With --by child, which children have most findings, by
pseudonym, a page at a time; with --child or --child-id, all that was found of one child. Both are written down, too."""
EXAMPLES = """examples:
  careloom findings ours.toml                                                  every rule, released
  careloom findings ours.toml --rule "ssda903 101" --purpose "mend the return"   its lines
  careloom findings ours.toml --by child --purpose "mend the return"           the children with most findings
  careloom findings ours.toml --by child --rule "ssda903 101" --page 2 --purpose "mend the return"
  careloom findings ours.toml --child 4vq7m2kd6tnx5ryw3bjz2hcaeu --purpose "case audit, April"
  careloom findings ours.toml --child-id 12345 --authority 998 --purpose "case audit, April"
"""


def add_findings(commands: Any) -> None:
    """Add the command."""
    command = commands.add_parser(
        "findings",
        help="say what the validation rules found, and where",
        description=ABOUT,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_which_child(command)
    command.add_argument("--rule", metavar="RULE", help='one rule, such as "ssda903 101": the lines that break it')
    command.add_argument("--by", choices=("child",), help="the children with most findings, of all rules or of one")
    command.add_argument("--page", type=int, default=1, metavar="N", help="with --by child: which page (default 1)")
    command.add_argument(
        "--child", dest="person_id", metavar="ID", help="one child, by the person_id of study.duckdb: what was found"
    )
    command.set_defaults(command=findings_command, when_stopped="nothing was shown")


def findings_command(asked: argparse.Namespace, console: Console) -> int:
    catalogue, rule = catalogue_of(asked.study), asked.rule or ""
    if asked.person_id or asked.child_id:
        tell(tell_of_child(find_of_child(asked.study, catalogue, which_child(asked), rule=rule)))
    elif asked.by:
        about = {"purpose": asked.purpose, "rule": rule, "page": asked.page}
        tell(tell_children(find_children(asked.study, catalogue, **about)))
    elif asked.rule is None:
        tell(tell_rules(read_study(asked.study, catalogue)))
    else:
        tell(find_places(asked.study, catalogue, rule=rule, purpose=asked.purpose))
    return 0
