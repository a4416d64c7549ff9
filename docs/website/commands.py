"""A page for each command, made from what the command line itself says: usage, what it does, and every option."""

import argparse
from collections.abc import Iterator

from make_catalogue import fenced, table

from careloom.cli import parser
from website.pages import Page, made_page

PART = "Commands"


def command_pages() -> Iterator[Page]:
    """Make a page for `careloom` and one for each command, and each command of a command."""
    yield from pages_of(parser())


def pages_of(of: argparse.ArgumentParser, about: str = "") -> Iterator[Page]:
    of.formatter_class = argparse.RawDescriptionHelpFormatter
    below = [action for action in of._actions if isinstance(action, argparse._SubParsersAction)]
    yield made_page(f"commands/{of.prog.replace(' ', '_')}", PART, say_command(of, about, below))
    for action in below:
        said = {choice.dest: choice.help or "" for choice in action._choices_actions}
        for name, command in action.choices.items():
            yield from pages_of(command, said.get(name, ""))


def say_command(
    of: argparse.ArgumentParser, about: str, below: list["argparse._SubParsersAction[argparse.ArgumentParser]"]
) -> list[str]:
    """Return a page of one command; its texts are as `--help` prints them."""
    lines = [f"# {of.prog}", "", f"{about[:1].upper()}{about[1:]}." if about else "", "", *fenced(of.format_usage())]
    if of.description:
        lines += fenced(of.description, "words")
    asked = [action for action in of._actions if not isinstance(action, argparse._SubParsersAction)]
    rows = ((f"`{named(action)}`", (action.help or "").replace("%%", "%")) for action in asked)
    lines += ["## What it takes", "", *table("argument | what it is", rows)]
    for action in below:
        links = (
            (f"[{of.prog} {c.dest}]({of.prog.replace(' ', '_')}_{c.dest}.md)", c.help or "")
            for c in action._choices_actions
        )
        lines += ["## Commands", "", *table("command | what it does", links)]
    return [*lines, *(["## More", "", *fenced(of.epilog)] if of.epilog else [])]


def named(action: argparse.Action) -> str:
    """Name an argument as it is typed, with what follows it."""
    if not action.option_strings:
        return str(action.metavar or action.dest)
    value = (
        ""
        if action.nargs == 0
        else f" {action.metavar or (','.join(map(str, action.choices)) if action.choices else action.dest.upper())}"
    )
    return f"{', '.join(action.option_strings)}{value}"
