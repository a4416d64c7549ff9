"""An authority beside the others, from files to report: in one study of two, and alone beside what that study released."""

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from careloom.cli import main
from careloom.synth import make_england

SMALL = '\n[report]\nauthorities = ["501"]\n'
BESIDE = '\n[report]\nbeside = "pooled/results.json"\n'


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two authorities run together, then the first alone, beside what the two released."""
    folder = tmp_path_factory.mktemp("local")
    systems = ("ssda903", "cin_census")
    made: dict[str, Any] = {"children": 700, "authorities": 2, "years": (2019, 2021), "systems": systems}
    make_england(folder, seed=3, **made)
    text = (folder / "study.toml").read_text(encoding="utf-8").replace("most_classes = 12", "most_classes = 2")
    head, *deliveries = text.split("[[delivery]]")
    last, rest = deliveries[-1].split("\n[", 1)
    deliveries[-1] = last + "\n"
    for name, out, kept, asked in (
        ("both", "pooled", deliveries, SMALL),
        ("alone", "results", [d for d in deliveries if '"501"' in d], BESIDE),
    ):
        parts = [head.replace('out = "results"', f'out = "{out}"').replace('name = "', f'name = "{name}: '), *kept]
        (folder / f"{name}.toml").write_text("[[delivery]]".join(parts) + f"\n[{rest}" + asked, encoding="utf-8")
        assert main(["run", str(folder / f"{name}.toml")]) == 0
    return folder


def rows(folder: Path, table: str) -> list[dict[str, Any]]:
    return list(pq.read_table(folder / "tables" / f"{table}.parquet").to_pylist())


def test_in_a_study_of_two_the_named_one_stands_beside_both(run: Path) -> None:
    page = (run / "pooled" / "report.html").read_text(encoding="utf-8")
    local = page[page.index('id="local"') :]
    assert "<h3>501</h3>" in local
    assert "<h3>502</h3>" not in local
    assert "All: the 2 authorities of this study together" in local
    for table in ("local_demand", "local_costs", "local_measures", "local_outcomes", "local_pathways"):
        found = {next(iter(row.values())) for row in rows(run / "pooled", table)}
        assert found == {"501", "502", "All"}, table


def test_alone_it_stands_beside_what_the_two_released(run: Path) -> None:
    told = json.loads((run / "pooled" / "results.json").read_text(encoding="utf-8"))
    name = told["study"]["name"]
    page = (run / "results" / "report.html").read_text(encoding="utf-8")
    assert f"Beside: {name}: the released numbers of another study" in page
    for table in ("local_costs", "local_measures", "local_outcomes", "local_pathways"):
        mine = rows(run / "results", table)
        first = next(iter(mine[0]))
        theirs = [row for row in rows(run / "pooled", table) if row[first] == "All"]
        assert [row for row in mine if row[first] == f"Beside: {name}"] == [
            {**row, first: f"Beside: {name}"} for row in theirs
        ]
        assert {row[first] for row in mine} == {"501", "All", f"Beside: {name}"}


def test_its_own_numbers_are_the_same_alone_as_beside_the_other(run: Path) -> None:
    """What is counted of 501 does not hang on who else is in the study, where neither study withholds it."""
    for table, number in (("local_pathways", "rows_of_level"), ("local_measures", "out_of"), ("local_costs", "cost")):
        both, alone = (
            {tuple(list(row.values())[:2]): row[number] for row in rows(run / out, table) if "501" in row.values()}
            for out in ("pooled", "results")
        )
        known = [key for key in both if both[key] is not None and alone.get(key) is not None]
        assert len(known) > (0 if table == "local_costs" else 2)
        assert {key: both[key] for key in known} == {key: alone[key] for key in known}
