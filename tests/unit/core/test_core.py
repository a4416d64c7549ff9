"""The words every room shares."""

import pytest

from careloom.core import Ledger, Years, nearest, read_examples


def test_years_are_inclusive_and_open_ends_are_open() -> None:
    assert [year in Years.read("2018..2020") for year in (2017, 2018, 2020, 2021)] == [False, True, True, False]
    assert 1900 in Years.read("..2020")
    assert 2021 not in Years.read("..2020")
    assert 2999 in Years.read("2020..")
    assert [year in Years.read("2020") for year in (2019, 2020, 2021)] == [False, True, False]
    assert 1 in Years.read("..")


def test_a_ledger_that_balances_has_no_faults() -> None:
    ledger = Ledger()
    ledger.note("read", "file", "rows", 10, 7, {"blank key": 3, "never": 0})
    ledger.note("use", "rows", "spells", 7, 7)
    assert ledger.balances
    assert ledger.steps[0].set_aside == (("blank key", 3),)


def test_a_ledger_names_rows_that_vanish_within_a_step_or_between_two() -> None:
    ledger = Ledger()
    ledger.note("read", "file", "rows", 10, 7, {"blank key": 2})
    ledger.note("use", "rows", "spells", 6, 6)
    assert ledger.faults() == [
        "read: 10 rows of file in, 7 out, 2 set aside",
        "use: 6 rows of rows in, but 7 were made",
    ]


def test_the_nearest_word() -> None:
    assert nearest("refferal", ["referral", "review"]) == '; did you mean "referral"?'
    assert nearest("xyz", ["b", "a"]) == "; known here: a, b"


def test_examples_are_text_tables() -> None:
    tables = read_examples("\na | b\n--+--\n1 | \nspell\nx\n", "rows")
    assert tables["rows"].rows == ({"a": "1", "b": None},)
    tables = read_examples("one\na | b\n1 | 2\ntwo\na | b\n", "rows")
    assert tables["two"].rows == ()
    with pytest.raises(ValueError, match="example line 2: 3 cells under 2 headings"):
        read_examples("a | b\n1 | 2 | 3", "rows")
