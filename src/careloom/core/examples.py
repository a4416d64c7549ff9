"""Worked examples, written as small text tables inside a declaration; they are its tests and its documentation."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ExampleTable:
    """One table of an example: its name and its rows as text, blank cells as None."""

    name: str
    rows: tuple[dict[str, str | None], ...]


def read_examples(text: str, default: str) -> dict[str, ExampleTable]:
    """Read tables drawn with `|`; a line without a bar names the table below it, `default` if there is none.

    Rows of dashes and plus signs are ruling and are skipped. Raises ValueError for a row of the wrong width.
    """
    tables: dict[str, ExampleTable] = {}
    name, header = default, None
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or set(line.strip()) <= set("-+"):
            continue
        if "|" not in line:
            name, header = line.strip(), None
            continue
        cells = [cell.strip() or None for cell in line.split("|")]
        if header is None:
            header = cells
            tables[name] = ExampleTable(name, ())
            continue
        if len(cells) != len(header):
            raise ValueError(f"example line {number}: {len(cells)} cells under {len(header)} headings")
        row = {str(key): cell for key, cell in zip(header, cells, strict=True)}
        tables[name] = ExampleTable(name, (*tables[name].rows, row))
    return tables
