"""The costs of a child explained after a run: every figure leads to a row of a file, and every look is written down."""

import csv
import json
import re
import shutil
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from careloom.cli import main
from careloom.synth import make_england

STAFF = """staff,price_year,salary,employer_ni,superannuation,direct_overheads,indirect_overheads,capital,weeks_per_year,hours_per_week,leave_days,statutory_days,sick_days,training_days,source
social worker,2013/14,50000,5000,6000,7000,8000,4000,52,40,30,8,12,10,made up for a test
"""
RATE = Decimal(50)  # 80,000 a year over 2,080 hours less 60 days of 8
DELIVERY = '[[delivery]]\nauthority = "501"\nfiles = ["501/finance/weekly_fees.csv"]\n\n[typology]'


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with recorded fees, and a price sheet whose reviews are hours of staff in the staff sheet."""
    folder = tmp_path_factory.mktemp("explained")
    make_england(folder, children=300, years=(2018, 2020), systems=("ssda903", "cin_census", "finance"))
    (folder / "prices").mkdir()
    with (folder / "501" / "finance" / "unit_costs.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        row["staff"] = "social worker" if row["element"] == "review" else ""
        row["hourly_rate"] = "" if row["staff"] else row["hourly_rate"]
    with (folder / "prices" / "unit_costs.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    (folder / "prices" / "staff.csv").write_text(STAFF)
    study = folder / "study.toml"
    text = study.read_text().replace("most_classes = 12", "most_classes = 2").replace("starts = 10", "starts = 2")
    text = text.replace("[typology]", DELIVERY).replace('prices = "illustrative"', 'prices = "prices"\nlines = true')
    assert DELIVERY in text
    study.write_text(text)
    assert main(["run", str(study), "--accept"]) == 0
    return folder


def costs(authority: Path, select: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(authority / "results" / "study.duckdb"), read_only=True) as db:
        return db.execute(select).fetchall()


def children(authority: Path, most: int, where: str = "TRUE") -> list[str]:
    """Those with most kinds of processes first."""
    counted = "ORDER BY count(DISTINCT process) DESC, count(*) DESC, person_id"
    return [
        str(p)
        for (p,) in costs(authority, f"SELECT person_id FROM cost WHERE {where} GROUP BY 1 {counted} LIMIT {most}")
    ]


def explain(authority: Path, capsys: pytest.CaptureFixture[str], person: str, *more: str) -> str:
    capsys.readouterr()
    asked = ["explain", "cost", str(authority / "study.toml"), "--child", person, "--purpose", "a test", *more]
    assert main(asked) == 0
    said = capsys.readouterr().out
    assert max(map(len, said.splitlines())) <= 100
    return said


def lines_of(words: str) -> list[int]:
    return [int(n) for n in re.findall(r"^ *(\d+)  [ \d]?\d \w{3} \d{4}", words, re.MULTILINE)]


def files_of(authority: Path, words: str) -> dict[str, list[str]]:
    """The lines of the files under READ FROM, by number; SSDA903 and finance only, whose lines are rows."""
    found = {}
    for number, name, return_, year in re.findall(r"^  \[(\d+)\] (\S+): (\w+) (\d+)", words, re.MULTILINE):
        place = authority / "501" / ("finance" if return_ == "finance" else f"ssda903/{year}") / name
        if return_ in ("finance", "ssda903"):
            found[number] = place.read_text().splitlines()
    return found


def test_every_line_of_a_child_adds_up_to_the_child(authority: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for person in children(authority, 5):
        words = explain(authority, capsys, person)
        ((total, lines),) = costs(authority, f"SELECT sum(subtotal), count(*) FROM cost WHERE person_id = '{person}'")
        assert lines_of(words) == list(range(1, int(str(lines)) + 1))
        assert f"{total:,.2f}" in words
        assert "ILLUSTRATIVE PRICES" in words


def test_the_first_day_of_care_is_in_the_line_of_the_file_that_is_named(
    authority: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = 0
    for person in children(authority, 5, "process = 'LAC 1'"):
        words = explain(authority, capsys, person)
        at = words.splitlines().index(next(line for line in words.splitlines() if "LAC 1 decision" in line))
        traced = explain(
            authority, capsys, person, "--line", str(lines_of("\n".join(words.splitlines()[: at + 1]))[-1])
        )
        files = files_of(authority, traced)
        for written, number, line in re.findall(
            r"recorded for (\d+ \w{3} \d{4}): an episode of care begins.*\[(\d+)\] line (\d+)$", traced, re.MULTILINE
        ):
            assert datetime.strptime(written, "%d %b %Y").strftime("%d/%m/%Y") in files[number][int(line) - 1]
            found += 1
    assert found >= 5


def test_a_recorded_fee_is_the_payments_of_the_file(authority: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The nightly fee is that of the payments named, read again from the finance file: a week is 7 nights, four are 28."""
    (person, *_) = children(authority, 1, "price_source = 'recorded fee'")
    words = explain(authority, capsys, person)
    found = 0
    for line in lines_of(words):
        traced = explain(authority, capsys, person, "--line", str(line))
        if "the child's own fee, as recorded (level 1)" not in traced:
            continue
        files = files_of(authority, traced)
        per_night = Decimal(0)
        for number, at in re.findall(r"^    .*: £.* a .*, from .*\[(\d+)\] line (\d+)$", traced, re.MULTILINE):
            row = dict(zip(files[number][0].split(","), next(csv.reader([files[number][int(at) - 1]])), strict=True))
            per_night += Decimal(row["amount_gbp"]) / {"week": 7, "4 weeks": 28}[row["per"]]
            found += 1
        said = re.search(r"nights x £([\d.]+)$", traced, re.MULTILINE)
        assert said
        assert abs(Decimal(said[1]) - per_night) < Decimal("0.00001")  # each payment is rounded to six decimals
    assert found > 0


def test_a_price_is_traced_to_hours_and_to_the_salary_behind_the_rate(
    authority: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (person, *_) = children(authority, 1, "element = 'review'")
    words = explain(authority, capsys, person)
    line = next(line for line in words.splitlines() if "LAC 6 review" in line)
    traced = explain(authority, capsys, person, "--line", line.split()[0])
    with (authority / "prices" / "unit_costs.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    at, row = next((at, row) for at, row in enumerate(rows, start=2) if row["element"] == "review")
    assert f"£{Decimal(row['hours']) * RATE:,.2f} = 1 x" in traced
    for said in (
        f"line {at}, social worker: {row['hours']} working hours x £50.00",
        "staff.csv line 2, 2013/14: £80,000.00 / 1,600.00 hours",
        "salary 50,000.00 + employer ni 5,000.00",
        "52 weeks x 40 hours less 60 days of 8.00",
        "source: made up for a test",
    ):
        assert said in traced


def test_a_sheet_changed_since_the_run_is_said_to_be(
    authority: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "changed"
    shutil.copytree(authority, folder)
    (person, *_) = children(folder, 1, "element = 'review'")
    line = next(n for n in explain(folder, capsys, person).splitlines() if "LAC 6 review" in n).split()[0]
    assert "changed since" not in explain(folder, capsys, person, "--line", line)
    (folder / "prices" / "staff.csv").write_text(STAFF.replace("50000", "51000"))
    assert "it has been changed since; run the study again" in " ".join(
        explain(folder, capsys, person, "--line", line).split()
    )


def test_every_look_is_written_down_and_a_refused_one_shows_nothing(
    authority: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (person,) = children(authority, 1)
    explain(authority, capsys, person)
    asked = ["explain", "cost", str(authority / "study.toml")]
    for more, code in (
        (["--child", person], 2),
        (["--child", person, "--purpose", "a test", "--line", "0"], 2),
        (["--child", "a" * 26, "--purpose", "a test"], 8),
        (["--child", "Zebedee", "--purpose", "a test"], 2),
    ):
        assert main([*asked, *more]) == code
        said = capsys.readouterr()
        assert said.out == ""
        assert "Zebedee" not in said.err
    log = [json.loads(line) for line in (authority / "access.jsonl").read_text().splitlines()]
    assert [entry["outcome"] for entry in log[-5:]] == ["shown", *["refused"] * 4]
    assert {entry["command"] for entry in log if entry["command"] != "run"} == {"explain cost"}
    assert main(["audit", "verify", str(authority / "study.toml")]) == 0


def test_lines_asked_for_are_a_file_for_inside(authority: Path) -> None:
    path = authority / "results" / "cost.parquet"
    with duckdb.connect() as db:
        found = db.execute(f"SELECT count(*), sum(subtotal) FROM '{path}'").fetchone()
    assert found == costs(authority, "SELECT count(*), sum(subtotal) FROM cost")[0]
    manifest = json.loads((authority / "results" / "manifest.json").read_text())
    assert {f["sharing"] for f in manifest["files"] if f["file"] == "cost.parquet"} == {"inside"}
    assert path.stat().st_mode & 0o077 == 0
