"""Tables, columns, code sets, years and sources: the shapes that declarations are read into."""

from dataclasses import dataclass, field

PRIVACY = ("identifier", "personal", "open")
"""What a column may hold. `identifier` never leaves the working memory of a run, `personal` stays in `study.duckdb`
inside the authority, `open` says nothing about one child."""

TYPES = ("text", "code", "date", "integer", "number", "boolean", "ordinal", "age", "money", "year", "decimal")
"""`age` is years, also written `18m` or `8.5 yrs`; `money` is pounds, also written `£1,180.50`; both become numbers;
`year` is a year such as `2022/23`, the one in which it ends; `decimal` has six places and is exact."""


@dataclass(frozen=True)
class Years:
    """Collection years, inclusive: year N ends 31 March N. `None` is an open end."""

    first: int | None = None
    last: int | None = None

    @classmethod
    def read(cls, text: str) -> "Years":
        """Read `2021`, `2021..`, `..2020`, `2018..2020` or `..` (every year)."""
        first, dots, last = text.partition("..")
        return cls(int(first) if first else None, int(last if dots else first) if (last or not dots) else None)

    def __contains__(self, year: int) -> bool:
        return (self.first is None or year >= self.first) and (self.last is None or year <= self.last)


@dataclass(frozen=True)
class Source:
    """Where a fact comes from: a short id, what it is, where to find it and under which licence."""

    id: str
    title: str
    where: str
    licence: str


@dataclass(frozen=True)
class Column:
    """One column of a table.

    `also` are other headings or element tags it goes by. `of` names the enclosing element it is taken from (XML only).
    `blank` says what a blank means, where it means something (`still open`): such a column is never filled from an
    earlier return of the same row. `own_number` is the number that a list gives each of its rows: a file without it is
    read all the same, and the fingerprint of the whole row stands in for it.
    """

    name: str
    type: str
    label: str
    privacy: str
    codes: str | None = None
    key: bool = False
    needed: bool = False
    years: Years = field(default_factory=Years)
    of: str | None = None
    also: tuple[str, ...] = ()
    blank: str | None = None
    own_number: bool = False


@dataclass(frozen=True)
class Table:
    """A table is named for what one row is. `working` tables are gone when the run ends.

    `also` are other names of it, as sheets and files go by. A row of an `each_year` table tells of one collection year
    only, and no later return's row of the same key replaces it. In XML, `path` is the element that makes one row, and with
    `only_with` only where it holds one of these items (`DUC`), or one with that value (`UASC=1`).
    """

    name: str
    row: str
    columns: tuple[Column, ...]
    years: Years = field(default_factory=Years)
    path: str | None = None
    working: bool = False
    also: tuple[str, ...] = ()
    only_with: tuple[str, ...] = ()
    each_year: bool = False

    @property
    def key(self) -> tuple[str, ...]:
        own = tuple(column.name for column in self.columns if column.key)
        return (*own, "collection_year") if self.each_year else own

    @property
    def column_names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    def column(self, name: str) -> Column:
        return next(column for column in self.columns if column.name == name)


@dataclass(frozen=True)
class Code:
    """One code of a set, with the collection years in which it is valid, and `also` other ways it is written."""

    code: str
    label: str
    years: Years
    group: str
    source: str
    note: str = ""
    also: tuple[str, ...] = ()


@dataclass(frozen=True)
class CodeSet:
    """A named set of codes."""

    name: str
    codes: tuple[Code, ...]

    def valid_in(self, year: int) -> frozenset[str]:
        return frozenset(code.code for code in self.codes if year in code.years)
