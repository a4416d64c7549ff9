"""Take stock of what was handed over: read the files, and say what is there, without the rest of the analysis."""

import datetime as dt
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.csv

from careloom.catalogue import Catalogue
from careloom.check import measure_availability
from careloom.core import Ledger, OutputError, RequestError, nearest
from careloom.engine import Scratch, open_engine
from careloom.ingest import UNSTATED, Decisions, Delivery, ingest
from careloom.study.accounts import READING, check_balance, refused, waiting
from careloom.study.agreements import Governed, door_of
from careloom.study.file import read_study
from careloom.study.listings import Listing, list_available, list_files

OURS = {".toml", ".key", ".duckdb", ".html", ".parquet", ".lock"}
"""Endings of files that Careloom writes or is told by; a folder is searched for all others."""
TABLES = ("delivery", "set_aside", "recognition", "override", "availability", "ability", "unlock")
SET_ASIDE = "SELECT d.file_name, s.* FROM set_aside AS s JOIN delivery AS d ON d.delivery_id = s.delivery_id"
MARK = ".careloom"
"""A file in a folder of tables that Careloom wrote, so that it does not take them for something handed over."""


@dataclass(frozen=True)
class HandedOver:
    """What to take stock of: deliveries, where decisions on headings and texts are kept, where to work if not in memory, and
    the agreements of the study that names them.
    """

    deliveries: tuple[Delivery, ...]
    recognised: Path = Path("recognised.csv")
    scratch: Scratch | None = None
    governed: Governed = field(default_factory=Governed)


@dataclass(frozen=True)
class Stock:
    """What was handed over.

    `tables` are common tables by name, `files` and `available` what to show of them, `refused` names each file that could
    not be read and why, and `waiting` counts the headings and texts that wait for a decision in recognised.csv.
    """

    tables: dict[str, pa.Table]
    files: tuple[Listing, ...]
    available: tuple[Listing, ...]
    refused: tuple[str, ...]
    ledger: Ledger
    waiting: int

    @property
    def is_unstated(self) -> bool:
        """Whether neither the files nor anybody else say whose some of them are."""
        return UNSTATED in self.tables["delivery"]["la"].to_pylist()

    @property
    def is_read(self) -> bool:
        """Whether anything could be read at all."""
        return "read" in self.tables["delivery"]["state"].to_pylist()

    @property
    def balance(self) -> str:
        """The account of every row of every file, in a sentence."""
        steps = [step for step in self.ledger.steps if step.step == READING]
        came, used = sum(step.rows_in for step in steps), sum(step.rows_out for step in steps)
        aside = sum(step.rows_set_aside for step in steps)
        return f"{came:,} rows came in: {used:,} were read and {aside:,} set aside. The ledger balances."


def find_handed_over(
    paths: Sequence[Path],
    catalogue: Catalogue,
    *,
    la: str = "",
    return_name: str | None = None,
    year: int | None = None,
    mapping: Path | None = None,
) -> HandedOver:
    """Return the deliveries of a study file, or of files and folders, of which the other arguments are said.

    A folder gives every file in it and below, but hidden ones and those Careloom writes. Raises RequestError for a path
    that is not there or a study among other paths, and StudyError as reading the study does.
    """
    for path in paths:
        if not (path.is_file() or path.is_dir()):
            raise RequestError(f"{path}: there is no such file or folder")
    if any(path.suffix == ".toml" for path in paths) and (len(paths) > 1 or la or return_name or year or mapping):
        raise RequestError("a study file stands alone: authority, return, year and mapping are said in it")
    if return_name not in (None, *catalogue.returns):
        raise RequestError(f'there is no return "{return_name}"{nearest(str(return_name), catalogue.returns)}')
    if paths[0].suffix == ".toml":
        study = read_study(paths[0], catalogue)
        return HandedOver(study.deliveries, study.recognised, study.scratch, study.governed)
    files = tuple(dict.fromkeys(file for path in paths for file in files_of(path)))
    if not files:
        raise RequestError(f"{paths[0]}: there is no file in this folder")
    return HandedOver((Delivery(la, files, return_name, year, mapping),))


def files_of(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    ours = {mark.parent for mark in path.rglob(MARK)}
    return sorted(
        file
        for file in path.rglob("*")
        if file.is_file()
        and file.suffix.lower() not in OURS
        and file.name != "recognised.csv"
        and file.parent not in ours
        and not any(part.startswith((".", "~$")) for part in file.relative_to(path).parts)
    )


def take_stock(
    what: HandedOver,
    catalogue: Catalogue,
    *,
    accept: bool = False,
    on_step: Callable[[str, float], None] = lambda step, share: None,
) -> Stock:
    """Read every file, write down in recognised.csv what was not recognised exactly, and measure what is available.

    Raises CareloomError when the ledger does not balance, which would be a fault of Careloom.
    """
    decisions = Decisions.load(what.recognised, catalogue.returns)
    with closing(open_engine("duckdb", what.scratch)) as working:
        ingested = ingest(
            working,
            catalogue,
            deliveries=what.deliveries,
            decisions=decisions,
            accept=accept,
            door=door_of(what.governed, dt.date.today()),
            on_file=lambda number, of: on_step(f"reading file {number} of {of}", 0.8 * number / of),
        )
        if ingested.recognitions or what.recognised.exists():
            decisions.save(what.recognised, ingested.recognitions)
        on_step("measuring what is recorded", 0.9)
        ledger = ingested.ledger
        ledger.extend(measure_availability(working, catalogue))
        check_balance(ledger)
        return Stock(
            tables={
                name: working.arrow(SET_ASIDE if name == "set_aside" else f"SELECT * FROM {name}") for name in TABLES
            },
            files=tuple(list_files(working, ledger)),
            available=tuple(list_available(working)),
            refused=refused(working),
            ledger=ledger,
            waiting=waiting(working),
        )


def write_stock(stock: Stock, out: Path) -> None:
    """Write each table of the stock as `NAME.csv` into a folder, to be opened in Excel. Raises OutputError when it cannot."""
    ours = {MARK, *(f"{name}.csv" for name in stock.tables)}
    if out.is_dir() and any(path.name not in ours for path in out.iterdir()):
        raise OutputError(f"{out}: this folder holds other files; name one of its own for the tables")
    try:
        out.mkdir(parents=True, exist_ok=True)
        (out / MARK).touch()
        for name, rows in stock.tables.items():
            pyarrow.csv.write_csv(rows, out / f"{name}.csv")
    except OSError as fault:
        raise OutputError(f"{out}: the tables cannot be written there ({fault.strerror})") from None
