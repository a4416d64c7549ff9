"""An authority changes its system, and every child in care gets another identifier: the histories are as they were."""

import csv
import shutil
from pathlib import Path

from careloom.catalogue import load_catalogue
from careloom.engine import DuckDBEngine, Engine
from careloom.study import read_study
from careloom.study.run import stages
from careloom.synth import make_england

YEARS = range(2018, 2023)
CHANGED = 2021
SPELLS = """SELECT kind, starts_on, ends_on, start_reason, end_reason, code, detail, count(*) AS n
    FROM spell WHERE kind IN ('period_of_care', 'placement', 'placement_segment', 'legal_status')
    GROUP BY kind, starts_on, ends_on, start_reason, end_reason, code, detail"""


def run(folder: Path) -> Engine:
    """Run as far as the histories."""
    engine, catalogue = DuckDBEngine(), load_catalogue()
    for stage, work in stages(read_study(folder / "study.toml", catalogue), catalogue, engine):
        assert work().faults() == []
        if stage == "building their histories":
            break
    return engine


def keep_children_with_upn(folder: Path, *, renamed_from: int | None) -> None:
    """Keep only children whose UPN is known, which is what links them; give each another identifier from a year on."""
    for year in YEARS:
        with (folder / str(year) / "header.csv").open(newline="") as file:
            kept = {row["CHILD"] for row in csv.DictReader(file) if row["UPN"] and not row["UPN"].startswith("UN")}
        for path in (folder / str(year)).glob("*.csv"):
            with path.open(newline="") as file:
                reader = csv.DictReader(file)
                rows, heading = [row for row in reader if row["CHILD"] in kept], reader.fieldnames or []
            for row in rows:
                row["CHILD"] = f"NEW{row['CHILD']}" if renamed_from and year >= renamed_from else row["CHILD"]
            with path.open("w", newline="") as file:
                writer = csv.DictWriter(file, heading)
                writer.writeheader()
                writer.writerows(rows)


def test_a_change_of_system_changes_no_history(tmp_path: Path) -> None:
    make_england(
        tmp_path / "as_it_was", children=900, years=(YEARS[0], YEARS[-1]), seed=5, errors=0, systems=("ssda903",)
    )
    shutil.copytree(tmp_path / "as_it_was", tmp_path / "changed")
    keep_children_with_upn(tmp_path / "as_it_was" / "501" / "ssda903", renamed_from=None)
    keep_children_with_upn(tmp_path / "changed" / "501" / "ssda903", renamed_from=CHANGED)

    before, after = run(tmp_path / "as_it_was"), run(tmp_path / "changed")

    spells = [sorted(map(str, engine.rows(SPELLS))) for engine in (before, after)]
    assert len(spells[0]) > 300
    assert spells[0] == spells[1]
    told_twice = "SELECT sum(rows_merged) AS n FROM repair WHERE repair = 'care_episode_told_twice'"
    assert (before.rows(told_twice), after.rows(told_twice)[0][0] > 20) == ([(0,)], True)
