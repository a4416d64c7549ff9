"""Columns written as the sheets of an Excel workbook (Office Open XML), whole columns at a time.

A library that writes cell by cell takes minutes for what a large authority hands over, so the few parts that a plain
workbook needs are written here. The same columns give the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from careloom.synth.days import day
from careloom.synth.files.blocks import Column, escaped, together
from careloom.synth.files.table import bytes_of, word

Sheet: TypeAlias = Mapping[str, NDArray[Any]]  # text, whole numbers, or dates, by heading

_DATE_ZERO = day(1899, 12, 30)  # the day from which Excel counts
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_WIDTH = 16  # of every column, in characters
_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_OFFICE = "http://schemas.openxmlformats.org"
_MAIN, _OF_FILE = f"{_OFFICE}/spreadsheetml/2006/main", f"{_OFFICE}/officeDocument/2006/relationships"
_PACKAGE, _KIND = f"{_OFFICE}/package/2006", "application/vnd.openxmlformats-officedocument.spreadsheetml"
_STYLES = f"""{_XML}<styleSheet xmlns="{_MAIN}">
<numFmts count="1"><numFmt numFmtId="164" formatCode="dd/mm/yyyy"/></numFmts>
<fonts count="1"><font><sz val="11"/><name val="Calibri"/></font></fonts>
<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills>
<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>
<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>
<cellXfs count="2"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>
<xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/></cellXfs>
<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles>
</styleSheet>"""


def write_workbook(path: Path, sheets: Mapping[str, Sheet]) -> None:
    """Write sheets by name, each with its headings in the first row.

    sheets : columns of one length; "" and NaT are blank cells, and dates are shown as DD/MM/YYYY
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with ZipFile(path, "w") as parts:
        for name, text in _plain_parts(list(sheets)):
            _put(parts, name, text.encode())
        for number, sheet in enumerate(sheets.values(), start=1):
            _put(parts, f"xl/worksheets/sheet{number}.xml", _sheet(sheet))


def _put(parts: ZipFile, name: str, content: bytes) -> None:
    part = ZipInfo(name)  # dated 1980, and made on no system in particular, so that no two runs differ
    part.compress_type, part.create_system = ZIP_DEFLATED, 0
    parts.writestr(part, content)


def _plain_parts(names: list[str]) -> Iterator[tuple[str, str]]:
    """Everything but the sheets: what the parts are, where they are, and the two styles of a cell."""
    numbers = range(1, len(names) + 1)
    kinds = "".join(
        f'<Override PartName="/xl/worksheets/sheet{n}.xml" ContentType="{_KIND}.worksheet+xml"/>' for n in numbers
    )
    yield (
        "[Content_Types].xml",
        f'{_XML}<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_KIND}.sheet.main+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{_KIND}.styles+xml"/>{kinds}</Types>',
    )
    yield "_rels/.rels", _relations({"rId1": ("officeDocument", "xl/workbook.xml")})
    listed = "".join(
        f'<sheet name="{name}" sheetId="{n}" r:id="rId{n}"/>' for n, name in zip(numbers, names, strict=True)
    )
    yield (
        "xl/workbook.xml",
        f'{_XML}<workbook xmlns="{_MAIN}" xmlns:r="{_OF_FILE}"><sheets>{listed}</sheets></workbook>',
    )
    sheets = {f"rId{n}": ("worksheet", f"worksheets/sheet{n}.xml") for n in numbers}
    yield "xl/_rels/workbook.xml.rels", _relations(sheets | {f"rId{len(names) + 1}": ("styles", "styles.xml")})
    yield "xl/styles.xml", _STYLES


def _relations(parts: Mapping[str, tuple[str, str]]) -> str:
    lines = "".join(
        f'<Relationship Id="{name}" Type="{_OF_FILE}/{kind}" Target="{target}"/>'
        for name, (kind, target) in parts.items()
    )
    return f'{_XML}<Relationships xmlns="{_PACKAGE}/relationships">{lines}</Relationships>'


def _sheet(columns: Sheet) -> bytes:
    size = len(next(iter(columns.values())))
    number = pa.array(np.arange(1, size + 2)).cast(pa.string())
    heads = (_cells(at, np.array([heading]), number[:1]) for at, heading in enumerate(columns))
    cells = (_cells(at, column, number[1:]) for at, column in enumerate(columns.values()))
    rows = pa.concat_arrays([_rows(number[:1], *heads), _rows(number[1:], *cells)])
    widths = f'<cols><col min="1" max="{len(columns)}" width="{_WIDTH}" customWidth="1"/></cols>'
    head = f'{_XML}<worksheet xmlns="{_MAIN}">{widths}<sheetData>\n'.encode()
    return b"".join((head, bytes_of(rows), b"</sheetData></worksheet>"))


def _rows(number: Column, *cells: Column) -> Column:
    return together(word('<row r="'), number, word('">'), *cells, word("</row>\n"))


def _cells(at: int, column: NDArray[Any], number: Column) -> Column:
    """The cells of one column; null where there is none."""
    letter = (_LETTERS[at // 26 - 1] if at >= 26 else "") + _LETTERS[at % 26]
    if column.dtype.kind == "U":
        kind, opens, closes, text = ' t="inlineStr"', "<is><t>", "</t></is></c>", escaped(column)
    elif column.dtype.kind == "M":
        kind, opens, closes, text = ' s="1"', "<v>", "</v></c>", _serial(column)
    else:
        kind, opens, closes, text = "", "<v>", "</v></c>", pa.array(column).cast(pa.string())
    parts = word(f'<c r="{letter}'), number, word(f'"{kind}>{opens}'), text, word(closes), word("")
    return pc.binary_join_element_wise(*parts)


def _serial(dates: NDArray[Any]) -> Column:
    """Dates as Excel counts them; null for NaT."""
    return pa.array(dates.astype("M8[D]").astype(np.int64) - _DATE_ZERO, mask=np.isnat(dates)).cast(pa.string())
