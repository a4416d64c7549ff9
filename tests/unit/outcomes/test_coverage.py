"""95% intervals hold what was planted about 95 times in 100; benchmarks/survival/coverage.py measures the same at large."""

import importlib.util
import sys
from collections import defaultdict
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

BENCHMARK = Path(__file__).resolve().parents[3] / "benchmarks" / "survival" / "coverage.py"
FILES = 60
LEAST = round(0.95 * FILES - 3 * (0.95 * 0.05 * FILES) ** 0.5)
"""Of 60 intervals that hold the truth 95 times in 100, fewer than 52 do once in 300."""


@pytest.fixture(scope="module")
def benchmark() -> ModuleType:
    spec = importlib.util.spec_from_file_location("coverage_of_intervals", BENCHMARK)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def held(benchmark: ModuleType, kind: str, seed: int) -> dict[tuple[str, str], int]:
    """How many of the intervals of each number hold the truth."""
    found: dict[tuple[str, str], list[Any]] = defaultdict(list)
    for stream in np.random.default_rng(seed).spawn(FILES):
        for estimate in getattr(benchmark, kind)(stream):
            found[estimate.kind, estimate.of].append(estimate.holds)
    assert all(len(each) >= FILES - 1 for each in found.values())  # in a file now and then nobody is followed so long
    return {name: sum(each) for name, each in found.items()}


@pytest.mark.parametrize("kind", ["curves", "two_periods", "sub_distribution", "adjusted_shares"])
def test_intervals_hold_the_truth(benchmark: ModuleType, kind: str) -> None:
    assert min(held(benchmark, kind, seed=2).values()) >= LEAST


def test_errors_that_know_children_hold_the_truth_and_others_do_not(benchmark: ModuleType) -> None:
    """Children come back up to three times: errors that take their stretches for independent are too small."""
    found = held(benchmark, "cox_of_children_who_come_back", seed=2)
    by_child = [n for (kind, _), n in found.items() if kind == "Cox, errors by child"]
    of_model = [n for (kind, _), n in found.items() if kind == "Cox, errors of the model"]
    assert len(by_child) == len(of_model) == 3
    assert min(by_child) >= LEAST
    assert sum(of_model) < sum(by_child) - 5
