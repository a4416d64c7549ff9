"""The other forms in which authorities hand over the same returns, made from the files of a made-up authority."""

import csv
from collections import Counter
from pathlib import Path

import xlsxwriter
from lxml import etree

Row = dict[str, str]


def read(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def write(path: Path, rows: list[Row]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def years_in_one_table(ssda903: Path, out: Path) -> None:
    """Write each table of all years as one CSV with a column YEAR."""
    tables: dict[str, list[Row]] = {}
    for folder in sorted(path for path in ssda903.iterdir() if path.is_dir()):
        for path in sorted(folder.glob("*.csv")):
            tables.setdefault(path.name, []).extend({"YEAR": folder.name, **row} for row in read(path))
    for name, rows in tables.items():
        if rows:
            write(out / name, rows)


def one_workbook(folder: Path, path: Path, *, title: str = "") -> None:
    """Write every CSV of a folder as a sheet of one workbook, perhaps with a title row and a blank one above."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with xlsxwriter.Workbook(str(path)) as book:
        book.add_worksheet("Guidance").write(0, 0, "How this workbook is filled in")
        for source in sorted(folder.glob("*.csv")):
            sheet = book.add_worksheet(source.stem[:31])
            start = 0
            if title:
                sheet.write(0, 0, title)
                start = 2
            with source.open(encoding="utf-8", newline="") as file:
                for line, row in enumerate(csv.reader(file)):
                    for place, cell in enumerate(row):
                        sheet.write_string(start + line, place, cell)


def flat_census(path: Path, out: Path) -> None:
    """Write a CIN census as flat files, a table each, joined by the numbers of a child's groups."""
    rows: dict[str, list[Row]] = {}
    for child in etree.parse(str(path)).iter("Child"):
        who = {
            leaf.tag: leaf.text or ""
            for block in ("ChildIdentifiers", "ChildCharacteristics")
            for leaf in child.find(block)
            if not len(leaf)
        }
        rows.setdefault("ChildIdentifiers", []).append(who)
        for leaf in child.iterfind("ChildCharacteristics/Disabilities/Disability"):
            rows.setdefault("Disabilities", []).append({"LAchildID": who["LAchildID"], "Disability": leaf.text or ""})
        for number, need in enumerate(child.iterfind("CINdetails"), start=1):
            flat_need(need, {"LAchildID": who["LAchildID"], "CINdetailsID": str(number)}, rows)
    for table, found in rows.items():
        every = list(dict.fromkeys(name for row in found for name in row))
        write(out / f"{table}.csv", [{name: row.get(name, "") for name in every} for row in found])


def flat_need(need: etree._Element, key: Row, rows: dict[str, list[Row]]) -> None:
    rows.setdefault("CINdetails", []).append({**key, **simple(need)})
    count = Counter[str]()
    for group in need:
        if not len(group):
            continue
        count[group.tag] += 1
        number = str(count[group.tag])
        if group.tag == "Assessments":
            inner = {**key, "AssessmentID": number}
            rows.setdefault("Assessments", []).append({**inner, **simple(group)})
            for factor in group.iter("AssessmentFactors"):
                rows.setdefault("AssessmentFactorsList", []).append({**inner, "AssessmentFactors": factor.text or ""})
        elif group.tag == "ChildProtectionPlans":
            inner = {**key, "CPPID": number}
            rows.setdefault("ChildProtectionPlans", []).append({**inner, **simple(group)})
            for review in group.iter("CPPreviewDate"):
                rows.setdefault("Reviews", []).append({**inner, "CPPreviewDate": review.text or ""})
        else:
            rows.setdefault(group.tag, []).append({**key, **simple(group)})


def simple(element: etree._Element) -> Row:
    return {leaf.tag: leaf.text or "" for leaf in element if not len(leaf)}
