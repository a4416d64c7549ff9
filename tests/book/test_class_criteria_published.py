"""Criteria, entropy and fit of the whole table against figures printed in manuals, and against poLCA 1.6.0.2.

The data and figures belong to others and lie beside the repository; the same formulas are held to slow loops on data of
our own in tests/unit/stats/latent_class.
"""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from careloom.stats.latent_class import LatentClassFit, PatternTable, collapse, fit_latent_classes
from careloom.stats.latent_class.choosing.criteria import aic, bic, caic, sabic
from careloom.stats.latent_class.choosing.quality import classification_quality
from careloom.stats.latent_class.choosing.residuals import table_fit


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


@pytest.fixture
def reference(shared: Path) -> Path:
    folder = shared / "reference" / "latent_class"
    if not folder.is_dir():
        pytest.skip("the reference values for latent classes are not part of the repository")
    return folder


@cache
def carcinoma(folder: Path) -> PatternTable:
    """118 slides judged by seven pathologists."""
    return collapse([[int(code) for code in row.values()] for row in read(folder / "carcinoma.csv")])[0]


@cache
def carcinoma_fit(folder: Path, classes: int) -> LatentClassFit:
    return fit_latent_classes(carcinoma(folder), classes=classes, starts=30, threads=1)


def pleural(folder: Path) -> tuple[PatternTable, LatentClassFit]:
    """1,692 X-rays judged by three readers, as eight weighted cells."""
    cells = np.array([[int(code) for code in row.values()] for row in read(folder / "pleural_thickening.csv")])
    table, _ = collapse(cells[:, :3], cells[:, 3])
    return table, fit_latent_classes(table, classes=2, starts=9, threads=1)


def printed(folder: Path, dataset: str, model: str, quantity: str) -> tuple[list[float], float]:
    """A printed figure, or several, and half a unit of its last decimal."""
    (row,) = (
        row
        for row in read(folder / "published.csv")
        if (row["dataset"], row["model"], row["quantity"]) == (dataset, model, quantity)
    )
    return [float(value) for value in row["value"].split("|")], 0.51 * 10.0 ** -int(row["printed_decimals"])


@pytest.mark.parametrize("classes", [2, 3])
def test_carcinoma_criteria_as_printed(reference: Path, classes: int) -> None:
    fit = carcinoma_fit(reference, classes)
    for name, criterion in (("aic", aic), ("bic", bic)):
        (value,), last_digit = printed(reference, "carcinoma", f"K={classes}", name)
        assert criterion(fit) == pytest.approx(value, abs=last_digit)
    # CAIC is printed nowhere in our sources; it is BIC with one more for each parameter (Bozdogan 1987).
    (value,), last_digit = printed(reference, "carcinoma", f"K={classes}", "bic")
    assert caic(fit) == pytest.approx(value + (8 * classes - 1), abs=last_digit)


def test_carcinoma_table_fit_as_printed(reference: Path) -> None:
    found = table_fit(carcinoma(reference), carcinoma_fit(reference, 3).parameters)
    assert found
    for name, ours in (("Gsq", found.g2), ("Chisq", found.x2)):
        (value,), last_digit = printed(reference, "carcinoma", "K=3", name)
        assert ours == pytest.approx(value, abs=last_digit)
    # poLCA counts n - 1 where there are fewer rows than cells; the table of seven yes/no items has 128 cells.
    assert found.df == 127 - 23
    assert "too few" in found.caution


@pytest.mark.parametrize("classes", [1, 2, 3, 4])
def test_carcinoma_table_fit_agrees_with_polca(reference: Path, classes: int) -> None:
    (theirs,) = (row for row in read(reference / "expected_fit.csv") if row["nclass"] == str(classes))
    found = table_fit(carcinoma(reference), carcinoma_fit(reference, classes).parameters)
    assert found
    assert found.g2 == pytest.approx(float(theirs["Gsq"]), abs=2e-6)  # as their log-likelihood, to 1e-6
    assert found.x2 == pytest.approx(float(theirs["Chisq"]), rel=1e-4)  # printed with six digits


def test_carcinoma_assignment_as_printed(reference: Path) -> None:
    quality = classification_quality(carcinoma(reference), carcinoma_fit(reference, 3).parameters)
    value, last_digit = printed(reference, "carcinoma", "K=3", "modal_shares")
    assert sorted(quality.assigned) == pytest.approx(sorted(value), abs=last_digit)


def test_pleural_thickening_as_printed(reference: Path) -> None:
    _, fit = pleural(reference)
    ours = {"bic": bic(fit), "sabic": sabic(fit), "entropy_r2": fit.entropy}  # Mplus prints relative entropy
    for name, figure in ours.items():
        (value,), last_digit = printed(reference, "pleural_thickening", "K=2", name)
        assert figure == pytest.approx(value, abs=last_digit)
    (value,), last_digit = printed(reference, "pleural_thickening", "K=2", "bic")
    assert caic(fit) == pytest.approx(value + 7, abs=last_digit)


def test_pleural_thickening_leaves_no_degree_of_freedom(reference: Path) -> None:
    """Three yes/no items and two classes: seven parameters for seven free cells, and all cells fitted."""
    table, fit = pleural(reference)
    found = table_fit(table, fit.parameters)
    assert found
    assert found.df is None
