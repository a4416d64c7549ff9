"""Latent class analysis the slow way: the textbook EM, one row and one item at a time."""

from collections.abc import Sequence
from math import log, prod

Row = Sequence[int | None]  # the place of each answer among the item's levels; None where it is missing
Shares = list[float]
Theta = list[list[list[float]]]  # class, item, level


def chance(row: Row, theta_of_class: list[list[float]]) -> float:
    """Probability of a row's answers in one class; a missing answer is no evidence."""
    return prod(item[answer] for item, answer in zip(theta_of_class, row, strict=True) if answer is not None)


def memberships(row: Row, shares: Shares, theta: Theta) -> list[float]:
    """Probability of each class given a row, by Bayes' rule."""
    joint = [share * chance(row, own) for share, own in zip(shares, theta, strict=True)]
    return [value / sum(joint) for value in joint]


def loglik(rows: Sequence[Row], weights: Sequence[float], shares: Shares, theta: Theta) -> float:
    total = 0.0
    for row, weight in zip(rows, weights, strict=True):
        total += weight * log(sum(share * chance(row, own) for share, own in zip(shares, theta, strict=True)))
    return total


def em_step(
    rows: Sequence[Row], weights: Sequence[float], shares: Shares, theta: Theta, prior: float = 0.0
) -> tuple[Shares, Theta]:
    """Give each row to the classes by its memberships, and count; the prior is so many rows more in every count."""
    members = [prior for _ in shares]
    counts = [[[prior for _ in item] for item in own] for own in theta]
    for row, weight in zip(rows, weights, strict=True):
        for k, belongs in enumerate(memberships(row, shares, theta)):
            members[k] += weight * belongs
            for item, answer in enumerate(row):
                if answer is not None:
                    counts[k][item][answer] += weight * belongs
    shares = [value / sum(members) for value in members]
    # An item that a class has no row for keeps what it had.
    return shares, [
        [[count / sum(item) for count in item] if sum(item) else old for item, old in zip(own, before, strict=True)]
        for own, before in zip(counts, theta, strict=True)
    ]


def outer_products(rows: Sequence[Row], weights: Sequence[float], shares: Shares, theta: Theta) -> list[list[float]]:
    """Sum over rows of the outer product of the row's score, by log odds against the first class and first answers.

    The score of a share is membership less share; that of a probability is membership times (given less probability).
    """
    total: list[list[float]] = []
    for row, weight in zip(rows, weights, strict=True):
        belongs = memberships(row, shares, theta)
        score = [b - share for b, share in zip(belongs[1:], shares[1:], strict=True)]
        for b, own in zip(belongs, theta, strict=True):
            for answer, item in zip(row, own, strict=True):
                score += [
                    0.0 if answer is None else b * ((answer == level) - item[level]) for level in range(1, len(item))
                ]
        total = total or [[0.0] * len(score) for _ in score]
        for i, one in enumerate(score):
            for j, other in enumerate(score):
                total[i][j] += weight * one * other
    return total
