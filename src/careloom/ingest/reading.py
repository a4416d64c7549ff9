"""Read one file: say what kind it is, recognise its tables, type its rows, and send them to the engine as they come."""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import pyarrow as pa
import pyarrow.compute as pc

from careloom.catalogue import PRICE_COLUMNS, Return
from careloom.core import DeliveryError, Table
from careloom.ingest.cells import Read, Reader, read_year
from careloom.ingest.door import Door
from careloom.ingest.grid_rows import grid_rows
from careloom.ingest.parts import WHOLE, Delivery, File, Part
from careloom.ingest.raw import About, Grid, Rows
from careloom.ingest.recognise import (
    CodeReader,
    Decisions,
    Found,
    HeadingError,
    Recognition,
    find_table,
    read_mapping,
    scope_of,
)
from careloom.ingest.survey import Survey, open_grids, survey
from careloom.ingest.typed import Typer
from careloom.ingest.xml_file import read_xml, root_of
from careloom.ingest.years import differs

NOTES = "arrived_notes"


class Takes(Protocol):
    """What the rows go to: the engine, or, from a process that reads beside this one, the way to it."""

    def append(self, table: str, rows: pa.Table) -> None: ...


def arrived(return_: Return, table: str) -> str:
    """Name the table that rows of a return's table wait in until the years of all files are known."""
    return f"arrived_{return_.name}_{table}"


@dataclass
class Reading:
    """Reads files one after the other; keeps what was recognised, for all of them together."""

    engine: Takes
    returns: Mapping[str, Return]
    decisions: Decisions
    accept: bool = False
    door: Door = field(default_factory=Door)
    parts: int = 0
    headings: list[Recognition] = field(default_factory=list)
    readers: dict[str, CodeReader] = field(default_factory=dict)

    @property
    def recognitions(self) -> list[Recognition]:
        """Everything that was not recognised exactly: headings, then cells of codes."""
        return [*self.headings, *(each for reader in self.readers.values() for each in reader.recognitions())]

    def read(self, file: File) -> None:
        """Read one file into its parts, or note why it cannot be read; one that may not be read is not opened."""
        if why := self.door.closed_to(file.delivery.la):
            file.refuse(why)
            return
        try:
            surveyed = survey(file.path)
            file.sha256, file.encoding = surveyed.sha256, surveyed.encoding
            if surveyed.kind == "xml":
                self.read_xml(file)
            else:
                self.read_grids(file, surveyed)
        except DeliveryError as fault:
            file.fault = str(fault)
        except OSError as fault:
            file.refuse(f"the file cannot be opened ({fault.strerror})")

    # --- XML ---------------------------------------------------------------------------------------------------------

    def read_xml(self, file: File) -> None:
        return_ = self.return_of_root(file, root_of(file.path))
        part = self.new_part(file, return_, WHOLE, "", About())
        typers: dict[str, Typer] = {}
        for rows in self.door.let_in(file.delivery.la, return_, read_xml(file.path, return_, part.about)):
            if rows.table not in typers:
                typers[rows.table] = self.typer(return_, return_.tables[rows.table])
            self.take(part, typers[rows.table], rows)
        file.encoding = part.about.encoding
        part.about.remarks += no_rows(part)

    def return_of_root(self, file: File, root: str) -> Return:
        """Return the return whose XML has this outermost element; it is to be the one the study names, if it names one."""
        stated = file.delivery.return_name
        known = [r for r in self.returns.values() if "xml" in r.layouts and stated in (None, r.name)]
        for return_ in known:
            if return_.root == root:
                return return_
        asked = " or ".join(f"<{return_.root}>" for return_ in known)
        if not asked:
            raise DeliveryError(
                f"{file.path.name}: this is XML, and {stated} does not come so; name its CSV files or workbook"
            )
        raise DeliveryError(f"{file.path.name}: the outermost element should be {asked}; this is another kind of file")

    # --- CSV files and workbooks --------------------------------------------------------------------------------------

    def read_grids(self, file: File, surveyed: Survey) -> None:
        """Read a CSV file, or every sheet of a workbook that is a table; its other sheets are not used, and said."""
        file.is_workbook = surveyed.kind == "workbook"
        faults = []
        for grid in open_grids(file.path, surveyed):
            if grid.is_hidden:
                file.unused.append((grid.name, "a hidden sheet"))
                continue
            if is_price_sheet(grid):
                file.unused.append((grid.name, "a price sheet, which costs are read from: prices = in [costs]"))
                continue
            try:
                found = self.recognise(file, grid)
            except DeliveryError as fault:
                faults.append(str(fault).removeprefix(file.path.name).lstrip(",: ").removeprefix("a sheet "))
                file.unused.append((grid.name, faults[-1]))
                continue
            self.read_grid(file, grid, found)
        if not file.parts and (faults or not file.unused):
            file.unused.clear()
            raise DeliveryError(f"{file.path.name}: {'; '.join(faults) or 'it holds no sheet with anything in it'}")

    def recognise(self, file: File, grid: Grid) -> Found:
        """Say which table a grid holds, and keep what a person may confirm of its heading, also when it cannot be used."""
        delivery = file.delivery
        candidates = [
            (return_, table)
            for return_ in self.returns.values()
            for table in return_.tables.values()
            if "table" in return_.layouts and delivery.return_name in (None, return_.name)
        ]
        mappings = [read_mapping(delivery.mapping, self.returns)] if delivery.mapping else []
        where = f"{file.path.name}, a sheet" if grid.name else file.path.name
        try:
            found = find_table(grid.top(), candidates, self.decisions, where, grid.name, mappings, self.accept)
        except HeadingError as fault:
            self.headings += fault.recognitions
            raise
        self.headings += found.recognitions
        return found

    def read_grid(self, file: File, grid: Grid, found: Found) -> None:
        return_, table = found.return_, found.table
        about = About(encoding=grid.encoding, remarks=[found.remarks] if found.remarks else [])
        part = self.new_part(file, return_, table.name, grid.name, about)
        part.says_year, part.says_la = "collection_year" in found.positions, "la" in found.positions
        is_joined = [column.name for column in table.columns if column.of and column.name not in found.positions]
        said = {name: read for name, read in said_readers(file.delivery, return_).items() if name in found.positions}
        typer = self.typer(return_, table, said=said, is_joined=is_joined)
        for rows in self.door.let_in(file.delivery.la, return_, grid_rows(grid, found)):
            self.take(part, typer, rows)
        about.remarks += [*no_rows(part), *remarks_of(grid)]

    # --- both --------------------------------------------------------------------------------------------------------

    def new_part(self, file: File, return_: Return, table: str, sheet: str, about: About) -> Part:
        self.parts += 1
        part = Part(self.parts, return_, table, sheet, about)
        file.parts.append(part)
        return part

    def typer(
        self, return_: Return, table: Table, *, said: Mapping[str, Reader] = {}, is_joined: Iterable[str] = ()
    ) -> Typer:
        codes = {column.codes: self.reader(return_, column.codes) for column in table.columns if column.codes}
        return Typer(table, return_.date_formats, codes, said=said, is_joined=is_joined, needs_codes=return_.yearly)

    def reader(self, return_: Return, codes: str) -> CodeReader:
        """Return the reader of a code set; a set of the whole catalogue has one reader for all returns."""
        scope = scope_of(return_, codes)
        if scope not in self.readers:
            self.readers[scope] = CodeReader(return_.codes[codes], scope, self.decisions, accept=self.accept)
        return self.readers[scope]

    def take(self, part: Part, typer: Typer, rows: Rows) -> None:
        """Type some rows and send them on with the part they are of, and the notes on them."""
        typed = typer.type_rows(rows)
        part.rows_in[rows.table] += typed.rows_in
        part.aside.update({(rows.table, reason): n for reason, n in typed.aside.items()})
        self.engine.append(arrived(part.return_, rows.table), of_part(typed.rows, part))
        if typed.notes.num_rows:
            self.engine.append(NOTES, of_part(typed.notes, part))
        part.years += years_told(part.return_, typer.table, typed.rows)


def said_readers(delivery: Delivery, return_: Return) -> dict[str, Reader]:
    """Return how to read what a row says of its own year and authority: neither may contradict the study."""

    def year(text: str) -> Read:
        said, reason = read_year(text)
        if said is not None and (int(str(said)) not in return_.years or delivery.year not in (None, said)):
            return None, "a year that is not of the return, or not the one the study names"
        return said, reason

    def la(text: str) -> Read:
        return (None, "an authority that is not the one the study names") if differs(delivery.la, text) else (text, "")

    return {"collection_year": year, "la": la}


def no_rows(part: Part) -> list[str]:
    return [] if part.rows_in.total() else ["it holds no rows"]


def is_price_sheet(grid: Grid) -> bool:
    """Is it a sheet of unit costs, by its heading?"""
    return any(set(PRICE_COLUMNS) <= {cell.strip().lower() for cell in cells} for _, cells in grid.top()[:1])


def of_part(rows: pa.Table, part: Part) -> pa.Table:
    return rows.append_column("part_no", pa.repeat(pa.scalar(part.number, pa.int32()), rows.num_rows))


def years_told(return_: Return, table: Table, rows: pa.Table) -> Counter[int]:
    """Return how many dates, not in the future, fall in each collection year, of those by which rows tell their year.

    In a yearly return those are the dates by which rows are told apart (an episode's start, a review) and the ends in such
    rows, which lie in the past by their nature, as a target does not; in other extracts any date, or a year that rows
    name. Dates of birth tell nothing.
    """
    dates = [column for column in table.columns if column.type == "date" and column.privacy != "identifier"]
    if return_.yearly:
        dates = [c for c in dates if c.key or (c.blank and any(other.key for other in dates))]
    told = Counter[int]()
    for column in dates:
        days = rows[column.name].filter(pc.less_equal(rows[column.name], pa.scalar(dt.date.today(), pa.date32())))
        ends = pc.add(pc.year(days), pc.greater(pc.month(days), 3).cast(pa.int64()))
        told.update({found["values"]: found["counts"] for found in pc.value_counts(ends).to_pylist()})
    for column in (column for column in table.columns if column.type == "year"):
        told.update(year for year in rows[column.name].to_pylist() if year)
    return told


def remarks_of(grid: Grid) -> list[str]:
    """Say what to know about how a grid was read."""
    said = []
    if grid.encoding == "cp1252":
        said.append("read as Windows-1252: check accented letters")
    if grid.repaired:
        said.append(f"accents were repaired in {grid.repaired} cells that had been read in the wrong encoding before")
    if grid.separator not in ("", ","):
        said.append("the columns are separated by semicolons, tabs or bars, not commas")
    return said
