"""Hazard ratios when a class is known from what was recorded only: planted truth, and files in which all is certain."""

from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from careloom.catalogue import load_catalogue
from careloom.core import Ledger
from careloom.engine import Engine
from careloom.outcomes.hazards import CannotFitError, Estimates, fit_hazards, rows_of
from careloom.outcomes.models import AskedOfModels, compare_hazards
from careloom.outcomes.risk_table import Belonging, Levels, RiskTable, read_risk_table
from careloom.outcomes.uncertain_class import UNCERTAIN, fit_uncertain
from careloom.stats.survival import fit_cox

CATALOGUE = load_catalogue()
SHARES = np.array([0.5, 0.3, 0.2])
TRUE = {"2": 2.5, "3": 0.5}
ITEMS = np.array([[0.1, 0.1, 0.2, 0.1], [0.7, 0.6, 0.2, 0.1], [0.1, 0.2, 0.7, 0.6]])
"""How likely each class is to have each of four factors recorded: every third child is put into the wrong class."""
TERMS = ("class_no", "age_band")
CORRECTED = ("bch", "three_step_ml", "two_step")
Row = dict[str, Any]


def belonging() -> tuple[Belonging, Any]:
    """All 16 patterns of four factors, as they are expected, and the chance of each in each class."""
    patterns = np.array([[number >> item & 1 for item in range(4)] for number in range(16)])
    chance = np.prod(np.where(patterns[:, None, :], ITEMS, 1 - ITEMS), axis=2)
    joint = chance * SHARES
    return Belonging(("1", "2", "3"), joint / joint.sum(axis=1, keepdims=True), joint.sum(axis=1) * 1000), chance


def made_up(n: int, seed: int, older: float = 0.4) -> RiskTable:
    """Stretches of n children; those of class 3 are older by `older`, all others by 0.4; the old come back half as fast."""
    random = np.random.default_rng(seed)
    known, chance = belonging()
    true = random.choice(3, n, p=SHARES)
    upto = np.cumsum(chance.T[true], axis=1)
    member = (random.random(n)[:, None] > upto[:, :-1]).sum(axis=1)
    old = random.random(n) < np.where(true == 2, older, 0.4)
    rate = np.array([1.0, TRUE["2"], TRUE["3"]])[true] * np.where(old, 0.5, 1.0) / 700
    time, end = np.ceil(random.exponential(1 / rate)), random.integers(200, 1500, n)
    modal = known.memberships.argmax(axis=1)[member]
    levels = {"class_no": np.array(["1", "2", "3"])[modal], "age_band": np.where(old, "10-15", "1-4")}
    return RiskTable(
        levels={name: Levels.named(values) for name, values in levels.items()},
        pattern=np.arange(n),
        la=random.choice([0, 1], n),
        child=np.arange(n),
        days=np.minimum(time, end).astype(float),
        cause=(time <= end).astype(int),
        place=np.ones(n, dtype=int),
        member=member,
        belonging=known,
    )


def certain(risk: RiskTable) -> RiskTable:
    """The same, each pattern certain to be of its likeliest class."""
    assert risk.belonging
    sure = np.eye(3)[risk.belonging.memberships.argmax(axis=1)]
    return replace(risk, belonging=replace(risk.belonging, memberships=sure))


def by_level(found: Estimates, term: str = "class_no") -> dict[str, Row]:
    return {str(row["level"]): row for row in rows_of(found) if row["term"] == term}


def holds(row: Row, truth: float) -> bool:
    return bool(row["lower"] < truth < row["upper"])


def test_taken_for_certain_the_classes_look_more_alike_than_they_are() -> None:
    # 20,000 children: the limits are some 5% wide, and being put into the wrong class blurs by far more.
    found = by_level(fit_hazards(made_up(20000, seed=1), TERMS))
    assert found["2"]["upper"] < TRUE["2"]
    assert found["3"]["lower"] > TRUE["3"]


@pytest.mark.parametrize("way", CORRECTED)
def test_three_ways_find_the_planted_ratios(way: str) -> None:
    # One 95% interval in twenty misses; with this seed none of the three ways does, at any of three ratios.
    found = fit_uncertain(made_up(20000, seed=1), TERMS, way)
    for level, truth in TRUE.items():
        assert holds(by_level(found)[level], truth), (way, level)
    assert holds(by_level(found, "age_band")["10-15"], 0.5)


def test_drawn_classes_stay_blurred_and_their_limits_are_wider() -> None:
    risk = made_up(20000, seed=1)
    drawn, modal = by_level(fit_uncertain(risk, TERMS, "pseudo_draws")), by_level(fit_hazards(risk, TERMS))
    assert drawn["2"]["upper"] < TRUE["2"]

    def width(row: Row) -> float:
        return float(np.log(row["upper"] / row["lower"]))

    assert width(drawn["2"]) > 1.05 * width(modal["2"])


def test_only_weights_know_nothing_of_who_is_of_a_class() -> None:
    """Class 3 is older: the memberships, which do not know, miss what belongs to age; the weights do not."""
    risk = made_up(20000, seed=2, older=0.95)
    found = {way: by_level(fit_uncertain(risk, TERMS, way)) for way in CORRECTED}
    assert holds(found["bch"]["3"], TRUE["3"])
    assert holds(found["bch"]["2"], TRUE["2"])
    assert not holds(found["two_step"]["3"], TRUE["3"])


@pytest.mark.parametrize("way", UNCERTAIN)
def test_where_all_is_certain_every_way_is_cox(way: str) -> None:
    risk = certain(made_up(1500, seed=3))
    found = by_level(fit_uncertain(risk, TERMS, way))
    x = np.column_stack([np.array(risk.levels[t].names)[risk.levels[t].of] == level for t, level in COMPARED])
    plain = fit_cox(
        x.astype(float), np.arange(1500), risk.days, risk.is_event, names=[f"{t} {level}" for t, level in COMPARED],
        stratum=risk.la, cluster=risk.child, ties="efron" if way == "pseudo_draws" else "breslow",
    )  # fmt: skip
    for (term, level), h in zip(COMPARED, plain.hazard_ratios(), strict=True):
        row = found[level] if term == "class_no" else by_level(fit_uncertain(risk, TERMS, way), term)[level]
        assert row["hazard_ratio"] == pytest.approx(h.hazard_ratio, rel=1e-6)  # EM ends when it gains less than 1e-8
        # What EM counts as lost is the curvature of rows with one class: none. Its errors are then Cox's own.
        assert row["upper"] == pytest.approx(h.upper, rel=1e-4)


COMPARED = (("class_no", "2"), ("class_no", "3"), ("age_band", "10-15"))


def test_stretches_without_a_class_are_one_for_certain() -> None:
    """Their ratio is the planted one, though they have no memberships."""
    risk = made_up(12000, seed=4)
    lost = np.arange(12000) % 4 == 0
    assert risk.member is not None
    classes = np.where(lost, "unclassed", np.array(risk.levels["class_no"].names)[risk.levels["class_no"].of])
    some = replace(
        risk,
        levels={**risk.levels, "class_no": Levels.named(classes)},
        member=np.where(lost, -1, risk.member),
    )
    for way in CORRECTED:
        found = by_level(fit_uncertain(some, TERMS, way))
        assert holds(found["2"], TRUE["2"])
        # A mixture of all: more than class 1, less than class 2.
        assert 1.0 < found["unclassed"]["hazard_ratio"] < TRUE["2"]


def test_the_order_of_rows_changes_nothing() -> None:
    risk = made_up(2000, seed=5)
    turned = risk.of(np.full(2000, True))
    back = np.arange(2000)[::-1]
    columns = {
        name: getattr(risk, name)[back] for name in ("pattern", "la", "child", "days", "cause", "place", "member")
    }
    turned = replace(risk, **columns)
    for way in CORRECTED:
        one, other = fit_uncertain(risk, TERMS, way), fit_uncertain(turned, TERMS, way)
        np.testing.assert_allclose(one.coefficients, other.coefficients, rtol=1e-6)


# --- what cannot be fitted -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", UNCERTAIN)
def test_without_memberships_there_is_no_answer(way: str) -> None:
    with pytest.raises(CannotFitError, match="uncertainty is known"):
        fit_uncertain(replace(made_up(500, seed=1), member=None, belonging=None), TERMS, way)


def test_classes_that_nobody_is_put_into_are_named() -> None:
    risk = made_up(800, seed=1)
    assert risk.belonging
    blurred = replace(risk.belonging, memberships=np.tile(SHARES, (16, 1)))
    with pytest.raises(CannotFitError, match="no row is put into classes"):
        fit_uncertain(replace(risk, belonging=blurred), TERMS, "bch")


def test_what_cannot_be_fitted_is_in_the_ledger_and_the_rest_stands() -> None:
    outcome = replace(CATALOGUE.outcomes["re_referral"], covariates=(), describe="")
    risk = made_up(1500, seed=1)
    same = {name: Levels.named(np.full(1500, "x")) for name in ("sex", "ethnic_group", "disability", "year")}
    risk = replace(risk, levels={**risk.levels, **same}, member=None, belonging=None)
    ledger = Ledger()
    found = compare_hazards(outcome, risk, AskedOfModels(methods=("bch", "fine_gray")), ledger)
    assert {row["method"] for row in found.ratios} == {"cause_specific", "fine_gray"}
    assert any("bch: none, there are no categories whose" in step.step for step in ledger.steps)


# --- from the engine -------------------------------------------------------------------------------------------------


def test_each_stretch_has_the_pattern_of_the_assessment_that_gave_its_class(engine: Engine) -> None:
    """A child without a class has none; alike stretches of different patterns are not counted together."""
    outcome = replace(CATALOGUE.outcomes["re_referral"], covariates=(), describe="")
    columns = ("person_id", "la", "days", "ended_by", "place", "class_no", "classed_by")
    covariates = dict.fromkeys(("age_band", "sex", "ethnic_group", "disability", "year"), "x")
    rows = [
        ("a", "A", 10.0, "event", 1, 1, "a1"),
        ("b", "A", 10.0, "event", 1, 1, "b1"),
        ("c", "A", 9.0, "died", 1, None, None),
    ]
    with_all = [{**dict(zip(columns, row, strict=True)), **covariates} for row in rows]
    engine.load("time_to_event_re_referral", pa.Table.from_pylist(with_all))
    engine.load("assessment_pattern", pa.table({"assessment_id": ["a1", "b1"], "pattern_no": [0, 1]}))
    membership = [(0, 1, 0.8, 5.0), (0, 2, 0.2, 5.0), (1, 1, 0.6, 3.0), (1, 2, 0.4, 3.0)]
    names = ("pattern_no", "class_no", "probability", "assessments")
    engine.load("pattern_membership", pa.Table.from_pylist([dict(zip(names, row, strict=True)) for row in membership]))
    risk = read_risk_table(engine, outcome, with_belonging=True)
    assert risk.belonging
    assert risk.member is not None
    assert risk.belonging.classes == ("1", "2")
    assert risk.belonging.memberships.tolist() == [[0.8, 0.2], [0.6, 0.4]]
    assert risk.belonging.assessments.tolist() == [5.0, 3.0]
    assert sorted(zip(risk.days.tolist(), risk.member.tolist(), strict=True)) == [(9.0, -1), (10.0, 0), (10.0, 1)]
    assert read_risk_table(engine, outcome).member is None
