"""What counts as recorded, usable and as coded, and in which years: against cells as they were handed over."""

import datetime as dt
import random
from collections import Counter, defaultdict
from collections.abc import Callable
from typing import Any

import pytest

from careloom.catalogue import load_catalogue
from careloom.check import measure_availability, summarise
from careloom.core import Column, Ledger
from careloom.engine import DuckDBEngine, Engine

OURS = load_catalogue()
HandOver = Callable[..., None]
A2021: dict[str, Any] = {"la": "A", "year": 2021}
SSDA903 = OURS.returns["ssda903"]


def measure(engine: Engine) -> Ledger:
    ledger = measure_availability(engine, OURS)
    assert ledger.balances
    return ledger


def told(engine: Engine, column: str, what: str = "rows_in, rows_recorded, rows_usable") -> list[tuple[Any, ...]]:
    select = f"SELECT la, collection_year, {what} FROM availability WHERE column_name = '{column}'"
    return sorted(engine.rows(f"{select} AND rows_in > 0"))


def state(engine: Engine, table: str, column: str) -> str:
    ((found,),) = engine.rows(
        f"SELECT state FROM availability WHERE table_name = '{table}' AND column_name = '{column}'"
    )
    return str(found)


def test_dates_codes_and_text_by_authority_and_year(engine: Engine, hand_over: HandOver) -> None:
    born = dt.date(2010, 5, 4)
    rows = [
        {**A2021, "CHILD": "A", "SEX": "1", "DOB": born, "UPN": "UN1"},
        {**A2021, "CHILD": "B", "SEX": "9"},
        {**A2021, "CHILD": "C", "DOB": born, "UPN": "UN1"},
        {"la": "A", "year": 2025, "CHILD": "A", "SEX": "M", "DOB": born},
        {"la": "A", "year": 2025, "CHILD": "B", "SEX": "1", "DOB": born},
        {"la": "B", "year": 2021, "CHILD": "A", "SEX": "2"},
    ]
    hand_over(engine, {"ssda903 header": rows})
    measure(engine)
    # 9 is in no year's set; 1 is a code until 2024 and M from 2025
    assert told(engine, "SEX") == [("A", 2021, 3, 2, 1), ("A", 2025, 2, 2, 1), ("B", 2021, 1, 1, 1)]
    assert told(engine, "DOB") == [("A", 2021, 3, 2, 2), ("A", 2025, 2, 2, 2), ("B", 2021, 1, 0, 0)]
    assert told(engine, "UPN") == [("A", 2021, 3, 2, 2), ("A", 2025, 2, 0, 0), ("B", 2021, 1, 0, 0)]


# --- against the slow way --------------------------------------------------------------------------------------------

LOOKED_AT = {"header": ("SEX", "DOB", "UPN"), "episodes": ("DECOM", "RNE", "PLACE", "DEC", "REC")}
HOW = ("blank", "right", "normalised", "of another year", "strange", "unread")


def cell(chance: random.Random, column: Column, year: int) -> tuple[str, Any, bool | None]:
    """Draw a cell as it was handed over: how, its typed value, and whether the note on it says it was used."""
    how = chance.choice(HOW)
    if how == "blank":
        return how, None, None
    if how == "unread":
        return how, None, False
    if column.type == "date":  # the ways of codes mean nothing here: a date is right, in the future, or unread
        return how, dt.date(year, 3, 31) + dt.timedelta(days=chance.randint(-800, 30)), None
    if column.type != "code":
        return how, "text", None
    codes = SSDA903.codes[str(column.codes)]
    other = sorted({code.code for code in codes.codes} - codes.valid_in(year))
    if how == "strange" or (how == "of another year" and not other):
        return "strange", "Q999", True
    right = chance.choice(sorted(codes.valid_in(year)))
    return how, chance.choice(other) if how == "of another year" else right, True if how == "normalised" else None


@pytest.mark.parametrize("seed", range(3))
def test_against_cells_as_they_were_handed_over(engine: Engine, hand_over: HandOver, seed: int) -> None:
    """Files of several years and authorities, notes under a file's first delivery, and rows set aside whole."""
    chance = random.Random(seed)
    tables: dict[str, list[dict[str, Any]]] = {}
    files, notes = [], list[dict[str, Any]]()
    expected: dict[tuple[str, str, str, int], Counter[str]] = defaultdict(Counter)
    newest: dict[tuple[str, str, str, int], dt.date] = {}
    for table, names in LOOKED_AT.items():
        whose = [("A", 2019), ("A", 2025), ("B", 2019)]
        first = len(files) + 1
        for la, year in whose:
            about = {"delivery_id": len(files) + 1, "return_name": "ssda903", "table_name": table, "state": "read"}
            files.append({**about, "la": la, "collection_year": year, "file_name": "all.csv", "sha256": table})
        tables[f"ssda903 {table}"] = rows = []
        for line in range(2, 60):
            place = chance.randrange(3)
            la, year = whose[place]
            is_kept = chance.random() < 0.9
            row: dict[str, Any] = {"la": la, "year": year, "line": line, "delivery_id": first + place, "CHILD": "x"}
            for name in names:
                column = SSDA903.tables[table].column(name)
                how, row[name], is_used = cell(chance, column, year)
                if is_used is not None:
                    note = {"delivery_id": first, "table_name": table, "line": line, "column_name": name}
                    notes.append({**note, "is_row": False, "is_used": is_used, "reason": "why"})
                if is_kept:
                    count, key = expected[table, name, la, year], (table, name, la, year)
                    count["rows"] += 1
                    count["recorded"] += how != "blank"
                    count["usable"] += row[name] is not None and (
                        column.type != "code" or how in ("right", "normalised")
                    )
                    count["as coded"] += how == "right"
                    if column.type == "date" and row[name] and row[name] <= dt.date(year, 3, 31):
                        newest[key] = max(newest.get(key, row[name]), row[name])
            if is_kept:
                rows.append(row)
            else:
                notes.append({"delivery_id": first, "table_name": table, "line": line, "is_row": True, "reason": "why"})
    hand_over(engine, tables, files=files, notes=notes)
    measure(engine)
    found = engine.rows("""SELECT table_name, column_name, la, collection_year, rows_in, rows_recorded, rows_usable,
        rows_as_coded, days_behind FROM availability WHERE rows_in > 0 AND column_name <> 'CHILD'""")
    seen = {tuple(row[:4]): row[4:] for row in found if row[1] in LOOKED_AT[row[0]]}
    assert set(seen) == set(expected)
    for (table, name, la, year), count in expected.items():
        kind = SSDA903.tables[table].column(name).type
        day = newest.get((table, name, la, year))
        as_coded = count["as coded"] if kind == "code" else None
        behind = (dt.date(year, 3, 31) - day).days if day else None
        assert seen[table, name, la, year] == (count["rows"], count["recorded"], count["usable"], as_coded, behind)


# --- what is measured ------------------------------------------------------------------------------------------------


def test_a_column_is_asked_about_only_while_it_is_in_force(duck: DuckDBEngine, hand_over: HandOver) -> None:
    rows = [
        {"la": "A", "year": 2024, "LAchildID": "A", "GenderCurrent": "1"},
        {"la": "A", "year": 2025, "LAchildID": "A", "Sex": "M"},
    ]
    hand_over(duck, {"cin_census ChildIdentifiers": rows})
    measure(duck)
    assert told(duck, "GenderCurrent") == [("A", 2024, 1, 1, 1)]
    assert told(duck, "Sex") == [("A", 2025, 1, 1, 1)]
    assert told(duck, "LAchildID") == [("A", 2024, 1, 1, 1), ("A", 2025, 1, 1, 1)]


def test_rows_of_years_before_the_table_are_set_aside(duck: DuckDBEngine, hand_over: HandOver) -> None:
    rows = [{"la": "A", "year": year, "CHILD": "A", "SW_REASON": "MANAGE"} for year in (2023, 2024)]
    hand_over(duck, {"ssda903 sw_episodes": rows})
    ledger = measure(duck)
    assert told(duck, "SW_REASON") == [("A", 2024, 1, 1, 1)]
    (step,) = ledger.steps
    assert (step.rows_in, step.rows_out) == (2, 1)


def test_an_enclosing_elements_columns_are_left_to_its_own_table(duck: DuckDBEngine, hand_over: HandOver) -> None:
    hand_over(duck, {"cin_census Section47": [{**A2021, "LAchildID": "A", "ICPCnotRequired": "1"}]})
    measure(duck)
    items = {column for (column,) in duck.rows("SELECT column_name FROM availability WHERE table_name = 'Section47'")}
    assert items == {"S47ActualStartDate", "InitialCPCtarget", "DateOfInitialCPC", "ICPCnotRequired"}


def test_a_table_that_did_not_come_with_its_return_is_absent(duck: DuckDBEngine, hand_over: HandOver) -> None:
    """A return that did not come at all has no rows: `ability` says so in one word."""
    hand_over(duck, {"ssda903 header": [{**A2021, "CHILD": "A"}]}, delivered=[("ssda903", "reviews", "B", 2021)])
    measure(duck)
    reviews = duck.rows("""SELECT la, state, rows_in, rows_recorded, rows_usable, days_behind FROM availability
        WHERE table_name = 'reviews' AND column_name = 'REVIEW' ORDER BY la""")
    assert reviews == [("A", "absent", 0, 0, 0, None), ("B", "absent", 0, 0, 0, None)]
    assert duck.rows("SELECT DISTINCT return_name FROM availability") == [("ssda903",)]
    dolo = "SELECT count(*) AS n FROM availability WHERE table_name = 'dolo'"
    assert duck.rows(dolo) == [(0,)]  # from 2027 on


def test_a_return_of_which_every_file_was_refused_did_not_come(duck: DuckDBEngine, hand_over: HandOver) -> None:
    file = {"delivery_id": 1, "return_name": "ssda903", "la": "A", "collection_year": 2021, "state": "refused"}
    hand_over(duck, {}, files=[file])
    measure(duck)
    assert duck.rows("SELECT * FROM availability") == []


ROWS = [{**A2021, "CHILD": str(n), "SEX": "1", "DOB": dt.date(2010, 1, 1), "MOTHER": "0"} for n in range(4)]


@pytest.mark.parametrize(
    ("change", "column", "now"),
    [
        ({}, "SEX", "coded"),
        ({}, "DOB", "structured"),
        ({}, "CHILD", "structured"),
        ({"SEX": None}, "SEX", "absent"),
        ({"SEX": "9"}, "SEX", "free text"),
        ({"SEX": "M"}, "SEX", "free text"),  # a code, but from 2025 on
        ({"DOB": None}, "DOB", "absent"),
        ({}, "UPN", "absent"),
        ({"UPN": "UN1"}, "UPN", "structured"),
    ],
)
def test_what_a_change_of_every_cell_makes_of_an_item(
    duck: DuckDBEngine, hand_over: HandOver, change: dict[str, Any], column: str, now: str
) -> None:
    hand_over(duck, {"ssda903 header": [row | change for row in ROWS]})
    measure(duck)
    assert state(duck, "header", column) == now


@pytest.mark.parametrize(("unread", "now"), [(2, "structured"), (3, "free text"), (4, "free text")])
def test_dates_that_mostly_cannot_be_read_are_free_text(
    duck: DuckDBEngine, hand_over: HandOver, unread: int, now: str
) -> None:
    rows = [row | ({"DOB": None} if n < unread else {}) for n, row in enumerate(ROWS)]
    note = {"delivery_id": 1, "table_name": "header", "column_name": "DOB", "is_row": False, "is_used": False}
    hand_over(duck, {"ssda903 header": rows}, notes=[note | {"line": 2 + n, "reason": "x"} for n in range(unread)])
    measure(duck)
    assert state(duck, "header", "DOB") == now
    assert told(duck, "DOB") == [("A", 2021, 4, 4, 4 - unread)]


def test_words_are_free_text(duck: DuckDBEngine, hand_over: HandOver) -> None:
    hand_over(duck, {"ssda903 prev_perm": [{**A2021, "CHILD": "A", "LA_PERM": "801"}]})
    measure(duck)
    assert state(duck, "prev_perm", "LA_PERM") == "free text"


def test_several_elements_on_one_line_never_make_more_cells_than_rows(duck: DuckDBEngine, hand_over: HandOver) -> None:
    rows = [{**A2021, "LAchildID": "A", "line": 1, "CINreferralDate": dt.date(2020, 5, 1)} for _ in range(2)]
    note = {"delivery_id": 1, "table_name": "CINdetails", "line": 1, "column_name": "CINreferralDate", "is_row": False}
    hand_over(duck, {"cin_census CINdetails": rows}, notes=[note | {"is_used": False}] * 3)
    measure(duck)
    assert told(duck, "CINreferralDate") == [("A", 2021, 2, 2, 2)]


def test_the_same_bytes_in_two_years_are_two_files(duck: DuckDBEngine, hand_over: HandOver) -> None:
    about = {"return_name": "ssda903", "table_name": "header", "la": "A", "file_name": "h.csv", "sha256": "same"}
    files = [{**about, "delivery_id": n, "collection_year": 2018 + n, "state": "read"} for n in (1, 2)]
    rows = [{"la": "A", "year": 2018 + n, "delivery_id": n, "line": 2, "CHILD": "A"} for n in (1, 2)]
    note = {"table_name": "header", "line": 2, "column_name": "DOB", "is_row": False, "is_used": False}
    hand_over(duck, {"ssda903 header": rows}, files=files, notes=[{**note, "delivery_id": n} for n in (1, 2)])
    measure(duck)
    assert told(duck, "DOB") == [("A", 2019, 1, 1, 0), ("A", 2020, 1, 1, 0)]


def test_an_extract_that_tells_no_year_is_measured(duck: DuckDBEngine, hand_over: HandOver) -> None:
    hand_over(duck, {"ssda903 header": [{"la": "A", "year": None, "CHILD": "A", "DOB": dt.date(2010, 1, 1)}]})
    measure(duck)
    assert told(duck, "DOB", "rows_usable, days_behind") == [("A", None, 1, None)]


def test_a_summary_of_tables(duck: DuckDBEngine, hand_over: HandOver) -> None:
    hand_over(duck, {"ssda903 header": ROWS})
    measure(duck)
    header, *_ = (row for row in summarise(duck).to_pylist() if row["table_name"] == "header")
    assert (header["la"], header["collection_year"], header["rows_in"], header["valid"]) == ("A", 2021, 4, 1.0)
    columns = [column for column in SSDA903.tables["header"].columns if 2021 in column.years]
    assert (header["structured"], header["coded"], header["free_text"]) == (2, 2, 0)
    assert header["absent"] == len(columns) - 4
    assert header["recorded"] == pytest.approx(4 / len(columns))
    assert {row["valid"] for row in summarise(duck).to_pylist() if not row["rows_in"]} == {None}


@pytest.mark.parametrize("rows", [[], ROWS])
def test_the_tables_are_as_declared(duck: DuckDBEngine, hand_over: HandOver, rows: list[dict[str, Any]]) -> None:
    hand_over(duck, {"ssda903 header": rows})
    measure(duck)
    for name in ("availability", "ability", "unlock"):
        assert tuple(duck.columns(name)) == OURS.tables[name].column_names


def test_nothing_came(duck: DuckDBEngine) -> None:
    assert measure_availability(duck, OURS).steps == []
    for name in ("availability", "ability", "unlock"):
        assert tuple(duck.columns(name)) == OURS.tables[name].column_names
        assert duck.rows(f"SELECT * FROM {name}") == []
