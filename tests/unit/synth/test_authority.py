"""The whole: same seed same bytes, a study file that reads, counts that the files bear out, truth kept aside."""

import tomllib
from datetime import date
from hashlib import sha256
from itertools import pairwise

import pytest

from careloom.synth import make_authority


def digest(folder):
    return {
        p.relative_to(folder).as_posix(): sha256(p.read_bytes()).hexdigest() for p in folder.rglob("*.*") if p.is_file()
    }


def test_same_seed_same_bytes_and_another_seed_another_world(tmp_path):
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        make_authority(tmp_path / name, children=60, years=(2021, 2022), seed=seed)
    a, b, c = (digest(tmp_path / name) for name in "abc")
    assert a == b
    assert a.keys() == c.keys()
    assert {name for name in a if a[name] == c[name]} == {
        "study.toml",
        "truth/classes.csv",
        "truth/hazards.csv",
        "truth/baseline.csv",
    }


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
        assert delivery["authority"] == "998"
        assert [list(written.made.out.glob(pattern)) != [] for pattern in delivery["files"]] == [True]
    assert study["outcomes"]["questions"] == ["re_referral", "repeat_plan", "re_entry"]
    assert study["typology"] == {"most_classes": 7, "starts": 20, "seed": 1}
    assert study["costs"] == {"from": date(last - 1, 4, 1), "to": date(last, 3, 31), "prices": "illustrative"}


def test_counts_are_those_of_the_files(written):
    made, opens, cases = written.made, f"{written.years[0] - 1}-04-01", written.cases()
    assert made.referrals == sum(referred >= opens for _, referred in cases)
    closed = {key: returned[-1].findtext("CINclosureDate") for key, returned in cases.items()}
    assert made.closures == sum(end is not None for end in closed.values())
    in_order = sorted(cases)
    followed = [a for a, b in pairwise(in_order) if a[0] == b[0] and closed[a]]
    assert made.re_referrals == len(followed)
    histories = written.histories()
    assert made.looked_after == len(histories)
    assert made.returns_home == sum(e["REC"] in ("E4A", "E4B") for h in histories for e in h)
    back = [a for h in histories for a, b in pairwise(h) if a["REC"] in ("E4A", "E4B") and b["RNE"] == "S"]
    assert made.re_entries == len(back) > 5
    plans = {}
    for (child, _), returned in cases.items():
        for r in returned:
            for p in r.iter("ChildProtectionPlans"):
                plans.setdefault(child, {})[p.findtext("CPPstartDate")] = p.findtext("CPPendDate")
    assert made.plans_ended == sum(end is not None for mine in plans.values() for end in mine.values())
    assert made.repeat_plans == sum(len(mine) - 1 for mine in plans.values()) > 5


def test_the_truth_is_whole_and_aside(written):
    people = {row["child_id"]: row["class"] for row in written.truth("person")}
    returned = {child for child, _ in written.cases()}
    assert returned == set(people)
    assessments = {(r["child_id"], r["assessment_starts_on"]): r for r in written.truth("assessment")}
    for (child, referred), years in written.cases().items():
        for case in years:
            for a in case.iter("Assessments"):
                row = assessments[child, a.findtext("AssessmentActualStartDate")]
                assert (row["referral_on"], row["class"]) == (referred, people[child])
    hazards = written.truth("hazards")
    assert list(hazards[0])[:4] == ["outcome", "term", "level", "log_hazard_ratio"]
    assert {(h["outcome"], h["term"]) for h in hazards} == {
        (o, t) for o in ("re_referral", "repeat_plan", "re_entry") for t in ("class", "age_band", "sex")
    }
    assert {r["class"] for r in written.truth("classes")} == set(people.values())
    keys = {r["class"] for r in written.truth("classes")}
    for path in [*written.made.out.glob("ssda903/*/*.csv"), *written.made.out.glob("cin_census/*.xml")]:
        text = path.read_text(encoding="utf-8")
        assert not any(key in text for key in keys)


@pytest.mark.parametrize(
    "wrong", [{"children": 0}, {"years": (2014, 2020)}, {"years": (2020, 2019)}, {"authority": "Camden"}]
)
def test_wrong_wishes_are_refused_before_anything_is_written(tmp_path, wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        make_authority(tmp_path / "out", **wrong)
    assert not (tmp_path / "out").exists()


def test_a_tiny_authority_and_a_single_year(tmp_path):
    made = make_authority(tmp_path, children=1, years=(2016, 2016), name='Quote "and" ë')
    assert made.children == 1
    assert tomllib.loads(made.study.read_text(encoding="utf-8"))["study"]["name"] == 'Quote "and" ë'
