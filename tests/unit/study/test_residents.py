"""A residents file is read strictly: what is wrong is named by file, line and column."""

from pathlib import Path

import pytest

from careloom.catalogue import load_catalogue
from careloom.core import StudyError
from careloom.study import read_study
from careloom.study.residents import Residents, read_residents, resident_table


def write(folder: Path, text: str) -> Path:
    (folder / "residents.csv").write_text(text, encoding="utf-8")
    return folder / "residents.csv"


def test_residents_are_read_and_laid_out_in_order(tmp_path: Path) -> None:
    path = write(tmp_path, "\ufeffla,year,age,children,source\nB,2021,1,3100,ONS\nA , 2021,0,2950.5,ONS\n")
    read = read_residents(path)
    assert read == (Residents("B", 2021, 1, 3100.0), Residents("A", 2021, 0, 2950.5))
    assert resident_table(read).to_pylist() == [
        {"la": "A", "year": 2021, "age": 0, "children": 2950.5},
        {"la": "B", "year": 2021, "age": 1, "children": 3100.0},
    ]
    assert resident_table(()).column_names == ["la", "year", "age", "children"]


WRONG = {
    "la,year,children\nA,2021,9\n": 'line 1: there is no column "age"; write la,year,age,children',
    "la,year,age,children\nA,2021,0,9\n,2021,1,9\n": 'line 3: column "la" is blank',
    "la,year,age,children\nA,mid-2020,0,9\n": 'line 2: column "year" should be a whole number',
    "la,year,age,children\nA,21,0,9\n": 'line 2: column "year" should be a year such as 2021',
    "la,year,age,children\nA,2021,90+,9\n": 'line 2: column "age" should be a whole number',
    "la,year,age,children\nA,2021,18,9\n": 'line 2: column "age" should be from 0 to 17',
    'la,year,age,children\nA,2021,0,"3,100"\n': 'line 2: column "children" should be a number of 0 or more',
    "la,year,age,children\nA,2021,0,-1\n": 'line 2: column "children" should be a number of 0 or more',
    "la,year,age,children\nA,2021,0,nan\n": 'line 2: column "children" should be a number of 0 or more',
    "la,year,age,children\nA,2021,0\n": 'line 2: column "children" should be a number of 0 or more',
    "la,year,age,children\nA,2021,0,9\nA,2021,0,9\n": 'line 3: column "age": this authority, year and age came before',
}


@pytest.mark.parametrize("text", WRONG)
def test_what_is_wrong_is_named(tmp_path: Path, text: str) -> None:
    with pytest.raises(StudyError) as told:
        read_residents(write(tmp_path, text))
    assert f"residents.csv {WRONG[text]}" in str(told.value)


def test_a_file_that_is_not_there_or_no_text_is_named(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match=r"residents\.csv: this cannot be read"):
        read_residents(tmp_path / "residents.csv")
    (tmp_path / "residents.csv").write_bytes(b"la,year,age,children\n\xff\xfe,1,1,1\n")
    with pytest.raises(StudyError, match=r"residents\.csv: this cannot be read"):
        read_residents(tmp_path / "residents.csv")


def test_the_study_names_them_beside_itself_or_has_none(tmp_path: Path) -> None:
    text = '[study]\nname = "T"\nfrom = 2018-04-01\nto = 2020-03-31\nout = "results"\n'
    delivery = '[[delivery]]\nreturn = "ssda903"\nauthority = "A"\nyear = 2019\nfiles = ["a.csv"]\n'
    (tmp_path / "a.csv").touch()
    (tmp_path / "study.toml").write_text(text + delivery)
    assert read_study(tmp_path / "study.toml", load_catalogue()).residents == ()
    write(tmp_path, "la,year,age,children\nA,2019,0,9\n")
    (tmp_path / "study.toml").write_text(text + 'residents = "residents.csv"\n' + delivery)
    assert read_study(tmp_path / "study.toml", load_catalogue()).residents == (Residents("A", 2019, 0, 9.0),)
