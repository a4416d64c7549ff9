"""Learn from made-up children, whose true identity is known, what each answer about likeness weighs; write model.json.

`m` is the share of each answer among pairs of records of one child in two systems, `u` among pairs taken at random; both
are counted by Splink. A share that was never seen is taken for one in ten thousand, not for none. Names in each other's columns
are so rare among two children that pairs taken at random do not meet them: all pairs are counted for that.
The records have such names as the synthetic generator makes them: 2 in 1,000 of the case system, 4 of early help, 1 of schools and health.
"""

import argparse
import json
from itertools import combinations
from typing import Any

import pyarrow as pa
from descriptions import column, make_descriptions
from splink import Linker

from careloom.engine import DuckDBEngine, splink_backend
from careloom.link.likeness import EXCHANGED, MODEL, QUESTIONS, Model, settings_of
from careloom.link.parts import Parts, parts_table

LEAST = 1e-4
EXCHANGED_PAIRS = """
    WITH one AS (SELECT *, unnest(first_near) AS word FROM named), two AS (SELECT *, unnest(surname_near) AS word FROM named),
    met AS (
        SELECT DISTINCT least(one.unique_id, two.unique_id) AS a, greatest(one.unique_id, two.unique_id) AS b
        FROM one JOIN two ON one.word = two.word AND one.truly <> two.truly
            AND list_has_any(one.surname_near, two.first_near)
    )
    SELECT (SELECT count(*) FROM met) AS met, (SELECT count(*) FROM named) AS named
"""
"""How many pairs of two children have the names of each in the other's columns, of how many records with both names."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--authorities", type=int, default=2)
    parser.add_argument("--children", type=int, default=12_000, help="in the returns of all authorities together")
    parser.add_argument("--seed", type=int, default=7)
    asked = parser.parse_args()
    rows = make_descriptions(asked.authorities, asked.children, asked.seed)
    model = learn(rows)
    made = f"train.py --authorities {asked.authorities} --children {asked.children} --seed {asked.seed}"
    words = {"made_by": made, "descriptions": len(rows), "m": model.m, "u": model.u}
    MODEL.write_text(json.dumps(words, indent=1) + "\n", encoding="utf-8")
    print(f"{MODEL.name}: learnt from {len(rows):,} descriptions")


def learn(rows: list[Parts]) -> Model:
    engine = DuckDBEngine(threads=1)  # a random sample is the same again on one thread only
    never = {
        name: (LEAST,) * (len(levels) + 1) for name, levels in QUESTIONS.items()
    }  # what Splink does not see stays so
    backend = splink_backend(engine)
    numbers = pa.array(range(len(rows)), pa.int64())
    table = backend.register(parts_table(rows, unique_id=numbers, unit_no=numbers), table_name="described")
    settings = settings_of(Model(never, never), engine, 1e-4, "TRUE", with_rarity=False)
    linker = Linker(table, settings, log_level="ERROR", validate_settings=False)
    linker.training.estimate_u_using_random_sampling(max_pairs=5e6, seed=1)
    labels = backend.register(pairs_of_one(rows), table_name="labels")
    linker.training.estimate_m_from_pairwise_labels(labels)
    told = linker.misc.save_model_to_json(None)["comparisons"]
    m, u = ({each["output_column_name"]: shares(each, which) for each in told} for which in ("m", "u"))
    at = QUESTIONS["first_name"].index(EXCHANGED)
    u["first_name"] = (*u["first_name"][:at], exchanged_by_chance(engine, rows), *u["first_name"][at + 1 :])
    return Model(m, u)


def exchanged_by_chance(engine: DuckDBEngine, rows: list[Parts]) -> float:
    """The share of pairs of two children that have the names of each in the other's columns, within a letter each."""
    named = [row for row in rows if row["both_names"]]
    numbers = pa.array(range(len(named)), pa.int64())
    engine.load("named", parts_table(named, unique_id=numbers, truly=column(named, "truly")))
    ((met, many),) = engine.rows(EXCHANGED_PAIRS)
    return round(float(met / (many * (many - 1) / 2)), 9)


def pairs_of_one(rows: list[Parts]) -> pa.Table:
    """All pairs of records of one child in two systems."""
    of: dict[Any, list[int]] = {}
    for number, who in enumerate(column(rows, "truly").to_pylist()):
        of.setdefault(who, []).append(number)
    pairs = [
        pair
        for records in of.values()
        for pair in combinations(records, 2)
        if rows[pair[0]]["system"] != rows[pair[1]]["system"]
    ]
    return pa.table({"unique_id_l": pa.array([a for a, _ in pairs]), "unique_id_r": pa.array([b for _, b in pairs])})


def shares(comparison: dict[str, Any], which: str) -> tuple[float, ...]:
    levels = [level for level in comparison["comparison_levels"] if not level.get("is_null_level")]
    found = [max(level.get(f"{which}_probability") or 0.0, LEAST) for level in levels]
    return tuple(round(share / sum(found), 7) for share in found)


if __name__ == "__main__":
    main()
