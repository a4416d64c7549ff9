"""The command `careloom`: its commands, and what each exit code means."""

import argparse
import os
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

import careloom
from careloom.cli.agreements import add_agreements
from careloom.cli.airlock import add_airlock
from careloom.cli.app import add_app
from careloom.cli.audit import add_audit
from careloom.cli.bundle import add_bundle
from careloom.cli.catalogue import add_catalogue
from careloom.cli.child import add_child
from careloom.cli.classes import add_classes
from careloom.cli.classify import add_classify
from careloom.cli.cost import add_cost
from careloom.cli.encode import add_encode
from careloom.cli.expire import add_expire
from careloom.cli.explain import add_explain
from careloom.cli.federate import add_federate
from careloom.cli.findings import add_findings
from careloom.cli.link import add_link
from careloom.cli.outcomes import add_outcomes
from careloom.cli.pdf import add_pdf
from careloom.cli.prices import add_prices
from careloom.cli.profile import add_profile
from careloom.cli.records import add_records
from careloom.cli.rerun import add_rerun
from careloom.cli.review import add_review
from careloom.cli.run import add_run
from careloom.cli.since import add_since
from careloom.cli.synth import add_synth
from careloom.cli.typology import add_typology
from careloom.cli.vault import add_vault
from careloom.core import CareloomError, nearest

STOPPED = 130

EXITS = """
exit codes:
  0  everything asked was done
  1  a fault in Careloom itself
  2  the command line is wrong
  3  the study file is wrong: the message names the key
  4  done, but at least one delivered file could not be read: the messages name file, line or column
  5  no delivered file could be read; earlier outputs are untouched
  6  the output folder cannot be written, or is not ours to replace
  7  a declaration of the catalogue, or a price sheet, is wrong
  8  what was asked for is not there: results of a run, or a child in them
  9  the audit log cannot be written, so nothing was shown or run; or it does not hold together
 10  careloom rerun: other tables came of it than before
 11  the identity vault cannot be opened or written: the message says which key is wanted
130  stopped with Ctrl-C; the outputs of an earlier run are untouched
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    asked = parser().parse_args(arguments)
    console = Console(stderr=True, highlight=False)
    try:
        return int(asked.command(asked, console))
    except CareloomError as fault:
        console.print(f"careloom: {fault}", style="red", markup=False, soft_wrap=True)
        return fault.exit_code
    except KeyboardInterrupt:
        return stopped(console, asked)
    except Exception as fault:
        if "nterrupted" in str(fault):  # DuckDB says so in its own words when Ctrl-C meets a query
            return stopped(console, asked)
        if os.environ.get("CARELOOM_DEBUG"):
            raise
        console.print(f"careloom: {where_it_failed(fault)}", style="red", markup=False, soft_wrap=True)
        return 1


def stopped(console: Console, asked: argparse.Namespace) -> int:
    console.print(f"careloom: stopped; {asked.when_stopped}", style="red")
    return STOPPED


def where_it_failed(fault: Exception) -> str:
    """Name a fault of Careloom itself by kind and place; its own text might hold a row's value."""
    place = traceback.extract_tb(fault.__traceback__)[-1]
    return (
        f"a fault in Careloom itself: {type(fault).__name__} at {Path(place.filename).name} line {place.lineno}. Its text "
        "is not shown, as it might hold personal data; set CARELOOM_DEBUG=1 to see it, and take care where it goes."
    )


class Parser(argparse.ArgumentParser):
    """One that says of an option that it does not know which was probably meant; so do the parsers of its commands."""

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> tuple[Any, list[str]]:
        found, left = super().parse_known_args(args, namespace)
        odd = next((word.partition("=")[0] for word in left if word.startswith("--")), "")
        if odd:
            self.error(f"there is no option {odd}{nearest(odd, self._option_string_actions)}")
        return found, left


def parser() -> argparse.ArgumentParser:
    top = Parser(
        prog="careloom",
        description=careloom.__doc__,
        epilog=EXITS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("--version", action="version", version=f"careloom {careloom.__version__}")
    commands = top.add_subparsers(title="commands", required=True, metavar="COMMAND")
    add_run(commands, EXITS)
    add_pdf(commands)
    add_airlock(commands)
    add_records(commands)
    add_findings(commands)
    add_link(commands)
    add_review(commands)
    add_encode(commands)
    add_profile(commands)
    add_outcomes(commands)
    add_typology(commands)
    add_classes(commands)
    add_classify(commands)
    add_cost(commands)
    add_federate(commands)
    add_child(commands)
    add_explain(commands)
    add_prices(commands)
    add_catalogue(commands)
    add_agreements(commands)
    add_audit(commands)
    add_rerun(commands)
    add_since(commands)
    add_vault(commands)
    add_expire(commands)
    add_app(commands)
    add_synth(commands)
    add_bundle(commands)
    return top
