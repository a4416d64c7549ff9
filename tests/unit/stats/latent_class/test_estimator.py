"""The scikit-learn estimator: its checks pass, its numbers are those of the fit, and bad input is met as declared."""

from __future__ import annotations

import datetime as dt
import pickle
import subprocess
import sys
import warnings

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from sklearn.base import clone
from sklearn.model_selection import cross_val_score
from sklearn.utils.estimator_checks import check_estimator

from careloom.core.errors import RequestError
from careloom.stats import LatentClassModel, collapse, fit_latent_classes
from careloom.stats.latent_class.choosing.criteria import aic, bic

SHARES = np.array([0.5, 0.3, 0.2])
BY_ITEM = [
    np.array([[0.8, 0.1, 0.1], [0.1, 0.8, 0.1], [0.2, 0.2, 0.6]]),
    *[np.array([[0.9, 0.1], [0.2, 0.8], [0.7, 0.3]])] * 3,
    *[np.array([[0.9, 0.1], [0.8, 0.2], [0.15, 0.85]])] * 3,
]


def planted(rows: int, seed: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """Rows (n, 7) of three classes, and the class of each."""
    random = np.random.default_rng(seed)
    kind = random.choice(3, size=rows, p=SHARES)
    columns = [(random.random((rows, 1)) >= item.cumsum(axis=1)[kind, :-1]).sum(axis=1) for item in BY_ITEM]
    return np.column_stack(columns).astype(float), kind


@pytest.fixture(scope="module")
def rows() -> np.ndarray:
    return planted(4000)[0]


@pytest.fixture(scope="module")
def model(rows: np.ndarray) -> LatentClassModel:
    return LatentClassModel(n_classes=3, n_starts=6).fit(rows)


# --- as scikit-learn wants it -----------------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore")
def test_every_check_of_scikit_learn_passes_and_none_is_expected_to_fail() -> None:
    told = check_estimator(LatentClassModel(n_starts=4), on_fail=None, on_skip=None)
    assert [check["check_name"] for check in told if check["status"] not in ("passed", "skipped")] == []
    # Left out unless SCIPY_ARRAY_API is set: input held by other array libraries, which is not claimed.
    assert {check["check_name"] for check in told if check["status"] == "skipped"} <= {"check_array_api_input"}
    assert sum(check["status"] == "passed" for check in told) >= 40


def test_the_room_does_not_import_scikit_learn_until_it_is_asked_for() -> None:
    code = (
        "import sys, careloom.stats as stats; before = 'sklearn' in sys.modules; "
        "stats.LatentClassModel; print(before, 'sklearn' in sys.modules)"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.split() == ["False", "True"]


def test_it_works_with_the_tools_of_scikit_learn(rows: np.ndarray) -> None:
    scores = cross_val_score(LatentClassModel(n_classes=2, n_starts=2), rows, cv=3)
    assert np.isfinite(scores).all()
    assert clone(LatentClassModel(n_classes=5, prior=0.2)).get_params()["prior"] == 0.2


# --- its numbers ------------------------------------------------------------------------------------------------------


def test_its_numbers_are_those_of_the_fit(rows: np.ndarray, model: LatentClassModel) -> None:
    fit = fit_latent_classes(collapse(rows)[0], classes=3, starts=6, seed=1)
    assert model.log_likelihood_ == pytest.approx(fit.loglik, abs=1e-8)
    assert model.n_parameters_ == 2 + 3 * (2 + 6)
    assert (model.aic_, model.bic_) == pytest.approx((aic(fit), bic(fit)), abs=1e-6)
    assert model.certificate_.verdict == "certified"
    assert model.modes_[0].found + sum(mode.found for mode in model.modes_[1:]) == 6
    assert model.findings_ == ()
    assert [item.shape for item in model.item_probabilities_] == [(3, 3)] + [(3, 2)] * 6
    assert model.categories_[0].tolist() == [0, 1, 2]


def test_the_planted_classes_come_back() -> None:
    """20,000 rows: standard errors are below 0.01, and three of them are allowed."""
    rows, kind = planted(20_000)
    model = LatentClassModel(n_classes=3, n_starts=4).fit(rows)
    np.testing.assert_allclose(model.class_prevalences_, SHARES, atol=0.02)
    for found, true in zip(model.item_probabilities_, BY_ITEM, strict=True):
        np.testing.assert_allclose(found, true, atol=0.03)
    # Bayes' rule with the true parameters is right as often as can be; ours may be wrong a little more often.
    likelihood = np.log(SHARES) + sum(
        np.log(item[:, column.astype(int)]).T for item, column in zip(BY_ITEM, rows.T, strict=True)
    )
    best = (likelihood.argmax(axis=1) == kind).mean()
    assert (model.predict(rows) == kind).mean() > best - 0.005


def test_memberships_and_log_likelihoods_are_those_of_the_formula(model: LatentClassModel) -> None:
    """Worked out row by row from the reported probabilities alone."""
    given = np.array([[2, 1, 0, np.nan, 1, 0, np.nan], [np.nan] * 7, [0, 0, 0, 0, 1, 1, 1]])
    likelihood = np.tile(model.class_prevalences_, (3, 1))
    for row, answers in enumerate(given):
        for item, answer in enumerate(answers):
            if not np.isnan(answer):
                likelihood[row] *= model.item_probabilities_[item][:, int(answer)]
    total = likelihood.sum(axis=1)
    np.testing.assert_allclose(model.predict_proba(given), likelihood / total[:, None], atol=1e-12)
    np.testing.assert_allclose(model.score_samples(given), np.log(total), atol=1e-12)
    assert model.score_samples(given)[1] == pytest.approx(0.0, abs=1e-12)
    assert model.predict(given).tolist() == likelihood.argmax(axis=1).tolist()
    assert model.score(given) == pytest.approx(np.log(total).mean(), abs=1e-12)


def test_the_log_likelihood_is_the_sum_over_rows(rows: np.ndarray, model: LatentClassModel) -> None:
    assert model.score_samples(rows).sum() == pytest.approx(model.log_likelihood_, abs=1e-6)


def test_samples_follow_the_model(model: LatentClassModel) -> None:
    """50,000 draws: a share has a standard error of at most 0.0023 (0.006 within the smallest class); four are allowed."""
    X, kind = model.sample(50_000, random_state=4)
    np.testing.assert_allclose(np.bincount(kind) / 50_000, model.class_prevalences_, atol=0.01)
    for item, probabilities in enumerate(model.item_probabilities_):
        for k in range(3):
            drawn = np.bincount(X[kind == k, item].astype(int), minlength=probabilities.shape[1]) / (kind == k).sum()
            np.testing.assert_allclose(drawn, probabilities[k], atol=0.024)
    assert np.array_equal(model.sample(5, random_state=4)[0], X[:5]) or model.sample(5, random_state=4)[0].shape == (
        5,
        7,
    )
    np.testing.assert_array_equal(model.sample(9)[0], model.sample(9)[0])


def test_codes_need_not_count_from_0_and_come_back_as_they_were(rows: np.ndarray, model: LatentClassModel) -> None:
    shifted = LatentClassModel(n_classes=3, n_starts=6).fit(rows * 10 + 1)
    assert shifted.log_likelihood_ == pytest.approx(model.log_likelihood_, abs=1e-8)
    assert shifted.categories_[0].tolist() == [1, 11, 21]
    assert set(np.unique(shifted.sample(200)[0])) <= {1.0, 11.0, 21.0}


def test_given_categories_keep_their_order_and_those_that_do_not_occur(
    rows: np.ndarray, model: LatentClassModel
) -> None:
    given = LatentClassModel(n_classes=3, n_starts=6, categories=[[2, 1, 0, 9], *[[0, 1]] * 6]).fit(rows)
    assert given.log_likelihood_ == pytest.approx(model.log_likelihood_, abs=1e-6)
    np.testing.assert_allclose(given.item_probabilities_[0][:, [2, 1, 0]], model.item_probabilities_[0], atol=1e-4)
    np.testing.assert_allclose(given.item_probabilities_[0][:, 3], 0.0, atol=1e-9)
    assert given.certificate_.verdict == "boundary-fixed"


def test_frames_are_taken_and_their_names_kept(rows: np.ndarray, model: LatentClassModel) -> None:
    names = [f"item_{n}" for n in range(7)]
    frame = pd.DataFrame(rows, columns=names)
    blanks = frame.astype("Int64")
    for given in (frame, blanks, pa.table(dict(zip(names, rows.T, strict=True)))):
        fitted = LatentClassModel(n_classes=3, n_starts=6).fit(given)
        assert fitted.log_likelihood_ == pytest.approx(model.log_likelihood_, abs=1e-8)
        assert fitted.n_features_in_ == 7
    assert LatentClassModel(n_classes=1).fit(frame).feature_names_in_.tolist() == names
    blanks.loc[0, "item_2"] = pd.NA
    gaps = rows.copy()
    gaps[0, 2] = np.nan
    of_blanks = LatentClassModel(n_classes=2, n_starts=2).fit(blanks)
    assert of_blanks.log_likelihood_ == LatentClassModel(n_classes=2, n_starts=2).fit(gaps).log_likelihood_


def test_it_can_be_kept_and_holds_no_rows(model: LatentClassModel) -> None:
    kept = pickle.dumps(model)
    assert len(kept) < 50_000  # 4,000 rows would take 224,000
    again = pickle.loads(kept)
    assert np.array_equal(again.predict_proba([[1] * 7]), model.predict_proba([[1] * 7]))


def test_the_same_random_state_gives_the_same_fit_on_any_number_of_threads(rows: np.ndarray) -> None:
    fits = [LatentClassModel(n_classes=3, n_starts=4, random_state=7, n_jobs=n).fit(rows) for n in (None, 2, -1)]
    assert len({fit.log_likelihood_ for fit in fits}) == 1
    drawn = LatentClassModel(n_classes=2, n_starts=2, random_state=np.random.RandomState(0)).fit(rows)
    assert drawn.log_likelihood_ == pytest.approx(
        LatentClassModel(n_classes=2, n_starts=2).fit(rows).log_likelihood_, abs=1e-3
    )


# --- weights ----------------------------------------------------------------------------------------------------------


def test_a_weight_is_so_many_rows_and_none_is_no_row(rows: np.ndarray) -> None:
    some = rows[:600]
    weights = np.random.default_rng(2).integers(0, 4, size=600)
    weighed = LatentClassModel(n_classes=3, n_starts=4).fit(some, sample_weight=weights)
    repeated = LatentClassModel(n_classes=3, n_starts=4).fit(np.repeat(some, weights, axis=0))
    assert weighed.log_likelihood_ == pytest.approx(repeated.log_likelihood_, abs=1e-8)
    assert (weighed.aic_, weighed.bic_) == pytest.approx((repeated.aic_, repeated.bic_), abs=1e-6)
    np.testing.assert_allclose(weighed.predict_proba(some), repeated.predict_proba(some), atol=1e-7)


def test_an_answer_only_in_rows_without_weight_is_no_category(rows: np.ndarray) -> None:
    more = np.vstack([rows[:500], np.full((1, 7), 5.0)])
    model = LatentClassModel(n_classes=2, n_starts=2).fit(more, sample_weight=[1.0] * 500 + [0.0])
    assert model.n_parameters_ == LatentClassModel(n_classes=2, n_starts=2).fit(rows[:500]).n_parameters_


def test_fractional_weights_scale_the_likelihood_and_are_mentioned(rows: np.ndarray) -> None:
    whole = LatentClassModel(n_classes=2, n_starts=2).fit(rows)
    part = LatentClassModel(n_classes=2, n_starts=2).fit(rows, sample_weight=np.full(len(rows), 0.37))
    assert part.log_likelihood_ == pytest.approx(0.37 * whole.log_likelihood_, rel=1e-9)
    assert [finding.kind for finding in part.findings_] == ["fractional weights"]


# --- bad input: docs/latent_class_model.md has the table ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "spoil"),
    [
        ("constant item", lambda X: np.column_stack([X, np.zeros(len(X))])),
        ("rows with nothing observed", lambda X: np.vstack([X, np.full(7, np.nan)])),
        ("many answers", lambda X: np.column_stack([X, np.arange(len(X)) % 25])),
    ],
)
def test_what_a_fit_suffers_from_is_a_finding_with_a_remedy(rows: np.ndarray, kind: str, spoil: object) -> None:
    fitted = LatentClassModel(n_classes=2, n_starts=2).fit(spoil(rows[:1000]))  # type: ignore[operator]
    (found,) = [finding for finding in fitted.findings_ if finding.kind == kind]
    assert found.remedy


def test_too_many_classes_are_a_finding() -> None:
    fitted = LatentClassModel(n_classes=4, n_starts=3).fit([[0, 0], [1, 1], [0, 1], [1, 0], [0, 0]])
    kinds = {finding.kind for finding in fitted.findings_}
    assert "more parameters than cells" in kinds
    assert kinds & {"weakly identified", "not converged"}


@pytest.mark.parametrize(
    ("X", "weights", "said"),
    [
        ([[0, np.nan], [1, np.nan]], None, "the item at position 1: leave out what was never observed"),
        ([[np.nan, np.nan], [np.nan, np.nan]], None, "the items at position 0, 1: leave out"),
        (np.array([["2024-01-01"], ["2024-01-02"]], dtype="datetime64[D]"), None, "or dates: code them"),
        ([[dt.date(2024, 1, 1), 1], [dt.date(2024, 1, 2), 0]], None, "or dates: code them"),
        ([[0, -9], [1, 1]], None, "Negative values in data passed to LatentClassModel.*NaN"),
        ([["yes", "no"], ["no", "no"]], None, "not numbers, such as text or dates: code them"),
        ([[0, np.inf], [1, 1]], None, "infinity"),
        ([0, 1], None, "Expected 2D array"),
        ([[0, 1], [1, 1]], [1, -1], "Negative values in data passed to `sample_weight`"),
        ([[0, 1], [1, 1]], [1, np.nan], "sample_weight"),
        ([[0, 1], [1, 1]], [0, 0], "weight"),
        ([[0, 1], [1, 1]], [1], "sample_weight"),
    ],
)
def test_what_no_fit_can_be_made_of_is_an_error_that_says_so(X: object, weights: object, said: str) -> None:
    with pytest.raises(ValueError, match=said) as told:
        LatentClassModel(n_classes=2, n_starts=2).fit(X, sample_weight=weights)
    assert "yes" not in str(told.value)
    assert "-9" not in str(told.value)


@pytest.mark.parametrize(
    "wrong",
    [
        {"n_classes": 0},
        {"n_classes": 2.5},
        {"n_starts": 0},
        {"handle_unknown": "guess"},
        {"categories": "all"},
        {"n_jobs": 0},
        {"prior": -1.0},
        {"categories": [[0, 1]]},
    ],
)
def test_wrong_arguments_are_refused(rows: np.ndarray, wrong: dict[str, object]) -> None:
    with pytest.raises(RequestError, match=f"{next(iter(wrong))}|prior|levels"):
        LatentClassModel(**{"n_classes": 2, "n_starts": 2, **wrong}).fit(rows[:50])  # type: ignore[arg-type]


def test_an_unknown_answer_is_taken_as_missing_with_a_warning(model: LatentClassModel) -> None:
    given, gap = np.array([[0, 1, 0, 1, 0, 77, 0.0]]), np.array([[0, 1, 0, 1, 0, np.nan, 0]])
    with pytest.warns(UserWarning, match="1 answer to the item at position 5 is not among the categories") as told:
        probability = model.predict_proba(given)
    assert "77" not in str(told[0].message)
    np.testing.assert_array_equal(probability, model.predict_proba(gap))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.predict_proba(gap)


def test_an_unknown_answer_is_refused_when_asked_to(rows: np.ndarray) -> None:
    strict = LatentClassModel(n_classes=2, n_starts=2, handle_unknown="error").fit(rows[:500])
    with pytest.raises(RequestError, match="categories="):
        strict.predict([[0, 1, 0, 1, 0, 77, 0]])


def test_another_number_of_items_is_refused(model: LatentClassModel) -> None:
    with pytest.raises(ValueError, match="7 features"):
        model.predict([[0, 1]])


def test_n_samples_must_be_one_or_more(model: LatentClassModel) -> None:
    with pytest.raises(RequestError, match="n_samples"):
        model.sample(0)
