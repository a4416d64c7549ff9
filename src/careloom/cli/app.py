"""`careloom app`: the pages of a study in the browser, on this machine only."""

import argparse
from pathlib import Path
from typing import Any

from rich.console import Console

from careloom.core import OutputError, RequestError

ABOUT = """Open the pages of a study in your browser: run it, look at what came in and at what was found, name the categories of
demand, ask about outcomes and costs, look at one child's record, and review links. It listens on this machine alone and
sends nothing anywhere. The address it prints works once; after some time without use the app locks itself, and prints a new
one. What you settle is written where the commands write it, so they give the same. End it with Ctrl-C."""
NEEDS = "the app needs two more packages: pip install 'careloom[app]', or requirements/core.lock"


def add_app(commands: Any) -> None:
    """Add the command."""
    command = commands.add_parser("app", help="open the pages of a study in the browser", description=ABOUT)
    command.add_argument("study", type=Path, metavar="STUDY.toml", help="the study file; it need not have been run")
    command.add_argument("--port", type=int, default=0, metavar="N", help="the port (default any that is free)")
    command.add_argument(
        "--idle", type=float, default=30, metavar="MINUTES", help="lock after so long without use (default 30)"
    )
    command.set_defaults(command=app_command, when_stopped="the app is closed")


def app_command(asked: argparse.Namespace, console: Console) -> int:
    if not 0 < asked.idle <= 24 * 60:
        raise RequestError("--idle is more than 0 minutes, and at most a day")
    try:
        from careloom.app import serve
    except ModuleNotFoundError as fault:
        raise RequestError(f"{NEEDS} ({fault.name} is missing)") from None
    try:
        serve(asked.study, port=asked.port, idle_minutes=asked.idle, say=say)
    except (OSError, OverflowError):
        raise OutputError(
            f"port {asked.port} cannot be listened on; leave --port away, and any free one is taken"
        ) from None
    return 0


def say(address: str) -> None:
    print(f"Open this address in your browser; it works once: {address}", flush=True)
