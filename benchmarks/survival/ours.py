"""One case of `run.py` in Careloom: prints seconds, their parts, and coefficients as JSON."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from made_up import COLUMNS, FACTORS, Codes, patterns_of
from numpy.typing import NDArray

from careloom.stats.survival import baseline_hazard, fit_cox, fit_cox_soft, proportional_hazards_test
from careloom.stats.survival.cox import CoxFit
from careloom.stats.survival.federated import FederatedCoxFit, answer_at, fit_cox_federated, length_of
from careloom.stats.survival.risk_sets import RiskSets
from careloom.stats.survival.risk_table import RiskTable, fit_cox_table

WITHIN = COLUMNS[:21]
"""Without the region, which authorities as strata say already."""
CLOCK = time.process_time
REPEAT_UNDER = 2.0
"""Seconds: what is quicker is done three times, and the middle one counts."""
Parts = dict[str, Any]


class Columns:
    """The columns of a case, read when asked for: what a case does not need is not in its memory."""

    def __init__(self, place: Path) -> None:
        self.place = place

    def __getitem__(self, name: str) -> Codes:
        return np.fromfile(self.place / f"{name}.bin", dtype=np.int32)

    def factors(self) -> dict[str, Codes]:
        return {name: self[name] for name in FACTORS}


def cox(columns: Columns, case: str) -> tuple[CoxFit, Parts]:
    """Patterns from the factors' levels, then the fit."""
    factors, day, event = columns.factors(), columns["day"], columns["event"]
    by_authority = case in ("strata", "everything")
    more = {
        "stratum": columns["authority"] if by_authority else None,
        "cluster": columns["child"] if case in ("cluster", "everything") else None,
        "entry_days": columns["entry"] if case == "late" else None,
    }
    began = CLOCK()
    design, pattern = patterns_of(factors)
    del factors  # 200 MB at ten million rows, which the fit does not look at
    names = WITHIN if by_authority else COLUMNS
    fit = fit_cox(design[:, : len(names)], pattern, day, event, names=names, **more)
    parts = {"fit": CLOCK() - began}
    if case == "everything":
        parts["proportional hazards"] = timed(lambda: proportional_hazards_test(fit))[1]
        parts["baseline"] = timed(lambda: baseline_hazard(fit))[1]
    return fit, parts


def table(columns: Columns, case: str) -> tuple[CoxFit, Parts]:
    """Count four chunks, add them, fit; then the next model on the same table."""
    factors, day, event = columns.factors(), columns["day"], columns["event"]
    began = CLOCK()
    design, pattern = patterns_of(factors)

    def chunk(some: slice) -> RiskTable:
        return RiskTable.from_rows(pattern[some], day[some], event[some], patterns=len(design))

    bounds = np.linspace(0, len(pattern), 5).astype(int)
    whole, *others = (chunk(slice(start, stop)) for start, stop in pairwise(bounds))
    for other in others:
        whole = whole + other
    parts = {"count and add four chunks": CLOCK() - began}
    fit, parts["first model"] = timed(lambda: fit_cox_table(whole, design, names=COLUMNS))
    parts["next model"] = timed(lambda: fit_cox_table(whole, design[:, :21], names=WITHIN))[1]
    return fit, parts


def classes(columns: Columns, case: str) -> tuple[CoxFit, Parts]:
    """Need as a class of twelve: known, or known by twelve weights a child. Both robust for children, Breslow's ties."""
    factors, day, event, child = columns.factors(), columns["day"], columns["event"], columns["child"]
    sizes = FACTORS["need"]
    rest = {**factors, "need": np.zeros_like(factors["need"])}
    design, pattern = patterns_of(rest)
    base = design[: len(design) // sizes, sizes - 1 :]  # patterns of the first need: without its columns
    asked: Parts = {"cluster": child, "ties": "breslow"}
    if case == "hard classes":
        began = CLOCK()
        design, pattern = patterns_of(factors)
        fit = fit_cox(design, pattern, day, event, names=COLUMNS, **asked)
        return fit, {"fit": CLOCK() - began}
    weights = memberships(factors["need"], child)
    names = [f"need {level}" for level in range(sizes)]
    began = CLOCK()
    fit = fit_cox_soft(base, pattern, day, event, weights, child, names=COLUMNS[sizes - 1 :], classes=names, **asked)
    return fit, {"fit": CLOCK() - began}


def memberships(need: Codes, child: Codes) -> NDArray[np.float64]:
    """Twelve weights a child, most of them on the need of its last spell."""
    weights = np.random.default_rng(3).random((int(child.max()) + 1, FACTORS["need"]))
    weights[child, need] += 6.0
    weights /= weights.sum(axis=1, keepdims=True)
    return weights


def federated(columns: Columns, case: str) -> tuple[FederatedCoxFit, Parts]:
    """Every authority counts its own rows once and answers each question with sums; here one after the other."""
    factors, day, event, authority = columns.factors(), columns["day"], columns["event"], columns["authority"]
    design, pattern = patterns_of(factors)
    design = design[:, : len(WITHIN)]
    order = np.argsort(authority, kind="stable")
    edges = np.searchsorted(authority[order], np.arange(int(authority.max()) + 2))

    def count(some: NDArray[np.int64]) -> RiskSets:
        return RiskTable.from_rows(pattern[some], day[some], event[some], patterns=len(design)).risk_sets(efron=True)

    sites, counting = timed(lambda: [count(order[start:stop]) for start, stop in pairwise(edges) if stop > start])
    fit, rounds = timed(
        lambda: fit_cox_federated(
            lambda beta: np.asarray(np.sum([answer_at(site, design, beta) for site in sites], axis=0)),
            WITHIN,
            float(event.sum()),
        )
    )
    told = f"{len(sites)} authorities, {fit.rounds} rounds of {length_of(len(WITHIN))} numbers"
    return fit, {"count": counting, "rounds": rounds, "which is": told}


def timed(work: Callable[[], Any]) -> tuple[Any, float]:
    began = CLOCK()
    return work(), CLOCK() - began


def main() -> None:
    columns, case = Columns(Path(sys.argv[1])), sys.argv[2]
    work = {"table": table, "hard classes": classes, "soft classes": classes, "federated": federated}.get(case, cox)
    fit, parts = work(columns, case)
    if sum_of(parts) < REPEAT_UNDER:
        parts = sorted([parts, *(work(columns, case)[1] for _ in range(2))], key=sum_of)[1]
    told = {name: f"{value:.2f} s" if isinstance(value, float) else value for name, value in parts.items()}
    seconds = sum_of(parts)
    print(json.dumps({"seconds": seconds, "parts": told, "coefficients": [float(b) for b in fit.coefficients]}))


def sum_of(parts: Parts) -> float:
    return sum(value for value in parts.values() if isinstance(value, float))


if __name__ == "__main__":
    main()
