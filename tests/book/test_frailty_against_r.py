"""Shared frailty agrees with R, as far as R's own outer search goes, and is never lower."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

from careloom.stats.survival import fit_frailty

BOOK = Path(__file__).parent
OURS = json.loads((BOOK / "frailty" / "reference.json").read_text(encoding="utf-8"))


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def column(rows: list[dict[str, str]], name: str) -> Any:
    return np.array([float(row[name]) for row in rows])


@pytest.mark.parametrize("r", OURS["searched"], ids=lambda r: f"{r['dist']}-{r['ties']}")
def test_frailty_of_made_up_spells_is_rs(r: dict[str, Any]) -> None:
    rows = read(BOOK / "cox" / "spells.csv")
    x = np.column_stack([column(rows, "sex"), column(rows, "age")])
    day, event, group = column(rows, "day"), column(rows, "event"), column(rows, "child") // 4
    asked = {"names": ("sex", "age"), "distribution": r["dist"], "ties": r["ties"]}
    fit = fit_frailty(x, np.arange(len(x)), day, event, group, **asked)
    if r["dist"] == "gamma":
        # R stops its search some 2e-4 from the top: theta is near, and our likelihood no lower.
        assert_allclose(fit.variance, r["theta"], rtol=1e-3)
        assert_allclose(fit.coefficients, r["coef"], atol=1e-4)
        assert r["c_loglik"] <= fit.loglik < r["c_loglik"] + 1e-5
    else:
        assert_allclose(fit.variance, r["theta"], rtol=1e-7)
        assert_allclose(fit.coefficients, r["coef"], atol=1e-8)


@pytest.mark.parametrize("name", ["rats_gamma", "rats_gamma_female", "rats_gaussian"])
def test_frailty_of_litters_is_rs(shared: Path, name: str) -> None:
    folder = shared / "reference" / "survival"
    if not folder.is_dir():
        pytest.skip("R's answers for the survival package's own data are not part of the repository")
    book = json.loads((folder / "reference.json").read_text(encoding="utf-8"))
    r = next(case for case in book["cases"] if case["id"] == name)["expect"]
    rows = [row for row in read(folder / "data" / "rats.csv") if not name.endswith("female") or row["sex"] == "f"]
    rx, time, status, litter = (column(rows, name) for name in ("rx", "time", "status", "litter"))
    dist: Any = "gaussian" if name.endswith("gaussian") else "gamma"
    fit = fit_frailty(rx[:, None], np.arange(len(rows)), time, status, litter, names=("rx",), distribution=dist)
    # R takes the many litters as if they had nothing to do with one another: a short cut that we do not take.
    assert_allclose(fit.variance, r["theta"], rtol=0.02)
    assert_allclose(fit.coefficients[0], r["coef"], atol=1e-3)
    assert_allclose(np.sqrt(fit.covariance[0, 0]), r["se"], rtol=1e-3)
    if dist == "gamma":
        assert_allclose(fit.variance, r["theta"], rtol=1e-4)
        assert_allclose(fit.coefficients[0], r["coef"], atol=1e-4)
        assert r["c_loglik"] - 1e-7 <= fit.loglik < r["c_loglik"] + 1e-3
        # R's log frailties are for the litters in order.
        assert_allclose(fit.log_frailty, r["frail"], atol=1e-3)
