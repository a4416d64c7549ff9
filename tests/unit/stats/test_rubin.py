"""Rubin's rules cover what was planted, as often as they say; leaving the doubt out does not."""

import numpy as np
import pytest
from scipy.stats import t

from careloom.stats.rubin import Floats, combine_sets

TRUE_MEAN, PEOPLE, SEEN, SETS, STUDIES = 2.0, 40, 24, 20, 4000


def draw_studies() -> tuple[Floats, Floats]:
    """Means of 40 people and their variances (sets, studies): 24 were seen, the other 16 are drawn from what these leave possible."""
    chance = np.random.default_rng(20)
    seen = TRUE_MEAN + chance.standard_normal((SEEN, STUDIES))
    mean, squares = seen.mean(axis=0), ((seen - seen.mean(axis=0)) ** 2).sum(axis=0)
    means, variances = [], []
    for _ in range(SETS):
        sigma = np.sqrt(squares / chance.chisquare(SEEN - 1, STUDIES))
        centre = mean + sigma / np.sqrt(SEEN) * chance.standard_normal(STUDIES)
        unseen = centre + sigma * chance.standard_normal((PEOPLE - SEEN, STUDIES))
        whole = np.vstack([seen, unseen])
        means.append(whole.mean(axis=0))
        variances.append(whole.var(axis=0, ddof=1) / PEOPLE)
    return np.array(means), np.array(variances)


def covers(lower: Floats, upper: Floats) -> float:
    return float(np.mean((lower <= TRUE_MEAN) & (upper >= TRUE_MEAN)))


def test_95_percent_limits_hold_the_planted_mean_95_times_in_100() -> None:
    """4,000 studies tell a coverage to within 0.0034 (one standard error): four of these either way."""
    means, variances = draw_studies()
    assert covers(*combine_sets(means, variances, PEOPLE - 1).limits()) == pytest.approx(0.95, abs=0.014)
    first = t.ppf(0.975, PEOPLE - 1) * np.sqrt(variances[0])
    assert covers(means[0] - first, means[0] + first) < 0.85  # one drawn set taken for the truth


def test_the_information_that_is_missing_is_that_of_those_who_were_not_seen() -> None:
    """16 of 40: in the long run 0.4 of the information; 20 sets tell that of one study roughly, 4,000 together well."""
    combined = combine_sets(*draw_studies())
    assert float(np.mean(combined.missing_information)) == pytest.approx(0.4, abs=0.03)


def test_without_doubt_the_answer_is_that_of_one_set() -> None:
    combined = combine_sets([[1.0], [1.0], [1.0]], [[0.25], [0.25], [0.25]])
    assert [float(each[0]) for each in (combined.estimates, combined.total, combined.between)] == [1.0, 0.25, 0.0]
    assert combined.degrees_of_freedom[0] == np.inf
    assert [float(each[0]) for each in combined.limits()] == pytest.approx([1 - 0.5 * 1.959964, 1 + 0.5 * 1.959964])


@pytest.mark.parametrize(
    ("estimates", "variances"),
    [([1.0], [1.0]), ([1.0, 2.0], [1.0]), ([1.0, 2.0], [1.0, 0.0]), ([1.0, 2.0], [1.0, -1.0]), (1.0, 1.0)],
)
def test_what_cannot_be_combined_is_refused(estimates: object, variances: object) -> None:
    with pytest.raises(ValueError, match=r"sets or more|above 0"):
        combine_sets(estimates, variances)  # type: ignore[arg-type]
