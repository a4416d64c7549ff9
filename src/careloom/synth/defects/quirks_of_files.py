"""Quirks of files as authorities hand them over: how a thing is written, never what it says.

Nothing here is against a rule, and a reader who knows the quirk gets back what was there. Money and ages in words have no
place in these two returns; the finance ledger and the service records have them anyway.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date

from careloom.synth.defects.breaches import Note, read_day, write_day
from careloom.synth.defects.delivered import CsvFile, Delivered, Row

# Tables at which no rule looks: one that is refused as a whole hides no breach
_HARMLESS = ("uasc", "oc2", "oc3", "missing", "prev_perm")
_NO_FACTORS = re.compile(r"</Assessment(?:ActualStart|Authorisation)Date>\n(?= *</Assessments>)")


def dates(files: Delivered, many: int, note: Note) -> None:
    """Dates in another format than the return's, and dates that are none."""
    changes: dict[str, Callable[[str], str]] = {
        "year first": lambda text: read_day(text).isoformat(),
        "as Excel counts days": lambda text: str((read_day(text) - date(1899, 12, 30)).days),
        "day not known": lambda text: f"zz/{text[3:]}",
        "a day that no calendar has": lambda text: f"31/02/{text[6:]}",
    }
    for what, change in changes.items():
        for file, row in files.rows("oc2", lambda file, row: row["DOB"] != "", many):
            was = row["DOB"]
            row["DOB"] = change(was)
            note(file, row, "DOB", was, what)
    name = "AssessmentAuthorisationDate"
    for census, child in files.children(lambda file, child: child.value(name) != "", many):
        was, below = child.value(name), child.lines_to("Assessments", child.before(name))
        child.put(name, write_day(date.fromisoformat(was)))
        note(
            census, child, name, was, "day first, in a return that has the year first", below=below, table="Assessments"
        )


def codes(files: Delivered, many: int, note: Note) -> None:
    """Codes in other spellings."""
    csv_changes: dict[str, tuple[str, str, Callable[[str], str]]] = {
        "lower case": ("episodes", "LS", str.lower),
        "as a decimal": ("oc2", "TEETH_CHECK", lambda code: f"{code}.0"),
        "a zero in front": ("oc2", "IMMUNISATIONS", lambda code: f"0{code}"),
        "glued to its label": ("header", "ETHNIC", lambda code: f"{code} - White British"),
    }
    for what, (table, column, change) in csv_changes.items():

        def fits(file: CsvFile, row: Row, column: str = column) -> bool:
            return row[column] == "WBRI" if column == "ETHNIC" else row[column] != ""

        for file, row in files.rows(table, fits, many):
            was = row[column]
            row[column] = change(was)
            note(file, row, column, was, what)
    xml_changes = {"in lower case": "n1", "its label after it": "N1 - Abuse or neglect"}
    for what, written in xml_changes.items():
        for census, child in files.children(lambda file, child: child.value("PrimaryNeedCode") == "N1", many):
            child.put("PrimaryNeedCode", written)
            below = child.lines_to("CINdetails", child.before("PrimaryNeedCode"))
            note(census, child, "PrimaryNeedCode", "N1", what, below=below, table="CINdetails")
    for census, child in files.children(lambda file, child: child.value("ReferralNFA") == "0", many):
        child.put("ReferralNFA", "false")
        below = child.lines_to("CINdetails", child.before("ReferralNFA"))
        note(census, child, "ReferralNFA", "0", "in words", below=below, table="CINdetails")


def clutter(files: Delivered, many: int, note: Note) -> None:
    """Empty blocks, stray text and repeated elements in XML."""
    for file, child in files.children(lambda file, child: _NO_FACTORS.search(child.text) is not None, many):
        found = _NO_FACTORS.search(child.text)
        assert found is not None
        place = found.end()
        child.text = f"{child.text[:place]}          <FactorsIdentifiedAtAssessment/>\n{child.text[place:]}"
        below = child.lines_to("Assessments", child.text[:place])
        note(file, child, "", "", "an empty list of factors", below=below, table="Assessments")
    lines = {
        "text between elements": "see the case notes",
        "an element twice": "<ReferralSource>10</ReferralSource>",
    }
    for what, line in lines.items():
        for file, child in files.children(lambda file, child: True, many):
            was = child.value("ReferralSource")
            child.add_after("ReferralSource", line)
            note(
                file,
                child,
                "ReferralSource",
                was,
                what,
                below=child.lines_to("CINdetails", child.before("ReferralSource")),
                table="CINdetails",
            )


def encodings(files: Delivered, many: int, note: Note) -> None:
    """Other encodings than UTF-8, and what is left of a text that went through the wrong one."""
    for what, encoding in (("byte order mark", "utf-8-sig"), ("UTF-16", "utf-16")):
        for file in files.some(files.tables, many):
            file.encoding = encoding
            note(file, None, "", "", what)
    for file in files.some(files.of(*_HARMLESS), many):
        file.encoding = "cp1252"
        last = file.heading[-1]
        for row in file.rows:
            row[last] += "\N{NO-BREAK SPACE}"
        note(file, None, last, "", "Windows-1252, with a non-breaking space after every cell of a column")
    for file, row in files.rows("header", lambda file, row: row["ETHNIC"] != "", many):
        was = row["ETHNIC"]
        row["ETHNIC"] += "\N{LATIN CAPITAL LETTER A WITH CIRCUMFLEX}\N{NO-BREAK SPACE}"
        note(file, row, "ETHNIC", was, "a non-breaking space read in the wrong encoding")
    for census in files.some(files.censuses, min(many, 1)):
        census.encoding = "utf-16"
        note(census, None, "", "", "UTF-16, as its first line says")


def headers(files: Delivered, many: int, note: Note) -> None:
    """Headings that are not quite the return's."""
    for file in files.some(files.tables, many):
        file.written = {name: f" {name.lower()} " for name in file.heading}
        note(file, None, "", "", "lower case, with spaces")
    for file in files.some(files.tables, many):
        file.heading = ["", *file.heading]
        for number, row in enumerate(file.rows):
            row[""] = str(number)
        note(file, None, "", "", "row numbers in a first column without a name")
    untouched = [file for file in files.of("uasc") if not file.is_changed]
    for file in files.some(untouched, many):
        file.written = {"SEX": "GENDER"}
        note(file, None, "SEX", "SEX", "an earlier name")
    for file in files.some([file for file in files.of(*_HARMLESS) if not file.is_changed], many):
        file.titles = [f"Children looked after {file.year}", ""]
        note(file, None, "", "", "a title and a blank line above")


# Those of whole files come last, for the others look for rows in files as they were
FILE_QUIRKS: dict[str, Callable[[Delivered, int, Note], None]] = {
    "dates": dates,
    "codes": codes,
    "clutter in XML": clutter,
    "encodings": encodings,
    "headers": headers,
}
