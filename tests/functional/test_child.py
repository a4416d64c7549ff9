"""One child's page after a run on a made-up authority: true to the files it names, and silent about who the child is."""

import csv
import re
import xml.etree.ElementTree as ET
from datetime import datetime
from pathlib import Path

import duckdb
import pytest

from careloom.cli import main
from careloom.synth import make_england

YEARS = (2018, 2020)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("one_child")
    make_england(folder, children=300, years=YEARS, systems=("ssda903", "cin_census"))
    study = folder / "study.toml"
    text = study.read_text()
    assert "most_classes = 12" in text
    study.write_text(text.replace("most_classes = 12", "most_classes = 2").replace("starts = 10", "starts = 2"))
    assert main(["run", str(study)]) == 0
    return folder


def children(authority: Path, most: int) -> list[str]:
    """Those with most kinds of spell first."""
    with duckdb.connect(str(authority / "results" / "study.duckdb"), read_only=True) as db:
        counted = "SELECT person_id FROM spell GROUP BY person_id ORDER BY count(DISTINCT kind) DESC, count(*) DESC, person_id"
        return [person for (person,) in db.execute(f"{counted} LIMIT {most}").fetchall()]


def look(authority: Path, capsys: pytest.CaptureFixture[str], *more: str) -> str:
    capsys.readouterr()
    assert main(["child", str(authority / "study.toml"), *more, "--purpose", "a test"]) == 0
    return capsys.readouterr().out


def part(words: str, heading: str) -> str:
    return next((part for part in words.split("\n\n") if part.startswith(heading)), "")


def told_of(authority: Path) -> list[dict[str, str]]:
    """Every row of the headers: whose it is, as the authority knows them."""
    rows = []
    for year in range(YEARS[0], YEARS[1] + 1):
        with (authority / "501" / "ssda903" / str(year) / "header.csv").open(newline="") as file:
            rows += list(csv.DictReader(file))
    return rows


def test_a_line_of_the_page_is_the_line_of_the_file_that_it_names(
    authority: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = 0
    for person in children(authority, 12):
        words = look(authority, capsys, person)
        assert max(map(len, words.splitlines())) <= 100
        files = dict(re.findall(r"\[(\d+)\] episodes\.csv: ssda903 (\d+)", part(words, "READ FROM")))
        for written, number, line in re.findall(
            r"^  ([ \d]\d \w{3} \d{4}) .*\[(\d+)\] line (\d+)$", part(words, "EPISODES OF CARE"), re.MULTILINE
        ):
            rows = (authority / "501" / "ssda903" / files[number] / "episodes.csv").read_text().splitlines()
            day = datetime.strptime(written.strip(), "%d %b %Y").strftime("%d/%m/%Y")
            assert day in rows[int(line) - 1]
            found += 1
    assert found > 10


def test_a_drawing_is_made_of_every_child_and_none_says_who_it_is(
    authority: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    header = told_of(authority)
    secret = {row[name] for row in header for name in ("CHILD", "UPN") if len(row[name]) > 4}
    for number, person in enumerate(children(authority, 25)):
        svg = tmp_path / f"{number}.svg"
        words = look(authority, capsys, person, "--svg", str(svg))
        drawn = svg.read_text()
        ET.fromstring(drawn)
        assert not [word for word in secret if word in words or word in drawn]
        days = re.findall(r"^  ([ \d]\d) \w{3} \d{4}", part(words, "CARE LEAVER"), re.MULTILINE)
        assert set(days) <= {" 1"}  # the return says no day, and a birthday would say one


def test_a_child_is_found_by_number_or_said_to_be_known_by_another(
    authority: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    numbers = sorted({row["CHILD"] for row in told_of(authority)})
    study, found, log = str(authority / "study.toml"), 0, authority / "access.jsonl"
    for number in numbers:
        code = main(["child", study, "--child-id", number, "--authority", "501", "--purpose", "a test"])
        said = capsys.readouterr()
        assert code in (0, 8), said.err
        assert number not in said.err + said.out + log.read_text()
        found += code == 0
    assert found > 0.9 * len(numbers)  # the others came first under another number


def test_the_log_outlives_a_run(authority: Path, capsys: pytest.CaptureFixture[str]) -> None:
    look(authority, capsys, *children(authority, 1))
    before = (authority / "access.jsonl").read_bytes()
    assert main(["run", str(authority / "study.toml")]) == 0
    assert (authority / "access.jsonl").read_bytes().startswith(before)
    assert main(["audit", "verify", str(authority / "study.toml")]) == 0
