"""The likelihood-ratio test of Vuong, Lo, Mendell and Rubin, for comparison with what other programs print.

Vuong (1989) gives the distribution of twice the difference in log-likelihood of two models as a weighted sum of
chi-squared variables, each with one degree of freedom; the weights come from both models' scores and information.
Sources: Vuong (1989), Econometrica 57:307, theorem 3.3; Lo, Mendell and Rubin (2001), Biometrika 88:767, equation 15;
Jeffries (2003), Biometrika 90:991 (what is wrong with it); Vermunt (2024), Methodology 20:72 (programs differ: the
weights here are Vuong's own, as in Latent GOLD; Mplus puts robust covariances in their place).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq

from careloom.stats.latent_class.fitting.fit import LatentClassFit
from careloom.stats.latent_class.model.information import free_parameters, scores
from careloom.stats.latent_class.model.objective import PatternObjective
from careloom.stats.latent_class.rows.patterns import Floats, PatternTable

WARNING = (
    "This test is given because other programs print it. Its proof needs the two models to be told apart regularly, "
    "which fails when the larger has a class too many (Jeffries 2003), and its p-values are not uniform when the "
    "smaller model is true (Vermunt 2024). Prefer the bootstrapped test."
)
FADED = 1e-10  # of its peak: what is left of the integrand when the integral ends
BLOCK, MOST_BLOCKS = 1024, 1000
NEGLIGIBLE = 1e-7  # weights below this share of the largest are zeros that rounding has moved


@dataclass(frozen=True, eq=False)
class VuongTest:
    """The test of K classes against K + 1: the distribution's weights, mean and spread, and p, plain and adjusted.

    ``adjusted`` is the statistic of Lo, Mendell and Rubin's ad hoc correction, held against the same distribution.
    """

    classes: int
    statistic: float
    weights: Floats
    p: float
    adjusted: float
    adjusted_p: float
    warning: str = WARNING

    @property
    def mean(self) -> float:
        return float(self.weights.sum())

    @property
    def standard_deviation(self) -> float:
        return float(np.sqrt(2.0 * (self.weights**2).sum()))


def vuong_test(table: PatternTable, smaller: LatentClassFit, larger: LatentClassFit) -> VuongTest:
    """Test the smaller of two fits of the same table against the larger.

    Parameters at 0 or 1 are left out. Raises ValueError when the larger has not one class more, or when the data do
    not tell some direction of either fit, for then there is no distribution.
    """
    if larger.classes != smaller.classes + 1:
        raise ValueError(f"the test needs one class more; got {smaller.classes} and {larger.classes} classes")
    if not {smaller.certificate.verdict, larger.certificate.verdict} <= {"certified", "boundary-fixed"}:
        raise ValueError("the test needs two fits that are proved maxima and told by the data")
    cross, information = cross_products(table, larger, smaller)
    weights = vuong_weights(cross, *information)
    statistic = max(2.0 * (larger.loglik - smaller.loglik), 0.0)
    more = larger.n_parameters - smaller.n_parameters
    adjusted = statistic / (1.0 + 1.0 / (more * np.log(smaller.n)))
    return VuongTest(
        smaller.classes, statistic, weights, weighted_tail(statistic, weights),
        adjusted, weighted_tail(adjusted, weights),
    )  # fmt: skip


def cross_products(table: PatternTable, *fits: LatentClassFit) -> tuple[Floats, list[Floats]]:
    """Summed outer products of the scores of all fits together, and the information of each."""
    free = [free_parameters(fit.parameters) for fit in fits]
    objective = PatternObjective(table)
    total = np.zeros((sum(map(len, free)),) * 2)
    walks = [scores(table, fit.parameters, own) for fit, own in zip(fits, free, strict=True)]
    for parts in zip(*walks, strict=True):
        both = np.column_stack([score for _, score in parts])
        total += both.T @ (both * table.weights[parts[0][0], None])
    points = [objective.expect(fit.parameters) for fit in fits]
    return total, [objective.information(point, own) for point, own in zip(points, free, strict=True)]


def vuong_weights(cross: Floats, of_larger: Floats, of_smaller: Floats) -> Floats:
    """Weights of the sum: the eigenvalues of Vuong's W, without its zeros, largest first.

    ``cross`` (F + G, F + G) holds the summed outer products of both models' scores, the larger's first; the others are
    their information matrices (F, F) and (G, G). W = cross x diag(information of the larger, minus that of the
    smaller) inverted has the eigenvalues of a symmetric matrix, so they are real.
    """
    f = len(of_larger)
    inverse = np.zeros_like(cross)
    inverse[:f, :f] = np.linalg.inv(of_larger)
    inverse[f:, f:] = -np.linalg.inv(of_smaller)
    values, vectors = np.linalg.eigh(cross)
    root = (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T
    weights = np.linalg.eigvalsh(root @ inverse @ root)[::-1]
    return np.asarray(weights[np.abs(weights) > NEGLIGIBLE * np.abs(weights).max(initial=0.0)])


def weighted_tail(x: float, weights: Floats) -> float:
    """Probability that a weighted sum of chi-squared variables of one degree of freedom each exceeds x, x >= 0.

    The moment generating function is inverted along the line through its saddle point by the trapezoidal rule, which
    converges fast there, so that small probabilities are right too (Rice 1980, SIAM J. Sci. Stat. Comput. 1:438).
    """
    if weights.max(initial=0.0) <= 0:
        return 0.0
    pole = 0.5 / float(weights.max())

    def lean(s: float) -> float:
        return float((weights / (1.0 - 2.0 * weights * s)).sum()) - x - 1.0 / s

    saddle = float(brentq(lean, 1e-12 * pole, (1.0 - 1e-12) * pole))
    # The rule errs by exp(-2 pi distance / step) for a pole at some distance from the line, and by no more than 1e-30
    # of a bell-shaped peak for a step of half its width.
    width = float((2.0 * (weights / (1.0 - 2.0 * weights * saddle)) ** 2).sum() + saddle**-2) ** -0.5
    step = min(2.0 * np.pi * min(saddle, pole - saddle) / -np.log(FADED), width / 2.0)
    area, peak = 0.0, 0.0
    for block in range(MOST_BLOCKS):
        s = saddle + 1j * step * np.arange(block * BLOCK, (block + 1) * BLOCK)
        logs = -0.5 * np.log(1.0 - 2.0 * weights * s[:, None]).sum(axis=1) - s * x - np.log(s)
        heights = np.exp(logs).real
        area += float(heights.sum()) - (heights[0] / 2.0 if block == 0 else 0.0)
        peak = peak or float(heights[0])
        if float(np.exp(logs[-1].real)) <= FADED * peak:
            break
    return float(np.clip(area * step / np.pi, 0.0, 1.0))
