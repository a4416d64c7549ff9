"""Hazard ratios of planted stretches: what they are, and what is left blank."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import norm

from careloom.catalogue import load_catalogue
from careloom.core import Ledger
from careloom.outcomes.hazards import (
    CannotFitError,
    first_only,
    fit_hazards,
    fixed_effects,
    frailty,
    gap_time,
    rows_against_mean,
    rows_of,
    subdistribution,
)
from careloom.outcomes.models import AskedOfModels, compare_hazards, models_of
from careloom.outcomes.risk_table import RiskTable
from careloom.outcomes.terms import is_sum_of_earlier
from careloom.stats import fit_cox

sys.path.append(str(Path(__file__).parent))  # the stretches, beside this file
from planted_stretches import TERMS, by_level, level_of, risk_table, with_level

CATALOGUE = load_catalogue()
RE_REFERRAL = CATALOGUE.outcomes["re_referral"]


def test_planted_hazard_ratios_are_inside_their_limits() -> None:
    # 95% limits miss one time in twenty; with this seed none of the three does.
    fit = fit_hazards(risk_table(4000, seed=4, ratios={"1": 1.0, "2": 2.0, "3": 0.5}), TERMS)
    found = by_level(fit)
    for level, truth in (("2", 2.0), ("3", 0.5)):
        assert found[level]["lower"] < truth < found[level]["upper"]
    adolescents = by_level(fit, "age_band")["10-15"]
    assert adolescents["lower"] < 0.5 < adolescents["upper"]
    assert found["2"]["p_value"] < 1e-6
    assert fit.used == 4000


def test_as_the_same_model_written_out_row_by_row() -> None:
    """Patterns, strata by authority and clusters by child are those of one long design matrix."""
    risk = risk_table(600, seed=1, ratios={"1": 1.0, "2": 1.5})
    fit = fit_hazards(risk, TERMS)
    compared = [("class_no", "2"), ("age_band", "10-15"), ("age_band", "5-9"), ("sex", "F"), ("ethnic_group", "Mixed")]
    x = np.column_stack([level_of(risk, term) == name for term, name in compared]).astype(float)
    names = [" ".join(pair) for pair in compared]
    each = np.arange(600)
    cox = fit_cox(x, each, risk.days, risk.is_event, names=names, stratum=risk.la, cluster=risk.child)
    for (term, level), h in zip(compared, cox.hazard_ratios(), strict=True):
        row = by_level(fit, term)[level]
        expected = (h.hazard_ratio, h.lower, h.upper, h.p_value)
        # The same sums in another order: rounding only, magnified by up to |z| in the p-value.
        assert [row[key] for key in ("hazard_ratio", "lower", "upper", "p_value")] == pytest.approx(expected, rel=1e-8)


def test_limits_know_that_one_child_came_five_times() -> None:
    """Each child copied five times over says nothing new: limits stay as wide as for one copy, not 5 ** 0.5 narrower."""
    once = replace(risk_table(400, seed=3, ratios={"1": 1.0, "2": 1.5}), child=np.arange(400))
    five = once.of(np.full(400, True))
    copies = np.repeat(np.arange(400), 5)
    columns = {name: getattr(once, name)[copies] for name in ("pattern", "la", "child", "days", "cause", "place")}
    five = replace(once, **columns)
    widths = []
    for risk in (once, five):
        found = by_level(fit_hazards(risk, TERMS))["2"]
        widths.append(np.log(found["upper"]) - np.log(found["lower"]))
    # Efron's method takes copies for ties, which moves the estimate a little: hence one in a hundred.
    assert widths[1] == pytest.approx(widths[0], rel=0.01)


def test_reference_levels() -> None:
    fit = fit_hazards(risk_table(600, seed=2, ratios={"1": 1.0, "2": 1.5}), TERMS)
    reference = {row["term"]: row["reference"] for row in rows_of(fit)}
    assert reference == {"class_no": "1", "age_band": "1-4", "sex": "M", "ethnic_group": "White"}
    at_reference = by_level(fit)["1"]
    assert (at_reference["hazard_ratio"], at_reference["lower"], at_reference["p_value"]) == (1.0, None, None)


def test_unclassed_is_a_level_but_no_reference() -> None:
    found = by_level(fit_hazards(risk_table(600, seed=2, ratios={"unclassed": 1.0, "1": 1.5, "2": 1.0}), TERMS))
    assert found["unclassed"]["hazard_ratio"] is not None
    assert found["1"]["reference"] in ("1", "2")
    assert found["unclassed"]["rows"] > found["1"]["rows"]


def test_a_level_without_events_is_blank() -> None:
    risk = risk_table(800, seed=7, ratios={"1": 1.0, "2": 1.5, "3": 0.0})
    fit = fit_hazards(risk, TERMS)
    third = by_level(fit)["3"]
    assert (third["events"], third["hazard_ratio"], third["lower"], third["p_value"]) == (0, None, None, None)
    assert third["rows"] == (level_of(risk, "class_no") == "3").sum() == 800 - fit.used
    assert by_level(fit)["2"]["hazard_ratio"] is not None


def test_a_reference_without_events_is_not_taken() -> None:
    found = by_level(fit_hazards(risk_table(800, seed=7, ratios={"1": 0.0, "2": 1.0, "3": 1.0}), TERMS))
    assert found["1"]["rows"] > found["2"]["rows"]
    assert found["1"]["reference"] in ("2", "3")
    assert found["1"]["hazard_ratio"] is None


def test_children_are_counted_once_at_each_level() -> None:
    risk = risk_table(400, seed=5, ratios={"1": 1.0, "2": 1.5})
    for name, row in by_level(fit_hazards(risk, TERMS)).items():
        mine = level_of(risk, "class_no") == name
        assert row["children"] == len(set(risk.child[mine]))
        assert row["children_with_event"] == len(set(risk.child[mine & risk.is_event]))
        assert row["events"] == (mine & risk.is_event).sum()


# --- against the mean of all -----------------------------------------------------------------------------------------


def test_against_the_mean_does_not_depend_on_the_reference() -> None:
    """The weighted mean of the log ratios is 0, and two classes stay as far apart as they were."""
    fit = fit_hazards(risk_table(2000, seed=9, ratios={"1": 1.0, "2": 2.0, "3": 0.5}), TERMS)
    rows = {str(row["level"]): row for row in rows_against_mean(fit)}
    sizes = np.array([rows[k]["rows"] for k in "123"], dtype=float)
    logs = np.log([rows[k]["hazard_ratio"] for k in "123"])
    assert sizes @ logs / sizes.sum() == pytest.approx(0.0, abs=1e-12)
    assert np.exp(logs[1] - logs[0]) == pytest.approx(by_level(fit)["2"]["hazard_ratio"], rel=1e-12)
    assert {row["reference"] for row in rows.values()} == {"mean of all"}


def test_limits_against_the_mean_are_those_of_the_contrast() -> None:
    fit = fit_hazards(risk_table(2000, seed=9, ratios={"1": 1.0, "2": 2.0}), ("class_no",))
    share = by_level(fit)["2"]["rows"] / 2000
    log, error = float(fit.coefficients[0]), float(np.sqrt(fit.covariance[0, 0]))
    second = {str(row["level"]): row for row in rows_against_mean(fit)}["2"]
    assert second["hazard_ratio"] == pytest.approx(np.exp((1 - share) * log), rel=1e-12)
    half = float(norm.ppf(0.975)) * (1 - share) * error
    assert second["lower"] == pytest.approx(np.exp((1 - share) * log - half), rel=1e-12)


def test_a_class_without_an_estimate_has_no_part_in_the_mean() -> None:
    fit = fit_hazards(risk_table(800, seed=7, ratios={"1": 1.0, "2": 1.5, "3": 0.0, "unclassed": 1.0}), TERMS)
    rows = {str(row["level"]): row for row in rows_against_mean(fit)}
    assert set(rows) == {"1", "2", "3"}
    assert rows["3"]["hazard_ratio"] is None
    assert rows["1"]["hazard_ratio"] is not None


# --- other ways ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", [subdistribution, fixed_effects, frailty, gap_time])
def test_other_ways_find_the_planted_ratio_too(method: Any) -> None:
    # Authorities and places do not matter here, and few are met by something else: every way must come close.
    found = by_level(fit_hazards(risk_table(4000, seed=4, ratios={"1": 1.0, "2": 2.0, "3": 0.5}), TERMS, method))
    for level, truth in (("2", 2.0), ("3", 0.5)):
        assert found[level]["lower"] < truth < found[level]["upper"]


def test_fixed_effects_say_nothing_of_the_authorities_themselves() -> None:
    fit = fit_hazards(risk_table(800, seed=1, ratios={"1": 1.0, "2": 2.0}), TERMS, fixed_effects)
    assert fit.coefficients.size == len(fit.design.names) == fit.covariance.shape[0]


def test_one_authority_has_no_fixed_effect_and_no_frailty() -> None:
    risk = risk_table(800, seed=1, ratios={"1": 1.0, "2": 2.0})
    alone = replace(risk, la=np.zeros(800, dtype=int))
    for method in (fixed_effects, frailty):
        with pytest.raises(CannotFitError):
            fit_hazards(alone, TERMS, method)


def test_the_first_in_the_window_is_one_for_each_child() -> None:
    risk = first_only(risk_table(400, seed=1, ratios={"1": 1.0, "2": 2.0}))
    assert risk.days.size == np.unique(risk.child).size == 200


def test_two_periods_share_out_the_events() -> None:
    risk = risk_table(2000, seed=1, ratios={"1": 1.0, "2": 2.0})
    first, rest = risk.until(366.0), risk.beyond(366.0)
    assert first.is_event.sum() + rest.is_event.sum() == risk.is_event.sum()
    assert first.days.max() == 366.0
    assert rest.entry is not None
    assert (rest.days > rest.entry).all()


# --- what cannot be fitted -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("events", "fits"), [(19, False), (20, True)])
def test_too_few_events(events: int, fits: bool) -> None:
    risk = risk_table(200, seed=6, ratios={"1": 1.0, "2": 1.5})
    few = replace(risk, cause=np.where(risk.is_event & (risk.is_event.cumsum() <= events), 1, 0))
    ledger = Ledger()
    found = compare_hazards(only_common(), few_terms(few), AskedOfModels(), ledger)
    assert bool(found.ratios) == fits
    reasons = {why for step in ledger.steps for why, _ in step.set_aside}
    assert ("no hazard ratios: fewer than 20 events" in reasons) != fits


def only_common() -> Any:
    return replace(RE_REFERRAL, covariates=(), describe="")


def few_terms(risk: RiskTable) -> RiskTable:
    n = risk.pattern.size
    return with_level(risk, disability=np.full(n, "No"), year=np.full(n, "2019"))


def test_nothing_to_compare() -> None:
    risk = risk_table(200, seed=6, ratios={"1": 1.0, "2": 1.5})
    with pytest.raises(CannotFitError, match="nothing differs"):
        fit_hazards(with_level(risk, **{term: np.full(200, "1") for term in TERMS}), TERMS)


def test_a_level_that_says_the_same_as_an_earlier_one_is_blank() -> None:
    """All of class 2 are girls and no others: their hazard is told by the class, and nothing is left for the sex."""
    risk = risk_table(400, seed=6, ratios={"1": 1.0, "2": 1.5})
    twin = np.where(level_of(risk, "class_no") == "1", "M", "F")
    fit, without = (
        fit_hazards(with_level(risk, sex=twin), TERMS),
        fit_hazards(risk, ("class_no", "age_band", "ethnic_group")),
    )
    assert by_level(fit, "sex")["F"]["hazard_ratio"] is None
    assert by_level(fit)["2"]["hazard_ratio"] == pytest.approx(by_level(without)["2"]["hazard_ratio"], rel=1e-10)


def test_which_columns_are_sums_of_earlier_ones() -> None:
    random = np.random.default_rng(1)
    x = random.normal(size=(50, 3))
    columns = np.column_stack([x[:, 0], np.ones(50), x[:, 1], x[:, 0] - 2 * x[:, 1] + 3, x[:, 2], x[:, 0] * 1e-3])
    assert is_sum_of_earlier(columns).tolist() == [False, True, False, True, False, True]


# --- the models ------------------------------------------------------------------------------------------------------


def test_models_add_terms_as_the_outcome_says() -> None:
    models = models_of(RE_REFERRAL)
    assert models["M0"] == ("class_no",)
    assert set(models["M1"]) - set(models["M0"]) == {"age_band", "sex", "ethnic_group", "disability"}
    assert set(models["M2"]) - set(models["M1"]) == {"year", "referred_by", "referred_before"}
    assert set(models["M3"]) - set(models["M2"]) == {"rung_reached", "lasted"}
    assert list(models_of(only_common())) == ["M0", "M1", "M2"]


def test_ratios_that_change_over_time_are_given_for_two_periods() -> None:
    """Class 2 comes back twice as fast in the first year, and half as fast after it."""
    random = np.random.default_rng(8)
    risk = few_terms(risk_table(4000, seed=8, ratios={"1": 1.0, "2": 1.0}))
    early = np.where(level_of(risk, "class_no") == "2", 2.0, 1.0)
    first = random.exponential(900 / early)
    time = np.ceil(np.where(first <= 366, first, 366 + random.exponential(900 * early)))
    end = random.integers(500, 1500, 4000)
    risk = replace(risk, days=np.minimum(time, end).astype(float), cause=np.where(time <= end, 1, 0))
    found = compare_hazards(only_common(), risk, AskedOfModels(methods=()), Ledger())
    (test,) = (row for row in found.tests if row["term"] == "class_no")
    assert test["p_value"] < 1e-6  # type: ignore[operator]
    split = {row["period"]: row for row in found.ratios if row["period"] != "all" and row["level"] == "2"}
    for period, truth in (("first 12 months", 2.0), ("after 12 months", 0.5)):
        assert split[period]["lower"] < truth < split[period]["upper"]  # type: ignore[operator]


def test_terms_that_do_not_change_are_not_split() -> None:
    risk = few_terms(risk_table(2000, seed=4, ratios={"1": 1.0, "2": 2.0}))
    found = compare_hazards(only_common(), risk, AskedOfModels(split_below=0.0), Ledger())
    assert {row["period"] for row in found.ratios} == {"all"}
    assert {row["method"] for row in found.ratios} == {"cause_specific", "fine_gray"}


def test_the_same_comes_out_however_many_models_are_fitted_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    risk = risk_table(2000, seed=4, ratios={"1": 1.0, "2": 2.0})
    asked = AskedOfModels(methods=("fine_gray", "frailty", "first_in_window"), split_below=1.0)
    told = []
    for at_once in (1, 2, 5):
        monkeypatch.setattr("careloom.outcomes.models.FITS_AT_ONCE", at_once)
        ledger = Ledger()
        found = compare_hazards(only_common(), few_terms(risk), asked, ledger)
        told.append((found.ratios, found.tests, ledger.steps))
    assert told[0] == told[1] == told[2]
    steps = [step.step.removeprefix("compare hazards of re_referral: ") for step in told[0][2]]
    ways = ["M2, fine gray", "M2, frailty", "M2, first in window", "M2, first 12 months", "M2, after 12 months"]
    assert steps == ["M0", "M1", "M2", *ways]
