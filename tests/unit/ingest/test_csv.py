"""A CSV file gives the same cells and lines however it is cut, and says what of it cannot be cut."""

import csv
import io
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from careloom.core import DeliveryError
from careloom.ingest import csv_file, lines
from careloom.ingest.csv_file import CsvGrid, is_plain
from careloom.ingest.survey import open_grids, survey
from careloom.ingest.tidy import tidy_list, ungarbled

SAME_FOLDER = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
WIDTH = "the row has more or fewer cells than the heading"


class Read(NamedTuple):
    rows: list[tuple[int, list[str | None]]]
    broken: list[tuple[int, str]]


def grid_of(path: Path) -> CsvGrid:
    [grid] = open_grids(path, survey(path))
    assert isinstance(grid, CsvGrid)
    return grid


def read(grid: CsvGrid, heading_line: int = 1) -> Read:
    found = Read([], [])
    for cells in grid.rows(heading_line):
        columns = [column.to_pylist() for column in cells.columns]
        found.rows.extend((line.as_py(), list(row)) for line, *row in zip(cells.lines, *columns, strict=True))
        found.broken.extend(cells.broken)
    return found


def read_text(folder: Path, text: str | bytes, heading_line: int = 1) -> Read:
    path = folder / "file.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read(grid_of(path), heading_line)


# Cells, separators and line ends as text, so that quotes also fall where they should not.
CELLS = ["a", "01", "NA", "NULL", " ", "\u00a0", "\u3000", "\t", "é", "Zoë", "ZoÃ«", "\u2019"]
QUOTED = ['"', '""', '"a"', '"a,b"', '"a""b"', '"\n"']
ENDS = [",", ",", ",", "\n", "\n", "\r\n", "\r", ",,\n", "\n\n", "1,2,3\n", '"x",y,z\r\n', "1,2,3,\n"]
SCRAPS = st.sampled_from([*CELLS, *QUOTED, *ENDS])
FILES = st.lists(SCRAPS, max_size=40).map(lambda scraps: "A,B,C\n" + "".join(scraps))


@SAME_FOLDER
@given(text=FILES, block=st.sampled_from([16, 64, 1 << 20]))
@example(text="A,B,C\n1,2,3,\n1,2\n\n,,,,\nx,y,z", block=1 << 20)
@example(text='A,B,C\n""a,b,c\n"",b,c\n', block=1 << 20)
def test_both_ways_of_cutting_give_the_same(
    text: str, block: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def outcome(plain: bool) -> Read | str:
        with monkeypatch.context() as patch:
            patch.setattr(lines, "BLOCK", block)
            if not plain:
                patch.setattr(csv_file, "is_plain", lambda block, separator: False)
            try:
                return read(CsvGrid(path, "utf-8"))
            except DeliveryError as fault:
                return str(fault)

    path = tmp_path / "file.csv"
    path.write_bytes(text.encode())
    assert outcome(plain=True) == outcome(plain=False)


def slow_reference(text: str) -> Read:
    """Cut text character by character, which holds quotes only around whole cells."""
    rows: list[tuple[int, list[str | None]]] = []
    broken = []
    line, first, cell, cells, quoted, previous = 1, 1, "", [], False, ""
    for character in text if text.endswith(("\n", "\r")) else text + "\n":
        if character == '"':
            cell += '"' if not quoted and previous == '"' else ""
            quoted = not quoted
        elif character == "," and not quoted:
            cells.append(cell)
            cell = ""
        elif character in "\r\n" and not quoted:
            if not (character == "\n" and previous == "\r"):
                cells.append(cell)
                tidied = [ungarbled(one).replace("\u00a0", " ").strip() or None for one in cells]
                if any(tidied) and len(cells) == 3 and first > 1:
                    rows.append((first, tidied))
                elif any(tidied) and first > 1:
                    broken.append((first, WIDTH))
                cell, cells, line = "", [], line + 1
            first = line
        else:
            cell += character
            line += character == "\n"
        previous = "" if character == '"' and quoted else character
    return Read(rows, broken)


TEXT = st.text(st.sampled_from('ab01,;|"\n é\u00a0Ã©\t'), max_size=6)
ROWS = st.lists(st.one_of(st.lists(TEXT, min_size=3, max_size=3), st.lists(st.sampled_from("xyz"), max_size=2)))


@SAME_FOLDER
@given(
    rows=ROWS,
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
)
def test_lines_and_cells_are_those_of_a_slow_reference(
    rows: list[list[str]], end: str, quoting: int, tmp_path: Path
) -> None:
    file = io.StringIO(newline="")
    writer = csv.writer(file, lineterminator=end, quoting=quoting)
    writer.writerows([["A", "B", "C"], *rows])
    path = tmp_path / "file.csv"
    path.write_bytes(file.getvalue().encode())
    grid = grid_of(path)
    grid.separator = ","  # where many cells hold semicolons, and few rows are there, it may be told wrongly
    assert read(grid) == slow_reference(file.getvalue())


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_are_those_an_editor_shows(end: str, tmp_path: Path) -> None:
    text = end.join(["Some title", "", "A,B", "1,2", "", " ", ",", '"two', 'lines",x', "3,4", "5", ""])
    assert read_text(tmp_path, text, heading_line=3) == (
        [(4, ["1", "2"]), (8, [f"two{end}lines", "x"]), (10, ["3", "4"])],
        [(11, WIDTH)],
    )


def test_a_file_larger_than_a_block_keeps_its_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "BLOCK", 1000)
    rows = [f'{n},"x,{n}"' if n % 300 else f'{n},"x\n{n}"' for n in range(1, 5001)]
    found = read_text(tmp_path, "\n".join(["A,B", *rows]))
    assert [int(str(cells[0])) for _, cells in found.rows] == list(range(1, 5001))
    expected, line = [], 2
    for row in rows:
        expected.append(line)
        line += 1 + row.count("\n")
    assert [line for line, _ in found.rows] == expected


def test_only_an_empty_cell_is_null(tmp_path: Path) -> None:
    found = read_text(tmp_path, 'A,B,C\nNA,NULL,null\nnan,"",#N/A\n0000007,1.0,true\n')
    assert [cells for _, cells in found.rows] == [
        ["NA", "NULL", "null"],
        ["nan", None, "#N/A"],
        ["0000007", "1.0", "true"],
    ]


def test_a_file_of_one_column_is_read(tmp_path: Path) -> None:
    assert read_text(tmp_path, 'A\n1\n\n""\n2\n3,4').rows == [(2, ["1"]), (5, ["2"])]


def test_a_separator_more_at_the_end_of_rows_loses_nothing(tmp_path: Path) -> None:
    assert read_text(tmp_path, "A,B\n1,2,\n3,4, ,\n5,6,7\n") == ([(2, ["1", "2"]), (3, ["3", "4"])], [(4, WIDTH)])


def test_a_stray_quote_breaks_its_row_only(tmp_path: Path) -> None:
    found = read_text(tmp_path, 'A,B\n1,"Bob "the" b"\n3,5" 6\n7,8\n')
    assert found.rows == [(3, ["3", '5" 6']), (4, ["7", "8"])]
    assert [line for line, _ in found.broken] == [2]


@pytest.mark.parametrize("tail", ["", "3,4\n", "3,4\n" * 50_000, '3,"4"\n'])
def test_a_quote_that_never_closes_is_said_with_its_line(tail: str, tmp_path: Path) -> None:
    with pytest.raises(DeliveryError, match=r"file.csv line 3: this is not well-formed CSV .*was the file cut short\?"):
        read_text(tmp_path, 'A,B\n1,2\n1,"Zebedee\n' + tail)


def test_an_endless_line_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "BLOCK", 1000)
    monkeypatch.setattr(lines, "LONGEST_LINE", 4000)
    with pytest.raises(DeliveryError, match="a line is over 32 MB long"):
        read_text(tmp_path, "A,B\n" + "1,2\n" + "x" * 9000)


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("title", ["", "Children, all of them; as at 31 March\n\n"])
def test_the_separator_is_found(separator: str, title: str, tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    rows = ["CHILD,DOB,COST", '1,02/03/2010,"1,5"' if separator == "," else "1,02/03/2010,1.5"]
    path.write_text(title + "\n".join(rows).replace(",", separator).replace('"1' + separator + '5"', '"1,5"') + "\n")
    grid = grid_of(path)
    assert grid.separator == separator
    assert [cells for _, cells in grid.top()][-2] == ["CHILD", "DOB", "COST"]
    assert len(read(grid, 3 if title else 1).rows) == 1


def test_a_semicolon_file_with_decimal_commas_is_cut_at_semicolons(tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    path.write_text("CHILD;COST\n1;2,5\n2;3,5\n")
    assert grid_of(path).separator == ";"


def test_excels_own_word_for_the_separator_is_heard(tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    path.write_text("sep=;\nA,a;B,b\n1,1;2,2\n")
    assert read(grid_of(path), 2).rows == [(3, ["1,1", "2,2"])]


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"]
)  # without a mark, UTF-16 is known by its zeros
def test_every_encoding_gives_the_same_cells(encoding: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "BLOCK", 37)  # cuts letters in two
    text = "CHILD,NAME\r\n" + "".join(f"{n},Zoë “{n}” €\r\n" for n in range(99))
    path = tmp_path / "file.csv"
    path.write_bytes(text.encode(encoding))
    grid = grid_of(path)
    assert grid.encoding == encoding
    assert grid.top()[1] == (2, ["0", "Zoë “0” €"])
    assert read(grid).rows == [(n + 2, [str(n), f"Zoë “{n}” €"]) for n in range(99)]
    assert grid.repaired == 0


def test_bytes_that_windows_leaves_open_stop_nothing(tmp_path: Path) -> None:
    found = read_text(tmp_path, b"A,B\n1,x\x81\x8d\x8f\x90\x9dy\n2,\xeb\n")
    assert found.rows == [(2, ["1", "x\x81\x8d\x8f\x90\x9dy"]), (3, ["2", "ë"])]


def test_garbled_letters_are_mended_and_counted(tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    names = ["Zoë", "Siân O\u2019Neil", "voilà", "Ágnes", "plain"]
    garbled = [lines.from_windows(name.encode()) for name in names]
    path.write_text("A,B\n" + "".join(f"{name},{name}\n" for name in garbled) + "Zoë and Ã«,\n")
    grid = grid_of(path)
    found = read(grid)
    assert [cells for _, cells in found.rows] == [[name, name] for name in names] + [["Zoë and Ã«", None]]
    assert grid.repaired == 8
    assert read(grid) == found
    assert grid.repaired == 8


def test_two_encodings_in_one_file_are_both_read(tmp_path: Path) -> None:
    assert read_text(tmp_path, "A\nÁgnes\n".encode() + "Zoë\n".encode("cp1252")).rows == [(2, ["Ágnes"]), (3, ["Zoë"])]


@given(st.text(st.sampled_from(" \u00a0\u2003\u3000\t\x0b\x0c\x1c\x1f\x85ab\u200b\ufeff")))
def test_trimming_is_the_same_in_arrow_and_in_python(text: str) -> None:
    assert tidy_list([text]) == [text.replace("\u00a0", " ").strip()]


def test_the_top_holds_thirty_rows_that_are_not_blank(tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    path.write_text("\n\n ,\n" + "".join(f"\n{n}, x \n" for n in range(99)))
    top = grid_of(path).top()
    assert len(top) == 30
    assert top[:2] == [(5, ["0", "x"]), (7, ["1", "x"])]


@pytest.mark.parametrize(
    ("block", "plain"),
    [
        (b"a,b\n", True),
        (b'"a","b"\r\n', True),
        (b'"a""b",c\n', True),
        (b'"","""",""""""\n', True),
        (b"a\rb\n", False),
        (b'"a\nb",c\n', False),
        (b'a"b"\n', False),
        (b'"a"b\n', False),
        (b'""a\n', False),
        (b'5" 6" 7\n', False),
        (b'"a,b\n', False),
    ],
)
def test_what_arrow_may_cut(block: bytes, plain: bool) -> None:
    assert is_plain(block, ",") is plain
