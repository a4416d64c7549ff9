"""Made-up care and cases for the benchmark: the common tables that the costs room reads, drawn with NumPy.

Of a million stretches of care: 600,000 periods, each of one to three placements; reviews every 150 days or so; a legal status
or two. Of four million CIN episodes: two and a half million children with one or two each, an assessment for three in four, a
plan for half, section 47 enquiries, conferences and their reviews. Ten years, one in ten children still there at the end.
"""

import numpy as np
import pyarrow as pa

from careloom.catalogue import load_catalogue
from careloom.catalogue.kinds import SQL
from careloom.catalogue.scope import empty_select
from careloom.engine import DuckDBEngine

TABLES = load_catalogue().tables
DAYS = 3652
FIRST = "DATE '2014-04-01'"
PLACES = (("U6", "PR1"), ("U6", "PR4"), ("U1", "PR1"), ("K2", "PR5"), ("K2", "PR1"), ("H5", "PR4"), ("P1", "PR0"))
SHARES = (0.34, 0.28, 0.12, 0.09, 0.03, 0.08, 0.06)


def make_up(engine: DuckDBEngine, segments: int, episodes: int, *, seed: int = 1) -> None:
    """Load person, spell, event, timeline, care_episode and fee: `segments` stretches of care, `episodes` CIN episodes."""
    chance = np.random.default_rng(seed)
    periods, children = int(segments * 0.6), int(episodes * 0.625)
    load(engine, "drawn_child", i=np.arange(children), born=chance.integers(-4000, 1000, children))
    days = DAYS // 2 + chance.integers(0, 900, periods)
    lasts = np.minimum(chance.geometric(1 / 420, periods) + 5, 1500)
    load(engine, "drawn_period", i=np.arange(periods), day=days, lasts=lasts, law=chance.integers(0, 4, periods))
    extra = segments - periods
    owner = np.sort(np.concatenate([np.arange(periods), chance.integers(0, periods, extra)]))
    place = chance.choice(len(PLACES), segments, p=SHARES)
    load(engine, "drawn_segment", p=owner, cut=chance.random(segments), place=place)
    second = episodes - children
    child = np.concatenate([np.arange(children), children - 1 - np.arange(second)])
    start = np.concatenate([chance.integers(0, 900, children), 1700 + chance.integers(0, 1200, second)])
    load(
        engine,
        "drawn_episode",
        i=np.arange(episodes),
        child=child,
        day=start,
        lasts=np.minimum(chance.geometric(1 / 220, episodes) + 10, 780),
        kind=chance.random(episodes),
    )
    places = ", ".join(f"({n}, '{place}', '{provider}')" for n, (place, provider) in enumerate(PLACES))
    engine.make("drawn_place", f"SELECT * FROM (VALUES {places}) AS said(place, code, detail)")
    for table, select in {
        **LAID_OUT,
        "fee": empty_select(TABLES["fee"]),
        "care_episode": empty_select(TABLES["care_episode"]),
    }.items():
        engine.make(table, select if table == "segment" else full(engine, table, select))
    for name in ("drawn_child", "drawn_period", "drawn_segment", "drawn_episode", "drawn_place", "segment", "told"):
        engine.drop(name)


def full(engine: DuckDBEngine, table: str, select: str) -> str:
    """The same with the columns of the catalogue that it leaves out, blank."""
    engine.make("told", select)
    missing = [column for column in TABLES[table].columns if column.name not in engine.columns("told")]
    blanks = "".join(f", CAST(NULL AS {SQL[column.type]}) AS {column.name}" for column in missing)
    return f"SELECT *{blanks} FROM told"


def load(engine: DuckDBEngine, table: str, **columns: np.ndarray) -> None:
    engine.load(table, pa.table(columns))


def spell(spell_id: str, person: str, kind: str, starts: str, ends: str, rest: str, source: str) -> str:
    """One kind of spell; `rest` gives start_reason, end_reason, code, detail and within_id."""
    return f"""
        SELECT {spell_id} AS spell_id, {person} AS person_id, 'A' || CAST(({person_no(person)}) % 20 AS VARCHAR) AS la, '{kind}' AS kind,
          {starts} AS starts_on, {ends} AS ends_on, {rest} FROM {source}"""


def person_no(person: str) -> str:
    return person.removeprefix("'k' || ")


def day(number: str) -> str:
    return f"CAST({FIRST} + CAST({number} AS INTEGER) AS DATE)"


def end(number: str) -> str:
    """The day, or nothing when the ten years are over by then."""
    return f"CASE WHEN {number} < {DAYS} THEN {day(number)} END"


BLANK = "CAST(NULL AS VARCHAR)"
LAID_OUT = {
    "person": f"SELECT 'k' || i AS person_id, {day('born')} AS born_on, {day('born')} AS birth_month, FALSE AS is_uasc, i % 12 = 0 AS is_disabled FROM drawn_child",
    "segment": """
        SELECT s.p, s.place, row_number() OVER (PARTITION BY s.p ORDER BY s.cut) AS n, d.day + CASE WHEN row_number() OVER (PARTITION BY s.p ORDER BY s.cut) = 1 THEN 0
               ELSE CAST(floor(s.cut * d.lasts) AS INTEGER) END AS starts, d.day + d.lasts AS over
        FROM drawn_segment AS s JOIN drawn_period AS d ON d.i = s.p""",
    "spell": " UNION ALL ".join(
        [
            spell("'p' || i", "'k' || i", "period_of_care", day("day"), end("day + lasts"),
                  f"'S' AS start_reason, CASE WHEN day + lasts < {DAYS} THEN CASE WHEN i % 3 = 0 THEN 'E4A' ELSE 'E11' END END AS end_reason, 'N1' AS code, {BLANK} AS detail, {BLANK} AS within_id",
                  "drawn_period"),
            *(
                spell(f"'{mark}' || s.p || '_' || s.n", "'k' || s.p", kind, day("s.starts"), end("s.next"),
                      f"CASE WHEN s.n = 1 THEN 'S' ELSE 'P' END AS start_reason, CASE WHEN s.next < s.over THEN 'X1' ELSE 'E4A' END AS end_reason, l.code, l.detail, {within} AS within_id",
                      "(SELECT *, coalesce(lead(starts) OVER (PARTITION BY p ORDER BY n), over) AS next FROM segment) AS s JOIN drawn_place AS l ON l.place = s.place")
                for mark, kind, within in (("c", "placement", "'p' || s.p"), ("s", "placement_segment", "'c' || s.p || '_' || s.n"))
            ),
            spell("'l' || i", "'k' || i", "legal_status", day("day"), end("day + lasts"),
                  f"'S' AS start_reason, {BLANK} AS end_reason, CASE law WHEN 0 THEN 'C1' WHEN 1 THEN 'C2' ELSE 'V2' END AS code, {BLANK} AS detail, 'p' || i AS within_id",
                  "drawn_period"),
            spell("'e' || i", "'k' || child", "cin_episode", day("day"), end("day + lasts"),
                  f"{BLANK} AS start_reason, 'RC8' AS end_reason, 'N1' AS code, CASE WHEN kind > 0.95 THEN '1' ELSE '0' END AS detail, {BLANK} AS within_id",
                  "drawn_episode"),
            spell("'a' || i", "'k' || child", "assessment", day("day"), day("day + 40"),
                  f"{BLANK} AS start_reason, {BLANK} AS end_reason, {BLANK} AS code, {BLANK} AS detail, 'e' || i AS within_id",
                  "drawn_episode WHERE kind < 0.75"),
            spell("'n' || i", "'k' || child", "cin_plan", day("day + 42"), end("day + lasts"),
                  f"{BLANK} AS start_reason, {BLANK} AS end_reason, {BLANK} AS code, {BLANK} AS detail, 'e' || i AS within_id",
                  "drawn_episode WHERE kind < 0.4 AND lasts > 42"),
        ]
    ),
    "event": " UNION ALL ".join(
        [
            f"SELECT 'k' || i AS person_id, 'A' || CAST(i % 20 AS VARCHAR) AS la, 'review' AS event, {day('day + 28 + 150 * n')} AS happened_on, 'PN1' AS code FROM drawn_period JOIN (SELECT unnest(range(10)) AS n) AS r ON day + 28 + 150 * n < least(day + lasts, {DAYS})",
            *(
                f"SELECT 'k' || child AS person_id, 'A' || CAST(child % 20 AS VARCHAR) AS la, '{name}' AS event, {day(on)} AS happened_on, '0' AS code FROM drawn_episode WHERE kind BETWEEN 0.4 AND {most} AND lasts > 300"
                for name, on, most in (("section_47", "day + 12", 0.6), ("conference", "day + 25", 0.5), ("cp_review", "day + 110", 0.5), ("cp_review", "day + 280", 0.5))
            ),
        ]
    ),
    # the days of a case, the first six weeks without a plan; then those of care
    "timeline": f"""
        SELECT 'k' || child AS person_id, {day('day')} AS starts_on, {day(f'least(day + least(lasts, 42), {DAYS})')} AS ends_on, TRUE AS is_open_case, FALSE AS is_cin_plan, FALSE AS is_cp_plan, FALSE AS is_looked_after FROM drawn_episode
        UNION ALL
        SELECT 'k' || child AS person_id, {day('day + 42')} AS starts_on, {day(f'least(day + lasts, {DAYS})')} AS ends_on, TRUE AS is_open_case, kind < 0.4 AS is_cin_plan, kind BETWEEN 0.4 AND 0.5 AS is_cp_plan, FALSE AS is_looked_after FROM drawn_episode WHERE lasts > 42 AND day + 42 < {DAYS}
        UNION ALL
        SELECT 'k' || i AS person_id, {day('day')} AS starts_on, {day(f'least(day + lasts, {DAYS})')} AS ends_on, FALSE AS is_open_case, FALSE AS is_cin_plan, FALSE AS is_cp_plan, TRUE AS is_looked_after FROM drawn_period""",
}  # fmt: skip
