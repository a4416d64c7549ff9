"""The costs room against slow, obvious costing of the same made-up histories, and what costs must always obey."""

import random
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from careloom.catalogue import read_prices
from careloom.catalogue.costing import read_placement_codes, read_process
from careloom.catalogue.examples import ISO, typed
from careloom.catalogue.load import OURS, read_tables
from careloom.core import Ledger
from careloom.costs import cost_children
from careloom.engine import DuckDBEngine, Engine

sys.path.append(str(Path(__file__).parent))
from slow_costs import DESTINATIONS, TEMPORARY, Child, Episode, Work, slow_costs, slow_price

TABLES = read_tables(OURS / "tables.toml")
SHEET_FILE = OURS / "prices" / "illustrative.csv"
PROCESSES = [read_process(path) for path in sorted((OURS / "processes").glob("lac_*.toml"))]
SHEET, PLACEMENT_CODES = read_prices(SHEET_FILE), read_placement_codes(OURS / "placement_codes.csv")
FIRST_DAY, MIDDLE, END_DAY = date(2020, 4, 1), date(2020, 11, 17), date(2021, 4, 1)
PLACES = (
    *(("U6", "PR1"), ("U4", "PR4"), ("U1", "PR1"), ("K2", "PR1"), ("K2", "PR5"), ("K1", "PR2"), ("R1", "PR4")),
    *(("R5", "PR3"), ("P1", "PR0"), ("A5", "PR1"), ("H5", "PR4"), ("Z1", "PR4"), ("U5", "")),
)
LEGAL_STATUSES = ("V2", "C1", "C2", "E1", "J1", "L2", "D1")
ENDS = ("E2", "E3", *(code for codes in DESTINATIONS.values() for code in codes))
NIGHTS = (1, 2, 10, 40, 90, 91, 92, 200)
Pick = Callable[[Sequence[Any]], Any]


# --- made-up histories -----------------------------------------------------------------------------------------------


def make_child(pick: Pick, person_id: str) -> Child:
    """One child with one to three periods of care; `pick` chooses one of several things."""
    day = date(2019, 1, 1) + timedelta(days=pick(range(0, 800, 7)))
    episodes: list[Episode] = []
    for period in range(pick((1, 1, 2, 3))):
        first = pick(("S", "S", "S", "P", "L", "T", "B", "U")) if period == 0 else "S"
        episodes += make_period(pick, day, first)
        last = episodes[-1]
        if last.dec is None:
            break
        day = last.dec + timedelta(days=pick((0, 0, 1, 30, 150)))
    reviews = sorted({date(2019, 6, 1) + timedelta(days=pick(range(800))) for _ in range(pick(range(7)))})
    born_on = pick((date(2004, 2, 29), date(2004, 9, 1), date(2005, 1, 1), date(2012, 5, 5), date(2002, 8, 8)))
    la = pick(("north", "north", "south"))
    return Child(person_id, la, born_on, tuple(episodes), tuple(reviews) if la == "north" else ())


def make_period(pick: Pick, day: date, first: str) -> list[Episode]:
    """One period of care: a list of steps, the last of which ends it or leaves it open."""
    place, legal_status = pick(PLACES), pick(LEGAL_STATUSES)
    steps = [(first, legal_status, place, "")]
    for rne in (pick(("L", "P", "B", "T", "U", "away")) for _ in range(pick(range(6)))):
        change = pick(("CARPL", "PLACE", "")) if rne in ("P", "B") else ""
        if rne == "away":
            away = (pick(TEMPORARY), "")
            steps += [("P", legal_status, away, ""), *([("L", "C2", away, "")] if pick((True, False)) else [])]
            legal_status = steps[-1][1]
            steps.append(("P", legal_status, place, ""))
            continue
        place = pick(PLACES) if rne in ("P", "B", "T", "U") else place
        legal_status = pick(LEGAL_STATUSES) if rne in ("L", "B", "U") else legal_status
        steps.append((rne, legal_status, place, change))
    end = pick(("open", *ENDS))
    episodes = []
    for number, (rne, status, (kind, provider), _) in enumerate(steps):
        is_last = number == len(steps) - 1
        dec = None if is_last and end == "open" else day + timedelta(days=pick(NIGHTS))
        rec, change = ((end if dec else ""), "") if is_last else ("X1", steps[number + 1][3])
        episodes.append(Episode(day, dec, rne, rec, status, kind, provider, change))
        day = dec or day
    return episodes


@st.composite
def histories(draw: st.DrawFn) -> list[Child]:
    def pick(things: Sequence[Any]) -> Any:
        return draw(st.sampled_from(things))

    return [make_child(pick, f"child{n}") for n in range(draw(st.integers(1, 4)))]


# --- the same histories as the common tables -------------------------------------------------------------------------


def periods_of(child: Child) -> list[list[Episode]]:
    """Split a child's episodes where care ended."""
    periods: list[list[Episode]] = [[]]
    for episode in child.episodes:
        if periods[-1] and periods[-1][-1].rec != "X1":
            periods.append([])
        periods[-1].append(episode)
    return periods


def runs(episodes: list[Episode], is_new: Callable[[Episode, Episode], bool]) -> list[list[Episode]]:
    """Cut episodes into runs, a new one wherever `is_new(earlier, later)`."""
    found = [[episodes[0]]]
    for earlier, later in pairwise(episodes):
        if is_new(earlier, later):
            found.append([])
        found[-1].append(later)
    return found


def spells_of(child: Child) -> list[dict[str, Any]]:
    """The child's stretches of care, as pathways promises them; a segment is named for its child and first day."""
    spells = []

    def add(kind: str, run: list[Episode], within: str, change: str = "", **more: str) -> str:
        spell_id = (
            f"{child.person_id} {run[0].decom}"
            if kind == "placement_segment"
            else f"{child.person_id} {kind} {run[0].decom}"
        )
        end = run[-1].dec.isoformat() if run[-1].dec else None
        row = {"spell_id": spell_id, "person_id": child.person_id, "la": child.la, "kind": kind, "within_id": within}
        row |= {
            "starts_on": run[0].decom.isoformat(),
            "ends_on": end,
            "start_reason": run[0].rne,
            "detail": change or None,
        }
        spells.append(row | {"end_reason": run[-1].rec or None} | more)
        return spell_id

    for episodes in periods_of(child):
        period = add("period_of_care", episodes, "", code="N1")
        for run in runs(episodes, lambda earlier, later: earlier.ls != later.ls):
            add("legal_status", run, period, code=run[0].ls)
        for placement in placements_of(episodes):
            change = next((e.change for e in episodes if e.dec == placement[0].decom), "")
            within = add("placement", placement, period, change, code=placement[0].place)
            here = [settle(placement, n) for n in range(len(placement))]
            for run in runs(here, lambda a, b: (a.place, a.provider) != (b.place, b.provider)):
                add("placement_segment", run, within, run[0].provider, code=run[0].place)
    return spells


def placements_of(episodes: list[Episode]) -> list[list[Episode]]:
    """Stays with one carer: P and B begin another, but not into or back from a temporary placement."""
    temporary = TEMPORARY
    return runs(episodes, lambda a, b: b.rne in ("P", "B") and b.place not in temporary and a.place not in temporary)


def settle(placement: list[Episode], number: int) -> Episode:
    """The episode, its place being the usual one where it is temporary."""
    usual = next(e for e in reversed(placement[: number + 1]) if e.place not in TEMPORARY)
    e = placement[number]
    return Episode(e.decom, e.dec, e.rne, e.rec, e.ls, usual.place, usual.provider, e.change)


def load(engine: Engine, children: list[Child]) -> None:
    people = [{"person_id": child.person_id, "born_on": child.born_on.isoformat()} for child in children]
    reviews = [
        {"person_id": child.person_id, "la": child.la, "event": "review", "happened_on": day.isoformat()}
        for child in children
        for day in child.reviews
    ]
    spells = [spell for child in children for spell in spells_of(child)]
    for name, rows in (("person", people), ("event", reviews), ("spell", spells), ("timeline", []), ("fee", [])):
        engine.load(name, typed(TABLES[name], rows, ISO))


def cost(engine: Engine, first_day: date, end_day: date) -> Ledger:
    return cost_children(
        engine, PROCESSES, sheet=SHEET, placement_codes=PLACEMENT_CODES, first_day=first_day, end_day=end_day
    )


KEYS = "person_id, placement_id, placement_code, process, element, unit_cost, is_imputed"


def quantities(engine: Engine) -> dict[tuple[Any, ...], Decimal]:
    return {row[:-1]: row[-1] for row in engine.rows(f"SELECT {KEYS}, sum(quantity) AS n FROM cost GROUP BY {KEYS}")}


def expected(counted: Counter[Work]) -> dict[tuple[Any, ...], Decimal]:
    """What slow costing counted, by the columns of `cost` (which has the unit cost in place of the variation)."""
    return {
        (
            w.person_id,
            f"{w.person_id} {w.segment}",
            w.placement_code,
            w.process,
            w.element,
            slow_price(SHEET_FILE, w),
            w.is_imputed,
        ): Decimal(n)
        for w, n in counted.items()
    }


# --- what must hold --------------------------------------------------------------------------------------------------


@settings(max_examples=20, deadline=None)
@given(children=histories())
def test_the_room_agrees_with_slow_costing(children: list[Child]) -> None:
    """Quantities and unit costs are equal, not close: both are whole numbers times the same price."""
    engine = DuckDBEngine(threads=1)
    load(engine, children)
    assert not cost(engine, FIRST_DAY, END_DAY).faults()
    assert quantities(engine) == expected(slow_costs(children, FIRST_DAY, END_DAY))
    engine.close()


def test_the_room_agrees_with_slow_costing_on_every_engine(engine: Engine) -> None:
    choose = random.Random(7).choice
    children = [make_child(choose, f"child{n}") for n in range(60)]
    load(engine, children)
    cost(engine, FIRST_DAY, END_DAY)
    found = quantities(engine)
    assert {key[3] for key in found} == {f"LAC {number}" for number in range(1, 9)}, (
        "these histories should call for every process"
    )
    assert found == expected(slow_costs(children, FIRST_DAY, END_DAY))


@settings(max_examples=10, deadline=None)
@given(children=histories(), middle=st.dates(FIRST_DAY, END_DAY))
def test_adjacent_windows_add_up(children: list[Child], middle: date) -> None:
    """The cost of a window is the sum of its parts, line by line: clocks do not restart at a window's edge."""
    engine = DuckDBEngine(threads=1)
    load(engine, children)
    parts: defaultdict[tuple[Any, ...], Decimal] = defaultdict(Decimal)
    for first_day, end_day in ((FIRST_DAY, middle), (middle, END_DAY)):
        cost(engine, first_day, end_day)
        for key, quantity in quantities(engine).items():
            parts[key] += quantity
    cost(engine, FIRST_DAY, END_DAY)
    assert quantities(engine) == parts
    engine.close()


def test_placements_add_up_to_the_child_and_children_to_the_group(duck: DuckDBEngine) -> None:
    """Against the reference's own totals, worked out child by child without placements."""
    choose = random.Random(11).choice
    children = [make_child(choose, f"child{n}") for n in range(40)]
    load(duck, children)
    cost(duck, FIRST_DAY, END_DAY)
    by_child = dict(duck.rows("SELECT person_id, sum(subtotal) FROM cost GROUP BY person_id"))
    slow: defaultdict[str, Decimal] = defaultdict(Decimal)
    for work, quantity in slow_costs(children, FIRST_DAY, END_DAY).items():
        slow[work.person_id] += quantity * slow_price(SHEET_FILE, work)
    assert by_child == slow


def test_a_child_in_two_places_is_set_aside_whole_and_the_others_are_not_touched(duck: DuckDBEngine) -> None:
    choose = random.Random(3).choice
    children = [make_child(choose, f"child{n}") for n in range(10)]
    load(duck, children)
    cost(duck, FIRST_DAY, END_DAY)
    before = quantities(duck)
    child = next(key[0] for key in before)
    duck.make(
        "spell",
        "SELECT * FROM spell UNION ALL SELECT * REPLACE (spell_id || ' twice' AS spell_id) FROM spell "
        f"WHERE person_id = '{child}' AND kind = 'placement_segment'",
    )
    ledger = cost(duck, FIRST_DAY, END_DAY)
    assert quantities(duck) == {key: n for key, n in before.items() if key[0] != child}
    segments = next(step for step in ledger.steps if step.reads == "spells: placement_segment")
    aside = duck.rows(f"SELECT count(*) FROM spell WHERE person_id = '{child}' AND kind = 'placement_segment'")[0][0]
    assert dict(segments.set_aside) == {"placements of the child overlap": aside}
    assert not ledger.faults()


def test_the_ledger_says_which_reviews_were_not_costed_and_why(duck: DuckDBEngine) -> None:
    stay = Episode(date(2020, 5, 1), date(2020, 8, 1), "S", "E4A", "V2", "U6", "PR1")
    in_care, after, of_nobody = date(2020, 5, 20), date(2020, 9, 1), date(2020, 5, 21)
    child = Child("child", "north", date(2012, 1, 1), (stay,), (in_care, in_care, after))
    load(duck, [child, Child("nobody", "north", date(2012, 1, 1), (stay,), (of_nobody,))])
    duck.make("spell", "SELECT * FROM spell WHERE person_id <> 'nobody'")
    (step,) = (step for step in cost(duck, FIRST_DAY, END_DAY).steps if step.reads == "events: review")
    assert (step.rows_in, step.rows_out) == (4, 1)
    assert dict(step.set_aside) == {"a second row of the same review": 1, "not within a period of care": 2}
