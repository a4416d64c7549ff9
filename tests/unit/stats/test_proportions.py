"""Shares with Wilson's interval, as R gives them, and F1 with one."""

import math

import pytest

from careloom.stats.proportions import f_measure, wilson

# R: for (x in list(c(0, 10), c(1, 10), c(95, 100), c(628, 631), c(7, 7)))
#      cat(sprintf("%.10f", c(x[1] / x[2], prop.test(x[1], x[2], correct = FALSE)$conf.int)), "\\n")
R = {
    (0, 10): (0.0000000000, 0.0000000000, 0.2775327999),
    (1, 10): (0.1000000000, 0.0178762131, 0.4041500268),
    (95, 100): (0.9500000000, 0.8882495308, 0.9784563208),
    (628, 631): (0.9952456418, 0.9861159696, 0.9983817996),
    (7, 7): (1.0000000000, 0.6456695649, 1.0000000000),
}


@pytest.mark.parametrize("counts", R)
def test_wilson_is_that_of_r(counts: tuple[int, int]) -> None:
    assert wilson(*counts) == pytest.approx(R[counts], abs=1e-8)  # R was asked for ten digits


def test_nothing_has_no_share() -> None:
    assert all(math.isnan(each) for each in wilson(0, 0))
    assert all(math.isnan(each) for each in f_measure(0, 0, 0))


def test_f1_is_the_harmonic_mean_of_precision_and_recall() -> None:
    right, wrong, missed = 90, 10, 30
    precision, recall = right / (right + wrong), right / (right + missed)
    share, lower, upper = f_measure(right, wrong, missed)
    assert share == pytest.approx(2 * precision * recall / (precision + recall), rel=1e-12)
    star, star_lower, star_upper = wilson(right, right + wrong + missed)
    assert share == pytest.approx(2 * star / (1 + star), rel=1e-12)
    assert (lower, upper) == pytest.approx(
        (2 * star_lower / (1 + star_lower), 2 * star_upper / (1 + star_upper)), rel=1e-12
    )


def test_the_interval_holds_the_true_share_about_as_often_as_it_says() -> None:
    """Exactly, over all that 40 draws can give: at 95% within a few points, as Brown, Cai and DasGupta (2001) found."""
    n = 40
    for true in (0.5, 0.8, 0.9, 0.97):
        held = sum(
            math.comb(n, k) * true**k * (1 - true) ** (n - k)
            for k in range(n + 1)
            if wilson(k, n)[1] <= true <= wilson(k, n)[2]
        )
        assert 0.90 <= held <= 0.99, true
