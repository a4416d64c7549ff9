"""Common rows of a made-up country, made straight in an engine: as many children as asked, ten years, with faults to mend.

No return is written or read: what is measured begins where the returns have been said in common terms. Numbers of rows and
their order in time are like those of England's children in need; nothing else about them is meant to be real.
"""

import numpy as np
import pyarrow as pa

from careloom.catalogue import load_catalogue
from careloom.catalogue.kinds import ARROW
from careloom.engine import Engine

FIRST_YEAR, LAST_YEAR = 2015, 2024
AUTHORITIES = np.array([f"{code}" for code in range(301, 453)])
FIRST_DAY = np.datetime64(f"{FIRST_YEAR - 1}-04-01")
END_DAY = np.datetime64(f"{LAST_YEAR}-04-01")
SPAN = int((END_DAY - FIRST_DAY).astype(int))
PART = 250_000
NEVER = np.datetime64("NaT")
Columns = dict[str, object]


def make_rows(engine: Engine, children: int, seed: int = 1) -> None:
    """Load `person_of`, `person`, `delivery` and the common rows of so many children."""
    for start in range(0, children, PART):
        rng = np.random.default_rng([seed, start])
        add_children(engine, np.arange(start, min(start + PART, children)), rng)
    years = range(FIRST_YEAR, LAST_YEAR + 1)
    returned = [("cin_census", "all"), *(("ssda903", table) for table in ("header", "episodes", "missing", "reviews"))]
    rows = [
        {"return_name": name, "table_name": table, "la": str(la), "collection_year": year, "state": "read"}
        for la in AUTHORITIES
        for year in years
        for name, table in returned
    ]
    engine.load("delivery", pa.Table.from_pylist(rows))


def add_children(engine: Engine, numbers: np.ndarray, rng: np.random.Generator) -> None:
    """Add these children: who they are, their cases with what followed, and their care."""
    n = numbers.size
    la = AUTHORITIES[rng.integers(0, AUTHORITIES.size, n)]
    child_id = np.array([f"C{number:08d}" for number in numbers])
    person_id = np.array([f"person{number:020d}" for number in numbers])
    for return_name in ("cin_census", "ssda903"):
        put(
            engine,
            "person_of",
            la=la,
            return_name=return_name,
            child_id=child_id,
            person_id=person_id,
            link_rule="alone",
        )
    born = FIRST_DAY - rng.integers(0, 14 * 365, n)
    put(
        engine,
        "person",
        person_id=person_id,
        sex=rng.choice(["M", "F"], n),
        born_on=born,
        is_expected_birth=np.zeros(n, bool),
    )
    add_cases(engine, la, child_id, rng)
    cared = np.flatnonzero(rng.random(n) < 0.07)
    add_care(engine, la[cared], child_id[cared], rng)


def add_cases(engine: Engine, la: np.ndarray, child_id: np.ndarray, rng: np.random.Generator) -> None:
    """Add cases one after another: one in fifty begins before the last has closed, one in thirty-three was never closed."""
    count = rng.choice([1, 2, 3, 4], la.size, p=[0.55, 0.25, 0.12, 0.08])
    child = np.repeat(np.arange(la.size), count)
    first = np.concatenate([[0], np.cumsum(count)[:-1]])
    gap = rng.exponential(400, child.size).astype(int) + 1
    gap[rng.random(child.size) < 0.02] = -20
    nfa = rng.random(child.size) < 0.2
    length = np.where(nfa, 0, rng.exponential(140, child.size).astype(int) + 40)
    gap[first] = rng.integers(0, SPAN - 900, la.size)
    moved = np.cumsum(gap + length) - np.repeat((np.cumsum(gap + length) - gap - length)[first], count)
    start = FIRST_DAY + (moved - length)
    seen = (start < END_DAY) & (start >= FIRST_DAY)
    child, start, length, nfa = child[seen], start[seen], length[seen], nfa[seen]
    end = start + length
    end[end >= END_DAY] = NEVER
    lost = ~np.isnat(end) & (rng.random(child.size) < 0.03)
    year = np.where(np.isnat(end), LAST_YEAR, year_ending(np.where(np.isnat(end), END_DAY, end)))
    end[lost] = NEVER
    key = keys(la[child], child_id[child], start)
    common: Columns = {
        "la": la[child],
        "child_id": child_id[child],
        "return_name": "cin_census",
        "collection_year": year,
    }
    reason = np.where(np.isnat(end), None, np.where(rng.random(child.size) < 0.35, "RC8", "RC7"))
    put(engine, "spell_row", kind="cin_episode", starts_on=start, ends_on=end, end_reason=reason, code="N1",
        detail=np.where(nfa, "1", "0"), source_key=key, **common)  # fmt: skip
    put(engine, "event_row", event="referral", happened_on=start, **common)
    follow(engine, start, np.where(np.isnat(end), END_DAY, end), ~nfa, key, common, rng)


def follow(
    engine: Engine, start: np.ndarray, end: np.ndarray, in_need: np.ndarray, key: np.ndarray, common: Columns, rng: np.random.Generator
) -> None:  # fmt: skip
    """Add what follows in a case: an assessment, perhaps an enquiry, a conference and a plan."""
    for chance, what, delay in (
        (0.9, "assessment", 3),
        (0.25, "section_47", 20),
        (0.1, "conference", 35),
        (0.08, "cp_plan", 40),
    ):
        rows = np.flatnonzero(in_need & (rng.random(start.size) < chance))
        on = start[rows] + delay
        own = {name: part if isinstance(part, str) else part[rows] for name, part in common.items()}
        if what in ("section_47", "conference"):
            put(engine, "event_row", event=what, happened_on=on, **own)
            continue
        until = np.minimum(on + rng.integers(20, 300, rows.size), np.maximum(end[rows], on))
        put(engine, "spell_row", kind=what, starts_on=on, ends_on=np.where(until < END_DAY, until, NEVER), code="NEG",
            source_key=np.char.add(key[rows], f"|{what}"), within_key=key[rows], **own)  # fmt: skip
        if what == "assessment":
            put(engine, "factor_row", source_key=np.char.add(key[rows], "|assessment"), code="3B", **own)


def add_care(engine: Engine, la: np.ndarray, child_id: np.ndarray, rng: np.random.Generator) -> None:
    """Add one chain of episodes a child: one in a hundred overlaps the next, as many were never ended, some were lost."""
    count = 1 + rng.poisson(4, la.size)
    child = np.repeat(np.arange(la.size), count)
    first = np.concatenate([[0], np.cumsum(count)[:-1]])
    last = np.zeros(child.size, bool)
    last[first[1:] - 1] = last[-1] = True
    begins = np.zeros(child.size, bool)
    begins[first] = True
    length = rng.exponential(150, child.size).astype(int) + 1
    total = np.cumsum(length)
    offset = np.repeat(rng.integers(0, SPAN - 200, la.size) - (total - length)[first], count)
    start = FIRST_DAY + (total - length + offset)
    end = start + length
    seen = start < END_DAY
    child, start, end, last, begins = child[seen], start[seen], end[seen], last[seen], begins[seen]
    end[end >= END_DAY] = NEVER
    year = np.where(np.isnat(end), LAST_YEAR, year_ending(np.where(np.isnat(end), END_DAY, end)))
    fault = rng.random(child.size)
    end[(fault < 0.01) & ~last] += 5
    end[(fault > 0.98) & ~np.isnat(end)] = NEVER
    over = ~np.isnat(end)
    put(engine, "care_episode_row", la=la[child], child_id=child_id[child], return_name="ssda903", starts_on=start, ends_on=end,
        start_reason=np.where(begins, "S", rng.choice(["L", "P", "T", "U", "B"], child.size)),
        end_reason=np.where(over, np.where(last, "E4A", "X1"), None), legal_status=rng.choice(["V2", "C1", "C2", "E1"], child.size),
        category_of_need="N1", placement_type=rng.choice(["U1", "U6", "K2", "P1", "T1"], child.size),
        placement_provider=rng.choice(["PR1", "PR4"], child.size), collection_year=year)  # fmt: skip


def year_ending(day: np.ndarray) -> np.ndarray:
    month = day.astype("datetime64[M]").astype(int)
    return 1970 + month // 12 + (month % 12 >= 3)


def keys(la: np.ndarray, child_id: np.ndarray, start: np.ndarray) -> np.ndarray:
    return np.char.add(np.char.add(np.char.add(la, "|"), np.char.add(child_id, "|")), start.astype(str))


CATALOGUE = load_catalogue()


def put(engine: Engine, table: str, **columns: object) -> None:
    """Append columns to a common table; a word stands for every row, and what is not given is missing."""
    size = next(len(column) for column in columns.values() if isinstance(column, np.ndarray))
    made = {}
    for column in CATALOGUE.tables[table].columns:
        given, kind = columns.get(column.name), ARROW[column.type]
        if isinstance(given, np.ndarray):
            made[column.name] = pa.array(given).cast(kind) if given.dtype != object else pa.array(given.tolist(), kind)
        elif column.name in ("delivery_id", "line"):
            made[column.name] = pa.array(np.ones(size, np.int64), kind)
        else:
            made[column.name] = pa.array([given] * size, kind) if given else pa.nulls(size, kind)
    engine.append(table, pa.table(made))
