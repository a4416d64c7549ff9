"""`careloom encode`: records that may be linked by somebody who must not read them, and the linking of two such files.

Each owner cuts names, dates and postcodes into parts (see link.parts) and writes a keyed hash of each part instead; all owners
use one key, which who links them does not have. Equal parts have equal hashes, and that is all that is weighed.
"""

import csv
import datetime as dt
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from careloom.catalogue import Catalogue
from careloom.core import DeliveryError, NotFoundError, OutputError, RequestError
from careloom.engine import open_engine
from careloom.govern import StudyKey, open_key
from careloom.link.likeness import read_model, weigh
from careloom.link.overlap import Lists, weigh_by_overlap
from careloom.link.parts import LISTS, TEXTS, Parts, parts_of, parts_table
from careloom.link.unite import Link, unite

HEADING = ("key_id", "record", *TEXTS, *LISTS)
WANTED = ("first_name", "surname", "full_name", "birth_date", "sex", "postcode", "nhs_number", "upn")
SAME_WORDS = {"born_turned": "born_on", "first_near": "name_near", "surname_near": "name_near"}
"""Parts that are compared with another part, each hashed as that one is."""
BETWEEN = " "
"""Parts the hashes of a list in one cell."""
DAYS = ("%Y-%m-%d", "%d/%m/%Y")
SEXES = {"M": "M", "MALE": "M", "BOY": "M", "1": "M", "F": "F", "FEMALE": "F", "GIRL": "F", "2": "F"}


@dataclass(frozen=True)
class Encoded:
    """What came of encoding: how many records, which columns were used, and how many dates could not be read."""

    records: int
    columns: tuple[str, ...]
    unread_dates: int
    key_id: str


def encode_file(path: Path, catalogue: Catalogue, *, key_file: Path, record: str, out: Path) -> Encoded:
    """Write the hashed parts of each row of a CSV file, and beside it, for the owner alone, which record is which.

    `record` is the heading of the owner's own number, which does not leave: `out` numbers the records anew, in the order of
    their hash. Raises NotFoundError (no such file or key), DeliveryError (no such heading, or nothing to link by), OutputError.
    """
    if not key_file.exists():
        raise NotFoundError(f"{key_file}: there is no such key; all who take part use the one that one of them made")
    key = open_key(key_file)
    given, read = read_rows(path)
    headings = headings_of(given, catalogue)
    if record not in given:
        raise DeliveryError(f'{path.name}: there is no column "{record}"; name the column of your own number with --id')
    if not {"surname", "full_name", "nhs_number", "upn"} & set(headings):
        raise DeliveryError(
            f"{path.name}: no column tells a surname, an NHS number or a UPN: there is nothing to link by"
        )
    rows = [(row[record], told(row, headings)) for row in read]
    names = key.pseudonymise("encoded record")([number for number, _ in rows])
    order = sorted(range(len(rows)), key=names.__getitem__)
    hashed = [
        {"key_id": key.id, "record": str(n), **hide(parts_of(rows[at][1]), key)} for n, at in enumerate(order, start=1)
    ]
    write_csv(out, HEADING, hashed)
    write_csv(
        records_of(out),
        ("record", record),
        [{"record": str(n), record: rows[at][0]} for n, at in enumerate(order, start=1)],
    )
    unread = sum(bool(each["birth_date_told"]) and each["born_on"] is None for _, each in rows)
    return Encoded(len(rows), tuple(headings), unread, key.id)


def records_of(out: Path) -> Path:
    """Where the owner keeps which record is which."""
    return out.with_name(f"{out.stem}.records.csv")


def read_rows(path: Path) -> tuple[list[str], list[dict[str, str]]]:
    """The headings and the rows of a CSV file. Raises NotFoundError, or DeliveryError when a row is not as wide as the heading."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            headings, rows = list(reader.fieldnames or ()), [(reader.line_num, row) for row in reader]
    except OSError as fault:
        raise NotFoundError(f"{path}: this file cannot be read ({fault.strerror})") from None
    except (UnicodeDecodeError, csv.Error):
        raise DeliveryError(f"{path.name}: this is no CSV file in UTF-8; save it as CSV UTF-8") from None
    for line, row in rows:
        if None in row or None in row.values():
            raise DeliveryError(f"{path.name} line {line}: the row has more or fewer cells than the heading")
    return headings, [row for _, row in rows]


def headings_of(given: Iterable[str], catalogue: Catalogue) -> dict[str, str]:
    """By what a column tells, its heading: as the catalogue knows headings of lists of people."""
    plain = {"".join(heading.casefold().split()): heading for heading in given}
    found = {}
    for column in catalogue.returns["case_system"].tables["people"].columns:
        known = [column.name, *column.also]
        fits = [plain[key] for name in known if (key := "".join(name.casefold().split())) in plain]
        if column.name in WANTED and fits:
            found[column.name] = fits[0]
    return found


def told(row: Mapping[str, str | None], headings: Mapping[str, str]) -> dict[str, object]:
    """One row in the words of link.parts."""
    said = {name: (row[heading] or "").strip() for name, heading in headings.items()}
    upn = said.get("upn", "").upper().replace(" ", "")
    return {
        **said,
        "birth_date_told": said.get("birth_date", ""),
        "born_on": read_day(said.get("birth_date", "")),
        "sex": SEXES.get(said.get("sex", "").upper()),
        "upn": None if upn.startswith("UN") else upn,
    }


def read_day(text: str) -> dt.date | None:
    for form in DAYS:
        try:
            return dt.datetime.strptime(text[:10], form).date()
        except ValueError:
            continue
    return None


def hide(parts: Parts, key: StudyKey) -> dict[str, str]:
    """Each part as a keyed hash of its own kind, so that one kind tells nothing of another; a list in the order of its hashes."""
    hidden = {}
    for name, part in parts.items():
        words = [] if part is None else [part] if isinstance(part, str) else part
        hidden[name] = BETWEEN.join(sorted(key.pseudonymise(f"part|{SAME_WORDS.get(name, name)}")(words)))
    return hidden


def write_csv(path: Path, heading: tuple[str, ...], rows: Iterable[Mapping[str, str]]) -> None:
    """Write a new file. Raises OutputError, also where there is one already."""
    try:
        with path.open("x", encoding="utf-8", newline="") as file:
            path.chmod(0o600)
            writer = csv.DictWriter(file, heading)
            writer.writeheader()
            writer.writerows(rows)
    except OSError as fault:
        raise OutputError(f"{path}: this cannot be written ({fault.strerror})") from None


def link_encoded(one: Path, two: Path, *, out: Path, threshold: float) -> int:
    """Link two encoded files one to one, likeliest first; write one, two, probability, and return how many.

    Nobody learns which values are rare: that is not weighed. Raises RequestError when a file is no encoded one, or the keys differ.
    """
    tables = [read_encoded(path) for path in (one, two)]
    if len({row["key_id"] for rows in tables for row in rows}) > 1:
        raise RequestError(f"{one.name} and {two.name} were encoded with different keys, so nothing in them is equal")
    rows = [(which, row) for which, table in enumerate(tables) for row in table]
    if not all(tables):
        write_csv(out, ("one", "two", "probability"), [])
        return 0
    pairs = weigh_encoded(rows, max(map(len, tables)), threshold).to_pylist()
    pairs.sort(key=lambda pair: (-pair["probability"], pair["one"], pair["two"]))
    likely = {(min(pair["one"], pair["two"]), max(pair["one"], pair["two"])): pair["probability"] for pair in pairs}
    links = [Link(first, second, "alike", is_guess=True) for first, second in likely]
    held = unite(links, {}, knows_once={number: (str(which),) for number, (which, _) in enumerate(rows)}).held
    write_csv(out, ("one", "two", "probability"), [
        {"one": rows[x.first][1]["record"], "two": rows[x.second][1]["record"], "probability": f"{likely[x.first, x.second]:.6f}"}
        for x in held
    ])  # fmt: skip
    return len(held)


def weigh_encoded(rows: list[tuple[int, dict[str, str]]], longest: int, threshold: float) -> pa.Table:
    """The pairs of records of the two files, by number in `rows`, of at least that probability."""
    parts = [{name: as_part(name, row[name]) for name in (*TEXTS, *LISTS)} for _, row in rows]
    numbers, prior = np.arange(len(rows)), 0.5 / longest
    lists = Lists(np.array([which for which, _ in rows], dtype=np.int64), numbers)
    with closing(open_engine("duckdb")) as engine:
        pairs = weigh(
            engine, parts_table(parts, unique_id=pa.array(numbers), unit_no=pa.array(numbers), whose=pa.array(lists.of)),
            read_model(), prior=prior, least=threshold / 100, where="l.whose <> r.whose", with_rarity=False,
        )  # fmt: skip
    pairs = weigh_by_overlap(pairs, lists, prior)
    return pairs.filter(pc.greater_equal(pairs["probability"], threshold))


def read_encoded(path: Path) -> list[dict[str, str]]:
    headings, rows = read_rows(path)
    if tuple(headings) != HEADING:
        if tuple(headings[:2]) == HEADING[:2]:
            raise RequestError(
                f"{path}: another version of Careloom encoded this, whose parts are not those of this one; "
                "encode both lists anew, with one version"
            )
        raise RequestError(f"{path}: this is no file that careloom encode wrote")
    return rows


def as_part(name: str, cell: str) -> str | list[str] | None:
    if name in LISTS:
        return cell.split(BETWEEN) if cell else None
    return cell or None
