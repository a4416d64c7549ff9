"""Cumulative incidence, Gray's test, weighted log-rank tests and curves after a Cox fit are those of R.

R's answers on data of our own are made by make_curves_reference.R; those on the survival package's data lie beside the
repository.
"""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose
from numpy.typing import NDArray

from careloom.stats.survival import (
    aalen_johansen,
    fit_cox,
    gray_test,
    kaplan_meier,
    log_rank,
    nelson_aalen,
    predict_survival,
    restricted_mean,
)

Columns = dict[str, NDArray[Any]]
BOOK = Path(__file__).parent
OURS = json.loads((BOOK / "curves" / "reference.json").read_text(encoding="utf-8"))
# Sums of at most a few hundred terms, printed with 15 digits.
EXACT = {"rtol": 1e-12, "atol": 1e-14}
# Errors and tests after a fit carry the coefficients' own 1e-10.
AFTER_A_FIT = {"rtol": 1e-8, "atol": 1e-12}


def columns(path: Path) -> Columns:
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return {name: numbers([row[name] for row in rows]) for name in rows[0]}


def numbers(values: list[str]) -> NDArray[Any]:
    try:
        return np.array([float(value) if value else np.nan for value in values])
    except ValueError:
        return np.array(values)


@pytest.fixture(scope="module")
def spells() -> Columns:
    data = columns(BOOK / "cox" / "spells.csv")
    data["cause"] = np.where(data["event"] == 1, np.where(data["child"] % 3 == 0, 2, 1), 0)
    return data


@pytest.mark.parametrize(
    ("name", "exit_", "entry"), [("all", "day", None), ("entry", "day", "entry"), ("quarters", "quarters", None)]
)
def test_incidence_and_its_errors_are_rs(spells: Columns, name: str, exit_: str, entry: str | None) -> None:
    r = OURS["incidence"][name]
    found = aalen_johansen(spells[exit_], spells["cause"], entry_days=spells[entry] if entry else None)
    assert_states(found, r["days"], r["at_risk"], r["share"], r["std_error"])


def assert_states(found: Any, days: list[float], at_risk: object, share: object, error: object) -> None:
    """R's columns are the states: free of any event, then each cause."""
    read, share, error = found.read_off(days), np.array(share), np.array(error)
    assert_allclose(read.at_risk, at_risk)
    assert_allclose(read.incidence.T, share[:, 1:], **EXACT)
    assert_allclose(read.std_error.T, error[:, 1:], rtol=1e-10)
    at = np.searchsorted(found.days, days, side="right") - 1
    assert_allclose(found.event_free[at], share[:, 0], **EXACT)
    assert_allclose(found.event_free_error[at], error[:, 0], rtol=1e-10)


@pytest.mark.parametrize(("name", "more"), [("plain", {}), ("rho1", {"rho": 1.0}), ("strata", {"stratum": "area"})])
def test_grays_test_is_cmprsks(spells: Columns, name: str, more: dict[str, Any]) -> None:
    more = {key: spells[value] if key == "stratum" else value for key, value in more.items()}
    tests = [gray_test(spells["day"], spells["cause"], spells["need"], of=of, **more) for of in (1, 2)]
    assert_allclose([test.chi_square for test in tests], OURS["gray"][name], rtol=1e-10)
    assert [test.degrees_of_freedom for test in tests] == [3, 3]


@pytest.mark.parametrize(
    ("name", "rho", "stratum"), [("rho1", 1.0, None), ("strata", 0.0, "area"), ("strata_rho", 0.5, "area")]
)
def test_weighted_and_stratified_log_rank_are_rs(spells: Columns, name: str, rho: float, stratum: str | None) -> None:
    r = OURS["log_rank"][name]
    apart = spells[stratum] if stratum else None
    found = log_rank(spells["day"], spells["event"], spells["need"], rho=rho, stratum=apart)
    assert_allclose(found.observed, r["observed"], **EXACT)
    assert_allclose(found.expected, r["expected"], **EXACT)
    assert_allclose(found.variance, r["variance"], rtol=1e-10, atol=1e-12)
    assert_allclose(found.chi_square, r["chi_square"], rtol=1e-10)


def test_curves_after_a_cox_fit_have_rs_errors(spells: Columns) -> None:
    x, rows = np.column_stack([spells["sex"], spells["age"]]), np.arange(spells["day"].size)
    names, day, event = ["sex", "age"], spells["day"], spells["event"]
    r = OURS["after_cox"]["area1"]
    entry, area, child = spells["entry"], spells["area"], spells["child"]
    fit = fit_cox(x, rows, day, event, names=names, entry_days=entry, stratum=area, cluster=child)
    found = predict_survival(fit, [1, 12], r["days"], stratum=1.0)
    assert_allclose(found.survival, r["survival"], **AFTER_A_FIT)
    assert_allclose(found.std_error, r["std_error"], **AFTER_A_FIT)
    r = OURS["after_cox"]["breslow"]
    fit = fit_cox(x, rows, day, event, names=names, ties="breslow")
    found = predict_survival(fit, [0, 3], r["days"])
    assert_allclose(found.survival, r["survival"], **AFTER_A_FIT)
    assert_allclose(found.std_error, r["std_error"], **AFTER_A_FIT)


def test_cumulative_hazard_is_rs(spells: Columns) -> None:
    r = OURS["hazard"]
    found = nelson_aalen(spells["day"], spells["event"], entry_days=spells["entry"])
    at = np.isin(found.days, r["days"])
    assert_allclose(found.hazard[at], r["hazard"], **EXACT)
    assert_allclose(found.std_error[at], r["std_error"], **EXACT)


def test_restricted_mean_is_rs(spells: Columns) -> None:
    found = restricted_mean(kaplan_meier(spells["day"], spells["event"]), 600)
    assert_allclose([found.mean, found.std_error], OURS["restricted_mean"]["all"], **EXACT)


# --- R's own data ----------------------------------------------------------------------------------------------------


def case(shared: Path, name: str, data: str) -> tuple[dict[str, Any], Columns]:
    folder = shared / "reference" / "survival"
    if not folder.is_dir():
        pytest.skip("R's answers for the survival package's own data are not part of the repository")
    book = json.loads((folder / "reference.json").read_text(encoding="utf-8"))
    found = next(each for each in book["cases"] if each["id"] == name)
    return found["expect"], columns(folder / "data" / f"{data}.csv")


def test_incidence_of_mgus2(shared: Path) -> None:
    r, data = case(shared, "mgus2_aj", "mgus2")
    found = aalen_johansen(data["etime"], data["cr"].astype(int))
    assert_states(found, r["times"], [row[0] for row in r["n_risk"]], r["pstate"], r["std_err"])


def test_incidence_of_mgus2_by_sex(shared: Path) -> None:
    r, data = case(shared, "mgus2_aj_sex", "mgus2")
    for number, sex in enumerate(("F", "M")):
        mine, rows = data["sex"] == sex, slice(number * len(r["times"]), (number + 1) * len(r["times"]))
        found = aalen_johansen(data["etime"][mine], data["cr"][mine].astype(int))
        at_risk = [row[0] for row in r["n_risk"][rows]]
        assert_states(found, r["times"], at_risk, r["pstate"][rows], r["std_err"][rows])


def test_incidence_and_grays_test_of_cmprsk_on_mgus2(shared: Path) -> None:
    """cmprsk's variance is Aalen's and differs a little from the jackknife's; the estimates and the test do not."""
    r, data = case(shared, "mgus2_cuminc", "mgus2")
    for number, curve in enumerate(r["curves"]):
        sex, cause = curve.split()
        mine = data["sex"] == sex
        found = aalen_johansen(data["etime"][mine], data["cr"][mine].astype(int)).read_off(r["times"])
        assert_allclose(found.incidence[int(cause) - 1], r["est"][number], **EXACT)
        assert_allclose(found.std_error[int(cause) - 1] ** 2, r["var"][number], rtol=0.06)
    tests = [gray_test(data["etime"], data["cr"].astype(int), data["sex"], of=of) for of in (1, 2)]
    assert_allclose([test.chi_square for test in tests], r["gray_test"]["stat"], rtol=1e-10)
    assert_allclose([test.p_value for test in tests], r["gray_test"]["p"], rtol=1e-10)


@pytest.mark.parametrize("name", ["lung_logrank", "lung_logrank_rho1", "lung_logrank_strata"])
def test_log_rank_of_lung(shared: Path, name: str) -> None:
    r, data = case(shared, name, "lung")
    stratum = data["ecog"] if name.endswith("strata") else None
    rho = 1.0 if name.endswith("rho1") else 0.0
    found = log_rank(data["time"], data["event"], data["sex"], rho=rho, stratum=stratum)
    assert_allclose(found.chi_square, r["chisq"], rtol=1e-12)
    assert_allclose(found.expected, r["exp"], **EXACT)
    assert_allclose(found.variance, r["var"], **EXACT)


@pytest.mark.parametrize(
    ("name", "data", "names", "ties", "surv"),
    [
        ("lung_pred", "lung", ["age", "sex"], "efron", ["time", "event"]),
        ("lung_pred_breslow", "lung", ["age", "sex"], "breslow", ["time", "event"]),
        ("heart_pred", "heart", ["age", "surgery", "transplant"], "efron", ["stop", "event", "start"]),
    ],
)
def test_curves_after_a_fit_on_rs_data(
    shared: Path, name: str, data: str, names: list[str], ties: Any, surv: list[str]
) -> None:
    r, rows = case(shared, name, data)
    x = np.column_stack([rows[column] for column in names])
    exit_, event, *entry = (rows[column] for column in surv)
    fit = fit_cox(x, np.arange(len(x)), exit_, event, names=names, ties=ties, entry_days=entry[0] if entry else None)
    for number, new in enumerate(r["newdata"]):
        found = predict_survival(fit, [new[column] for column in names], r["times"])
        assert_allclose(found.survival, np.array(r["surv"])[:, number], **AFTER_A_FIT)
        assert_allclose(found.std_error, np.array(r["std_err"])[:, number], **AFTER_A_FIT)


def test_restricted_mean_of_lung(shared: Path) -> None:
    r, data = case(shared, "lung_km", "lung")
    found = restricted_mean(kaplan_meier(data["time"], data["event"]), r["table"]["tau"])
    assert_allclose([found.mean, found.std_error], [r["table"]["rmean"], r["table"]["rmean_se"]], **EXACT)
