"""The cost calculator over ten years: seconds, peak memory, and the Monte Carlo that follows without counting again.

    python benchmarks/costs/run.py [--segments 1000000] [--episodes 4000000] [--memory 12GB]

Seconds are of work by a core, which other work on the machine changes little; by the clock is said, too. The yardstick is the
time that DuckDB takes to read the same rows once and join them: spells with their child, and stretches of days with the case
they are of. Beside it stands the same with the joined rows written down, and what it takes to write the finished lines down,
as texts, or as the numbers that they are kept as. See README.md for figures.
"""

import argparse
import datetime as dt
import os
import resource
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from made_up import make_up

from careloom.catalogue import load_catalogue
from careloom.costs import costing
from careloom.costs.counts import count_cells
from careloom.costs.uncertainty import Doubt, as_they_are, draw_prices
from careloom.engine import DuckDBEngine, count
from careloom.study.cost_tables import children_again

JOINED = """
FROM (
  SELECT person_id, starts_on, ends_on, within_id, code FROM spell
  UNION ALL SELECT person_id, happened_on AS starts_on, happened_on AS ends_on, NULL AS within_id, code FROM event
  UNION ALL SELECT person_id, starts_on, ends_on, NULL AS within_id, NULL AS code FROM timeline) AS r
LEFT JOIN person AS p ON p.person_id = r.person_id
LEFT JOIN spell AS c ON c.spell_id = r.within_id
"""
READ_AND_JOIN = f"SELECT count(*) AS n, sum(days_between(r.starts_on, coalesce(r.ends_on, DATE '2024-04-01'))) AS nights, count(p.born_on) AS born, count(c.spell_id) AS cases {JOINED}"
WRITTEN = f"SELECT r.person_id, r.starts_on, r.ends_on, r.within_id, r.code, p.born_on, c.starts_on AS case_starts_on {JOINED}"
STEPS = ("choose_spells", "choose_segments", "choose_reviews", "find_needs", "find_fees", "find_averages", "find_triggers", "find_lines", "price_lines")  # fmt: skip


def main() -> None:
    asked = arguments()
    with (
        tempfile.TemporaryDirectory(dir=asked.folder) as folder,
        closing(DuckDBEngine(threads=2, place=Path(folder, "rows.duckdb"), memory=asked.memory)) as engine,
    ):
        timed("make the rows up", lambda: make_up(engine, asked.segments, asked.episodes))
        tables = {name: count(engine, name) for name in ("spell", "event", "timeline", "person")}
        print(", ".join(f"{name} {rows:,}" for name, rows in tables.items()))
        once = min(timed("read and join them once", lambda: engine.rows(READ_AND_JOIN)) for _ in range(2))
        timed("the same, and write that down", lambda: engine.make("joined", WRITTEN))
        engine.drop("joined")
        cost(engine, once)
        read_lines(engine)
        draw(engine)


def cost(engine: DuckDBEngine, once: float) -> None:
    catalogue, spent = load_catalogue(), listen()
    whole = timed(
        "all processes, ten years",
        lambda: costing.cost_children(
            engine,
            catalogue.processes,
            needs=catalogue.needs,
            sheet=catalogue.price_sheets["illustrative"],
            placement_codes=catalogue.placement_codes,
            first_day=dt.date(2014, 4, 1),
            end_day=dt.date(2024, 4, 1),
        ),
    )
    for name, seconds in spent.items():
        print(f"    {name:<20} {seconds:6.1f} s")
    print(f"    {'the rest':<20} {whole - sum(spent.values()):6.1f} s")
    print(f"{count(engine, 'cost'):,} lines; {whole / once:.1f} times reading and joining once; {peak()}")


def read_lines(engine: DuckDBEngine) -> None:
    """What the lines take that are there: to be read with all their texts, to be added up, and to be written again."""
    columns = ", ".join(f"max({name}) AS {name}" for name in engine.columns("cost"))
    timed("read all columns of all lines", lambda: engine.rows(f"SELECT {columns} FROM cost"))
    by_process = (
        "SELECT process, count(DISTINCT person_id) AS children, sum(subtotal) AS cost FROM cost GROUP BY process"
    )
    timed("add them up by process, with the children", lambda: engine.rows(by_process))
    timed("write the lines again as numbers", lambda: engine.make("again", "SELECT * FROM cost_line"))
    timed("write the lines as texts", lambda: engine.make("again", "SELECT * FROM cost"))
    engine.drop("again")


def draw(engine: DuckDBEngine) -> None:
    sheet = load_catalogue().price_sheets["illustrative"]
    cells = []
    timed("sum the lines into cells", lambda: cells.extend(count_cells(engine, sheet)))
    doubt = Doubt(draws=1000)
    timed(
        f"1,000 draws of prices over {len(cells):,} cells",
        lambda: draw_prices(cells, sheet, doubt).of_cells(cells, as_they_are(cells)),
    )
    timed("1,000 draws of children, by process", lambda: children_again(engine, "Process", 1000, 1))
    print(f"in all: {peak()}")


def listen() -> dict[str, float]:
    """Time each step of the costs room."""
    spent: dict[str, float] = {}

    def heard(name: str, work: Callable[..., object]) -> Callable[..., object]:
        def noted(*given: object, **named: object) -> object:
            begun = time.process_time()
            try:
                return work(*given, **named)
            finally:
                spent[name] = spent.get(name, 0.0) + time.process_time() - begun

        return noted

    for name in STEPS:
        setattr(costing, name, heard(name, getattr(costing, name)))
    return spent


def timed(what: str, work: Callable[[], object]) -> float:
    begun, worked = time.perf_counter(), time.process_time()
    work()
    seconds = time.process_time() - worked
    print(f"{what}: {seconds:.1f} s of a core, {time.perf_counter() - begun:.1f} s by the clock", flush=True)
    return seconds


def peak() -> str:
    return (
        f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.1f} GB; load {os.getloadavg()[0]:.1f}"
    )


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--segments", type=int, default=1_000_000)
    parser.add_argument("--episodes", type=int, default=4_000_000)
    parser.add_argument("--memory", default="12GB")
    parser.add_argument("--folder", help="where the rows lie meanwhile")
    return parser.parse_args()


if __name__ == "__main__":
    main()
