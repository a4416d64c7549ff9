"""What identifies a child never leaves the working memory of a run: not by messages, not by any file that it writes.

A whole run is fed files of every return in which each identifying cell holds a marker (identifier, UPN, postcode, name
of a worker) or a day that nothing else in the run holds (date of birth), in rows that are good, rows that are bad in
every way, and files that are bad in every way. Then all that the run said and wrote is searched: plain bytes, and
DuckDB, Parquet, Excel and base64 unpacked. The search itself is tested on files that do hold a marker.
"""

import base64
import datetime as dt
import gzip
import io
import logging
import re
import warnings
import zipfile
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter

from careloom.catalogue import Return, load_catalogue
from careloom.cli import main
from careloom.core import Column, Table
from careloom.core.words import TYPES

CATALOGUE = load_catalogue()
WHO = "qzjwx"
"""Begins every identifying text; in no word of the project. Looked for in any case, since codes are upper-cased."""
CELL = "vfkqz"
"""Stands in every cell of a row that is wrong throughout, as when columns have slipped."""
BORN = dt.date(2011, 7, 14)
"""Every date of birth: a child's, so that its row is used to the end, and eight years before any other day of the run."""
WRITTEN_BIRTHS = tuple(BORN.strftime(form) for form in ("%Y-%m-%d", "%d/%m/%Y", "%Y%m%d", "%d %B %Y", "%-d %B %Y"))
ENDS = re.compile("end|clos|auth|review|^dec$", re.IGNORECASE)
PLAIN = {"SEX": "1", "RNE": "S", "LS": "C2", "REC": "E4A", "ReasonForClosure": "RC8", "PersonDeathDate": ""}
"""Cells of a life that every stage has a use for: looked after, gone home, case closed, alive."""
TRUE_TO_LIFE = ("7731904462", "Q801200001907", "QZ47 9XJ")
"""A child's number, a UPN and a postcode as they really look: for cells that slipped into the columns of codes."""
WORDS = (WHO, CELL, *WRITTEN_BIRTHS, *TRUE_TO_LIFE)
SEARCHED = {".duckdb", ".parquet", ".xlsx", ".html", ".csv", ".json"}
YEAR = 2020
CHILDREN = 80
"""So many that no count of theirs is withheld for being small: a marker that got as far as a table would show."""

STUDY = f"""
[study]
name = "Marked"
from = 2015-04-01
to = 2020-03-31
out = "out"

[[delivery]]
return = "ssda903"
authority = "998"
year = {YEAR}
files = ["*.csv"]

[[delivery]]
return = "cin_census"
authority = "998"
year = {YEAR}
files = ["*.xml"]

[typology]
most_classes = 2
starts = 1
"""


# --- marked files ----------------------------------------------------------------------------------------------------


def good_cell(column: Column, child: int, return_: Return) -> str:
    """A cell that fits its column; an identifying one holds a marker."""
    if column.name in PLAIN:
        return PLAIN[column.name]
    if column.type == "date":
        begins = dt.date(2019, 5 + child % 6, 1 + child % 28)
        day = begins + dt.timedelta(days=60) if ENDS.search(column.name) else begins
        return (BORN if column.privacy == "identifier" else day).strftime(return_.date_formats[0])
    if column.privacy == "identifier":
        return f"{WHO}-{column.name}-{child}"
    if column.codes:
        valid = sorted(return_.codes[column.codes].valid_in(YEAR) or {"X"})
        return valid[child % len(valid)]
    return "1"


def good_row(table: Table, child: int, return_: Return) -> list[str]:
    return [good_cell(column, child, return_) for column in table.columns]


def bad_rows(table: Table, return_: Return) -> Iterator[list[str]]:
    """Rows that are wrong in each way a row can be, with the markers of a child in them."""
    good = good_row(table, 0, return_)
    width = len(good)
    yield [f"{CELL}-{WHO}"] * width  # nothing is of its type
    yield ["", *[f"{CELL}-{WHO}"] * (width - 1)]  # and there is no key
    yield [f"{CELL}-{WHO}"] * (width - 1)  # too few cells
    yield [f"{CELL}-{WHO}"] * (width + 1)  # too many
    yield [*good[1:], good[0]]  # slipped by one column: an identifier where a code should be
    yield [good[-1], *good[:-1]]
    for at in range(width):
        yield [
            *good[:at],
            f"{CELL}-{WHO} ' \" ; -- {{}} %s <b>",
            *good[at + 1 :],
        ]  # one cell that would break SQL or HTML


def quoted(row: list[str]) -> str:
    return ",".join('"' + cell.replace('"', '""') + '"' for cell in row)


def csv_of(table: Table, return_: Return) -> str:
    rows = [*(good_row(table, n, return_) for n in range(CHILDREN)), *bad_rows(table, return_)]
    return "\n".join([",".join(table.column_names), *map(quoted, rows)]) + "\n"


def bad_csvs(return_: Return) -> dict[str, bytes]:
    """Whole files that are wrong in each way a CSV file can be."""
    header = return_.tables["header"]
    good = csv_of(header, return_)
    row = quoted(good_row(header, 1, return_))
    heading, _, rows = good.partition("\n")
    return {
        "no_heading": rows.encode(),
        "strange_heading": f"{WHO}-A,{WHO}-B,{WHO}-C\n{row}\n".encode(),
        "half_heading": (heading + f",{WHO}-X,{WHO}-Y\n" + row + f",{WHO},{WHO}\n").encode(),
        "column_missing": good.replace("DOB,", "", 1).encode(),
        "column_twice": good.replace("DOB", "DOB,DOB", 1).encode(),
        "cut_short": (good[: len(good) // 2] + f'"{WHO}').encode(),
        "quote_amiss": f'{heading}\n"{WHO}"{WHO},{row}\n'.encode(),
        "huge_cell": f"{heading}\n{WHO * 40000},{row}\n".encode(),
        "workbook": b"PK\x03\x04" + good.encode(),
        "nul": good.encode() + b"\0",
        "not_text": b"\x81\x8d" + good.encode("utf-16-le"),
        "utf16": good.encode("utf-16"),
        "cp1252": good.replace(f"{WHO}-CHILD", f"{WHO}-CHILD-é").encode("cp1252"),
        "one_line": (heading + "," + row).encode(),
        "xml": xml_of(CATALOGUE.returns["cin_census"]).encode(),
    }


def element(tag: str, inner: str) -> str:
    return f"<{tag}>{inner}</{tag}>"


def slipped(text: str, return_: Return) -> Callable[[Column, int], str]:
    """Cells of a child whose codes are this text instead."""
    return lambda column, child: text if column.type == "code" else good_cell(column, child, return_)


def xml_of(return_: Return) -> str:
    """Children with every table of the return, a row each: good ones, and some whose every leaf is a marker."""
    cells: list[Callable[[Column, int], str]] = [
        *[lambda column, child: good_cell(column, child, return_)] * CHILDREN,
        lambda column, child: f"{CELL}-{WHO}",
        lambda column, child: "" if column.key else f"{CELL}-{WHO}",
        lambda column, child: f"{WHO}-{column.name}" if column.type == "code" else good_cell(column, child, return_),
        *[slipped(text, return_) for text in TRUE_TO_LIFE],
        lambda column, child: f"{WHO}-{column.name}" if column.type == "date" else good_cell(column, child, return_),
    ]
    children = "".join(xml_child(return_, n, cell) for n, cell in enumerate(cells))
    year = element("Header", element("CollectionDetails", element("Year", str(YEAR))))
    return element("Message", year + element("Children", children))


def xml_child(return_: Return, child: int, cell: Callable[[Column, int], str]) -> str:
    def leaves(name: str) -> str:
        table = return_.tables[name]
        own = [c for c in table.columns if not c.of and c.type != "ordinal"]
        return "".join(element(column.name, cell(column, child)) for column in own)

    plan = leaves("ChildProtectionPlans") + element("Reviews", leaves("Reviews"))
    assessment = leaves("Assessments") + element(
        "FactorsIdentifiedAtAssessment", leaves("FactorsIdentifiedAtAssessment")
    )
    details = leaves("CINdetails") + element("Assessments", assessment) + element("ChildProtectionPlans", plan)
    details += element("Section47", leaves("Section47")) + element("CINPlanDates", leaves("CINPlanDates"))
    characteristics = element("ChildCharacteristics", element("Disabilities", leaves("Disabilities")))
    identifiers = element("ChildIdentifiers", leaves("ChildIdentifiers"))
    return element("Child", leaves("ChildIdentifiers") + identifiers + characteristics + element("CINdetails", details))


def bad_xmls(return_: Return) -> dict[str, bytes]:
    """Whole files that are wrong in each way an XML file can be."""
    good = xml_of(return_)
    return {
        "cut_short": good[: len(good) // 2].encode(),
        "another_root": f"<{WHO}><{WHO}>{WHO}</{WHO}></{WHO}>".encode(),
        "tags_amiss": good.replace("</LAchildID>", f"</{WHO}>", 1).encode(),
        "entity": good.replace(WHO, f"&{WHO};", 1).encode(),
        "doctype": f'<!DOCTYPE Message [<!ENTITY {WHO} "{WHO}">]>{good}'.encode(),
        "attribute": good.replace("<Message>", f"<Message {WHO}={WHO}>", 1).encode(),
        "not_utf8": good.encode().replace(WHO.encode(), WHO.encode() + b"\xff", 1),
        "csv": csv_of(CATALOGUE.returns["ssda903"].tables["header"], CATALOGUE.returns["ssda903"]).encode(),
    }


def mark(folder: Path, *, with_good: bool) -> None:
    """Write the marked files of both returns and their study file."""
    csv, xml = CATALOGUE.returns["ssda903"], CATALOGUE.returns["cin_census"]
    files = {f"bad_{name}.csv": data for name, data in bad_csvs(csv).items() if with_good or name in REFUSED}
    files |= {f"bad_{name}.xml": data for name, data in bad_xmls(xml).items()}
    if with_good:
        files |= {f"{table.name}.csv": csv_of(table, csv).encode() for table in csv.tables.values()}
        files |= {"census.xml": xml_of(xml).encode()}
    for name, data in files.items():
        (folder / name).write_bytes(data)
    (folder / "study.toml").write_text(STUDY, encoding="utf-8")


REFUSED = {
    "no_heading",
    "strange_heading",
    "column_missing",
    "column_twice",
    "workbook",
    "nul",
    "not_text",
    "xml",
}


# --- the search ------------------------------------------------------------------------------------------------------


def shown_by(path: Path) -> Iterator[tuple[str, bytes]]:
    """Yield everything one can read in a file: its bytes, and what they hold once unpacked."""
    data = path.read_bytes()
    yield path.name, data
    if path.suffix == ".duckdb":
        with duckdb.connect(str(path), read_only=True) as db:
            for (name,) in db.execute("SELECT table_name FROM information_schema.tables").fetchall():
                yield f"{path.name} {name}", written(db.execute(f'SELECT * FROM "{name}"').to_arrow_table())
    elif path.suffix == ".parquet":
        yield f"{path.name} rows", written(pq.read_table(path))
        yield f"{path.name} metadata", str(pq.read_metadata(path).metadata).encode()
    elif zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as book:
            yield from ((f"{path.name} {name}", book.read(name)) for name in book.namelist())
    elif path.suffix == ".html":
        for n, packed in enumerate(re.findall(rb"base64,([A-Za-z0-9+/=]+)", data)):
            plain = base64.b64decode(packed)
            yield f"{path.name} data {n}", gzip.decompress(plain) if plain.startswith(b"\x1f\x8b") else plain


def written(rows: pa.Table) -> bytes:
    """Every cell of a table, as text."""
    return "\n".join([*rows.column_names, *(str(v) for c in rows.columns for v in c.to_pylist())]).encode()


def holds(data: bytes, *words: str) -> list[str]:
    """Return which of the words a file's bytes hold, in any case, in UTF-8 or UTF-16."""
    low = data.lower()
    return [w for w in words if any(w.lower().encode(form) in low for form in ("utf-8", "utf-16-le", "utf-16-be"))]


def leaks(folder: Path, *words: str) -> list[str]:
    """Return where under a folder any of the words can be read."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return [f"{where}: {word}" for path in paths for where, data in shown_by(path) for word in holds(data, *words)]


def plant(folder: Path, word: str) -> dict[str, Path]:
    """Write one file of each kind that holds the word where plain bytes need not show it."""
    paths = {kind: folder / f"planted.{kind}" for kind in ("duckdb", "parquet", "xlsx", "html", "csv")}
    rows = pa.table({"a": ["x" * 1000, word]})
    with duckdb.connect(str(paths["duckdb"])) as db:
        db.register("rows", rows)
        db.execute("CREATE TABLE t AS SELECT a FROM rows")
    pq.write_table(rows, paths["parquet"], compression="gzip")
    with xlsxwriter.Workbook(str(paths["xlsx"])) as book:
        book.add_worksheet().write_string(0, 0, word)
    paths["html"].write_bytes(b"data:x;base64," + base64.b64encode(gzip.compress(word.encode())))
    paths["csv"].write_text(word, encoding="utf-16")
    return paths


@pytest.mark.parametrize("word", [WHO, WHO.upper(), WRITTEN_BIRTHS[0]])
def test_the_search_finds_a_word_in_every_kind_of_file(word: str, tmp_path: Path) -> None:
    for kind, path in plant(tmp_path, word).items():
        assert [hit for at, data in shown_by(path) for hit in holds(data, word.lower())], kind
    assert len({hit.split(".")[1][:3] for hit in leaks(tmp_path, word)}) == 5
    assert leaks(tmp_path, CELL) == []


# --- the run ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Ran:
    """A run of the command: its exit code, all that it said in any way, and the folder it worked in."""

    exit_code: int
    said: str
    folder: Path


def run(folder: Path) -> Ran:
    """Run the command on the study in a folder, listening to its output, its log and its warnings."""
    heard, log = io.StringIO(), logging.StreamHandler()
    log.stream, root = heard, logging.getLogger()
    level = root.level
    root.addHandler(log)
    root.setLevel(logging.INFO)
    try:
        with redirect_stdout(heard), redirect_stderr(heard), warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            exit_code = main(["run", str(folder / "study.toml")])
    finally:
        root.removeHandler(log)
        root.setLevel(level)
    return Ran(exit_code, "\n".join([heard.getvalue(), *(str(w.message) for w in warned)]), folder)


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    folder = tmp_path_factory.mktemp("marked")
    mark(folder, with_good=True)
    return run(folder)


def test_the_marks_went_through_every_stage(ran: Ran) -> None:
    """Or there would be nothing to keep quiet about."""
    assert ran.exit_code == 4, ran.said  # done, but some files were refused
    with duckdb.connect(str(ran.folder / "out" / "study.duckdb"), read_only=True) as db:
        names = [name for (name,) in db.execute("SELECT table_name FROM information_schema.tables").fetchall()]
        rows = {name: db.execute(f'SELECT count(*) FROM "{name}"').fetchall()[0][0] for name in names}
    assert rows["person"] >= CHILDREN  # the children of the two returns share UPNs, so they are linked
    assert min(rows[name] for name in ("spell", "class_of", "time_to_event", "cost")) > CHILDREN / 2
    assert min(rows[name] for name in ("event", "factor", "timeline", "pathway", "finding", "set_aside")) > 20


def test_no_message_tells(ran: Ran) -> None:
    assert all(f"bad_{name}.csv" in ran.said for name in REFUSED)
    assert all(f"bad_{name}.xml" in ran.said for name in bad_xmls(CATALOGUE.returns["cin_census"]))
    assert holds(ran.said.encode(), *WORDS) == []


def test_no_released_file_tells_nor_the_accounts_of_the_run(ran: Ran) -> None:
    made = {path.name for path in ran.folder.iterdir() if path.suffix not in (".csv", ".xml", ".toml")}
    log = {"access.jsonl", ".access.jsonl.lock"}
    assert made == {"out", ".out.lock", "study.key", ".careloom", *log}  # nothing else is left beside the outputs
    assert leaks(ran.folder / ".careloom", *WORDS) == []
    assert holds((ran.folder / "access.jsonl").read_bytes(), *WORDS) == []
    assert {path.suffix for path in (ran.folder / "out").rglob("*") if path.is_file()} >= SEARCHED
    assert [leak for leak in leaks(ran.folder / "out", *WORDS) if not leak.startswith("study.duckdb")] == []


def columns_that_tell(database: Path) -> set[tuple[str, str]]:
    """Return the columns of a database in which any of the words can be read."""
    with duckdb.connect(str(database), read_only=True) as db:
        names = [name for (name,) in db.execute("SELECT table_name FROM information_schema.tables").fetchall()]
        tables = {name: db.execute(f'SELECT * FROM "{name}"').to_arrow_table() for name in names}
    return {(n, c) for n, rows in tables.items() for c in rows.column_names if holds(written(rows.select([c])), *WORDS)}


def test_no_column_of_the_study_database_tells_even_where_columns_had_slipped(ran: Ran) -> None:
    """A row moved along by one cell puts a UPN, or a date of birth, where the ethnic group belongs."""
    assert columns_that_tell(ran.folder / "out" / "study.duckdb") == set()
    assert leaks(ran.folder / "out", *WORDS) == []


def test_a_run_on_nothing_usable_tells_nobody(tmp_path: Path) -> None:
    mark(tmp_path, with_good=False)
    ran = run(tmp_path)
    assert ran.exit_code == 5, ran.said
    assert not (tmp_path / "out").exists()
    assert all(f"bad_{name}.csv" in ran.said for name in REFUSED)
    assert holds(ran.said.encode(), *WORDS) == []


def test_a_new_kind_of_cell_or_of_file_needs_its_marks_here() -> None:
    plain = {"text", "code", "date", "integer", "number", "boolean", "ordinal"}
    # The next three are numbers, of extracts only; a decimal is worked out, no return has one.
    assert set(TYPES) == plain | {"age", "money", "year", "decimal"}
    assert {layout for return_ in CATALOGUE.returns.values() for layout in return_.layouts} == {"table", "xml"}
