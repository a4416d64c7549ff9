"""`careloom ingest`, `careloom availability` and `careloom map`: what is there, before anything is made of it."""

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from careloom.catalogue import load_catalogue
from careloom.cli.progress import steps
from careloom.core import DeliveryError, NothingToRunError, OutputError
from careloom.engine import Scratch
from careloom.ingest import propose_map
from careloom.study import Listing, Stock, find_handed_over, take_stock, wait, write_stock

WIDTH = 160
"""Of a listing that goes to a file and not to a screen."""
WHAT = "a study file, or the files and folders that were handed over"
ABOUT_INGEST = """Read everything that was handed over, whatever it is called, and say what it was read as: returns (SSDA903,
children in need census, Annex A) and extracts (early help, schools, health, youth justice, services, visits, finance).
Nothing is guessed in silence: headings and codes that are not exactly as in the catalogue are listed in recognised.csv.
Look at them, write yes, no or what is really meant under `decision`, and give the command again: it asks nothing twice."""
ABOUT_AVAILABILITY = """Say what child-level data is there, authority by authority: which of Careloom's questions the
records can answer, what is missing for the others, and which few items would help most."""
ABOUT_MAP = """Propose what the columns of an extract mean, as a mapping file. Look it through, mend it, save it, and name
it in the study (mapping = "file.toml" in its [[delivery]]) or with careloom ingest --mapping."""


def add_records(commands: Any) -> None:
    """Add the commands that look at what was handed over."""
    ingest = commands.add_parser(
        "ingest", help="read what was handed over, and say what it was read as", description=ABOUT_INGEST
    )
    add_what(ingest)
    ingest.set_defaults(command=ingest_command, when_stopped="nothing was written")
    availability = commands.add_parser(
        "availability",
        help="say what child-level data is there, and what it is enough for",
        description=ABOUT_AVAILABILITY,
    )
    add_what(availability)
    availability.set_defaults(command=availability_command, when_stopped="nothing was written")
    mapping = commands.add_parser("map", help="propose what the columns of an extract mean", description=ABOUT_MAP)
    mapping.add_argument("file", type=Path, metavar="FILE", help="a CSV file or workbook")
    mapping.add_argument("--out", type=Path, metavar="MAP.toml", help="write it there instead of showing it")
    mapping.set_defaults(command=map_command, when_stopped="nothing was written")


def add_what(command: argparse.ArgumentParser) -> None:
    command.add_argument("paths", type=Path, nargs="+", metavar="PATH", help=WHAT)
    command.add_argument(
        "--authority", default="", metavar="NAME", help="whose files they are, if the files do not say"
    )
    command.add_argument("--return", dest="return_name", metavar="NAME", help="which return or extract they are of")
    command.add_argument("--year", type=int, metavar="N", help="their collection year, if the files do not say")
    command.add_argument("--mapping", type=Path, metavar="MAP.toml", help="what the columns mean; see careloom map")
    command.add_argument(
        "--recognised", type=Path, metavar="FILE", help="where decisions are kept (default recognised.csv)"
    )
    command.add_argument(
        "--scratch", type=Path, metavar="DIR", help="work in a file there instead of in memory; it goes at the end"
    )
    command.add_argument("--accept", action="store_true", help="take every clear proposal as confirmed")
    command.add_argument("--out", type=Path, metavar="DIR", help="also write the tables there as CSV (stays inside)")


def stock_of(asked: argparse.Namespace, console: Console) -> Stock:
    """Read what was asked for; say what could not be read, and what waits for a decision."""
    catalogue = load_catalogue()
    what = find_handed_over(
        asked.paths,
        catalogue,
        la=asked.authority,
        return_name=asked.return_name,
        year=asked.year,
        mapping=asked.mapping,
    )
    kept = {"recognised": asked.recognised, "scratch": asked.scratch and Scratch(asked.scratch)}
    what = replace(what, **{name: place for name, place in kept.items() if place})
    with steps(console) as on_step:
        stock = take_stock(what, catalogue, accept=asked.accept, on_step=on_step)
    for message in stock.refused:
        console.print(f"not read: {message}", style="red", markup=False, soft_wrap=True)
    if stock.is_unstated:
        console.print(
            "note: some files do not say whose they are; say it with --authority", markup=False, soft_wrap=True
        )
    if stock.waiting:
        console.print(f"note: {wait(stock.waiting, what.recognised)}", markup=False, soft_wrap=True)
    if asked.out:
        write_stock(stock, asked.out)
    if not stock.is_read:
        raise NothingToRunError("no delivered file could be read")
    return stock


def ingest_command(asked: argparse.Namespace, console: Console) -> int:
    stock = stock_of(asked, console)
    for listing in stock.files:
        show(listing)
    print(stock.balance)
    return DeliveryError.exit_code if stock.refused else 0


def availability_command(asked: argparse.Namespace, console: Console) -> int:
    stock = stock_of(asked, console)
    for listing in stock.available:
        show(listing)
    return DeliveryError.exit_code if stock.refused else 0


def map_command(asked: argparse.Namespace, console: Console) -> int:
    proposal = propose_map(asked.file, load_catalogue().returns)
    if not asked.out:
        print(proposal, end="")
        return 0
    try:
        with asked.out.open("x", encoding="utf-8") as file:
            file.write(proposal)
    except FileExistsError:
        raise OutputError(f"{asked.out}: this is there already, perhaps mended by hand; name another file") from None
    except OSError as fault:
        raise OutputError(f"{asked.out}: the mapping cannot be written there ({fault.strerror})") from None
    print(f"Mapping: {asked.out}")
    return 0


def show(listing: Listing) -> None:
    """Print a listing, numbers right and texts left; nothing when it has no rows."""
    if not listing.rows:
        return
    table = Table(title=listing.title, title_justify="left", box=None, pad_edge=False)
    for place, name in enumerate(listing.heading):
        is_number = all(isinstance(row[place], int | None) for row in listing.rows)
        table.add_column(name, justify="right" if is_number else "left", overflow="fold")
    for row in listing.rows:
        table.add_row(*map(shown, listing.heading, row))
    console = Console(highlight=False, markup=False)
    if not console.is_terminal:
        console = Console(highlight=False, markup=False, width=WIDTH)
    console.print(table)
    console.print()


def shown(name: str, cell: object) -> str:
    """Write one cell: thousands parted, but not in a year; blank when missing."""
    if isinstance(cell, int) and name != "year":
        return f"{cell:,}"
    return "" if cell is None else str(cell)
