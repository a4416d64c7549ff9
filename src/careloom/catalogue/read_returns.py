"""Read the folder of one return: what it is, its tables, codes, views, rules, and how its rows are said in common."""

import csv
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from careloom.catalogue.kinds import MARKS
from careloom.catalogue.nouns import Declaration, Drop, Return, Rule, RuleVersion
from careloom.core import CatalogueError, Code, CodeSet, Column, Keys, Source, Table, Years, read_toml
from careloom.core.words import PRIVACY, TYPES

T = TypeVar("T")


def each(folder: Path, read: Callable[[Path], T]) -> Iterator[T]:
    """Read every TOML file of a folder, in the order of their names."""
    return map(read, sorted(folder.glob("*.toml")))


def read_return(folder: Path, shared: dict[str, CodeSet]) -> Return:
    """Read one return's folder: return.toml, tables.toml, codes, views, rules, and declarations of common rows.

    `shared` are code sets of the whole catalogue that a column may name beside those of its own return.
    """
    keys = read_toml(folder / "return.toml", CatalogueError)
    tables = read_tables(folder / "tables.toml")
    result = Return(
        name=folder.name,
        title=keys.text("title"),
        layouts=tuple(keys.texts("layouts")),
        yearly=keys.flag("yearly"),
        root=keys.text("root", None),
        child=keys.text("child", None),
        identity=keys.text("identity", None),
        collection=keys.text("collection", None),
        date_formats=keys.texts("date_formats"),
        years=Years.read(keys.text("years")),
        sources=tuple(read_source(source) for source in keys.tables("source")),
        tables=tables,
        codes={path.stem: read_codes(path) for path in sorted((folder / "codes").glob("*.csv"))}
        | named(shared, tables),
        views={path.stem: path.read_text(encoding="utf-8") for path in sorted((folder / "views").glob("*.sql"))},
        rules=tuple(read_rule(path, folder.name, tables) for path in sorted((folder / "rules").glob("*.toml"))),
        declarations=tuple(each(folder / "common", read_declaration)),
    )
    keys.done()
    for table in tables.values():
        for column in table.columns:
            if column.name.lower() in MARKS:
                raise CatalogueError(
                    f'{folder.name}/tables.toml [{table.name}]: a column cannot be "{column.name}", which every row of a return has as a mark; give it another name, and this one in its "also"'
                )
            if column.codes and column.codes not in result.codes:
                raise CatalogueError(
                    f"{folder.name}/tables.toml [{table.name}]: no code set codes/{column.codes}.csv for {column.name}"
                )
    return result


def named(shared: dict[str, CodeSet], tables: dict[str, Table]) -> dict[str, CodeSet]:
    """Return those of the shared code sets that a column of the tables names."""
    asked = {column.codes for table in tables.values() for column in table.columns}
    return {name: codes for name, codes in shared.items() if name in asked}


def read_source(keys: Keys) -> Source:
    source = Source(keys.text("id"), keys.text("title"), keys.text("where"), keys.text("licence"))
    keys.done()
    return source


def read_tables(path: Path) -> dict[str, Table]:
    keys = read_toml(path, CatalogueError)
    return {name: read_table(name, keys.table(name)) for name in keys.values}


def read_table(name: str, keys: Keys) -> Table:
    table = Table(
        name=name,
        row=keys.text("row"),
        columns=tuple(read_column(column) for column in keys.tables("columns")),
        years=Years(keys.whole("first_year", None), keys.whole("last_year", None)),
        path=keys.text("path", None),
        working=keys.flag("working"),
        also=keys.texts("also", []),
        only_with=keys.texts("only_with", []),
        each_year=keys.flag("each_year"),
    )
    keys.done()
    return table


def read_column(keys: Keys) -> Column:
    column = Column(
        name=keys.text("name"),
        type=keys.one_of("type", TYPES),
        label=keys.text("label"),
        privacy=keys.one_of("privacy", PRIVACY),
        codes=keys.text("codes", None),
        key=keys.flag("key"),
        needed=keys.flag("needed"),
        years=Years(keys.whole("first_year", None), keys.whole("last_year", None)),
        of=keys.text("of", None),
        also=keys.texts("also", []),
        blank=keys.text("blank", None),
        own_number=keys.flag("own_number"),
    )
    keys.done()
    return column


def read_codes(path: Path) -> CodeSet:
    """Read one code set: code,label,from_year,to_year,group,source,note, and perhaps also, parted by bars."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    if rows and not {"code", "label", "from_year", "to_year", "group", "source"} <= set(rows[0]):
        raise CatalogueError(f"{path.name}: the heading should be code,label,from_year,to_year,group,source,note")
    for line, row in enumerate(rows, start=2):
        if not row["source"]:
            raise CatalogueError(f"{path.name} line {line}: a code needs a source; write the id of one in return.toml")
    return CodeSet(path.stem, tuple(read_code(row) for row in rows))


def read_code(row: dict[str, str]) -> Code:
    years = Years(*(int(row[key]) if row[key] else None for key in ("from_year", "to_year")))
    also = tuple(way.strip() for way in (row.get("also") or "").split("|") if way.strip())
    return Code(row["code"], row["label"], years, row["group"], row["source"], row.get("note") or "", also)


def read_rule(path: Path, return_name: str, tables: dict[str, Table]) -> Rule:
    keys = read_toml(path, CatalogueError)
    rule = Rule(
        code=keys.text("code"),
        return_name=return_name,
        table=keys.one_of("table", tuple(tables)),
        fields=keys.texts("fields"),
        needs=keys.texts("needs", []),
        why=keys.text("why"),
        source=keys.text("source"),
        versions=tuple(read_rule_version(version) for version in keys.tables("version")),
        across=keys.flag("across"),
    )
    keys.done()
    return rule


def read_rule_version(keys: Keys) -> RuleVersion:
    version = RuleVersion(
        Years.read(keys.text("years")), keys.text("message"), keys.text("fails"), keys.text("examples")
    )
    keys.done()
    for verdict in ("yes", "no"):
        if not any(line.rstrip().endswith(f"| {verdict}") for line in version.examples.splitlines()):
            raise CatalogueError(
                f'{keys.where}: "examples" needs a row that ends in | {verdict} (does the row fail the rule?)'
            )
    return version


def read_drops(keys: Keys) -> tuple[Drop, ...]:
    drops = []
    for drop in keys.tables("drop", []):
        drops.append(Drop(drop.text("reason"), drop.text("when")))
        drop.done()
    return tuple(drops)


def read_declaration(path: Path) -> Declaration:
    keys = read_toml(path, CatalogueError)
    declaration = Declaration(
        name=path.stem,
        makes=keys.one_of(
            "makes", ("step", "record", "identity", "former_upn", "event", "spell", "factor", "care_episode", "fee")
        ),
        why=keys.text("why"),
        source=keys.text("source"),
        reads=keys.text("reads"),
        drops=read_drops(keys),
        select=keys.text("select"),
        examples=keys.text("examples"),
    )
    keys.done()
    return declaration
