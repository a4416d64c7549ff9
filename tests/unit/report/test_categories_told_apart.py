"""How categories differ: lift of each factor, and sizes over authorities, as plain Python works them out; and what is withheld."""

from collections import Counter, defaultdict
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from careloom.catalogue import load_catalogue
from careloom.engine import DuckDBEngine
from careloom.report.asking import answer_all

Rows = list[dict[str, Any]]
FEWEST, THRESHOLD = 50, 6


def answered(engine: DuckDBEngine, made_up: dict[str, Any], name: str) -> Rows:
    return answer_all(engine, load_catalogue(), made_up["STUDY"])[name].rows


def test_lift_is_the_probability_over_the_prevalence(duck: DuckDBEngine, made_up: dict[str, Any]) -> None:
    made_up["make_up"](duck)
    rows = answered(duck, made_up, "profile_lift")
    profile = duck.arrow("SELECT * FROM class_profile").to_pylist()
    children = dict(duck.rows("SELECT class_no, count(DISTINCT person_id) FROM class_of GROUP BY class_no"))
    assert len(rows) == len(profile) == 32
    shown = {(row["category"][0], row["label"]): row for row in rows}
    told = 0
    for each in profile:
        row = shown[str(each["class_no"]), each["label"]]
        with_it = round(each["probability"] * children[each["class_no"]])
        if with_it < THRESHOLD:
            assert row["lift"] is None
            assert "lift" in row["withheld"].split(",")
        else:
            told += 1
            assert row["lift"] == pytest.approx(round(each["probability"] / each["prevalence"], 1))
    assert 16 < told < 32  # some of either


def test_a_factor_hardly_ever_recorded_has_no_lift(duck: DuckDBEngine, made_up: dict[str, Any]) -> None:
    made_up["make_up"](duck)
    profile = duck.arrow("SELECT * FROM class_profile").to_pylist()
    rare = [row | {"prevalence": 0.004} if row["label"] == "Gangs" else row for row in profile]
    duck.load("class_profile", pa.Table.from_pylist(rare))
    labels = {row["label"] for row in answered(duck, made_up, "profile_lift")}
    assert "Gangs" not in labels
    assert len(labels) == 7


def slow_sizes(class_of: Rows) -> dict[int, dict[str, float]]:
    """Median, quartiles (between two authorities in proportion) and range of each category's share over authorities."""
    of = defaultdict[str, Rows](list)
    for row in class_of:
        of[row["la"]].append(row)
    known = {la: rows for la, rows in of.items() if len({row["person_id"] for row in rows}) >= FEWEST}
    found = {}
    for class_no in sorted({row["class_no"] for row in class_of}):
        mine = {la: [row for row in rows if row["class_no"] == class_no] for la, rows in known.items()}
        shares = [len(mine[la]) / len(rows) for la, rows in known.items()]
        quartiles = np.quantile(shares, [0.25, 0.5, 0.75])
        found[class_no] = dict(zip(("lower_quartile", "median", "upper_quartile"), quartiles, strict=True))
        found[class_no] |= {"smallest": min(shares), "largest": max(shares), "authorities": len(shares)}
        found[class_no]["fewest"] = min(len({row["person_id"] for row in rows}) for rows in mine.values())
    return found


@pytest.mark.parametrize("authorities", [5, 6, 9])
def test_sizes_over_authorities_are_those_of_plain_python(
    duck: DuckDBEngine, made_up: dict[str, Any], authorities: int
) -> None:
    """Some children have two assessments; the last authority has too few children to count."""
    made_up["make_up"](duck)
    chance = np.random.default_rng(authorities)
    rows: Rows = []
    for number in range(120 * authorities):
        la = f"Shire {number % authorities}"
        for visit in range(1 + int(chance.integers(2))):
            weights = np.array([4.0, 2.0 + number % authorities, 1.0, 0.15])
            class_no = int(chance.choice(4, p=weights / weights.sum())) + 1
            about = {
                "assessment_id": f"a{number}-{visit}",
                "person_id": f"p{number}",
                "la": la,
                "episode_id": f"e{number}",
            }
            rows.append({**about, "assessed_on": None, "class_no": class_no, "probability": 0.9})
    rows += [{**rows[0], "assessment_id": f"b{n}", "person_id": f"q{n}", "la": "Tinyshire"} for n in range(FEWEST - 1)]
    duck.load("class_of", pa.Table.from_pylist(rows))
    expected = slow_sizes(rows)
    got = answered(duck, made_up, "category_sizes")
    assert len(got) == len(expected) == 4
    for row in got:
        truth = expected[int(row["category"][0])]
        assert row["authorities"] == truth["authorities"] == authorities
        for name in ("lower_quartile", "median", "upper_quartile"):
            # half of the last digit that is shown
            assert row[name] == pytest.approx(truth[name], abs=0.0050001)
        for name in ("smallest", "largest"):
            if truth["fewest"] < THRESHOLD:
                assert row[name] is None
                assert name in row["withheld"].split(",")
            else:
                assert row[name] == pytest.approx(truth[name], abs=0.0050001)
    assert Counter(row["smallest"] is None for row in got) == {False: 3, True: 1}


def test_few_authorities_are_not_set_beside_each_other(duck: DuckDBEngine, made_up: dict[str, Any]) -> None:
    made_up["make_up"](duck)
    duck.make("class_of", "SELECT * FROM class_of WHERE la IN ('Shire 1', 'Shire 2', 'Shire 3', 'Shire 4')")
    assert answered(duck, made_up, "category_sizes") == []
