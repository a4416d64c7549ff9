"""Read the catalogue from its folders and complain well: the file, the key, and what to write."""

import csv
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import TypeVar

from careloom.catalogue.nouns import (
    Catalogue,
    Declaration,
    Drop,
    Element,
    Indicator,
    IndicatorSet,
    Measure,
    Outcome,
    Page,
    PlacementCodes,
    Price,
    PriceSheet,
    Process,
    Return,
    Rule,
    RuleVersion,
    Sign,
)
from careloom.catalogue.population import read_population
from careloom.catalogue.recordings import read_recording
from careloom.catalogue.targets import read_targets
from careloom.core import CatalogueError, Code, CodeSet, Column, Keys, Source, Table, Years, nearest, read_toml
from careloom.core.words import PRIVACY, TYPES

OURS = Path(__file__).parent
T = TypeVar("T")


@cache
def load_catalogue(folder: Path = OURS) -> Catalogue:
    """Read every declaration under `folder`. Raises CatalogueError naming the file and key at fault."""
    returns = {path.name: read_return(path) for path in folders(folder / "returns")}
    return Catalogue(
        folder=folder,
        tables=read_tables(folder / "tables.toml"),
        returns=returns,
        indicator_sets={s.name: s for s in each(folder / "indicators", read_indicator_set)},
        outcomes={o.name: o for o in each(folder / "outcomes", read_outcome)},
        processes=tuple(sorted(each(folder / "processes", read_process), key=lambda p: p.number)),
        price_sheets={s.name: s for s in map(read_prices, sorted((folder / "prices").glob("*.csv")))},
        placement_codes=read_placement_codes(folder / "placement_codes.csv"),
        signs=tuple(each(folder / "plausibility", read_sign)),
        measures=tuple(sorted(each(folder / "measures", read_measure), key=lambda m: m.position)),
        populations={p.name: p for p in each(folder / "populations", read_population)},
        recordings={r.name: r for r in each(folder / "recording", read_recording)},
        targets=read_targets(folder / "national" / "targets.csv"),
        pages=tuple(sorted(map(read_page, (folder / "pages").glob("*.md")), key=lambda page: page.order)),
    )


def folders(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if (path / "return.toml").exists())


def each(folder: Path, read: Callable[[Path], T]) -> Iterator[T]:
    """Read every TOML file of a folder, in the order of their names."""
    return map(read, sorted(folder.glob("*.toml")))


def checked(keys: Keys, key: str, known: tuple[str, ...]) -> str:
    """Take a text that must be one of `known`."""
    value = str(keys.text(key))
    if value not in known:
        raise CatalogueError(f'{keys.where}: "{key}" cannot be "{value}"{nearest(value, known)}')
    return value


# --- returns ---------------------------------------------------------------------------------------------------------


def read_return(folder: Path) -> Return:
    """Read one return's folder: return.toml, tables.toml, codes, views, rules, and declarations of common rows."""
    keys = read_toml(folder / "return.toml", CatalogueError)
    tables = read_tables(folder / "tables.toml")
    result = Return(
        name=folder.name,
        title=keys.text("title"),
        layout=checked(keys, "layout", ("csv", "xml")),
        root=keys.text("root", None),
        collection=keys.text("collection", None),
        date_formats=keys.texts("date_formats"),
        years=Years.read(keys.text("years")),
        sources=tuple(read_source(source) for source in keys.tables("source")),
        tables=tables,
        codes={path.stem: read_codes(path) for path in sorted((folder / "codes").glob("*.csv"))},
        views={path.stem: path.read_text(encoding="utf-8") for path in sorted((folder / "views").glob("*.sql"))},
        rules=tuple(read_rule(path, folder.name, tables) for path in sorted((folder / "rules").glob("*.toml"))),
        declarations=tuple(each(folder / "common", read_declaration)),
    )
    keys.done()
    for table in tables.values():
        for column in table.columns:
            if column.codes and column.codes not in result.codes:
                raise CatalogueError(
                    f"{folder.name}/tables.toml [{table.name}]: no code set codes/{column.codes}.csv for {column.name}"
                )
    return result


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
    )
    keys.done()
    return table


def read_column(keys: Keys) -> Column:
    column = Column(
        name=keys.text("name"),
        type=checked(keys, "type", TYPES),
        label=keys.text("label"),
        privacy=checked(keys, "privacy", PRIVACY),
        codes=keys.text("codes", None),
        key=keys.flag("key"),
        needed=keys.flag("needed"),
        years=Years(keys.whole("first_year", None), keys.whole("last_year", None)),
        of=keys.text("of", None),
    )
    keys.done()
    return column


def read_codes(path: Path) -> CodeSet:
    """Read one code set: code,label,from_year,to_year,group,source,note."""
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
    return Code(row["code"], row["label"], years, row["group"], row["source"], row.get("note") or "")


def read_rule(path: Path, return_name: str, tables: dict[str, Table]) -> Rule:
    keys = read_toml(path, CatalogueError)
    rule = Rule(
        code=keys.text("code"),
        return_name=return_name,
        table=checked(keys, "table", tuple(tables)),
        fields=keys.texts("fields"),
        needs=keys.texts("needs", []),
        why=keys.text("why"),
        source=keys.text("source"),
        versions=tuple(read_rule_version(version) for version in keys.tables("version")),
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
        makes=checked(keys, "makes", ("step", "record", "event", "spell", "factor")),
        why=keys.text("why"),
        source=keys.text("source"),
        reads=keys.text("reads"),
        drops=read_drops(keys),
        select=keys.text("select"),
        examples=keys.text("examples"),
    )
    keys.done()
    return declaration


# --- what is asked of the common tables ------------------------------------------------------------------------------


def read_indicator_set(path: Path) -> IndicatorSet:
    keys = read_toml(path, CatalogueError)
    indicators = []
    for item in keys.tables("indicator"):
        indicators.append(
            Indicator(item.text("name"), item.text("label"), item.texts("codes"), item.whole("first_year", None))
        )
        item.done()
    result = IndicatorSet(
        path.stem,
        keys.whole("version"),
        keys.text("why"),
        keys.text("source"),
        tuple(indicators),
        keys.texts("ignored"),
    )
    keys.done()
    return result


def read_outcome(path: Path) -> Outcome:
    keys = read_toml(path, CatalogueError)
    outcome = Outcome(
        name=path.stem,
        title=keys.text("title"),
        why=keys.text("why"),
        source=keys.text("source"),
        after=keys.text("after"),
        until=keys.text("until"),
        until_when=keys.text("until_when", "TRUE"),
        min_gap_days=keys.whole("min_gap_days"),
        drops=read_drops(keys),
        class_from=checked(keys, "class_from", ("first in spell", "latest before spell")),
        class_within_days=keys.whole("class_within_days", None),
        horizons_days=tuple(int(day) for day in keys.texts("horizons_days")),
        examples=keys.text("examples"),
    )
    keys.done()
    return outcome


def read_sign(path: Path) -> Sign:
    keys = read_toml(path, CatalogueError)
    sign = Sign(path.stem, keys.text("meaning"), keys.text("source"), keys.text("select"))
    keys.done()
    return sign


def read_measure(path: Path) -> Measure:
    keys = read_toml(path, CatalogueError)
    measure = Measure(
        name=path.stem,
        position=keys.whole("position"),
        title=keys.text("title"),
        unit=keys.text("unit"),
        why=keys.text("why"),
        source=keys.text("source"),
        needs=keys.texts("needs"),
        earlier_years=keys.whole("earlier_years", 0),
        select=keys.text("select"),
        examples=keys.text("examples"),
    )
    keys.done()
    return measure


def read_process(path: Path) -> Process:
    keys = read_toml(path, CatalogueError)
    elements = []
    for item in keys.tables("element"):
        kind, basis = checked(item, "kind", ("case_management", "fee")), checked(item, "basis", ("event", "night"))
        elements.append(Element(item.text("name"), kind, basis, item.text("select")))
        item.done()
    if len({element.name for element in elements}) < len(elements):
        raise CatalogueError(f"{keys.where}: two elements have the same name")
    process = Process(
        keys.whole("number"),
        keys.text("name"),
        keys.text("why"),
        keys.text("source"),
        tuple(elements),
        keys.text("examples"),
    )
    keys.done()
    return process


def read_prices(path: Path) -> PriceSheet:
    """Read a price sheet; every row repeats the sheet's standing and price year, and they may not differ."""
    if not path.is_file():
        raise CatalogueError(f"{path}: there is no such price sheet")
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    for key in ("standing", "price_year"):
        if len({row.get(key) for row in rows}) != 1 or not rows[0].get(key):
            raise CatalogueError(f'{path.name}: every row must hold the same "{key}"')
    return PriceSheet(
        path.stem,
        rows[0]["standing"],
        rows[0]["price_year"],
        tuple(read_price(path, n, row) for n, row in enumerate(rows, start=2)),
    )


def read_price(path: Path, line: int, row: dict[str, str]) -> Price:
    where = f"{path.name} line {line}"
    if row["unit"] not in ("event", "week"):
        raise CatalogueError(f'{where}: "unit" should be event or week')
    if not row["source"]:
        raise CatalogueError(f'{where}: "source" is blank; say where the price comes from')
    try:
        hours, rate, fixed = (float(row[key] or 0) for key in ("hours", "hourly_rate", "fixed"))
        return Price(
            int(row["process"]),
            row["element"],
            row["placement_code"],
            row["variation"],
            row["unit"],
            hours,
            rate,
            fixed,
            row["source"],
        )
    except ValueError:
        raise CatalogueError(f"{where}: process, hours, hourly_rate and fixed should be numbers") from None


def read_placement_codes(path: Path) -> PlacementCodes:
    """Read place,provider,placement_code; a blank provider fits any, and the row with a blank place is for all others."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = tuple((row["place"], row["provider"], row["placement_code"]) for row in csv.DictReader(file))
    keys = [row[:2] for row in rows]
    if len(set(keys)) < len(keys) or ("", "") not in keys:
        raise CatalogueError(f"{path.name}: each place and provider stands once, and one row leaves both blank")
    return PlacementCodes(rows)


def read_page(path: Path) -> Page:
    """Read a report page: the first line is its title (`# ...`), its order is the number its file name begins with."""
    title, _, text = path.read_text(encoding="utf-8").partition("\n")
    order, _, name = path.stem.partition("_")
    if not order.isdigit() or not title.startswith("# "):
        raise CatalogueError(f"{path.name}: a page is named like 20_outcomes.md and begins with a line '# Title'")
    return Page(name, title[2:].strip(), int(order), text)
