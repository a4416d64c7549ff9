"""A fingerprint is of what a table holds: of every cell, and of nothing else."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from careloom.study.fingerprints import (
    RowsSeen,
    fingerprint_file,
    fingerprint_files,
    fingerprint_table,
    fingerprints_of,
)

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


NEAR = [
    "",
    "a",
    "b",
    "aa",
    "ab",
    "a\0",
    "\0a",
    "12345678",
    "123456789",
    "1234567890123456",
    "x" * 999,
    "x" * 1000,
    "é",
    "e",
]


def test_texts_of_any_length_are_told_apart() -> None:
    """Those that end where eight bytes end, those that a nought follows, and long ones."""
    assert len({fingerprint_table(pa.table({"a": [text]})) for text in NEAR}) == len(NEAR)
    rest = pa.chunked_array([["before", *NEAR[:5]], [*NEAR[5:], None]]).slice(1)
    assert fingerprint_table(pa.table({"a": rest})) == fingerprint_table(pa.table({"a": [*NEAR, None]}))


def test_a_number_and_its_text_are_told_alike() -> None:
    assert fingerprint_table(pa.table({"a": [1, 22]})) == fingerprint_table(pa.table({"a": ["1", "22"]}))


def test_random_texts_have_fingerprints_of_their_own() -> None:
    """2,000 columns of one text, of up to three letters of four: every one is another, but for those that are the same."""
    random = np.random.default_rng(1)
    texts = ["".join(random.choice(list("abAB"), random.integers(0, 4))) for _ in range(2000)]
    assert len({fingerprint_table(pa.table({"a": [text]})) for text in texts}) == len(set(texts))


def test_files_count_by_name_and_content(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("one")
    (tmp_path / "notes.txt").write_text("x")
    before = fingerprint_files(tmp_path, {".py"})
    (tmp_path / "notes.txt").write_text("y")
    assert fingerprint_files(tmp_path, {".py"}) == before
    (tmp_path / "a.py").rename(tmp_path / "b.py")
    assert fingerprint_files(tmp_path, {".py"}) != before
    assert fingerprint_file(tmp_path / "none") == ""
    paths = [tmp_path / "b.py", tmp_path / "none", tmp_path / "notes.txt"]
    assert fingerprints_of(paths) == [fingerprint_file(path) for path in paths]
