"""A mapping file says, for an extract with headings of its own, which of them is which column of ours."""

from collections.abc import Mapping as AnyMapping
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from careloom.catalogue import Return
from careloom.core import DeliveryError, StudyError, Table, Years, nearest, read_toml
from careloom.ingest.recognise.decisions import SPECIAL
from careloom.ingest.recognise.words import fold, squeeze

Top = Sequence[tuple[int, Sequence[str]]]
"""The first rows of a file: line, and cells as trimmed text."""


@dataclass(frozen=True)
class Mapping:
    """The columns of one table and the headings they are read from. `heading_line` is None when any row may be it."""

    return_name: str
    table: str
    columns: AnyMapping[str, str]
    heading_line: int | None = None

    def find(self, top: Top, where: str) -> tuple[int, dict[str, int]] | None:
        """Return line and positions when a row holds all mapped headings, else None.

        Raises DeliveryError when the row holds one of them twice.
        """
        asked = {as_heading(heading): name for name, heading in self.columns.items()}
        for line, cells in top:
            headings = [as_heading(cell) for cell in cells]
            if (self.heading_line in (None, line)) and asked.keys() <= set(headings):
                twice = next((name for heading, name in asked.items() if headings.count(heading) > 1), None)
                if twice:
                    raise DeliveryError(f"{where} line {line}: the heading mapped to {twice} comes twice")
                return line, {name: headings.index(as_heading(heading)) for name, heading in self.columns.items()}
        return None


def as_heading(cell: str) -> str:
    return squeeze(cell) or fold(cell)


def needed_columns(table: Table) -> tuple[str, ...]:
    """Return the columns without which a file is not read.

    One that is collected in some years only may lack, since the year is not known yet; so may a running number, what
    can be read from another table's rows by such a number, and a row's own number, which its fingerprint stands in for.
    """
    numbered = {column.of for column in table.columns if column.type == "ordinal"}
    return tuple(
        column.name
        for column in table.columns
        if column.needed
        and column.type != "ordinal"
        and not column.own_number
        and (column.of is None or column.of not in numbered)
        and column.years == Years()
    )


def read_mapping(path: Path, returns: AnyMapping[str, Return]) -> Mapping:
    """Read a mapping file. Raises StudyError naming the key that is wrong and the nearest right one."""
    keys = read_toml(path, StudyError)
    return_ = returns[known(keys.text("return"), returns, f'{keys.where}: "return"')]
    table = return_.tables[known(keys.text("table"), return_.tables, f'{keys.where}: "table"')]
    heading_line = keys.whole("heading_line", None)
    columns = keys.table("columns")
    keys.done()
    names = (*table.column_names, *SPECIAL)
    said = {known(name, names, columns.where): columns.text(name) for name in columns.values}
    blank = next((name for name, heading in said.items() if not as_heading(heading)), None)
    if blank:
        raise StudyError(f'{columns.where}: "{blank}" is blank; write the heading it is read from, or leave it out')
    if len({as_heading(heading) for heading in said.values()}) < len(said):
        raise StudyError(f"{columns.where}: one heading is named for two columns; keep one")
    missing = [name for name in needed_columns(table) if name not in said]
    if missing:
        raise StudyError(f'{columns.where}: "{missing[0]}" is missing; write which heading it is read from')
    return Mapping(return_.name, table.name, said, heading_line)


def known(name: str, names: AnyMapping[str, object] | tuple[str, ...], where: str) -> str:
    if name not in names:
        raise StudyError(f'{where}: there is no "{name}"{nearest(name, names)}')
    return name
