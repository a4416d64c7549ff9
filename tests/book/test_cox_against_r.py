"""Our Cox regression, curves and tests give the numbers that R's survival package gives."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose
from numpy.typing import NDArray

from careloom.stats.survival import Curve, kaplan_meier, log_rank
from careloom.stats.survival.concordance import concordance
from careloom.stats.survival.cox import CoxFit, fit_cox
from careloom.stats.survival.predicted import baseline_hazard, predict_survival
from careloom.stats.survival.proportional_hazards import proportional_hazards_test
from careloom.stats.survival.residuals import residuals_of
from careloom.stats.survival.restricted_mean import restricted_mean

Columns = dict[str, NDArray[Any]]
BOOK = Path(__file__).with_name("cox")
OURS = json.loads((BOOK / "reference.json").read_text(encoding="utf-8"))

# R was run with eps = 1e-13, so its coefficients stand to about 1e-10; 1e-8 leaves room for another BLAS.
COEFFICIENT = {"rtol": 0, "atol": 1e-8}
RELATIVE = {"rtol": 1e-8, "atol": 1e-12}
# The PH test divides by differences of sums, which costs both programs a few digits; chi-squares near 0 need an atol.
ZPH = {"rtol": 1e-6, "atol": 1e-9}


def read_columns(path: Path) -> Columns:
    """A CSV file's columns: numbers where every value is one (empty: nan), else text."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return {name: _numbers_or_text([row[name] for row in rows]) for name in rows[0]}


def _numbers_or_text(values: list[str]) -> NDArray[Any]:
    try:
        return np.array([float(v) if v else np.nan for v in values])
    except ValueError:
        return np.array(values)


def column_of(name: str, data: Columns) -> NDArray[np.float64]:
    """The column that R calls `name`: a number, a product `a:b`, a square, or one level of a factor."""
    if ":" in name:
        return np.prod([column_of(part, data) for part in name.split(":")], axis=0)
    if square := re.fullmatch(r"I\((\w+)\^2\)", name):
        return column_of(square[1], data) ** 2
    if name in data:
        return data[name]
    factor = max((f for f in data if name.startswith(f)), key=len)
    return (data[factor] == float(name.removeprefix(factor))).astype(float)


def patterns_of(names: list[str], data: Columns, offset: NDArray[np.float64]) -> tuple[NDArray[Any], NDArray[Any]]:
    rows = np.column_stack([*(column_of(name, data) for name in names), offset])
    distinct, pattern = np.unique(rows, axis=0, return_inverse=True)
    return distinct, pattern


def offset_of(call: str, data: Columns) -> NDArray[np.float64]:
    found = re.search(r"offset\(([\d.]+) \* (\w+)\)", call)
    return float(found[1]) * data[found[2]] if found else np.zeros(next(iter(data.values())).size)


def mean_offset(call: str, data: Columns) -> float:
    weights = re.search(r"weights = (\w+)", call)
    return float(np.average(offset_of(call, data), weights=data[weights[1]] if weights else None))


def fit_as_r_was_told(call: str, names: list[str], data: Columns, ties: str) -> CoxFit:
    """Fit the model of an R call: its Surv(), strata(), offset(), weights and cluster."""
    *entry, exit_, event = re.search(r"Surv\((.*?)\)(?= ~)", call)[1].split(", ")
    is_event = data[event.split(" == ")[0]] == (float(event.split(" == ")[1]) if "==" in event else 1)

    def named(expression: str) -> NDArray[Any] | None:
        found = re.search(expression, call)
        return data[found[1]] if found else None

    distinct, pattern = patterns_of(names, data, offset_of(call, data))
    return fit_cox(
        distinct[:, :-1],
        pattern,
        data[exit_],
        is_event,
        names=names,
        entry_days=data[entry[0]] if entry else None,
        stratum=named(r"strata\((\w+)\)"),
        weights=named(r"weights = (\w+)"),
        # R makes robust = TRUE without a cluster a cluster per row.
        cluster=np.arange(is_event.size) if "robust = TRUE" in call else named(r"cluster = (\w+)"),
        offset=distinct[:, -1],
        ties=ties,  # type: ignore[arg-type]
    )


def terms_of(names: list[str], terms: list[str]) -> dict[str, list[str]]:
    """Which columns R's terms have (`need` has need1, need2 ...); an interaction's name is its own."""
    owner = {
        n: n if n in terms else max((t for t in terms if n.startswith(t) and ":" not in n), key=len) for n in names
    }
    return {term: [n for n in names if owner[n] == term] for term in terms}


def assert_zph(fit: CoxFit, zph: dict[str, Any], terms_key: str) -> None:
    for transform in ("km", "identity", "log", "rank"):
        if transform in zph:
            terms = zph[transform][terms_key]
            ours = proportional_hazards_test(fit, transform, terms_of(list(fit.names), terms[:-1]))  # type: ignore[arg-type]
            assert [row.term for row in ours] == terms
            assert_allclose([row.chi_square for row in ours], zph[transform]["chisq"], **ZPH)
            assert [row.degrees_of_freedom for row in ours] == zph[transform]["df"]
            assert_allclose([row.p_value for row in ours], zph[transform]["p"], **ZPH)


def assert_baseline(fit: CoxFit, base: dict[str, Any], rs_offset: float) -> None:
    """R lists censoring days too; ours steps at event days only. R writes a stratum as `label` or `name=label`.

    R's `basehaz(centered = FALSE)` is at covariates 0 but at the rows' weighted mean offset; ours is at offset 0, which
    the unit tests check by an independent sum.
    """
    ours = baseline_hazard(fit)
    to_mean_offset = np.exp(rs_offset)
    strata = base.get("strata") or []
    for label in dict.fromkeys(strata) or [None]:
        theirs = np.array([s == label for s in strata]) if label else np.ones(len(base["time"]), bool)
        mine = ours.stratum == float(label.split("=")[-1]) if label else np.ones(ours.days.size, bool)
        steps = np.concatenate(([0.0], ours.cumulative_hazard[mine]))
        at = np.searchsorted(ours.days[mine], np.array(base["time"])[theirs], side="right")
        assert_allclose(to_mean_offset * steps[at], np.array(base["hazard"])[theirs], rtol=1e-7, atol=1e-12)


# ---- our own data, our own script -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def spells() -> Columns:
    return read_columns(BOOK / "spells.csv")


@pytest.mark.parametrize("ties", ["efron", "breslow"])
@pytest.mark.parametrize("model", list(OURS["cox"]["efron"]))
def test_cox_gives_rs_numbers(spells: Columns, model: str, ties: str) -> None:
    r = OURS["cox"][ties][model]
    fit = fit_as_r_was_told(r["call"], r["names"], spells, ties)
    assert fit.converged
    assert not fit.monotone
    assert (fit.n, fit.events) == (r["n"], r["events"])
    assert_allclose(fit.coefficients, r["coef"], **COEFFICIENT)
    assert_allclose(fit.covariance, r["covariance"], **RELATIVE)
    if r["robust"] is None:
        assert fit.robust_covariance is None
    else:
        assert_allclose(fit.robust_covariance, r["robust"], **RELATIVE)
    assert_allclose([fit.loglik_null, fit.loglik], r["loglik"], **RELATIVE)
    assert_allclose([fit.score_test, fit.wald_test], [r["score_test"], r["wald_test"]], **RELATIVE)
    assert_zph(fit, r["zph"], "term")
    assert_baseline(fit, r["basehaz"], mean_offset(r["call"], spells))


def test_quarterly_ties_tell_a_robust_variance_without_the_own_tie_part(spells: Columns) -> None:
    """The reference must be able to fail us: Efron's and Breslow's robust errors differ by over 1 % at quarters."""
    efron, breslow = (np.diag(OURS["cox"][ties]["quarters_child"]["robust"]) for ties in ("efron", "breslow"))
    assert (np.abs(np.sqrt(efron / breslow) - 1) > 0.01).all()


@pytest.mark.parametrize("kind", list(OURS["km"]))
def test_kaplan_meier_gives_rs_numbers(spells: Columns, kind: str) -> None:
    if kind == "weighted":
        curve = kaplan_meier(spells["day"], spells["event"], spells["weight"])
    else:
        curve = kaplan_meier(spells["day"], spells["event"], entry_days=spells["entry"], interval=kind)  # type: ignore[arg-type]
    assert_curve(curve, OURS["km"][kind], slice(None))
    assert curve.quantile(0.5) == OURS["km"][kind]["median"]
    assert_allclose(restricted_mean(curve, 1000).mean, OURS["km"][kind]["mean_to_1000"], **RELATIVE)


def test_logrank_gives_rs_numbers(spells: Columns) -> None:
    ours, r = log_rank(spells["day"], spells["event"], spells["need"]), OURS["logrank"]
    assert_allclose(ours.observed, r["observed"], **RELATIVE)
    assert_allclose(ours.expected, r["expected"], **RELATIVE)
    assert_allclose(ours.chi_square, r["chisq"], **RELATIVE)


def test_the_curve_of_one_child_is_rs_curve_for_new_data(spells: Columns) -> None:
    names, r = ["need1", "need2", "need3", "sex", "age"], OURS["curve_need2_sex1_age10"]
    distinct, pattern = patterns_of(names, spells, np.zeros(spells["day"].size))
    fit = fit_cox(distinct[:, :-1], pattern, spells["day"], spells["event"], names=names, entry_days=spells["entry"])
    assert_allclose(predict_survival(fit, [0, 1, 0, 1, 10], r["time"]).survival, r["survival"], **RELATIVE)


def assert_curve(curve: Curve, r: dict[str, Any], rows: slice) -> None:
    """R's column names, ours beside; R gives no limit where survival is 0 (and, for log-log, 1)."""
    theirs = {name: np.array(r[name][rows], dtype=float) for name in r if isinstance(r[name], list)}
    assert_allclose(curve.days, theirs["time"], rtol=0)
    for name in ("at_risk", "events", "survival"):
        assert_allclose(getattr(curve, name), theirs[name], rtol=1e-12, atol=1e-13)  # sums and products only
    for name in ("std_error", "lower", "upper"):
        known = np.isfinite(theirs[name])
        assert_allclose(getattr(curve, name)[known], theirs[name][known], **RELATIVE)


# ---- data sets of R's survival package, where they are at hand ------------------------------------------------------

RS = "survival/reference.json"
COX_CASES = [
    "lung_efron",
    "lung_breslow",
    "lung_strata",
    "lung_caseweights",
    "lung_weights_robust",
    "lung_cluster_inst",
    "lung_offset",
    "lung_interaction",
    "bladder2_ag",
    "bladder2_pwp_total",
    "bladder2_pwp_gap",
    "bladder2_ag_breslow",
    "mgus2_cause_specific_pcm",
    "mgus2_cause_specific_death",
    "heart_tvc",
    "heart_tvc_strata",
    "heart_tvc_cluster",
    "rats_cluster",
    "spells_entry",
    "spells_strata_la",
    "spells_strata_la_cluster_child",
    "spells_cluster_la_breslow",
    "spells_weights_cluster",
    "spells_continuous_age",
]
KM_CASES = [
    "lung_km",
    "lung_km_sex",
    "lung_km_loglog",
    "lung_km_plain",
    "lung_km_weighted",
    "heart_km_entry",
    "spells_km_entry",
]


def r_case(shared: Path, name: str) -> tuple[dict[str, Any], Columns]:
    file = shared / "reference" / RS
    if not file.is_file():
        pytest.skip("R's answers for the survival package's own data are not part of the repository")
    book = json.loads(file.read_text(encoding="utf-8"))
    case = next(case for case in book["cases"] if case["id"] == name)
    return case, read_columns(file.parent / book["data"][case["data"]]["file"])


def test_every_cox_and_curve_case_of_r_is_covered(shared: Path) -> None:
    file = shared / "reference" / RS
    if not file.is_file():
        pytest.skip("R's answers for the survival package's own data are not part of the repository")
    cases = json.loads(file.read_text(encoding="utf-8"))["cases"]
    assert {c["id"] for c in cases if c["kind"] in ("coxph", "km")} == {*COX_CASES, *KM_CASES}


@pytest.mark.parametrize("name", COX_CASES)
def test_cox_gives_rs_numbers_on_rs_data(shared: Path, name: str) -> None:
    case, data = r_case(shared, name)
    r = case["expect"]
    fit = fit_as_r_was_told(case["call"], r["coef_names"], data, "breslow" if '"breslow"' in case["call"] else "efron")
    assert (fit.n, fit.events) == (r["n"], r["nevent"])
    assert_allclose(fit.coefficients, r["coef"], **COEFFICIENT)
    assert_allclose(fit.covariance, r["var"], rtol=1e-7, atol=1e-12)
    if "robust_var" in r:
        assert_allclose(fit.robust_covariance, r["robust_var"], rtol=1e-7, atol=1e-12)
    assert_allclose([fit.loglik_null, fit.loglik], [r["loglik_null"], r["loglik"]], **RELATIVE)
    assert_allclose([fit.score_test, fit.wald_test], [r["score_test"], r["wald_test"]], **RELATIVE)
    assert_zph(fit, r["zph"], "terms")
    assert_baseline(fit, r["basehaz"], mean_offset(case["call"], data))
    assert_residuals(fit, r)
    assert_allclose(concordance(fit).share, r["concordance"], rtol=1e-10)


def assert_residuals(fit: CoxFit, r: dict[str, Any]) -> None:
    """R prints the first rows, and sums of squares over all."""
    martingale, score, dfbeta = (residuals_of(fit, kind) for kind in ("martingale", "score", "dfbeta"))
    assert_allclose(martingale[:20], r["martingale_head"], rtol=1e-7, atol=1e-9)
    assert_allclose(martingale @ martingale, r["martingale_sum_sq"], rtol=1e-8)
    assert_allclose(score[:10], np.reshape(r["score_resid_head"], (-1, len(fit.names))), rtol=1e-6, atol=1e-7)
    assert_allclose(score.T @ score, np.reshape(r["score_resid_cross"], (len(fit.names), -1)), rtol=1e-7, atol=1e-6)
    assert_allclose(dfbeta[:10], np.reshape(r["dfbeta_head"], (-1, len(fit.names))), rtol=1e-6, atol=1e-9)
    schoenfeld = residuals_of(fit, "schoenfeld")
    assert_allclose((schoenfeld**2).sum(axis=0), r["schoenfeld_sum_sq"], rtol=1e-7)


@pytest.mark.parametrize("name", KM_CASES)
def test_kaplan_meier_gives_rs_numbers_on_rs_data(shared: Path, name: str) -> None:
    case, data = r_case(shared, name)
    r = case["expect"]
    r |= {"at_risk": r["n_risk"], "events": r["n_event"], "survival": r["surv"], "std_error": r["std_err_surv"]}
    *entry, exit_, event = re.search(r"Surv\((.*?)\)(?= ?~)", case["call"])[1].split(", ")
    start = 0
    for label, length in r.get("strata", {"all=0": len(r["time"])}).items():
        group, level = label.split("=")
        keep = np.ones(data[exit_].size, bool) if group == "all" else data[group] == float(level)
        curve = kaplan_meier(
            data[exit_][keep],
            data[event][keep],
            data["wt"][keep] if "weights" in case["call"] else None,
            entry_days=data[entry[0]][keep] if entry else None,
            interval=r["conf_type"],
        )
        if "id = id" in case["call"]:  # R joins a person's rows: the cut between two is no censoring there
            curve = only_days(curve, r["time"])
        assert_curve(curve, r, slice(start, start + length))
        start += length


def only_days(curve: Curve, days: list[float]) -> Curve:
    keep = np.isin(curve.days, days)
    return Curve(**{name: column[keep] for name, column in vars(curve).items()})
