"""What is recorded, where, and how completely: the first thing to know before any number is believed."""

from careloom.catalogue import Catalogue, Return
from careloom.core import CodeSet, Column, Ledger, Table, Years
from careloom.engine import Engine, text, value

NOTHING = """SELECT CAST(NULL AS VARCHAR) AS return_name, CAST(NULL AS VARCHAR) AS table_name,
    CAST(NULL AS VARCHAR) AS column_name, CAST(NULL AS VARCHAR) AS la, CAST(NULL AS INTEGER) AS collection_year,
    CAST(NULL AS BIGINT) AS rows_in, CAST(NULL AS BIGINT) AS rows_recorded WHERE 1 = 0"""


def measure_availability(engine: Engine, catalogue: Catalogue) -> Ledger:
    """Make `availability`: for each column, authority and collection year, the rows and those with a usable value.

    A date or number is usable when it could be read, a code when it is in its set in that year, text when it is not
    blank. Only years in which the column is in force are counted, and columns taken from an enclosing element are
    left to that element's own table. Rows are those of each return as handed over, also rows that a later one repeats.
    """
    ledger, selects = Ledger(), [NOTHING]
    for return_ in catalogue.returns.values():
        for table in return_.tables.values():
            name = f"{return_.name}_{table.name}"
            if engine.columns(name):
                selects += [select_recorded(return_, table, column) for column in table.columns if not column.of]
                note(engine, ledger, name, table.years)
    engine.make("availability", " UNION ALL ".join(f"SELECT * FROM ({select}) AS item" for select in selects))
    return ledger


def select_recorded(return_: Return, table: Table, column: Column) -> str:
    """SQL of the rows of `availability` of one column."""
    codes = return_.codes[column.codes] if column.codes and column.type == "code" else None
    return f"""SELECT {text(return_.name)} AS return_name, {text(table.name)} AS table_name,
            {text(column.name)} AS column_name, la, collection_year, count(*) AS rows_in,
            count(CASE WHEN {usable(column, codes)} THEN 1 END) AS rows_recorded
        FROM {return_.name}_{table.name}
        WHERE {in_years(table.years)} AND {in_years(column.years)}
        GROUP BY la, collection_year"""


def usable(column: Column, codes: CodeSet | None) -> str:
    """SQL condition: the column holds a value one can use."""
    if codes is None:
        return f'"{column.name}" IS NOT NULL'
    by_years: dict[Years, list[str]] = {}
    for code in codes.codes:
        by_years.setdefault(code.years, []).append(text(code.code))
    valid = (f'("{column.name}" IN ({", ".join(of)}) AND {in_years(years)})' for years, of in by_years.items())
    return " OR ".join(["1 = 0", *valid])


def in_years(years: Years) -> str:
    return f"collection_year BETWEEN {years.first or 0} AND {years.last or 9999}"


def note(engine: Engine, ledger: Ledger, name: str, years: Years) -> None:
    """Account for one table's rows: those counted, and those of years in which the table did not exist."""
    rows = value(engine, f"SELECT count(*) AS n FROM {name}")
    counted = value(engine, f"SELECT count(*) AS n FROM {name} WHERE {in_years(years)}")
    aside = {"a year before or after the table was in force": rows - counted}
    ledger.note("measure what is recorded", name, f"availability of {name}", rows, counted, aside)
