"""The whole: same seed same bytes, a study file that reads, truth kept aside, and wishes that cannot be."""

import csv
import tomllib
from datetime import date
from hashlib import sha256

import pytest

from careloom.core import OutputError, RequestError
from careloom.synth import SYSTEMS, make_england


def digest(folder):
    return {
        p.relative_to(folder).as_posix(): sha256(p.read_bytes()).hexdigest() for p in folder.rglob("*.*") if p.is_file()
    }


def rows(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_same_seed_same_bytes_and_another_seed_another_world(tmp_path):
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        make_england(tmp_path / name, children=60, years=(2021, 2022), seed=seed)
    a, b, c = (digest(tmp_path / name) for name in "abc")
    assert a == b
    same = {name for name in a if a[name] == c.get(name) and (tmp_path / "a" / name).read_bytes().count(b"\n") > 1}
    laws = {f"truth/{name}.csv" for name in ("classes", "hazards", "baseline", "authorities")}
    assert same == {"study.toml", "population.csv"} | laws


def test_what_is_written_of_one_system_is_the_same_whatever_else_is(tmp_path):
    make_england(tmp_path / "all", children=60, years=(2021, 2022), seed=3)
    everything = digest(tmp_path / "all")
    for system in SYSTEMS:
        make_england(tmp_path / system, children=60, years=(2021, 2022), seed=3, systems=(system,))
        alone = digest(tmp_path / system)
        mine = {name for name in alone if name.startswith("501/")}
        assert mine
        assert {name: alone[name] for name in mine} == {name: everything[name] for name in mine}


def test_authorities_side_by_side_are_the_same_as_one_after_the_other(tmp_path):
    kept = {"children": 300, "years": (2020, 2021), "seed": 5, "authorities": 3, "systems": ("ssda903", "cin_census")}
    first = make_england(tmp_path / "one", processes=1, **kept)
    second = make_england(tmp_path / "two", processes=2, **kept)
    assert digest(tmp_path / "one") == digest(tmp_path / "two")
    assert repr(first.calibration) == repr(second.calibration)  # nan is not equal to itself


def test_study_file(written):
    study = tomllib.loads(written.made.study.read_text(encoding="utf-8"))
    first, last = written.years[0], written.years[-1]
    assert study["study"] == {
        "name": "Careloom-on-Sea",
        "from": date(first - 1, 4, 1),
        "to": date(last, 3, 31),
        "out": "results",
    }
    assert [d.get("year") for d in study["delivery"]] == [*written.years, None]
    for delivery in study["delivery"]:
        assert delivery["authority"] == "501"
        assert [list(written.made.study.parent.glob(pattern)) != [] for pattern in delivery["files"]] == [True]
    assert study["outcomes"]["questions"] == ["re_referral", "repeat_plan", "re_entry"]
    assert study["typology"] == {"most_classes": 12, "starts": 10, "seed": 1}
    assert study["costs"] == {"from": date(last - 1, 4, 1), "to": date(last, 3, 31), "prices": "illustrative"}


def test_the_truth_is_whole_and_aside(written):
    people = {row["child_id"] for row in written.truth("person")}
    cases = written.cases()
    assert {child for child, _ in cases} == people
    planted = {(r["child_id"], r["referral_on"]): r["class"] for r in written.truth("referral")}
    assessments = {(r["child_id"], r["assessment_starts_on"]): r for r in written.truth("assessment")}
    for (child, referred), years in cases.items():
        for case in years:
            for a in case.iter("Assessments"):
                row = assessments[child, a.findtext("AssessmentActualStartDate")]
                assert (row["referral_on"], row["class"]) == (referred, planted[child, referred])
    laws = written.made.study.parent / "truth"
    hazards = rows(laws / "hazards.csv")
    assert {(h["outcome"], h["term"]) for h in hazards} >= {
        (o, t) for o in ("re_referral", "repeat_plan", "re_entry") for t in ("class", "age_band", "sex")
    }
    keys = {r["class"] for r in rows(laws / "classes.csv")}
    assert keys >= set(planted.values())
    for path in written.folder.rglob("*.*"):
        text = path.read_text(encoding="utf-8")
        assert not any(f">{key}<" in text or f",{key}," in text for key in keys)


def test_true_dates_are_those_of_the_records_where_the_records_have_them(written):
    ends = {(r["child_id"], r["starts_on"]): r["ends_on"] for r in written.truth("plan")}
    told = 0
    for (child, _), years in written.cases().items():
        for case in years:
            for plan in case.iter("ChildProtectionPlans"):
                true_end = ends[child, plan.findtext("CPPstartDate")]
                if plan.findtext("CPPendDate"):
                    assert plan.findtext("CPPendDate") == true_end
                    told += 1
    assert told > 20


@pytest.mark.parametrize(
    "wrong",
    [
        {"children": 0},
        {"years": (2010, 2020)},
        {"years": (2020, 2019)},
        {"authorities": 151},
        {"systems": ("ssda904",)},
        {"population": "engand"},
        {"errors": -1.0},
        {"seed": -1},
    ],
)
def test_wrong_wishes_are_refused_before_anything_is_written(tmp_path, wrong):
    with pytest.raises(RequestError, match=next(iter(wrong))):
        make_england(tmp_path / "out", **wrong)
    assert not (tmp_path / "out").exists()


def test_what_was_made_here_is_replaced_whole_and_nothing_else_is_touched(tmp_path):
    out = tmp_path / "out"
    make_england(out, children=50, years=(2020, 2022), authorities=2, systems=("ssda903",))
    make_england(out, children=30, years=(2021, 2022), systems=("ssda903",))
    assert sorted(path.name for path in out.iterdir()) == ["501", "population.csv", "study.toml", "truth"]
    assert sorted(path.name for path in (out / "501" / "ssda903").iterdir()) == ["2021", "2022"]
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("keep me")
    with pytest.raises(OutputError):
        make_england(tmp_path / "mine", children=30)
    assert (tmp_path / "mine" / "thesis.txt").read_text() == "keep me"


def test_nothing_is_written_when_only_the_comparison_is_asked_for(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    made = make_england(None, children=400, years=(2018, 2020))
    assert made.study is None
    assert list(tmp_path.iterdir()) == []
    assert any(line.statistic == "referrals" and line.generated > 0 for line in made.calibration)


def test_a_tiny_authority_and_a_single_year(tmp_path):
    made = make_england(tmp_path, children=1, years=(2016, 2016))
    assert made.study is not None
    assert {path.name for path in (tmp_path / "501").iterdir()} >= {"ssda903", "cin_census", "annex_a"}
