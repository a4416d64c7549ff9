"""Tables, columns, code sets, years and sources: the shapes that declarations are read into."""

from dataclasses import dataclass, field

PRIVACY = ("identifier", "personal", "open")
"""What a column may hold. `identifier` never leaves the working memory of a run, `personal` stays in `study.duckdb`
inside the authority, `open` says nothing about one child."""

TYPES = ("text", "code", "date", "integer", "number", "boolean", "ordinal")


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
    """One column of a table. `of` names the enclosing element it is taken from (XML returns only)."""

    name: str
    type: str
    label: str
    privacy: str
    codes: str | None = None
    key: bool = False
    needed: bool = False
    years: Years = field(default_factory=Years)
    of: str | None = None


@dataclass(frozen=True)
class Table:
    """A table is named for what one row is. `working` tables are gone when the run ends."""

    name: str
    row: str
    columns: tuple[Column, ...]
    years: Years = field(default_factory=Years)
    path: str | None = None
    working: bool = False

    @property
    def key(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns if column.key)

    @property
    def column_names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    def column(self, name: str) -> Column:
        return next(column for column in self.columns if column.name == name)


@dataclass(frozen=True)
class Code:
    """One code of a set, with the collection years in which it is valid."""

    code: str
    label: str
    years: Years
    group: str
    source: str
    note: str = ""


@dataclass(frozen=True)
class CodeSet:
    """A named set of codes."""

    name: str
    codes: tuple[Code, ...]

    def valid_in(self, year: int) -> frozenset[str]:
        return frozenset(code.code for code in self.codes if year in code.years)
