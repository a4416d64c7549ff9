"""`careloom new prices` and `careloom time-use`: an authority's own prices, from an empty sheet and from time surveys."""

import argparse
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from careloom.catalogue import HOURS_BASES, load_catalogue
from careloom.cli.agreements import add_new_agreement
from careloom.core import RequestError
from careloom.costs import Spread, TimeUse, price_rows, read_time_use
from careloom.study import write_new_prices, write_price_rows

WIDTH = 100
"""Of a table that goes to a file and not to a screen."""
FEW = 5
ABOUT_NEW = """Write an empty sheet of prices with a row for every element of every process, a staff sheet, and a page that says what
each column means. Fill them in, and name the folder in the study: prices = "FOLDER" in [costs]."""
ABOUT_TIME = """Hours for each element of a process, with their spread, direct and indirect work apart, from one of two kinds of CSV:

  a survey (focus group): person,process,element,staff,direct_hours,indirect_hours
      each person asked says the hours of each kind of staff for one event, or for one week of what goes by time
  a diary: worker,day,case,process,element,staff,minutes,work
      work is direct or indirect; minutes are added up by case, and divided by the diary's weeks for what goes by time

Persons, workers and cases may be any letters or numbers; they are never shown. Blank hours are no answer, 0 is none."""
EXAMPLES = """examples:
  careloom time-use focus_group.csv
  careloom time-use diary.csv --out hours.csv --price-year 2024/25     rows for a price sheet, staff.csv beside it
  careloom time-use diary.csv --basis client                           direct work alone, for a rate per client hour
"""


def add_prices(commands: Any) -> None:
    """Add the commands that make prices."""
    new = commands.add_parser("new", help="write an empty, explained sheet of prices, or an agreement, to fill in")
    parts = new.add_subparsers(title="what", required=True, metavar="WHAT")
    prices = parts.add_parser("prices", help="an empty price sheet and staff sheet", description=ABOUT_NEW)
    prices.add_argument("folder", type=Path, metavar="FOLDER", help="a new folder, or an empty one")
    prices.set_defaults(command=new_command, when_stopped="the folder may be half written")
    add_new_agreement(parts)
    time_use = commands.add_parser(
        "time-use",
        help="hours of each process with their spread, from a focus group or a diary",
        description=ABOUT_TIME,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    time_use.add_argument("sheet", type=Path, metavar="SHEET.csv", help="a survey or a diary; told by its heading")
    time_use.add_argument("--out", type=Path, metavar="FILE.csv", help="also write rows that a price sheet takes")
    time_use.add_argument("--price-year", default="", metavar="YEAR", help="to write into those rows, as 2024/25")
    time_use.add_argument(
        "--basis", choices=("working", "client"), default="working", help="hours with indirect work in them, or without"
    )
    time_use.set_defaults(command=time_use_command, when_stopped="nothing was written")


def new_command(asked: argparse.Namespace, console: Console) -> int:
    rows = write_new_prices(asked.folder, load_catalogue())
    print(f"Prices: {asked.folder / 'unit_costs.csv'}, {rows} rows to fill in; see README.md beside it")
    return 0


def time_use_command(asked: argparse.Namespace, console: Console) -> int:
    use = read_time_use(asked.sheet, load_catalogue().processes)
    basis = next(name for name in HOURS_BASES if name.startswith(asked.basis))
    show(use)
    for note in notes(use, basis):
        console.print(f"note: {note}", markup=False, soft_wrap=True)
    if asked.out:
        write_price_rows(asked.out, price_rows(use, basis, asked.price_year, asked.sheet.name))
        print(f"Rows: {asked.out}, hours per {basis}")
    elif asked.price_year:
        raise RequestError("--price-year is for the rows that --out writes")
    return 0


def notes(use: TimeUse, basis: str) -> list[str]:
    """What to know before the hours are used."""
    said = []
    few = sum(row.workers < FEW for row in use.rows)
    if few:
        said.append(
            f"{few} of {len(use.rows)} rows rest on fewer than {FEW} people: they may be odd, and colleagues may know who said it"
        )
    if any(row.both.by != "quartiles" for row in use.rows):
        said.append(
            f"low and high are quartiles, which do not hang on one odd answer; of fewer than {FEW}, or where the mean lies outside them, the lowest and highest"
        )
    if basis == "working hour" and not any(row.indirect.mean for row in use.rows):
        said.append(
            "no indirect work is recorded: these are client hours; use --basis client, or travel and writing up go unpaid"
        )
    if basis == "client hour":
        said.append(
            "indirect work is left out, as the rate of a client hour bears it: fill in client_share in staff.csv"
        )
    return said


def show(use: TimeUse) -> None:
    """Print the hours, one line for each kind of staff."""
    table = Table(
        title=f"Hours for one event, or for one week ({use.how})", title_justify="left", box=None, pad_edge=False
    )
    for name in ("Process and element", "Staff", "Per"):
        table.add_column(name, overflow="fold")
    for name in (use.counted.capitalize(), "Direct", "Indirect", "Both", "sd", "Low", "High"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("Limits", no_wrap=True)
    for row in use.rows:
        both: Spread = row.both
        hours = [f"{mean:.2f}" for mean in (row.direct.mean, row.indirect.mean, both.mean)]
        sd = "" if both.sd is None else f"{both.sd:.2f}"
        limits = "quartiles" if both.by == "quartiles" else "range"
        table.add_row(
            f"{row.process} {row.element}",
            row.staff,
            row.unit,
            str(both.n),
            *hours,
            sd,
            f"{both.low:.2f}",
            f"{both.high:.2f}",
            limits,
        )
    console = Console(highlight=False, markup=False)
    if not console.is_terminal:
        console = Console(highlight=False, markup=False, width=WIDTH)
    console.print(table)
