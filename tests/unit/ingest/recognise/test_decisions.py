"""What a person decided is kept, however a spreadsheet saved it; who decided everything is asked nothing."""

import csv
import stat
import tempfile
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from careloom.catalogue import load_catalogue
from careloom.core import StudyError
from careloom.ingest.recognise import CodeReader, Decisions, Recognition, scope_of
from careloom.ingest.recognise.decisions import COLUMNS, guarded, unguarded

RETURNS = load_catalogue().returns
SCOPE = "ssda903 ethnicity"
HEADING = ",".join(COLUMNS)


def row(written: str, decision: str = "", means: str = "WBRI", how: str = "proposed", times: int = 1) -> Recognition:
    return Recognition("value", SCOPE, written, times, means, "White British", how, 90, "WIRI", decision)


def said(decisions: Decisions, written: str) -> str | None:
    found = decisions.get("value", SCOPE, written)
    return found.means if found else "nothing"


def load(path: Path) -> Decisions:
    return Decisions.load(path, RETURNS)


def test_without_a_file_nothing_is_decided(tmp_path: Path) -> None:
    assert load(tmp_path / "recognised.csv").rows == {}


def test_what_was_decided_is_kept_and_undecided_rows_come_first(tmp_path: Path) -> None:
    path = tmp_path / "recognised.csv"
    rows = [
        row("once"),
        row("often", times=9),
        row("used", how="spelling", times=99),
        row("done", "yes"),
        row("no", "no"),
    ]
    assert Decisions().save(path, rows) == 2
    written = [line["written"] for line in csv.DictReader(path.read_text(encoding="utf-8-sig").splitlines())]
    assert written == ["often", "once", "used", "done", "no"]
    decisions = load(path)
    assert (said(decisions, "DONE"), said(decisions, "no"), said(decisions, "often")) == ("WBRI", None, "nothing")
    assert decisions.save(path, [row("done", times=7)]) == 0
    after = {key[2]: (kept.times, kept.decision) for key, kept in load(path).rows.items()}
    assert after == {"done": (7, "yes"), "no": (0, "no")}


def test_counts_of_several_files_are_added(tmp_path: Path) -> None:
    Decisions().save(tmp_path / "r.csv", [row("One  thing", times=2), row("one thing", times=3)])
    lines = list(csv.DictReader((tmp_path / "r.csv").read_text(encoding="utf-8-sig").splitlines()))
    assert [line["times"] for line in lines] == ["5"]


def test_only_the_owner_may_read_it_and_no_part_is_left(tmp_path: Path) -> None:
    path = tmp_path / "recognised.csv"
    path.write_text("older")
    path.chmod(0o644)
    Decisions().save(path, [row("a thing")])
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in tmp_path.iterdir()] == ["recognised.csv"]
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")


@pytest.mark.parametrize(
    "text", ["=1+1", "+44", "-1", "@x", "01", "1.0", "1A", "MAR 1", "'tis", "007", "12345678901", "3/4"]
)
def test_a_spreadsheet_cannot_take_a_text_for_a_formula_a_number_or_a_day(text: str) -> None:
    assert guarded(text) == f"'{text}"
    assert unguarded(guarded(text)) == text


@pytest.mark.parametrize("text", ["", "0", "12", "RC7 - label", "March"])
def test_plain_texts_and_numbers_are_left_as_they_are(text: str) -> None:
    assert guarded(text) == text


nasty = st.text(min_size=1).map(lambda text: " ".join(text.split())).filter(bool)


@given(st.lists(nasty, min_size=1, unique_by=str.casefold), st.sampled_from(["yes", "no", "WIRI"]))
@example(['=HYPERLINK("x")', "'quoted'", '"', ";", "a\x00b", "\ufeffx", "-", "@"], "yes")
def test_any_text_comes_back_as_it_was_written(texts: list[str], decision: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "recognised.csv"
        Decisions().save(path, [row(text, decision) for text in texts])
        cells = [cell for line in csv.reader(path.open(encoding="utf-8-sig", newline="")) for cell in line]
        assert not [cell for cell in cells if cell[:1] in ("=", "+", "-", "@")]
        decisions = load(path)
    expected = {"yes": "WBRI", "no": None, "WIRI": "WIRI"}[decision]
    assert [said(decisions, text) for text in texts] == [expected] * len(texts)


@given(st.lists(st.text(), max_size=8))
def test_a_decided_file_asks_nothing(texts: list[str]) -> None:
    codes = RETURNS["ssda903"].codes["ethnicity"]
    scope = scope_of(RETURNS["ssda903"], "ethnicity")

    def run(path: Path) -> int:
        decisions = load(path)
        reader = CodeReader(codes, scope, decisions)
        for text in texts:
            reader.read(text)
            reader.count(text, 1)
        return decisions.save(path, reader.recognitions())

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "recognised.csv"
        run(path)
        lines = list(csv.DictReader(path.open(encoding="utf-8-sig", newline="")))
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS)
            writer.writeheader()
            writer.writerows(line | {"decision": "no"} for line in lines)
        assert run(path) == 0


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_a_file_that_a_spreadsheet_saved_is_read(encoding: str, mark: str, tmp_path: Path) -> None:
    cells = ["value", SCOPE, "Café", "3", "WBRI", "White British", "proposed", "90", "", "YES", ""]
    text = "\r\n".join([mark.join((*COLUMNS, "")), mark.join(cells), mark * 10, ""])
    (tmp_path / "r.csv").write_bytes(text.encode(encoding))
    assert said(load(tmp_path / "r.csv"), "CAFÉ") == "WBRI"


BAD = {
    "heading": ("a,b,c\n", "line 1: the heading should be kind,scope"),
    "no such name": (
        "value,ssda903 ethnicity,x,1,,,unknown,0,,WBRY",
        "no or a name of ssda903 ethnicity; did you mean",
    ),
    "no such scope": ("value,ssda903 ethnicty,x,1,,,unknown,0,,no", 'did you mean "ssda903 ethnicity"?'),
    "kind": ("thing,ssda903 ethnicity,x,1,,,unknown,0,,no", '"kind" should be heading or value'),
    "yes to nothing": ("value,ssda903 ethnicity,x,1,,,unknown,0,,yes", "the decision is yes, but"),
    "no such column": ("heading,ssda903 header,x,1,,,unknown,0,,ETHNICS", 'did you mean "ETHNIC"?'),
    "two minds": (
        "value,ssda903 ethnicity,x,1,,,unknown,0,,no\nvalue,ssda903 ethnicity,X,1,,,unknown,0,,WBRI",
        "line 3: another row of the same text says otherwise",
    ),
    "too many cells": ("value,ssda903 ethnicity,x,1,,,unknown,0,,no,more", "more cells than the heading"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_decision_that_cannot_be_is_refused_with_its_line(case: str, tmp_path: Path) -> None:
    rows, expected = BAD[case]
    text = rows if case == "heading" else f"{HEADING}\n{rows}\n"
    (tmp_path / "recognised.csv").write_text(text, encoding="utf-8")
    with pytest.raises(StudyError) as fault:
        load(tmp_path / "recognised.csv")
    assert expected in str(fault.value)
    assert str(fault.value).startswith("recognised.csv line ")
    assert "WBRY" not in str(fault.value)  # what a person wrote may be a text of the file


def test_a_heading_may_mean_the_year_or_the_authority(tmp_path: Path) -> None:
    (tmp_path / "r.csv").write_text(f"{HEADING}\nheading,ssda903 header,Ended,1,,,unknown,0,,collection_year\n")
    found = load(tmp_path / "r.csv").get("heading", "ssda903 header", "ended")
    assert found is not None
    assert found.means == "collection_year"


def test_a_code_kept_as_written_may_be_confirmed(tmp_path: Path) -> None:
    (tmp_path / "r.csv").write_text(f"{HEADING}\nvalue,{SCOPE},A9,1,A9,,kept as written,0,,yes\n")
    assert said(load(tmp_path / "r.csv"), "a9") == "A9"
