"""A mapping file is proposed, mended by a person, and read strictly."""

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careloom.catalogue import load_catalogue
from careloom.core import StudyError
from careloom.ingest.recognise import Decisions, Mapping, UnknownHeadingError, propose_mapping, read_mapping

RETURNS = load_catalogue().returns
CANDIDATES = [(RETURNS["ssda903"], table) for table in RETURNS["ssda903"].tables.values()]
GOOD = """
return = "ssda903"
table = "missing"
heading_line = 2
[columns]
CHILD = "Who"
DOB = "Born"
MISSING = "What"
MIS_START = "From"
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "runaways.toml"
    path.write_text(text, encoding="utf-8")
    return path


def propose(*rows: list[str]) -> str:
    return propose_mapping(list(enumerate(rows, start=1)), CANDIDATES, Decisions(), "runaways.csv")


def test_a_mapping_is_read(tmp_path: Path) -> None:
    columns = {"CHILD": "Who", "DOB": "Born", "MISSING": "What", "MIS_START": "From"}
    assert read_mapping(write(tmp_path, GOOD), RETURNS) == Mapping("ssda903", "missing", columns, 2)


BAD = {
    "return": (GOOD.replace("ssda903", "ssda93"), 'there is no "ssda93"; did you mean "ssda903"?'),
    "table": (GOOD.replace('"missing"', '"mising"'), 'there is no "mising"; did you mean "missing"?'),
    "column": (GOOD + 'MIS_STOP = "To"', 'there is no "MIS_STOP"; did you mean "MIS_START"?'),
    "needed": (GOOD.replace('DOB = "Born"', ""), '"DOB" is missing'),
    "blank": (GOOD.replace("Born", " "), '"DOB" is blank'),
    "two columns": (GOOD + 'MIS_END = "from"', "one heading is named for two columns"),
    "not text": (GOOD.replace('"Born"', "3"), '"DOB" should be text'),
    "more keys": ("sheet = 1" + GOOD, "sheet"),
    "not TOML": (GOOD + "=", "runaways.toml"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_mapping_that_cannot_be_is_refused(case: str, tmp_path: Path) -> None:
    text, expected = BAD[case]
    with pytest.raises(StudyError) as fault:
        read_mapping(write(tmp_path, text), RETURNS)
    assert expected in str(fault.value)


def test_what_is_sure_is_written_and_what_is_not_is_asked(tmp_path: Path) -> None:
    text = propose(["Runaways in May"], ["CHILD", "DOB", "MISSING", "MIS_STRT", "Finish", "Team"])
    read = tomllib.loads(text)
    assert (read["return"], read["table"], read["heading_line"]) == ("ssda903", "missing", 2)
    assert read["columns"] == {"CHILD": "CHILD", "DOB": "DOB", "MISSING": "MISSING", "MIS_START": "MIS_STRT"}
    asked = [line for line in text.splitlines() if "? " in line]
    assert any(line.startswith('MIS_START = "MIS_STRT" # ? score ') for line in asked)
    assert any(line.startswith("# ? MIS_END = ") for line in asked)
    assert '# "Team"' in text
    assert read_mapping(write(tmp_path, text), RETURNS).columns == read["columns"]


def test_a_needed_column_without_a_heading_has_to_be_filled_in(tmp_path: Path) -> None:
    text = propose(["CHILD", "DOB", "MISSING", "MIS_END"])
    assert "# ? MIS_START = " in text
    with pytest.raises(StudyError, match='"MIS_START" is missing'):
        read_mapping(write(tmp_path, text), RETURNS)


def test_a_file_like_nothing_is_refused() -> None:
    with pytest.raises(UnknownHeadingError, match="like the heading of any table"):
        propose(["qqq", "zzz"])


@given(st.lists(st.text(max_size=20), max_size=5))
def test_any_heading_is_written_so_that_it_can_be_read(headings: list[str]) -> None:
    read = tomllib.loads(propose(["CHILD", "DOB", "MISSING", "MIS_START", "MIS_END", *headings]))
    assert read["columns"].items() >= {"MISSING": "MISSING", "MIS_START": "MIS_START"}.items()
