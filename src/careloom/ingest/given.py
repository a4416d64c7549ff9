"""Common tables taken from a folder of Parquet, where somebody else has said the returns in common terms.

For national data, which a secure setting holds in tables of its own: what it makes of them are the common tables of
docs/catalogue.md, a folder each, with all their columns. They are checked as deliveries are: what cannot be read is refused by name, and what
does not fit is set aside with a reason. Spark's workers read them; only a few of the files' footers come here.
"""

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from careloom.catalogue import Catalogue
from careloom.catalogue.kinds import ARROW
from careloom.core import DeliveryError, Ledger, NothingToRunError, Table, nearest
from careloom.engine import Engine, files_below, said_by_folders, text
from careloom.ingest.common import MADE
from careloom.ingest.load import load_codes

GIVEN = ("delivery", *MADE.values())
NEEDED = ("delivery", "record")
BLANK_NEVER = {
    "delivery": ("delivery_id", "return_name", "la", "state"),
    "record": ("la", "return_name", "child_id"),
    "event_row": ("la", "return_name", "child_id", "event", "happened_on"),
    "spell_row": ("la", "return_name", "child_id", "kind", "starts_on"),
    "factor_row": ("la", "return_name", "child_id", "source_key", "code"),
    "care_episode_row": ("la", "return_name", "child_id", "starts_on"),
}
"""What each row must say; of tables that are not here, these."""
ALWAYS = ("la", "return_name", "child_id")
SAID_BY = {"event_row": ("event", "event"), "spell_row": ("spell", "kind")}
"""Tables in which a column names the declaration that a row is of."""
CODES = {
    "start_reason": "reason_new_episode",
    "end_reason": "reason_episode_ceased",
    "legal_status": "legal_status",
    "category_of_need": "category_of_need",
    "placement_type": "placement_type",
    "placement_provider": "placement_provider",
    "change_reason": "reason_place_change",
}
"""Columns of care episodes, and the code set of their return that they are of."""
Fits = Callable[[pa.DataType], bool]
TEXT: Fits = lambda kind: pa.types.is_string(kind) or pa.types.is_large_string(kind)  # noqa: E731
WHOLE: Fits = pa.types.is_signed_integer
FITS: dict[pa.DataType, tuple[str, Fits]] = {
    pa.string(): ("text", TEXT),
    pa.int64(): ("a whole number", WHOLE),
    pa.date32(): ("a date", pa.types.is_date32),
    pa.bool_(): ("true or false", pa.types.is_boolean),
    pa.float64(): ("a number (double)", pa.types.is_float64),
}
STEP = "take the common tables"


def check_given(folder: Path, catalogue: Catalogue) -> dict[str, Path]:
    """Return the folder of each table that is given. Raises DeliveryError for one that is no common table, that has not all
    columns, or has one of another type; and when `delivery` or `record` is not there.
    """
    if not folder.is_dir():
        raise DeliveryError(f"{folder}: there is no such folder of common tables")
    found = {each.name: each for each in sorted(folder.iterdir()) if each.is_dir() and each.name[0] not in "._"}
    for name in found:
        if name not in GIVEN:
            raise DeliveryError(f'{folder}: "{name}" is no common table that can be given{nearest(name, GIVEN)}')
    for name in NEEDED:
        if name not in found or not files_below(found[name]):
            raise DeliveryError(
                f"{folder / name}: there is no Parquet here; {name} is needed: docs/catalogue.md says its columns"
            )
    for name, place in found.items():
        for path in files_below(place):
            check_columns(path, place, catalogue.tables[name])
    return found


def check_columns(path: Path, place: Path, table: Table) -> None:
    """Raise DeliveryError unless every column is there, in the type it needs; what stands in names of folders is text."""
    try:
        schema = pq.read_schema(path)
    except (pa.ArrowException, OSError) as fault:
        raise DeliveryError(f"{path}: this is no Parquet file ({type(fault).__name__})") from None
    by_folder = said_by_folders(path, place)
    for column in table.columns:
        word, fits = FITS[ARROW[column.type]]
        if column.name in by_folder:
            continue
        if column.name not in schema.names:
            close = nearest(column.name, schema.names) if schema.names else ""
            raise DeliveryError(f'{path}: {table.name} needs a column "{column.name}", {word}; it may be blank{close}')
        if not fits(schema.field(column.name).type):
            was = schema.field(column.name).type
            raise DeliveryError(f'{path}: column "{column.name}" of {table.name} should be {word}, and is {was}')


def load_nothing_read(engine: Engine, catalogue: Catalogue) -> None:
    """Make `code`, and of what reading files would have made what the outputs ask for, without rows."""
    load_codes(engine, catalogue)
    for name in ("set_aside", "recognition", "override"):
        kinds = [(column.name, ARROW[column.type]) for column in catalogue.tables[name].columns]
        engine.load(name, pa.schema(kinds).empty_table())


def take_given(engine: Engine, catalogue: Catalogue, folder: Path) -> Ledger:
    """Make `delivery`, `record`, `event_row`, `spell_row` and the other common rows of a folder. Needs `code`.

    A row is set aside that is not of a delivery which was read, that lacks what it must say, or that says a kind of thing which no
    declaration has; a code of a care episode that is none in any year is left out of its row. What is not given has no rows.
    Raises what check_given raises, and NothingToRunError without any delivery that was read.
    """
    found, ledger = check_given(folder, catalogue), Ledger()
    for name in GIVEN:
        table = catalogue.tables[name]
        kinds = {column.name: ARROW[column.type] for column in table.columns}
        if name not in found:
            engine.load(name, pa.schema(list(kinds.items())).empty_table())
            continue
        engine.read("given", found[name], kinds)
        take_table(engine, catalogue, table, ledger)
        engine.drop("given")
    if not engine.rows("SELECT 1 AS one FROM delivery WHERE state = 'read' LIMIT 1"):
        raise NothingToRunError(
            f"{folder}: no row of delivery has state read, so there is nothing that these tables are of"
        )
    return ledger


def take_table(engine: Engine, catalogue: Catalogue, table: Table, ledger: Ledger) -> None:
    """Make one table of what is given, without the rows that are set aside."""
    reasons = why_aside(table, catalogue)
    cases = " ".join(f"WHEN {when} THEN {number}" for number, when in enumerate(reasons.values(), start=1))
    of = "delivery AS d ON d.delivery_id = g.delivery_id AND d.state = 'read'"
    joined = "" if table.name == "delivery" else f" LEFT JOIN {of}"
    engine.make("judged", f"SELECT g.*, CASE {cases} ELSE 0 END AS aside FROM given AS g{joined}")
    found = dict(engine.rows("SELECT aside, count(*) AS n FROM judged GROUP BY aside"))
    aside = {why: found.get(number, 0) for number, why in enumerate(reasons, start=1)}
    changed = leave_out_codes(engine, table) if table.name == "care_episode_row" else {}
    columns = ", ".join(f'"{name}"' for name in table.column_names)
    rows = engine.make(table.name, f"SELECT {columns} FROM judged WHERE aside = 0")
    ledger.note(STEP, f"{table.name} given", table.name, sum(found.values()), rows, aside, changed=changed)
    engine.drop("judged")


def leave_out_codes(engine: Engine, table: Table) -> dict[str, int]:
    """Blank the codes of `judged` that are none of their return's set in any year; return in how many of the rows kept, by why."""
    codes = {name: CODES[name] for name in table.column_names if name in CODES}
    rest = [f'j."{name}"' for name in (*table.column_names, "aside") if name not in codes]
    known, counts, joins = [], [], []
    for number, (name, code_set) in enumerate(codes.items()):
        known.append(f"CASE WHEN c{number}.code IS NOT NULL THEN j.{name} END AS {name}")
        counts.append(
            f"sum(CASE WHEN j.aside = 0 AND j.{name} IS NOT NULL AND c{number}.code IS NULL THEN 1 ELSE 0 END) AS n{number}"
        )
        of = f"SELECT DISTINCT return_name, code FROM code WHERE code_set = {text(code_set)}"
        joins.append(
            f"LEFT JOIN ({of}) AS c{number} ON c{number}.return_name = j.return_name AND c{number}.code = j.{name}"
        )
    source = f"FROM judged AS j {' '.join(joins)}"
    (without,) = engine.rows(f"SELECT {', '.join(counts)} {source}")
    engine.make("told", f"SELECT {', '.join([*rest, *known])} {source}")
    engine.make("judged", "SELECT * FROM told")
    engine.drop("told")
    return {
        f"{name} is no code of {codes[name]}: left out": int(rows or 0)
        for name, rows in zip(codes, without, strict=True)
    }


def why_aside(table: Table, catalogue: Catalogue) -> dict[str, str]:
    """Each reason why a row `g`, of delivery `d`, is set aside, and when."""
    lacks = {f"{name} is blank": f"g.{name} IS NULL" for name in BLANK_NEVER.get(table.name, ALWAYS)}
    returns = ", ".join(map(text, catalogue.returns))
    if table.name == "delivery":
        return {**lacks, "it is of no return that the catalogue knows": f"g.return_name NOT IN ({returns})"}
    reasons = lacks | {
        "it is of no delivery that was read": "d.delivery_id IS NULL",
        "its delivery is of another authority or return": "d.la <> g.la OR d.return_name <> g.return_name",
    }
    if table.name in SAID_BY:
        makes, column = SAID_BY[table.name]
        reasons[f"its return tells of no such {column}"] = f"NOT ({' OR '.join(told_by(catalogue, makes, column))})"
    return reasons


def told_by(catalogue: Catalogue, makes: str, column: str) -> list[str]:
    """For each return that makes such rows, the condition that a row `g` is of one of its declarations."""
    conditions = []
    for return_ in catalogue.returns.values():
        if names := [text(each.name) for each in return_.declarations if each.makes == makes]:
            conditions.append(f"g.return_name = {text(return_.name)} AND g.{column} IN ({', '.join(names)})")
    return conditions
