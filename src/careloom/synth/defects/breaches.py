"""Breaches of the rules that returns are checked against, one way or several of breaking each."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from itertools import cycle

from careloom.synth.defects.delivered import Child, CsvFile, Delivered, Row, XmlFile

Note = Callable[..., None]  # note(file, row, column, was, what, below=0, table=None)
_LETTERS_FOR_SEX_FROM = 2025
ADOPTED = ("E11", "E12")
_ADOPTION = ("DATE_INT", "DATE_MATCH", "FOSTER_CARE", "NB_ADOPTR", "SEX_ADOPTR", "LS_ADOPTR")
UPN_LETTERS = "ABCDEFGHJKLMNPQRTUVWXYZ"
_CONFERENCE = re.compile(
    r"<S47ActualStartDate>(.*?)</S47ActualStartDate>\n(?: *<InitialCPCtarget>.*\n)? *<DateOfInitialCPC>(.*?)<"
)


def read_day(text: str) -> date:
    return datetime.strptime(text, "%d/%m/%Y").date()


def write_day(on: date) -> str:
    return on.strftime("%d/%m/%Y")


def is_last(file: CsvFile, row: Row) -> bool:
    """Whether no episode of the child in the same return begins after this one, or with it."""
    others = (each["DECOM"] for each in file.rows if each["CHILD"] == row["CHILD"] and each is not row)
    return all(read_day(other) < read_day(row["DECOM"]) for other in others)


def sex_of_a_looked_after_child(files: Delivered, many: int, note: Note) -> None:
    wrong = cycle(("", "other"))
    for file, row in files.rows("header", lambda file, row: row["SEX"] != "", many):
        was, new = row["SEX"], next(wrong)
        row["SEX"] = new and ("1" if file.year >= _LETTERS_FOR_SEX_FROM else "9")
        note(file, row, "SEX", was, "a code of other years" if new else "left blank")


def episode_left_open(files: Delivered, many: int, note: Note) -> None:
    def fits(file: CsvFile, row: Row) -> bool:
        return row["DEC"] != "" and row["REC"] == "X1" and not is_last(file, row)

    for file, row in files.rows("episodes", fits, many):
        was = row["DEC"]
        row["DEC"] = row["REC"] = ""
        note(file, row, "DEC", was, "day and reason of the end left blank, though a later episode began")


def end_without_reason(files: Delivered, many: int, note: Note) -> None:
    def fits(file: CsvFile, row: Row) -> bool:
        return row["DEC"] != "" and row["REC"] not in ADOPTED and is_last(file, row)

    blank = cycle(("REC", "DEC"))
    for file, row in files.rows("episodes", fits, many):
        column = next(blank)
        was, row[column] = row[column], ""
        note(file, row, column, was, "left blank, the other of the two not")


def adoption_without_details(files: Delivered, many: int, note: Note) -> None:
    details = {(file.year, row["CHILD"]): (file, row) for file in files.of("ad1") for row in file.rows}

    def fits(file: CsvFile, row: Row) -> bool:
        return row["REC"] in ADOPTED and (file.year, row["CHILD"]) in details

    for number, (file, row) in enumerate(files.rows("episodes", fits, many)):
        adoptions, detail = details[file.year, row["CHILD"]]
        adoptions.is_changed = True
        column = _ADOPTION[int(files.rng.integers(len(_ADOPTION)))]
        if number % 2:
            was, detail[column] = detail[column], ""
            note(file, row, column, was, "left blank in ad1")
        else:
            adoptions.rows = [each for each in adoptions.rows if each is not detail]
            note(file, row, "", "", "row of ad1 left out")


def other_birth_date_in_reviews(files: Delivered, many: int, note: Note) -> None:
    for file, row in files.rows("reviews", lambda file, row: row["DOB"] != "", many):
        was = row["DOB"]
        row["DOB"] = write_day(read_day(was) + timedelta(days=1))
        note(file, row, "DOB", was, "a day later than in the header")


def wrong_check_letter(files: Delivered, many: int, note: Note) -> None:
    for file, child in files.children(lambda file, child: has_upn(child.value("UPN")), many):
        was = child.value("UPN")
        child.put("UPN", other_letter(was) + was[1:])
        note(file, child, "UPN", was, "another first letter")


def has_upn(text: str) -> bool:
    """Whether it is a permanent UPN that fits its first letter, which a slip of the pen may have changed already."""
    return re.fullmatch(f"[{UPN_LETTERS}][0-9]{{12}}", text) is not None and check_letter(text[1:]) == text[0]


def check_letter(rest: str) -> str:
    """The first letter of a UPN from its other twelve characters, of which the last may be a letter."""
    values = [int(sign) if sign.isdigit() else UPN_LETTERS.index(sign) for sign in rest]
    return UPN_LETTERS[sum(place * value for place, value in enumerate(values, start=2)) % 23]


def other_letter(upn: str) -> str:
    return UPN_LETTERS[UPN_LETTERS.index(upn[0]) - 1]


def sex_of_a_child_in_need(files: Delivered, many: int, note: Note) -> None:
    leave_out = cycle((True, False))
    for file, child in files.children(lambda file, child: True, many):
        new = file.year >= _LETTERS_FOR_SEX_FROM
        name = "Sex" if new else "GenderCurrent"
        was = child.value(name)
        if next(leave_out):
            child.take_out(name)
            note(file, child, name, was, "element left out")
        else:
            child.put(name, "1" if new else "3")
            note(file, child, name, was, "not a code of the year")


def child_returned_twice(files: Delivered, many: int, note: Note) -> None:
    for file, child in files.children(lambda file, child: True, many):
        copy = Child(child.text)
        file.rows.insert(file.rows.index(child) + 1, copy)
        note(file, child, "LAchildID", "", "the first of two records of the child")
        note(file, copy, "LAchildID", "", "the second of two records of the child")


def born_and_expected(files: Delivered, many: int, note: Note) -> None:
    both = cycle((True, False))
    for file, child in files.children(lambda file, child: child.value("PersonBirthDate") != "", many):
        was = child.value("PersonBirthDate")
        if next(both):
            child.add_after("PersonBirthDate", f"<ExpectedPersonBirthDate>{was}</ExpectedPersonBirthDate>")
            note(file, child, "ExpectedPersonBirthDate", "", "given beside the date of birth")
        else:
            child.take_out("PersonBirthDate")
            note(file, child, "PersonBirthDate", was, "left out, and no birth expected")


def conference_before_enquiry(files: Delivered, many: int, note: Note) -> None:
    def fits(file: XmlFile, child: Child) -> bool:
        return _CONFERENCE.search(child.text) is not None

    for file, child in files.children(fits, many):
        found = _CONFERENCE.search(child.text)
        assert found is not None
        was, held = found.groups()
        below = child.lines_to("Section47", child.text[: found.start()])
        late = (date.fromisoformat(held) + timedelta(days=1)).isoformat()
        child.text = child.text[: found.start(1)] + late + child.text[found.end(1) :]
        note(file, child, "S47ActualStartDate", was, "the day after the conference", below=below, table="Section47")


def none_beside_other_factors(files: Delivered, many: int, note: Note) -> None:
    for file, child in files.children(lambda file, child: "<AssessmentFactors>" in child.text, many):
        other = "3B" if child.value("AssessmentFactors") == "21" else "21"
        child.add_after("AssessmentFactors", f"<AssessmentFactors>{other}</AssessmentFactors>")
        below = child.text.count("\n", 0, child.text.find("<AssessmentFactors>21<"))
        what = "code 21 beside another"
        note(file, child, "AssessmentFactors", "", what, below=below, table="FactorsIdentifiedAtAssessment")


BREACHES: dict[str, Callable[[Delivered, int, Note], None]] = {
    "ssda903 101": sex_of_a_looked_after_child,
    "ssda903 142": episode_left_open,
    "ssda903 148": end_without_reason,
    "ssda903 601": adoption_without_details,
    "ssda903 INT17": other_birth_date_in_reviews,
    "cin_census 1510": wrong_check_letter,
    "cin_census 4180": sex_of_a_child_in_need,
    "cin_census 8510": child_returned_twice,
    "cin_census 8525Q": born_and_expected,
    "cin_census 8615": conference_before_enquiry,
    "cin_census 8869": none_beside_other_factors,
}
