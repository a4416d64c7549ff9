"""Nothing as long as the patterns and as wide as the items or the classes stands beside the table."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable

import numpy as np
import pytest

from careloom.stats.latent_class import PatternTable, from_yes
from careloom.stats.latent_class.fitting.starts import KINDS
from careloom.stats.latent_class.model.blocks import gather_in_blocks
from careloom.stats.latent_class.model.curvature import curvature_at
from careloom.stats.latent_class.model.information import free_parameters, information_unseen
from careloom.stats.latent_class.model.likelihood import by_logarithms, relative_entropy
from careloom.stats.latent_class.model.objective import PatternObjective
from careloom.stats.latent_class.model.parameters import Parameters

ITEMS, CLASSES = 16, 12
FEW, MANY = 2**14, 2**16
WIDE = 4 * ITEMS  # bytes a pattern: answers in whole numbers; memberships take 8 a class, half as much again


@pytest.fixture(scope="module")
def tables() -> tuple[PatternTable, PatternTable]:
    every = ((np.arange(MANY)[:, None] >> np.arange(ITEMS)) & 1).astype(np.int32)
    weights = np.random.default_rng(1).pareto(1.0, MANY) + 0.1
    levels = tuple(np.arange(2.0) for _ in range(ITEMS))
    return tuple(PatternTable(every[::step], weights[::step], levels) for step in (MANY // FEW, 1))  # type: ignore[return-value]


def parameters() -> Parameters:
    random = np.random.default_rng(2)
    return from_yes(random.dirichlet(np.ones(CLASSES)), random.uniform(0.1, 0.9, (CLASSES, ITEMS)))


def e_step(table: PatternTable) -> None:
    PatternObjective(table, kernel="numpy").expect(parameters())


def information(table: PatternTable) -> None:
    at = parameters()
    information_unseen(table, at, free_parameters(at))


def bends(table: PatternTable) -> None:
    curvature_at(table, PatternObjective(table).expect(parameters()))


def start(table: PatternTable) -> None:
    KINDS["seeded by patterns"](table, CLASSES, np.random.default_rng(3))


WORKS: dict[str, Callable[[PatternTable], object]] = {
    "logarithms": lambda table: by_logarithms(table, parameters()),
    "information": information,
    "entropy": lambda table: relative_entropy(table, parameters()),
    "curvature": bends,
    "start": start,
    "counts": lambda table: table.counts,
    "blocks": gather_in_blocks,
    "NumPy's E-step": e_step,
}


@pytest.mark.parametrize("name", WORKS)
def test_memory_a_pattern(tables: tuple[PatternTable, PatternTable], name: str) -> None:
    few, many = (peak(WORKS[name], PatternTable(one.codes, one.weights, one.levels)) for one in tables)
    assert (many - few) / (MANY - FEW) < WIDE


def peak(work: Callable[[PatternTable], object], table: PatternTable) -> int:
    """Bytes held at most during the work."""
    tracemalloc.start()
    try:
        work(table)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
