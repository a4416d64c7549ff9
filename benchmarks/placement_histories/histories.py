"""Make placement histories, find care careers in them, and print seconds and peak memory: of all that, and of collapsing.

    python benchmarks/placement_histories/histories.py whole 100000       # spells in, care careers out, on DuckDB
    python benchmarks/placement_histories/histories.py collapsed 6000     # distances and groups of the different histories
    python benchmarks/placement_histories/histories.py uncollapsed 6000   # the same with every history for itself

Each is a process of its own, so that its peak memory is its own. Histories are made by chance (seed 1): a child stays with
one carer for a time, moves or leaves, and may come back; some places last, as in care. --even makes moves as likely to any
place and any month, so that hardly two histories are alike: the worst case for collapsing.
"""

from __future__ import annotations

import argparse
import datetime as dt
import resource
import time
from contextlib import closing
from functools import partial

import numpy as np
import pyarrow as pa

from careloom.catalogue import load_catalogue
from careloom.engine import DuckDBEngine
from careloom.pathways import follow_careers
from careloom.pathways.careers import read_histories
from careloom.stats.sequence_clusters import build, cluster_sequences, silhouettes, swap
from careloom.stats.sequences import matching_distances, transition_costs, transition_rates

FIRST_DAY, END_DAY = dt.date(2015, 4, 1), dt.date(2025, 4, 1)
PLACES = (("U6", "PR1"), ("U6", "PR4"), ("U3", "PR1"), ("K2", "PR4"), ("P1", "PR0"), ("A5", "PR1"), ("H5", "PR4"))
OFTEN = (0.34, 0.24, 0.2, 0.08, 0.06, 0.05, 0.03)
ENDS, ENDS_OFTEN = ("E4A", "E4B", "E45", "E11", "E8"), (0.4, 0.1, 0.2, 0.15, 0.15)
MOST = 8


def spells(children: int, *, even: bool) -> tuple[pa.Table, pa.Table]:
    """One period of care a child, cut into stays, and for one in ten a second; and the persons."""
    chance = np.random.default_rng(1)
    rows: dict[str, list[object]] = {name: [] for name in SPELL.names}
    started = chance.integers(0, 365 * 7, children)
    again = chance.random(children) < 0.1
    for child in range(children):
        day = FIRST_DAY + dt.timedelta(int(started[child]))
        for period in range(2 if again[child] else 1):
            day = add_period(rows, chance, f"p{child}", period, day, even=even) + dt.timedelta(
                int(chance.integers(30, 300))
            )
    people = {"person_id": [f"p{n}" for n in range(children)], "born_on": [dt.date(2012, 1, 1)] * children}
    return pa.table(rows, schema=SPELL), pa.table(people | {"died_on": pa.array([None] * children, pa.date32())})


SPELL = pa.schema(
    [(name, pa.string()) for name in ("spell_id", "person_id", "la", "kind")]
    + [(name, pa.date32()) for name in ("starts_on", "ends_on")]
    + [(name, pa.string()) for name in ("start_reason", "end_reason", "code", "detail")]
)


def add_period(
    rows: dict[str, list[object]], chance: np.random.Generator, child: str, period: int, starts: dt.date, *, even: bool
) -> dt.date:
    """Add a period of care with its stays; return its last day."""
    ends = starts + dt.timedelta(int(chance.integers(10, 1000) if even else 5 + chance.exponential(500)))
    why = str(chance.choice(ENDS, p=None if even else ENDS_OFTEN))
    add(rows, f"{child}:c{period}", child, "period_of_care", starts, ends, why, None, None)
    day, number = starts, 0
    while day < ends:
        stay = chance.integers(20, 150) if even else 5 + chance.exponential(400)
        until = min(ends, day + dt.timedelta(int(stay)))
        code, provider = PLACES[int(chance.choice(len(PLACES), p=None if even else OFTEN))]
        add(rows, f"{child}:s{period}{number}", child, "placement_segment", day, until, None, code, provider)
        day, number = until, number + 1
    return ends


def add(
    rows: dict[str, list[object]], spell: str, child: str, kind: str, starts: dt.date, ends: dt.date, *more: str | None
) -> None:
    why, code, provider = more
    values = (spell, child, "A", kind, starts, ends, "S", why, code, provider)
    for name, value in zip(SPELL.names, values, strict=True):
        rows[name].append(value)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=("whole", "collapsed", "uncollapsed"))
    parser.add_argument("children", type=int)
    parser.add_argument("--even", action="store_true")
    asked = parser.parse_args()
    states = load_catalogue().care_states
    with closing(DuckDBEngine(threads=2)) as engine:
        spell, person = spells(asked.children, even=asked.even)
        engine.load("spell", spell)
        engine.load("person", person)
        del spell, person
        before = peak()
        began = time.perf_counter()
        follow_careers(engine, states, first_day=FIRST_DAY, end_day=END_DAY, seed=1)
        seconds = time.perf_counter() - began
        histories = read_histories(engine, states)
        rows, different = int(histories.weights.sum()), len(histories.texts)
        print(f"{rows:,} histories of {asked.children:,} children followed to the end, {different:,} different")
        if asked.what == "whole":
            careers = engine.rows("SELECT histories, name FROM care_career ORDER BY career_no")
            print(
                f"whole: {seconds:.1f} seconds, peak {peak():,} MB, {before:,} MB of it before; {len(careers)} careers"
            )
            for number, name in careers:
                print(f"  {number:>7,} {name}")
            return
    compare(histories.states, histories.weights, asked.what)


def compare(sequences: np.ndarray, weights: np.ndarray, what: str) -> None:
    """All distances among the histories, collapsed or not, groups of 2 to 8 and their silhouettes."""
    costs = transition_costs(transition_rates(sequences, weights, int(sequences.max()) + 1))
    if what == "uncollapsed":
        sequences, weights = np.repeat(sequences, weights.astype(int), axis=0), np.ones(int(weights.sum()))
    began = time.perf_counter()
    distances = matching_distances(sequences, sequences, costs)
    matched = time.perf_counter() - began
    first = build(distances, weights, MOST)
    for k in range(2, MOST + 1):
        found = swap(distances, weights, first[:k])
        silhouettes(distances, weights, found.labels)
    seconds = time.perf_counter() - began
    print(
        f"{what}: {len(sequences):,} rows, distances {matched:.1f} seconds, with groups {seconds:.1f}, peak {peak():,} MB, cost {found.cost:.6f}"
    )
    if what == "collapsed":
        began = time.perf_counter()
        groups = cluster_sequences(sequences, weights, partial(matching_distances, costs=costs), most=MOST, seed=1)
        print(
            f"as the room does it, from samples when needed: {time.perf_counter() - began:.1f} seconds, sampled: {groups.sampled if groups else None}"
        )


def peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


if __name__ == "__main__":
    main()
