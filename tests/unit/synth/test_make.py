"""The whole: same seed same bytes, a study file that reads, truth kept aside, and wishes that cannot be."""

import csv
import re
import tomllib
from datetime import date
from hashlib import sha256
from itertools import pairwise

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
    assert same == {"study.toml", "population.csv", "residents.csv"} | laws


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
        "residents": "residents.csv",
        "synthetic": True,
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
        cells = set(re.split(r'[<>,"\n]', path.read_text(encoding="utf-8")))
        assert not cells & keys


RECORDS = (
    ("case_system", "case_system/people", "child_id"),
    ("early_help", "early_help/early_help", "Case Number"),
    ("education", "education/pupil_roll_2020", "StudentID"),
    ("health", "health/camhs_referrals", "Local Patient ID"),
    ("services", "services/deliveries", "delivery_id"),
    ("finance", "finance/weekly_fees", "payment_ref"),
    ("narratives", "narratives/assessments", "assessment_ref"),
)


def test_no_order_of_rows_tells_who_is_whose(tmp_path):
    made = make_england(tmp_path, children=4000, years=(2018, 2020), seed=11)
    folder, truth = made.study.parent / "501", made.study.parent / "truth" / "501"
    person = {row["child_id"]: int(row["person_id"]) for row in rows(truth / "person.csv")}
    tested = 0
    for system, name, column in RECORDS:
        of = {row["record"]: int(row["person_id"]) for row in rows(truth / "records" / f"{system}.csv")}
        numbers = [of[row[column]] for row in rows(folder / f"{name}.csv")]
        tested += in_no_order([number for number in numbers if number >= 0], name)
    header = rows(folder / "ssda903" / "2020" / "header.csv")
    tested += in_no_order([person[row["CHILD"]] for row in header], "header")
    paid = {row["record"]: int(row["person_id"]) for row in rows(truth / "records" / "finance.csv")}
    first = [
        paid[row["payment_ref"]] for row in rows(folder / "finance/weekly_fees.csv") if row["from"] == "01/04/2017"
    ]
    tested += in_no_order(first, "payments of the first day")
    assert tested >= 8


def in_no_order(numbers, what):
    """Whether there are enough to see an order; if so there is none: about half of the rows follow a lower number."""
    many = len(numbers) - 1
    if many < 40:
        return 0
    rising = sum(b > a for a, b in pairwise(numbers))
    # the number of rises of a random order has variance (n + 1) / 12; allow five standard errors, and one for repeats
    assert abs(rising - many / 2) < 6 * ((many + 2) / 12) ** 0.5 + 0.1 * many, what
    return 1


def test_no_two_children_of_a_country_share_a_number(tmp_path):
    make_england(tmp_path, children=6000, years=(2018, 2020), authorities=3, systems=("case_system",), errors=0)
    owner = {}
    for folder in (tmp_path / "501", tmp_path / "502", tmp_path / "503"):
        truth = {row["child_id"]: row for row in rows(tmp_path / "truth" / folder.name / "person.csv")}
        for row in rows(folder / "case_system" / "people.csv"):
            who = (truth[row["child_id"]]["person_id"], truth[row["child_id"]]["identity"] == "adopted")
            for number in (row["upn"], row["nhs_number"]):
                assert not number or owner.setdefault(number, who)[0] == who[0]
    assert len(owner) > 6000


@pytest.mark.parametrize("where", ["a file", "below a file"])
def test_a_place_that_cannot_be_written_to_is_said(tmp_path, where):
    (tmp_path / "file").write_text("mine")
    out = tmp_path / "file" if where == "a file" else tmp_path / "file" / "below"
    with pytest.raises(OutputError, match="cannot be written"):
        make_england(out, children=30, years=(2020, 2020), systems=("ssda903",))
    assert (tmp_path / "file").read_text() == "mine"


def test_after_a_stop_in_the_middle_the_same_call_starts_anew(tmp_path, monkeypatch):
    kept = {"children": 60, "years": (2020, 2021), "systems": ("ssda903", "cin_census")}
    make_england(tmp_path / "out", **kept)
    whole = digest(tmp_path / "out")

    def stop(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("careloom.synth.make.write_truth", stop)
        with pytest.raises(KeyboardInterrupt):
            make_england(tmp_path / "out", **kept)
    assert not (tmp_path / "out" / "study.toml").exists()  # nothing that would name what is not whole
    make_england(tmp_path / "out", **kept)
    assert digest(tmp_path / "out") == whole


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
        {"systems": ()},
        {"defects": True, "systems": ("education",)},
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
    assert sorted(path.name for path in out.iterdir()) == [
        "501",
        "population.csv",
        "residents.csv",
        "study.toml",
        "truth",
    ]
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
