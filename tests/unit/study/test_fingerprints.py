"""A fingerprint is of what a table holds: of every cell, and of nothing else."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from careloom.study.fingerprints import RowsSeen, fingerprint_file, fingerprint_files, fingerprint_table

TABLE = pa.table(
    {"a": [1, 2, 2, None], "b": ["x", "y", "y", ""], "c": [0.1, 1 / 3, 1 / 3, None], "d": [[1], [], [], None]}
)


def test_the_order_of_rows_and_columns_and_how_they_are_packed_do_not_count() -> None:
    turned = TABLE.take([2, 3, 0, 1]).select(["c", "d", "b", "a"])
    split = pa.concat_tables([TABLE.slice(0, 1), TABLE.slice(1)])
    packed = split.set_column(1, "b", pc_encoded(split))
    assert {fingerprint_table(table) for table in (turned, split, packed)} == {fingerprint_table(TABLE)}


def test_a_table_may_come_in_parts() -> None:
    rows = RowsSeen()
    for start, length in ((0, 1), (1, 0), (1, 2), (3, 9)):
        rows.add(TABLE.slice(start, length))
    assert rows.fingerprint == fingerprint_table(TABLE)


def pc_encoded(table: pa.Table) -> pa.ChunkedArray:
    return table["b"].dictionary_encode()


CHANGED = {
    "a row more": TABLE.take([0, 1, 2, 3, 3]),
    "a row twice, another once": TABLE.take([0, 0, 1, 3]),
    "a cell": TABLE.set_column(0, "a", pa.array([1, 2, 3, None])),
    "a blank text for none": TABLE.set_column(1, "b", pa.array(["x", "y", "y", None])),
    "two cells exchanged": TABLE.set_column(1, "b", pa.array(["y", "x", "y", ""])),
    "a name": TABLE.rename_columns(["a", "b", "c", "e"]),
    "a column less": TABLE.drop_columns(["d"]),
    "the ninth figure": TABLE.set_column(2, "c", pa.array([0.1, 0.333333334, 1 / 3, None])),
    "a list": TABLE.set_column(3, "d", pa.array([[2], [], [], None])),
    "no rows": TABLE.slice(0, 0),
}


@pytest.mark.parametrize("what", CHANGED)
def test_anything_else_counts(what: str) -> None:
    assert fingerprint_table(CHANGED[what]) != fingerprint_table(TABLE)


def test_the_last_figures_of_a_sum_do_not_count() -> None:
    other = TABLE.set_column(2, "c", pa.array([0.1 + 2e-16, np.nextafter(1 / 3, 1), 1 / 3, None]))
    assert fingerprint_table(other) == fingerprint_table(TABLE)


def test_cells_that_change_places_between_columns_count() -> None:
    one, two = pa.table({"a": ["x"], "b": ["y"]}), pa.table({"a": ["y"], "b": ["x"]})
    assert fingerprint_table(one) != fingerprint_table(two)


def test_files_count_by_name_and_content(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("one")
    (tmp_path / "notes.txt").write_text("x")
    before = fingerprint_files(tmp_path, {".py"})
    (tmp_path / "notes.txt").write_text("y")
    assert fingerprint_files(tmp_path, {".py"}) == before
    (tmp_path / "a.py").rename(tmp_path / "b.py")
    assert fingerprint_files(tmp_path, {".py"}) != before
    assert fingerprint_file(tmp_path / "none") == ""
