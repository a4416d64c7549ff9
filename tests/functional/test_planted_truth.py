"""What was planted in the demonstration authority is found again by the run, from the returns alone."""

import csv
from collections import Counter
from typing import Any

import numpy as np
import pytest
from scipy.stats import binom, chi2

from careloom.catalogue import load_catalogue
from careloom.stats import adjusted_rand_index, fit_cox

OUTCOMES = ("re_referral", "repeat_plan", "re_entry")
AGES = {"5-9": "5-9", "under 1": "<1", "1-4": "1-4", "10-15": "10-15", "16-17": "16-17"}


def truth(demonstration: Any, name: str) -> list[dict[str, str]]:
    aside = demonstration.folder / "truth"
    path = next(path for path in (aside / f"{name}.csv", aside / "501" / f"{name}.csv") if path.exists())
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="session")
def planted(demonstration: Any) -> dict[str, str]:
    """The planted class of each person, through the identifiers that only working memory holds."""
    of_child = {row["child_id"]: row["class"] for row in truth(demonstration, "referral")}
    known = demonstration.engine.rows("SELECT DISTINCT person_id, child_id FROM person_of")
    return {person: of_child[child] for person, child in known}


@pytest.fixture(scope="session")
def found(demonstration: Any, planted: dict[str, str]) -> list[tuple[int, str]]:
    """For each classified assessment, the class found and the class planted."""
    return [
        (number, planted[person])
        for number, person in demonstration.engine.rows("SELECT class_no, person_id FROM class_of")
    ]


def test_every_child_is_one_person_across_both_returns(demonstration: Any) -> None:
    children = {row["child_id"] for row in truth(demonstration, "person")}
    engine = demonstration.engine
    linked = engine.rows("SELECT person_id, count(DISTINCT child_id) AS n FROM person_of GROUP BY person_id")
    delivered = engine.rows("SELECT count(DISTINCT child_id) AS n FROM record")[0][0]
    assert len(linked) == delivered <= len(children)
    assert {n for _, n in linked} == {1}


def test_planted_classes_are_recovered(demonstration: Any, found: list[tuple[int, str]]) -> None:
    numbers, names = zip(*found, strict=True)
    agreement = adjusted_rand_index(np.array(numbers), np.unique(names, return_inverse=True)[1])
    print(f"adjusted Rand index against the planted classes: {agreement:.3f} over {len(found)} assessments")
    # Assigning each assessment by the true parameters themselves gives 0.89: some assessments look alike.
    assert agreement > 0.85
    assert len(set(numbers)) == len(set(names))


def test_class_profiles_are_the_planted_ones(demonstration: Any, found: list[tuple[int, str]]) -> None:
    planted = {(row["class"], row["factor"]): float(row["recorded"]) for row in truth(demonstration, "classes")}
    is_called = {number: Counter(name for n, name in found if n == number).most_common(1)[0][0] for number, _ in found}
    profile = demonstration.engine.rows("SELECT class_no, indicator, probability FROM class_profile")
    indicators = load_catalogue().indicator_sets[demonstration.study.indicators].indicators
    factor_of = {
        each.name: each.codes[0] if len(each.codes) == 1 else each.codes[0].rstrip("ABCDEF") for each in indicators
    }
    sizes = Counter(number for number, _ in found)
    wrong = 0
    for number, indicator, probability in profile:
        true = planted[is_called[number], factor_of[indicator]]
        # Four standard errors of a share of the class, as if membership were known, and 0.02 for that it is not.
        wrong += abs(probability - true) > 4 * np.sqrt(true * (1 - true) / sizes[number]) + 0.02
    assert len(profile) == 34 * len(is_called)
    assert wrong == 0


def fit_with_planted_references(demonstration: Any, outcome: str, called: dict[str, str]) -> tuple[Any, np.ndarray]:
    """Fit the outcome's model in the planted coding; `called` maps the class found to the planted class it is."""
    planted = {
        (r["term"], r["level"]): float(r["log_hazard_ratio"])
        for r in truth(demonstration, "hazards")
        if r["outcome"] == outcome
    }
    classes = [level for (term, level), ratio in planted.items() if term == "class" and level != "domestic_abuse"]
    rows = demonstration.engine.rows(
        f"SELECT person_id, days, is_event, class_no, age_band, sex FROM time_to_event WHERE outcome = '{outcome}' AND class_no IS NOT NULL AND sex <> 'U'"
    )
    design = np.array(
        [
            [
                *(called[number] == name for name in classes),
                *(AGES[age] == band for band in list(AGES.values())[1:]),
                sex == "M",
            ]
            for _, _, _, number, age, sex in rows
        ],
        dtype=float,
    )
    patterns, pattern = np.unique(design, axis=0, return_inverse=True)
    names = [*classes, *list(AGES.values())[1:], "male"]
    people = np.unique([row[0] for row in rows], return_inverse=True)[1]
    days, events = np.array([row[1] for row in rows], float), np.array([row[2] for row in rows])
    fit = fit_cox(patterns, pattern, days, events, names=names, cluster=people)
    true = [planted[("class" if name in classes else "sex" if name == "male" else "age_band", name)] for name in names]
    return fit, np.array(true)


def test_planted_hazard_ratios_are_inside_their_confidence_intervals(
    demonstration: Any, found: list[tuple[int, str]]
) -> None:
    called = {number: Counter(name for n, name in found if n == number).most_common(1)[0][0] for number, _ in found}
    inside, terms = 0, 0
    for outcome in OUTCOMES:
        fit, true = fit_with_planted_references(demonstration, outcome, called)
        gap = fit.coefficients - true
        errors = np.sqrt(np.diag(fit.robust_covariance))
        inside += int(np.sum(np.abs(gap) < 1.959964 * errors))
        terms += len(gap)
        joint = float(gap @ np.linalg.solve(fit.robust_covariance, gap))
        print(
            f"{outcome}: {np.sum(np.abs(gap) < 1.959964 * errors)} of {len(gap)} inside; joint chi-square {joint:.1f}"
        )
        # All terms of an outcome together, against the planted values: one true model in a thousand would fail.
        assert joint < chi2.ppf(0.999, len(gap))
    # Of 27 intervals of 95% that are right, fewer than this many hold the truth once in a thousand times.
    assert inside >= binom.ppf(0.001, terms, 0.95)
    assert terms == 27


def test_the_reported_ratios_are_those_of_the_model(demonstration: Any, found: list[tuple[int, str]]) -> None:
    """The run's own table holds the planted class ratios too, in its own coding (its reference, its adjustment)."""
    called = {number: Counter(name for n, name in found if n == number).most_common(1)[0][0] for number, _ in found}
    planted = {
        (r["outcome"], r["level"]): float(r["log_hazard_ratio"])
        for r in truth(demonstration, "hazards")
        if r["term"] == "class"
    }
    rows = demonstration.engine.rows(
        "SELECT outcome, level, reference, hazard_ratio, lower, upper FROM hazard_ratio WHERE model = 'M1' AND method = 'cause_specific' AND period = 'all' AND reference <> 'mean of all' AND term = 'class_no' AND level <> reference AND level <> 'unclassed'"
    )
    inside = 0
    for outcome, level, reference, _, lower, upper in rows:
        true = np.exp(planted[outcome, called[int(level)]] - planted[outcome, called[int(reference)]])
        inside += lower < true < upper
    print(f"{inside} of {len(rows)} class hazard ratios inside their reported intervals")
    assert len(rows) == 12
    assert inside >= binom.ppf(0.001, len(rows), 0.95)
