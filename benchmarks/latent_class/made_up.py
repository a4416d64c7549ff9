"""Rows for the benchmarks: assessments of the synthetic England, drawn straight from its twelve kinds of need.

The kinds' profiles and the background rates are the catalogue's (``populations/england.toml``), whose totals meet the
published factor table; a row is one assessment, an item one factor, and factors are independent given the kind. The
synthetic England says physical and sexual abuse once each, the published table of 2024 by who did it (18A to 18C, 19A to
19C): as they are published there are 39 factors.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from careloom.catalogue import load_catalogue
from careloom.synth.life.factors import chances

ROWS_AT_ONCE = 200_000
PUBLISHED = 39
BY_WHOM = {"18": (2_090, 15_350, 58_160), "19": (1_170, 11_960, 17_840)}
"""Assessments with each of the three codes: England, year ending 31 March 2024, DfE, Children in need."""


def assessments(rows: int, items: int = 20, seed: int = 1) -> tuple[NDArray[np.int8], NDArray[np.intp]]:
    """Answers (rows, items), 0 no and 1 yes, to the commonest factors; and the kind of each row (from 0)."""
    shares, yes = kinds(items)
    random = np.random.default_rng(seed)
    kind = random.choice(len(shares), size=rows, p=shares)
    answers = np.empty((rows, items), dtype=np.int8)
    for first in range(0, rows, ROWS_AT_ONCE):
        some = slice(first, first + ROWS_AT_ONCE)
        answers[some] = random.random((len(kind[some]), items)) < yes[kind[some]]
    return answers, kind


def kinds(items: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Share of each kind (K,) and its probabilities of a yes to the commonest factors (K, items); above 35 as published."""
    england = load_catalogue().populations["england"]
    shares = np.array([kind.share for kind in england.kinds])
    shares /= shares.sum()
    yes = chances(england)
    if items > yes.shape[1]:
        yes = by_whom(yes, list(england.background))
    if items > yes.shape[1]:
        raise ValueError(f"there are {PUBLISHED} published factors; {items} were asked for")
    return shares, yes[:, np.argsort(-(shares @ yes), kind="stable")[:items]]


def by_whom(yes: NDArray[np.float64], factors: list[str]) -> NDArray[np.float64]:
    """The probabilities (K, 39), abuse by whoever did it."""
    split = []
    for factor, chance in zip(factors, yes.T, strict=True):
        counts = np.array(BY_WHOM.get(factor, (1,)))
        split.append(np.outer(chance, counts / counts.sum()))
    return np.hstack(split)
