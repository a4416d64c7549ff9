"""Fine and Gray's model gives R's numbers: those of survival's expanded rows, and of cmprsk, which allows for the weights."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose
from numpy.typing import NDArray

from careloom.stats.survival import fit_fine_gray

BOOK = Path(__file__).parent
OURS = json.loads((BOOK / "fine_gray" / "reference.json").read_text(encoding="utf-8"))
# R was run with eps = 1e-13; crr, told to stop at a gradient of 1e-12, works on weights of its own making.
COEFFICIENT = {"rtol": 0, "atol": 1e-10}
RELATIVE = {"rtol": 1e-8, "atol": 1e-14}


def read(path: Path) -> dict[str, NDArray[np.float64]]:
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    wanted = [name for name in rows[0] if all(_is_number(row[name]) for row in rows)]
    return {name: np.array([float(row[name]) for row in rows]) for name in wanted}


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


@pytest.fixture(scope="module")
def spells() -> dict[str, Any]:
    data: dict[str, Any] = read(BOOK / "cox" / "spells.csv")
    data["cause"] = np.where(data["event"] == 1, np.where(data["child"] % 3 == 0, 2, 1), 0)
    return data


def fit(spells: dict[str, Any], **more: Any) -> Any:
    x = np.column_stack([spells["sex"], spells["age"]])
    day = spells[more.pop("day")]
    return fit_fine_gray(x, np.arange(len(x)), day, spells["cause"], names=["sex", "age"], **more)


@pytest.mark.parametrize("r", OURS["cases"], ids=lambda r: f"{r['day']}-{r['of']}-{r['ties']}-{r['strata']}")
def test_fine_gray_gives_survivals_numbers(spells: dict[str, Any], r: dict[str, Any]) -> None:
    asked = {"day": r["day"], "of": r["of"], "ties": r["ties"], "stratum": spells["area"] if r["strata"] else None}
    found = fit(spells, errors="robust", **asked)
    assert_allclose(found.coefficients, r["coef"], **COEFFICIENT)
    assert_allclose(found.covariance, r["covariance"], **RELATIVE)
    assert_allclose([found.loglik_null, found.loglik], r["loglik"], rtol=1e-10)
    assert_allclose(found.robust_covariance, r["robust"], **RELATIVE)


@pytest.mark.parametrize("r", OURS["crr"], ids=["cause 1", "cause 2"])
def test_errors_that_allow_for_the_weights_are_cmprsks(spells: dict[str, Any], r: dict[str, Any]) -> None:
    """On days without ties: on tied ones crr lets those who have the event still be censored, survival does not."""
    spells["apart"] = spells["day"] + np.arange(1, spells["day"].size + 1) / 1000
    found = fit(spells, day="apart", of=r["of"])
    assert_allclose(found.coefficients, r["coef"], **COEFFICIENT)
    assert_allclose(found.robust_covariance, r["covariance"], **RELATIVE)
    known = fit(spells, day="apart", of=r["of"], errors="robust")
    # The part must show: a thousand times the tolerance.
    assert np.abs(np.diag(known.robust_covariance) / np.diag(found.robust_covariance) - 1).max() > 1e-5


@pytest.mark.parametrize(("name", "of"), [("mgus2_finegray", 1), ("mgus2_finegray_death", 2)])
@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_fine_gray_gives_rs_numbers_on_rs_data(shared: Path, name: str, of: int, ties: Any) -> None:
    folder = shared / "reference" / "survival"
    if not folder.is_dir():
        pytest.skip("R's answers for the survival package's own data are not part of the repository")
    book = json.loads((folder / "reference.json").read_text(encoding="utf-8"))
    r = next(case for case in book["cases"] if case["id"] == name)["expect"]
    data = read(folder / "data" / "mgus2.csv")
    x = np.column_stack([data[column] for column in r["coef_names"]])
    found = fit_fine_gray(
        x, np.arange(len(x)), data["etime"], data["cr"].astype(int), names=r["coef_names"], of=of, ties=ties
    )
    assert_allclose(found.coefficients, r[ties]["coef"], **COEFFICIENT)
    assert_allclose(np.sqrt(np.diag(found.covariance)), r[ties]["se_model"], rtol=1e-8)
    assert_allclose([found.loglik_null, found.loglik], r[ties]["loglik"], rtol=1e-10)
    if ties == "breslow":  # as crr, which treats censorings on event days otherwise and stops early
        assert_allclose(np.sqrt(np.diag(found.robust_covariance)), r["crr"]["se"], rtol=2e-3)
