"""The written files of one authority, held open so that single rows and children in them can be spoilt."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import numpy as np

Row = dict[str, str]
_CHILD, _END = "    <Child>\n", "  </Children>\n"
_IDENTIFIER = re.compile("<LAchildID>(.*?)</LAchildID>")


@dataclass(eq=False)
class CsvFile:
    """One table of one year. `titles` stand above the heading; `written` is how the heading spells its columns."""

    path: Path
    year: int
    table: str
    heading: list[str]
    rows: list[Row]
    titles: list[str] = field(default_factory=list)
    written: dict[str, str] = field(default_factory=dict)
    encoding: str = "utf-8"
    is_changed: bool = False
    is_spoilt: bool = False

    def line(self, row: object) -> int:
        """The line on which a row stands."""
        return len(self.titles) + 2 + next(i for i, each in enumerate(self.rows) if each is row)

    def save(self) -> None:
        with self.path.open("w", encoding=self.encoding, newline="") as file:
            file.writelines(f"{title}\n" for title in self.titles)
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(self.written.get(name, name) for name in self.heading)
            writer.writerows([row[name] for name in self.heading] for row in self.rows)


@dataclass(eq=False)
class Child:
    """One Child element of a census, as text."""

    text: str

    @property
    def identifier(self) -> str:
        found = _IDENTIFIER.search(self.text)
        return found.group(1) if found else ""

    def value(self, name: str) -> str:
        """The first value of an element; "" when there is none."""
        found = re.search(f"<{name}>(.*?)</{name}>", self.text)
        return found.group(1) if found else ""

    def put(self, name: str, value: str) -> None:
        """Write another value into the first element of a name."""
        self.text = self.text.replace(f"<{name}>{self.value(name)}</{name}>", f"<{name}>{value}</{name}>", 1)

    def take_out(self, name: str) -> None:
        """Take the first element of a name away, with its line."""
        self.text = re.sub(f" *<{name}>.*?</{name}>\n", "", self.text, count=1)

    def add_after(self, name: str, line: str) -> None:
        """Write a line after the first element of a name, as far in as it is."""
        self.text = re.sub(f"( *)(<{name}>.*?</{name}>\n)", rf"\1\2\1{line}\n", self.text, count=1)

    def before(self, name: str) -> str:
        """The text before the first element of a name."""
        return self.text[: self.text.find(f"<{name}>")]

    def lines_to(self, name: str, before: str) -> int:
        """How many lines below its own the element of a name begins that is the last in the text `before`."""
        return before.count("\n", 0, before.rfind(f"<{name}>"))


@dataclass(eq=False)
class XmlFile:
    """One year's census, child by child."""

    path: Path
    year: int
    head: str
    rows: list[Child]
    tail: str
    encoding: str = "utf-8"
    is_changed: bool = False
    is_spoilt: bool = False
    table: str = "ChildIdentifiers"

    def line(self, child: object) -> int:
        """The line on which a child begins."""
        place = next(i for i, each in enumerate(self.rows) if each is child)
        return self.head.count("\n") + sum(each.text.count("\n") for each in self.rows[:place]) + 1

    def save(self) -> None:
        head = self.head.replace("encoding='utf-8'", f"encoding='{self.encoding}'")
        text = head + "".join(child.text for child in self.rows) + self.tail
        self.path.write_text(text, encoding=self.encoding, newline="\n")


File = TypeVar("File", CsvFile, XmlFile)


class Delivered:
    """All SSDA903 and CIN census files of an authority, and which children were already chosen to be spoilt."""

    def __init__(self, folder: Path, rng: np.random.Generator) -> None:
        self.folder, self.rng, self.used = folder, rng, set[str]()
        self.tables = [read_table(path) for path in sorted(folder.glob("ssda903/*/*.csv"))]
        self.censuses = [read_census(path) for path in sorted(folder.glob("cin_census/*.xml"))]

    def of(self, *names: str) -> list[CsvFile]:
        """The files of some tables, every year's."""
        return [file for file in self.tables if file.table in names]

    def rows(self, table: str, fits: Callable[[CsvFile, Row], bool], many: int) -> Iterable[tuple[CsvFile, Row]]:
        """Up to `many` rows that fit, each of another child of whom nothing was chosen before."""
        every = [(file, row) for file in self.of(table) for row in file.rows]
        for place in self.rng.permutation(len(every)):
            if not many:
                return
            file, row = every[place]
            if row["CHILD"] not in self.used and fits(file, row):
                self.used.add(row["CHILD"])
                file.is_changed = True
                many -= 1
                yield file, row

    def some(self, of: Iterable[File], many: int) -> list[File]:
        """Up to `many` files to be spoilt as a whole, each in one way only."""
        free = [file for file in of if file.rows and not file.is_spoilt]
        chosen = [free[place] for place in self.rng.permutation(len(free))[:many]]
        for file in chosen:
            file.is_spoilt = file.is_changed = True
        return chosen

    def children(self, fits: Callable[[XmlFile, Child], bool], many: int) -> Iterable[tuple[XmlFile, Child]]:
        """Up to `many` children of a census that fit, likewise."""
        every = [(file, child) for file in self.censuses for child in file.rows]
        for place in self.rng.permutation(len(every)):
            if not many:
                return
            file, child = every[place]
            if child.identifier not in self.used and fits(file, child):
                self.used.add(child.identifier)
                file.is_changed = True
                many -= 1
                yield file, child

    def rename(self, old: str, new: str) -> None:
        """Give a child another identifier in every file."""
        self.used.add(new)
        for file in self.tables:
            for row in file.rows:
                if row["CHILD"] == old:
                    row["CHILD"], file.is_changed = new, True
        for census in self.censuses:
            for child in census.rows:
                if f"<LAchildID>{old}<" in child.text:
                    child.put("LAchildID", new)
                    census.is_changed = True

    def save(self) -> None:
        """Write the files in which something was changed."""
        every: list[CsvFile | XmlFile] = [*self.tables, *self.censuses]
        for file in every:
            if file.is_changed:
                file.save()


def read_table(path: Path) -> CsvFile:
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        rows = list(reader)
    return CsvFile(path, int(path.parent.name), path.stem, list(reader.fieldnames or []), rows)


def read_census(path: Path) -> XmlFile:
    """Cut a census, as it was written here, into its children."""
    head, *rest = path.read_text(encoding="utf-8").split(_CHILD)
    body = _CHILD.join(["", *rest])
    body, tail = body[: body.rfind(_END)], body[body.rfind(_END) :]
    rows = [Child(_CHILD + each) for each in body.split(_CHILD)[1:]]
    return XmlFile(path, int(path.stem.removeprefix("cin_")), head, rows, tail)
