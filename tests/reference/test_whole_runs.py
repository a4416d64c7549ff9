"""Whole files through the whole software, as far as pathways, against the slow reference: every repair counted, row for row.

Other people's sample files (skipped where they are absent), and a made-up authority with faults planted.
"""

import csv
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from careloom.catalogue import load_catalogue
from careloom.engine import DuckDBEngine
from careloom.govern import open_key
from careloom.ingest import Delivery, ingest, say_in_common
from careloom.link import link_persons
from careloom.pathways import make_lives, make_pathways, make_timeline
from careloom.synth import make_england

sys.path.append(str(Path(__file__).parent))
from test_pathways import SELECTS, agree, expected

CATALOGUE = load_catalogue()
ROWS = ("person_of", "event_row", "spell_row", "factor_row", "care_episode_row")


def judged(engine: DuckDBEngine, deliveries: Sequence[Delivery], key: Path) -> dict[str, tuple[int, int]]:
    """Run, compare every table with the reference, and return rows changed and merged by repair."""
    ledger = ingest(engine, CATALOGUE, deliveries=deliveries).ledger
    ledger.extend(say_in_common(engine, CATALOGUE))
    ledger.extend(link_persons(engine, open_key(key).pseudonymise("person|test")))
    history = of_somebody({table: engine.arrow(f"SELECT * FROM {table}").to_pylist() for table in ROWS})
    ledger.extend(make_lives(engine, CATALOGUE.repairs, CATALOGUE.spells))
    ledger.extend(make_timeline(engine, end_day=date(2025, 4, 1)))
    ledger.extend(make_pathways(engine))
    assert ledger.faults() == []
    agree({name: Counter(engine.rows(select)) for name, select in SELECTS.items()}, expected(history))
    went = "SELECT repair, sum(rows_changed) AS c, sum(rows_merged) AS m FROM repair GROUP BY repair"
    return {name: (int(changed), int(merged)) for name, changed, merged in engine.rows(went) if changed or merged}


def of_somebody(history: Mapping[str, list[dict[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
    """Leave out rows whose child no record describes: they belong to nobody, and the ledger says so."""

    def whose(row: Mapping[str, Any]) -> tuple[str, ...]:
        return row["la"], row["return_name"], row["child_id"]

    known = {whose(row) for row in history["person_of"]}
    return {table: [row for row in rows if whose(row) in known] for table, rows in history.items()}


@pytest.mark.parametrize("return_name", ["ssda903", "cin_census", "annex_a"])
def test_every_repair_of_the_samples_is_counted(
    duck: DuckDBEngine, shared: Path, tmp_path: Path, return_name: str
) -> None:
    files = tuple(sorted(path for path in (shared / "samples" / return_name).iterdir() if path.is_file()))
    print(return_name, judged(duck, [Delivery("998", files)], tmp_path / "study.key"))


def test_every_repair_of_a_made_up_authority_with_faults_is_counted(duck: DuckDBEngine, tmp_path: Path) -> None:
    make_england(tmp_path, children=700, years=(2019, 2022), seed=9, defects=True)
    with (tmp_path / "truth" / "501" / "defects.csv").open(encoding="utf-8", newline="") as listed:
        closures = sum(row["finds"] == "closures left out" for row in csv.DictReader(listed))
    files = sorted(path for path in (tmp_path / "501").rglob("*.*") if path.parts[-2] != "ssda903_xml")
    went = judged(duck, [Delivery("501", tuple(files))], tmp_path / "test.key")
    assert {"not_returned_again", "two_open_episodes"} <= set(went)
    assert went["missing_closure"] == (closures, 0)
    assert closures == 2
    print(went)
