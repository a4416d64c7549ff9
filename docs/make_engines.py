"""Make docs/engines.md from the specification as pytest collects it: python docs/make_engines.py.

Which chapters there are, and how many of their worked cases run on which engine, is read from the tests themselves.
"""

import contextlib
import io
import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

HOME = Path(__file__).resolve().parents[1]
SPEC, PAGE = HOME / "tests" / "spec", HOME / "docs" / "engines.md"
DUCKDB, SPARK, NEITHER = "duckdb", "spark", ""
Chapters = dict[str, Counter[str]]

HEAD = """# Two engines, one meaning

Made by `python docs/make_engines.py` from the tests; do not edit. A test fails when it is out of date.

Careloom runs on DuckDB, inside its own process, or on Spark (`engine = "spark"` in `[study]`). Everything that is said in SQL
is said once, in the [subset](sql.md) that means the same on both. This page says how far that is tested, and what is not done by the engine.

## Every chapter of the specification, on both

The specification is the worked examples that stand beside every declaration of the [catalogue](catalogue.md): rows in, rows out.
A chapter is a file of `tests/spec`; a case is one example on one engine. Cases of declarations alone (has it a source? do its
years overlap?) need no engine. A case on DuckDB alone is one of what a room does when a return did not come.
"""
TO_THE_DRIVER = {
    "linking children": "identifiers and their keys, a row each, where records share more than one key and must be joined as a network: which child is which is worked out by union-find in Python",
    "costing care": "a sum for each child, class and kind of cost, a number or two each: children are drawn again and again for the intervals of cost by class",
    "writing the outputs": 'every kept table, because `study.duckdb` is a file of the machine that leads; none with `kept_as = "parquet"`, which the workers write',
}
"""Stages in which rows of single children leave the engine, and why. tests/house/test_engines.py looks whether there are others."""
FOOT = """
`tests/functional/test_engines_agree.py` runs whole studies on both engines: every kept table must be the same, row for row, and written as
Parquet by either must have the same folders and fingerprints.
`python benchmarks/national/run.py engines` does so with more children.

## Nothing falls back in silence to one machine

`engine = "spark"` without PySpark or Java stops with an error; there is no other engine that would be taken instead. No room
knows which engine it speaks to, so none can choose another way. What remains is that rows are asked for, and worked on
outside of the engine. The rule of the house is *the engine reduces, the statistics estimate*: what comes to the machine that
leads (the driver) is counts of distinct patterns. Every statement of a whole run whose rows leave the engine is looked at by
`tests/house/test_engines.py`: rows that name a child, or a spell, an episode or a line of one, leave it in these stages only.

| stage | what comes to the driver, with as many rows as there are children, records or spells |
| --- | --- |
"""
LAST = """
Besides, files are read by the driver, and handed to the engine in batches: in `reading the deliveries` all rows pass through it. With
`common`, a folder of common tables in place of files, workers read them; with `kept_as = "parquet"` workers write what is kept, and take its
fingerprints: [Run on Spark](how_to/run_on_spark.md). How large a country that allows is in [From one laptop to the nation](scale.md).
"""


class Collector:
    """Hears which tests pytest finds, and on which engine each would run."""

    def __init__(self) -> None:
        self.chapters: Chapters = {}

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        for item in items:
            self.chapters.setdefault(item.path.name, Counter())[engine_of(item)] += 1


def engine_of(item: Any) -> str:
    """The engine that a test asks for, by its fixtures; blank when it asks for none."""
    if "engine" in item.fixturenames:
        return str(item.callspec.params["engine"])
    if "spark_session" in item.fixturenames:
        return SPARK
    return "duckdb alone" if "duck" in item.fixturenames else NEITHER


def collect() -> Chapters:
    """Return how many cases of each chapter run on which engine. Raises SystemExit when the tests cannot be collected."""
    collector, said = Collector(), io.StringIO()
    with contextlib.redirect_stdout(said):
        options = ["--collect-only", "-q", "-p", "no:cacheprovider", "--rootdir", str(HOME), str(SPEC)]
        code = pytest.main(options, plugins=[collector])
    if code:
        raise SystemExit(said.getvalue())
    return collector.chapters


def make_page(chapters: Chapters) -> str:
    lines = ["| chapter | what it shows | on DuckDB | on Spark | on DuckDB alone | without an engine |"]
    lines += ["| --- | --- | ---: | ---: | ---: | ---: |"]
    for name, cases in sorted(chapters.items()):
        shown = (SPEC / name).read_text(encoding="utf-8").splitlines()[0].strip('"')
        counts = " | ".join(str(cases[on]) for on in (DUCKDB, SPARK, "duckdb alone", NEITHER))
        lines.append(f"| `{name}` | {shown} | {counts} |")
    whole = [sum(cases[on] for cases in chapters.values()) for on in (DUCKDB, SPARK, "duckdb alone", NEITHER)]
    lines.append(f"| all | | {' | '.join(map(str, whole))} |")
    stages = "\n".join(f"| {stage} | {why} |" for stage, why in TO_THE_DRIVER.items())
    return "\n".join([HEAD, *lines]) + "\n" + FOOT + stages + "\n" + LAST


def main() -> None:
    """Write the page, or with --told what was collected, as JSON."""
    chapters = collect()
    if "--told" in sys.argv:
        print(json.dumps(chapters))
    else:
        PAGE.write_text(make_page(chapters), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
