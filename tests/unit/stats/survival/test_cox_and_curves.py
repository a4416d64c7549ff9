"""Survival curves and Cox regression: rows worked by hand, a slow obvious reference, and what must change nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from numpy.typing import NDArray

from careloom.stats.survival import kaplan_meier, log_rank
from careloom.stats.survival.cox import CoxFit, fit_cox
from careloom.stats.survival.predicted import baseline_hazard, predict_survival
from careloom.stats.survival.proportional_hazards import proportional_hazards_test
from careloom.stats.survival.restricted_mean import restricted_mean

Floats = NDArray[np.float64]

# Five children, two events on day 2; the one who leaves on day 3 is censored. x = 1 for the second and the last.
DAYS, EVENT, X = [1, 2, 2, 3, 4], [1, 1, 1, 0, 1], [0, 1, 0, 0, 1]


# ---- curves ---------------------------------------------------------------------------------------------------------


def test_the_curve_of_five_children_by_hand() -> None:
    curve = kaplan_meier(DAYS, EVENT, interval="plain")
    assert_allclose(curve.days, [1, 2, 3, 4])
    assert_allclose(curve.at_risk, [5, 4, 2, 1])
    assert_allclose(curve.events, [1, 2, 0, 1])
    assert_allclose(curve.censored, [0, 0, 1, 0])
    assert_allclose(curve.survival, [4 / 5, 4 / 5 * 2 / 4, 2 / 5, 0])
    greenwood = np.sqrt([1 / (5 * 4), 1 / (5 * 4) + 2 / (4 * 2)])
    assert_allclose(curve.std_error[:2], [4 / 5 * greenwood[0], 2 / 5 * greenwood[1]])
    assert np.isnan(curve.std_error[3])  # survival 0: Greenwood's formula has no answer


def test_the_curve_is_read_between_and_beyond_its_days() -> None:
    curve = kaplan_meier([10, 20, 30], [1, 0, 0])
    assert_allclose(curve.survival_at([0, 9.5, 10, 25, 30, 31]), [1, 1, 2 / 3, 2 / 3, 2 / 3, np.nan])
    assert_allclose(kaplan_meier(DAYS, EVENT).survival_at([5, 500]), [0, 0])  # nobody is left: it stays 0
    assert np.isnan(curve.quantile(0.5))
    assert kaplan_meier(DAYS, EVENT).quantile(0.5) == 2
    assert kaplan_meier([1, 2, 3, 4], [1, 1, 1, 1]).quantile(0.5) == 2.5  # flat at a half from day 2 to day 3
    assert_allclose(restricted_mean(kaplan_meier(DAYS, EVENT), 4).mean, 1 + 0.8 + 0.4 + 0.4)


def test_log_log_limits_by_hand() -> None:
    curve = kaplan_meier(DAYS, EVENT)
    error = np.sqrt(1 / 20) / abs(np.log(0.8))  # of log(-log S), on day 1
    assert_allclose(curve.lower[0], np.exp(-np.exp(np.log(-np.log(0.8)) + 1.959963984540054 * error)))
    assert_allclose(curve.upper[0], np.exp(-np.exp(np.log(-np.log(0.8)) - 1.959963984540054 * error)))


def test_a_day_zero_event_counts_where_the_caller_puts_it() -> None:
    assert_allclose(kaplan_meier([0, 3], [1, 1]).survival_at([0, 1]), [0.5, 0.5])
    assert_allclose(kaplan_meier([0.5, 3], [1, 1]).survival_at([0, 1]), [1, 0.5])


rows = st.lists(
    st.tuples(st.integers(1, 12), st.booleans(), st.integers(1, 3), st.integers(0, 12)), min_size=1, max_size=40
)


@given(rows)
def test_the_curve_is_the_product_over_days_of_one_minus_events_by_at_risk(
    rows: list[tuple[int, bool, int, int]],
) -> None:
    spells = [(day, event, weight, min(entry, day - 1)) for day, event, weight, entry in rows]
    days, event, weight, entry = (np.array(column) for column in zip(*spells, strict=True))
    curve = kaplan_meier(days, event, weight, entry_days=entry)
    expected = 1.0
    for j, day in enumerate(sorted(set(days))):
        at_risk = sum(w for d, _, w, e in spells if e < day <= d)
        events = sum(w for d, is_event, w, _ in spells if d == day and is_event)
        expected *= 1 - events / at_risk
        assert (curve.at_risk[j], curve.events[j]) == (at_risk, events)
        assert_allclose(curve.survival[j], expected, atol=1e-15)  # rounding of at most 12 products


@given(rows)
def test_weight_two_is_the_same_row_twice_on_a_curve(rows: list[tuple[int, bool, int, int]]) -> None:
    days, event, weight, _ = (np.array(column) for column in zip(*rows, strict=True))
    once, twice = kaplan_meier(days, event, weight), kaplan_meier(np.repeat(days, weight), np.repeat(event, weight))
    for name in ("days", "at_risk", "events", "survival", "std_error", "lower", "upper"):
        assert_allclose(getattr(once, name), getattr(twice, name), rtol=1e-12, atol=1e-15)


def test_the_log_rank_test_of_five_children_by_hand() -> None:
    # Expected with x = 1: 2/5 on day 1, two events x 2/4 on day 2, 1/1 on day 4.
    # Variance: 2/5 x 3/5 on day 1, then 2 x 2/4 x 2/4 x (4 - 2) / (4 - 1), then none.
    result = log_rank(DAYS, EVENT, X)
    assert_allclose(result.observed, [2, 2])
    assert_allclose(result.expected[1], 2 / 5 + 1 + 1)
    assert_allclose(result.chi_square, (2 - 2.4) ** 2 / (6 / 25 + 1 / 3))


@pytest.mark.parametrize(
    ("days", "event", "more", "message"),
    [
        ([], [], {}, "non-empty"),
        ([1, np.nan], [1, 0], {}, "known"),
        ([-1, 2], [1, 0], {}, "negative"),
        ([1, 2], [1, np.nan], {}, "none missing"),
        ([1, 2], [1], {}, "same length"),
        ([1, 2], [1, 0], {"weights": [1, 0]}, "above 0"),
        ([1, 2], [1, 0], {"entry_days": [0, 2]}, "before the exit"),
    ],
)
def test_rows_that_make_no_sense_are_refused(days: Any, event: Any, more: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        kaplan_meier(days, event, **more)


# ---- Cox regression -------------------------------------------------------------------------------------------------


def by_row(x: Floats, days: Any, event: Any, **more: Any) -> CoxFit:
    """A fit with every row its own pattern."""
    return fit_cox(x, np.arange(len(x)), days, event, names=[f"x{j}" for j in range(x.shape[1])], **more)


@pytest.mark.parametrize("ties", ["breslow", "efron"])
def test_the_likelihood_of_five_children_by_hand(ties: Any) -> None:
    """With r = exp(b), written out: day 1 one of 3 + 2r; day 2 events r and 1 of 2 + 2r, tied; day 4 the last alone."""

    def loglik(b: float) -> float:
        r = np.exp(b)
        second = 2 + 2 * r if ties == "breslow" else 2 + 2 * r - (1 + r) / 2  # Efron: half of the tied two are gone
        return float(-np.log(3 + 2 * r) + b - np.log(2 + 2 * r) - np.log(second) + b - b)

    grid = np.linspace(-3, 3, 600_001)
    best = grid[np.argmax([loglik(b) for b in grid[::1000]]) * 1000]
    fine = best + np.linspace(-0.02, 0.02, 40_001)
    best = fine[np.argmax([loglik(b) for b in fine])]
    fit = by_row(np.array(X, dtype=float)[:, None], DAYS, EVENT, ties=ties)
    assert_allclose(fit.loglik_null, loglik(0), rtol=1e-14)
    assert_allclose(fit.loglik, loglik(best), rtol=1e-10)
    assert_allclose(fit.coefficients[0], best, atol=2e-6)  # the grid's step
    curvature = -(loglik(best + 1e-4) - 2 * loglik(best) + loglik(best - 1e-4)) / 1e-8
    assert_allclose(fit.covariance[0, 0], 1 / curvature, rtol=1e-5)  # differences of logs over 1e-4: 1e-7 or so


class Slow:
    """The Cox model row by row and event by event, straight from Efron's formula; O(events x rows)."""

    def __init__(self, x: Floats, at: dict[str, Any], b: Floats, efron: bool) -> None:
        n, p = x.shape
        r = np.exp(x @ b + at["offset"])
        self.loglik, self.score, self.information = 0.0, np.zeros(p), np.zeros((p, p))
        self.residuals, self.baseline = np.zeros((n, p)), {}
        for s, day in sorted({(s, d) for s, d, e in zip(at["stratum"], at["days"], at["event"], strict=True) if e}):
            risk = (at["stratum"] == s) & (at["entry"] < day) & (day <= at["days"])
            tied = risk & at["event"] & (at["days"] == day)
            d, mean_weight = tied.sum(), at["weight"][tied].mean()
            self.loglik += at["weight"][tied] @ np.log(r[tied])
            for step in range(d):
                share = np.where(tied, 1 - step / d * efron, 1.0) * risk
                wr = at["weight"] * share * r
                mean = wr @ x / wr.sum()
                hazard = mean_weight / wr.sum()
                self.loglik -= mean_weight * np.log(wr.sum())
                self.score += at["weight"][tied] @ x[tied] / d - mean_weight * mean
                self.information += mean_weight * ((x - mean).T @ ((x - mean) * wr[:, None]) / wr.sum())
                self.residuals[tied] += (x[tied] - mean) / d
                self.residuals -= (share * r * hazard)[:, None] * (x - mean)
                self.baseline[s, day] = self.baseline.get((s, day), 0.0) + hazard


@st.composite
def samples(draw: st.DrawFn) -> tuple[Floats, dict[str, Any]]:
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    n = draw(st.integers(30, 60))
    x = np.column_stack([rng.integers(0, 2, n), rng.integers(0, 4, n) / 2 + 10]).astype(float)
    entry = rng.integers(0, 4, n) * draw(st.sampled_from([0, 1]))
    return x, {
        "days": (entry + rng.integers(1, 9, n)).astype(float),
        "entry": entry.astype(float),
        "event": rng.random(n) < 0.7,
        "weight": rng.integers(1, 8, n) / draw(st.sampled_from([1, 4])),
        "stratum": rng.integers(0, draw(st.sampled_from([1, 3])), n),
        "offset": rng.integers(0, 3, n) / 4 * draw(st.sampled_from([0, 1])),
        "cluster": rng.integers(0, n // 2, n),
    }


def quick(x: Floats, at: dict[str, Any], ties: Any, **more: Any) -> CoxFit:
    design, pattern = np.unique(np.column_stack([x, at["offset"]]), axis=0, return_inverse=True)
    return fit_cox(
        design[:, :-1],
        pattern,
        at["days"],
        at["event"],
        names=["is_x", "x"],
        entry_days=at["entry"],
        stratum=at["stratum"],
        weights=at["weight"],
        cluster=at["cluster"],
        offset=design[:, -1],
        ties=ties,
        **more,
    )


@settings(max_examples=40, deadline=None)
@given(samples(), st.sampled_from(["efron", "breslow"]))
def test_the_fit_is_the_top_of_the_slow_likelihood(sample: tuple[Floats, dict[str, Any]], ties: str) -> None:
    x, at = sample
    fit = quick(x, at, ties)
    slow = Slow(x, at, fit.coefficients, ties == "efron")
    # Fewer than 60 rows and sums below 1e4: rounding stays under 1e-10 of each figure.
    assert_allclose(fit.loglik, slow.loglik, rtol=1e-11)
    assert_allclose(fit.loglik_null, Slow(x, at, np.zeros(2), ties == "efron").loglik, rtol=1e-11)
    assert_allclose(slow.score, 0, atol=1e-8)
    inverse = np.linalg.inv(slow.information)
    assert_allclose(fit.covariance, inverse, rtol=1e-8, atol=1e-12)
    weighted = slow.residuals * at["weight"][:, None]
    sums = np.array([weighted[at["cluster"] == c].sum(0) for c in np.unique(at["cluster"])])
    assert_allclose(fit.robust_covariance, inverse @ sums.T @ sums @ inverse, rtol=1e-7, atol=1e-11)
    base, keys = baseline_hazard(fit), sorted(slow.baseline)
    until = [sum(h for (s2, d2), h in slow.baseline.items() if s2 == s and d2 <= d) for s, d in keys]
    assert list(zip(base.stratum, base.days, strict=True)) == keys
    assert_allclose(base.cumulative_hazard, until, rtol=1e-8)


@settings(max_examples=15, deadline=None)
@given(samples())
def test_weight_two_is_the_row_twice_under_breslow(sample: tuple[Floats, dict[str, Any]]) -> None:
    x, at = sample
    at["weight"] = np.ceil(at["weight"])
    times = at["weight"].astype(int)
    doubled = {name: np.repeat(column, times) for name, column in at.items()} | {"weight": np.ones(times.sum())}
    once, twice = quick(x, at, "breslow"), quick(np.repeat(x, times, axis=0), doubled, "breslow")
    assert_fits_equal(once, twice)


@settings(max_examples=15, deadline=None)
@given(samples())
def test_under_efron_a_common_weight_moves_no_coefficient_and_divides_the_variance(
    sample: tuple[Floats, dict[str, Any]],
) -> None:
    """All that holds for Efron: ties are counted in rows, so rows twice are another likelihood than weights of 2."""
    x, at = sample
    once, thrice = quick(x, at, "efron"), quick(x, at | {"weight": 3 * at["weight"]}, "efron")
    assert_allclose(once.coefficients, thrice.coefficients, atol=1e-9)
    assert_allclose(once.covariance, 3 * thrice.covariance, rtol=1e-8, atol=1e-12)


def test_under_efron_doubled_rows_are_not_doubled_weights() -> None:
    x = np.array(X, dtype=float)[:, None]
    twice = by_row(np.repeat(x, 2, axis=0), np.repeat(DAYS, 2), np.repeat(EVENT, 2))
    assert abs(twice.coefficients[0] - by_row(x, DAYS, EVENT, weights=np.full(5, 2)).coefficients[0]) > 0.01


@settings(max_examples=15, deadline=None)
@given(samples(), st.sampled_from(["efron", "breslow"]), st.integers(0, 99))
def test_the_order_of_rows_and_cutting_a_spell_in_two_change_nothing(
    sample: tuple[Floats, dict[str, Any]], ties: str, seed: int
) -> None:
    x, at = sample
    long = np.flatnonzero(at["days"] - at["entry"] > 2)
    cut = at["entry"][long] + 1
    pieces = {name: np.concatenate((column, column[long])) for name, column in at.items()}
    pieces["entry"][long] = cut
    pieces["days"][len(x) :], pieces["event"][len(x) :] = cut, False
    order = np.random.default_rng(seed).permutation(len(x) + long.size)
    whole = quick(x, at, ties)
    assert_fits_equal(whole, quick(np.concatenate((x, x[long]))[order], {k: v[order] for k, v in pieces.items()}, ties))


def assert_fits_equal(one: CoxFit, other: CoxFit) -> None:
    """Equal but for the order of additions."""
    assert_allclose(one.coefficients, other.coefficients, atol=1e-9)
    assert_allclose(one.covariance, other.covariance, rtol=1e-8, atol=1e-12)
    assert_allclose(one.robust_covariance, other.robust_covariance, rtol=1e-7, atol=1e-11)
    assert_allclose([one.loglik, one.loglik_null], [other.loglik, other.loglik_null], rtol=1e-11)


def planted(n: int = 4_000, seed: int = 7) -> tuple[Floats, Floats, NDArray[np.bool_]]:
    rng = np.random.default_rng(seed)
    x = np.column_stack([rng.random(n) < 0.3, rng.integers(0, 18, n)]).astype(float)
    days = np.ceil(rng.exponential(300 / np.exp(x @ [0.5, -0.05])))
    return x, np.minimum(days, 500), days <= 500


def test_planted_effects_are_found_within_four_standard_errors() -> None:
    fit = by_row(*planted())
    assert (np.abs(fit.coefficients - [0.5, -0.05]) < 4 * np.sqrt(np.diag(fit.covariance))).all()
    first = fit.hazard_ratios()[0]
    assert first.lower < np.exp(0.5) < first.upper
    assert_allclose(first.hazard_ratio, np.exp(fit.coefficients[0]))
    assert first.p_value < 1e-6
    assert fit.hazard_ratios(0.99)[0].lower < first.lower


def test_a_hazard_that_crosses_fails_the_proportional_hazards_test_and_a_constant_one_does_not() -> None:
    x, days, event = planted()
    assert proportional_hazards_test(by_row(x, days, event))[-1].p_value > 0.01
    crossing = np.where(x[:, 0] == 1, 250 + (days - 250) / 4, days)  # the same order in the middle, not at the ends
    result = proportional_hazards_test(by_row(x, crossing, event), terms={"first": ["x0"], "age": ["x1"]})
    assert [row.term for row in result] == ["first", "age", "GLOBAL"]
    assert result[0].p_value < 1e-6


def test_units_and_origin_of_a_column_do_not_matter() -> None:
    x, days, event = planted(400)
    fit, other = by_row(x, days, event), by_row(x * [1, 1e6] + [0, 2e9], days, event)
    # 2e9 + 1e6 steps are exact in float64, so only the rounding of the mean is left.
    assert_allclose(other.coefficients * [1, 1e6], fit.coefficients, rtol=1e-8)


def test_a_level_without_events_is_named_and_the_rest_is_as_without_it() -> None:
    x, days, event = planted(400)
    level = np.random.default_rng(1).random(400) < 0.2
    event = event & ~level
    with_level = by_row(np.column_stack([level, x]), days, event)
    # At the limit its rows weigh nothing: the same as leaving them out.
    without = by_row(x[~level], days[~level], event[~level])
    assert (with_level.monotone, with_level.coefficients[0]) == (("x0",), -np.inf)
    # SMALL_GAIN is 1e-8 of log likelihood: the others are within about 1e-4 standard errors of their limit.
    assert_allclose(with_level.coefficients[1:], without.coefficients, atol=1e-5)
    assert_allclose(with_level.covariance[1:, 1:], without.covariance, rtol=1e-4)
    ratio = with_level.hazard_ratios()[0]
    assert ratio.hazard_ratio == 0
    assert np.isnan([ratio.lower, ratio.upper, ratio.p_value]).all()
    with pytest.raises(ValueError, match="x0"):
        proportional_hazards_test(with_level)


def test_a_reference_level_without_events_names_its_whole_factor() -> None:
    x, days, event = planted(600)
    level = np.random.default_rng(2).integers(0, 3, 600)
    dummies = np.column_stack([level == 1, level == 2])
    fit = by_row(np.column_stack([dummies, x]), days, event & (level > 0))
    assert fit.monotone == ("x0", "x1")
    assert (fit.coefficients[:2] == np.inf).all()


def test_strong_but_finite_effects_are_not_called_monotone() -> None:
    """One event among the two hundred children of a level is enough."""
    x, days, event = planted(2_000)
    level = np.arange(2_000) < 200
    event = event & ~level
    event[0] = True
    fit = by_row(np.column_stack([level, x]), days, event)
    assert fit.monotone == ()
    assert fit.coefficients[0] < -3


@pytest.mark.parametrize(
    ("x", "match"),
    [
        (np.ones((5, 1)), "x0"),
        (np.column_stack([X, X]), "x0, x1"),
        (np.column_stack([[0, 0, 1, 0, 0], [0, 0, 1, 1, 1], [0, 0, 0, 1, 1]]), "x0, x1, x2"),
    ],
)
def test_columns_that_cannot_be_estimated_are_named(x: NDArray[Any], match: str) -> None:
    with pytest.raises(ValueError, match=f"cannot be estimated.*: {match}$"):
        by_row(x.astype(float), DAYS, EVENT)


def test_a_column_that_varies_only_between_strata_is_named() -> None:
    with pytest.raises(ValueError, match="x0"):
        by_row(np.array([[0], [0], [0], [1], [1.0]]), DAYS, EVENT, stratum=["a", "a", "a", "b", "b"])


def test_no_events_and_bad_patterns_are_refused() -> None:
    with pytest.raises(ValueError, match="no events"):
        by_row(np.array(X, dtype=float)[:, None], DAYS, [0] * 5)
    with pytest.raises(ValueError, match="pattern"):
        fit_cox([[0.0], [1.0]], [0, 1, 2, 0, 1], DAYS, EVENT, names=["x"])
    with pytest.raises(ValueError, match="before the exit"):
        by_row(np.array(X, dtype=float)[:, None], DAYS, EVENT, entry_days=[1, 0, 0, 0, 0])


def test_too_few_clusters_are_said() -> None:
    x, days, event = planted(300)
    with pytest.raises(ValueError, match="two clusters"):
        by_row(x, days, event, cluster=np.zeros(300))
    three = np.column_stack([x, np.arange(300) % 3])
    assert np.isnan(by_row(three, days, event, cluster=np.arange(300) % 2).wald_test)


def test_too_few_iterations_are_said() -> None:
    assert not by_row(*planted(300), max_iterations=1).converged


def test_adjusted_curves_average_the_patterns_and_lie_between_them() -> None:
    design = np.array([[0.0], [1.0]])
    x, days, event = planted(1_000)
    pattern = x[:, 0].astype(int)
    fit = fit_cox(design, pattern, days, event, names=["x"])
    when = [0, 50, 200, 400]
    low, high, half = (
        predict_survival(fit, design, when, shares=share).survival for share in ([1, 0], [0, 1], [0.5, 0.5])
    )
    assert_allclose(half, (low + high) / 2)
    assert low[0] == high[0] == 1
    # The curve of a constant hazard is known: exp(-rate x day); 4 errors of a share of 1,000 children are 0.06.
    assert_allclose(low[2], np.mean(np.exp(-200 / 300 * np.exp(-0.05 * np.arange(18)))), atol=0.06)
