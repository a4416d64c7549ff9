"""After a run on a made-up authority with planted faults: findings by child, and models that the run was not asked for."""

import csv
import re
from contextlib import closing
from pathlib import Path

import pytest

from careloom.catalogue import load_catalogue
from careloom.cli import main
from careloom.engine import open_kept
from careloom.study import Asked
from careloom.study.findings_of_children import find_of_child
from careloom.synth import make_england


@pytest.fixture(scope="module")
def study_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("anew")
    systems = ("ssda903", "cin_census")
    make_england(folder, children=900, population="five_kinds", years=(2018, 2024), systems=systems, defects=True)
    study = folder / "study.toml"
    text = re.sub("questions = .*", 'questions = ["re_referral"]', study.read_text())
    text = re.sub("most_classes = .*", "most_classes = 3", text)
    study.write_text(re.sub("starts = .*", "starts = 2", text))
    assert main(["run", str(study)]) == 0
    return study


# --- findings by child -----------------------------------------------------------------------------------------------


def test_every_finding_is_of_a_child_once(study_file: Path) -> None:
    with closing(open_kept(study_file.parent / "results" / "study.duckdb")) as engine:
        both = [
            engine.rows(
                f"SELECT rule, table_name, delivery_id, line, count(*) AS n FROM {name} GROUP BY ALL ORDER BY ALL"
            )
            for name in ("finding", "finding_child")
        ]
        ((unnamed,),) = engine.rows("SELECT count(*) AS n FROM finding_child WHERE person_id IS NULL")
    assert both[0] == both[1]
    assert len(both[0]) > 20
    assert unnamed == 0


def test_the_child_of_a_finding_is_the_child_of_that_line(study_file: Path) -> None:
    """Found again by the number that stands in the line of the file, which only the study's key turns into a pseudonym."""
    with closing(open_kept(study_file.parent / "results" / "study.duckdb")) as engine:
        rows = engine.rows(
            """SELECT f.person_id, f.rule, f.line, d.file_name, d.collection_year
            FROM finding_child AS f JOIN delivery AS d ON d.delivery_id = f.delivery_id
            WHERE d.return_name = 'ssda903' ORDER BY f.person_id, f.rule, f.line LIMIT 12"""
        )
    assert rows
    for person, rule, line, file, year in rows:
        path = study_file.parent / "501" / "ssda903" / str(year) / file
        with path.open(newline="") as lines:
            number = list(csv.DictReader(lines))[line - 2]["CHILD"]
        asked = Asked(None, "a test", child_id=number, authority="501")
        told = find_of_child(study_file, load_catalogue(), asked)
        assert told.person_id == person
        assert (rule, line) in {(row[0], row[-1]) for row in told.rows}


# --- models anew -----------------------------------------------------------------------------------------------------


def said(capsys: pytest.CaptureFixture[str], study_file: Path, *asked: str) -> str:
    capsys.readouterr()
    assert main(["outcomes", str(study_file), "--of", "re_referral", *asked]) == 0
    return capsys.readouterr().out


def ratios(text: str) -> list[str]:
    """The lines of the table of ratios, but for their counts, as single words."""
    table = re.split("\n\n", text.split("azard ratios")[1])[0]
    return [" ".join(line.split()) for line in table.splitlines() if re.search(r"\d\.\d\d \(|compared with", line)]


def test_the_model_of_the_report_fitted_anew_is_that_of_the_report(
    study_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    outcome = load_catalogue().outcomes["re_referral"]
    own = [covariate.name for covariate in outcome.covariates if covariate.model <= 2]
    terms = ["category", "age_band", "sex", "ethnic_group", "disability", "year", *own]
    anew = ratios(said(capsys, study_file, "--adjust-for", ",".join(terms)))
    report = said(capsys, study_file).split("Adjusted hazard ratios")[1]
    shown = [" ".join(line.split()) for line in report.split("\n\n")[0].splitlines()]
    assert len(anew) > 12
    for line in anew:
        assert any(each.startswith(line) for each in shown), line


def test_what_the_report_withholds_is_withheld_anew(study_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = said(capsys, study_file).split("Adjusted hazard ratios")[1].split("\n\n")[0]
    withheld = [line.split()[:3] for line in report.splitlines() if re.search(r"\s{2,}c\s{2,}", line)]
    anew = said(capsys, study_file, "--adjust-for", "ethnic_group,sex,year", "--stratum", "age_band")
    shown = [line.split()[:3] for line in anew.splitlines() if re.search(r"\d\.\d\d \(", line)]
    assert [each for each in withheld if each in shown] == []
    assert " children" not in anew.split("Hazard ratios")[1].split("Share with the event")[0]  # no counts


def test_shares_by_a_stratum_are_at_the_same_months_for_all(
    study_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = said(capsys, study_file, "--stratum", "sex")
    assert "nothing adjusted for" in told
    assert "Hazard ratios" not in told
    table = told.split("Share with the event")[1].split("\n\n")[0]
    rows = re.findall(r"^(\S.*?)\s{2,}(\d+)\s{2,}\d", table, re.MULTILINE)
    months = {group: [month for name, month in rows if name == group] for group, _ in rows}
    assert len(months) >= 3
    assert len({tuple(each) for each in months.values()}) == 1
    assert "are in the report" in said(capsys, study_file, "--stratum", "category")


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        (
            ["--of", "re_referral", "--adjust-for", "shoe_size"],
            '"shoe_size" is no covariate of re_referral; there are category',
        ),
        (["--of", "re_referral", "--adjust-for", "sex", "--stratum", "sex"], "choose one"),
        (["--of", "re_entry", "--adjust-for", "sex"], 'does not ask about "re_entry"'),
        (["--adjust-for", "sex"], "name one outcome"),
    ],
)
def test_what_cannot_be_fitted_is_said(
    study_file: Path, asked: list[str], why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["outcomes", str(study_file), *asked]) == 2
    assert why in " ".join(capsys.readouterr().err.split())


# --- what-ifs --------------------------------------------------------------------------------------------------------

FEE = '[[change]]\nwhat = "fee"\ntimes = 1.1\nof = { placement_code = "ifa_foster" }\n'


def test_what_few_bear_is_not_told_by_asking_with_it_and_without(
    study_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Few come back into care here: what they cost is withheld, and so is it together with a change of many."""
    shipped = (load_catalogue().folder / "scenarios" / "halve_re_entries.toml").read_text()
    back = shipped[shipped.index("[[change]]") :]
    told = []
    for name, changes in (("fee", FEE), ("back", back), ("both", FEE + back)):
        path = study_file.parent / f"{name}.toml"
        path.write_text(f'title = "{name}"\nwhy = "w"\nsource = "s"\nassumptions = ["a"]\n{changes}')
        capsys.readouterr()
        assert main(["cost", str(study_file), "--scenario", str(path)]) == 0
        told.append(next(line for line in capsys.readouterr().out.splitlines() if line.startswith("All ")).split()[1])
    assert told[0].startswith("£")
    assert told[1:] == ["c", "c"]
