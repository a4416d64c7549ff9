"""Are the classes the same in 150 authorities? How long the invariance ladder takes, rung by rung.

    python benchmarks/latent_class/ladder.py [--rows 1000000] [--groups 150] [--items 20] [--classes 12] [--kernel numpy]

Rows are assessments of the synthetic England's twelve kinds of need, of which each authority has its own mix, and the
authorities their own sizes; in one authority one factor is recorded three times as often in one kind. What is planted
must come out: the same classes with sizes of their own, and that one factor; or this stops.
"""

import argparse
import os
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from made_up import ROWS_AT_ONCE, kinds

from careloom.stats import collapse, fit_latent_classes
from careloom.stats.latent_class.groups.by_group import fit_by_group
from careloom.stats.latent_class.groups.effects import say_effects
from careloom.stats.latent_class.groups.group_classes import fit_kinds
from careloom.stats.latent_class.groups.groups import fit_groups
from careloom.stats.latent_class.groups.held_out_groups import hold_out_groups
from careloom.stats.latent_class.groups.ladder import climb_ladder
from careloom.stats.latent_class.groups.shifts import find_shifts
from careloom.stats.latent_class.rows.grouped_patterns import GroupedPatterns, group_rows

ODD_GROUP, ODD_ITEM, ODD_KIND = 7, 3, 0


def main() -> None:
    parser = argparse.ArgumentParser(description="The invariance ladder, timed.")
    for name, default in (("rows", 1_000_000), ("groups", 150), ("items", 20), ("classes", 12), ("starts", 10)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--kernel", choices=["auto", "compiled", "numpy"], default="auto")
    told = parser.parse_args()
    os.environ["CARELOOM_KERNEL"] = told.kernel
    grouped = plant(told.rows, told.groups, told.items)
    print(f"{told.rows:,} rows, {len(grouped.table.weights):,} patterns, {grouped.weights.nnz:,} with the group")
    fit = timed(
        "fit of all together", lambda: fit_latent_classes(grouped.table, classes=told.classes, starts=told.starts)
    )
    print(f"  {fit.certificate.verdict}; {fit.starts_at_best} of {fit.starts} starts came to the best")
    rung_by_rung(grouped, fit.parameters)
    ladder = timed("the whole ladder", lambda: climb_ladder(grouped, fit))
    for rung in ladder.rungs:
        print(f"  {rung.name:18} {rung.loglik:15.3f} {rung.n_parameters:7} BIC {rung.bic:14.1f} {rung.converged}")
    effects = ladder.effects
    print("\n".join(f"  {sentence}" for sentence in say_effects(effects)))
    for name, own in (("as fitted", effects.as_fitted), ("by chance", effects.by_chance)):
        print(
            f"  {name}: each class found in so many of the authorities: {', '.join(f'{x:.0%}' for x in own.found_in)}"
        )
    group, cell, _ = effects.shifts.largest()
    found = ladder.groups[group], cell // 2
    if ODD_ITEM not in ladder.partial.free or found != (ODD_GROUP, ODD_ITEM):
        raise SystemExit(
            f"item {ODD_ITEM} of group {ODD_GROUP} was planted; {found} was found, {ladder.partial.free} freed"
        )


def rung_by_rung(grouped: GroupedPatterns, common: Any) -> None:
    free = timed("sizes free", lambda: fit_by_group(grouped, common))
    timed("one item free", lambda: fit_by_group(grouped, free.common, free=[ODD_ITEM], shares=free.shares))
    timed("shifts", lambda: find_shifts(grouped, free))
    timed("all free", lambda: fit_groups(grouped, free.common, starts=0, shares=free.shares))
    for number in (2, 3):
        found = timed(f"{number} kinds of groups", lambda number=number: fit_kinds(grouped, free, number))
        print(f"  {found.at_best} of {found.starts} starts came to the best")
    timed("held out", lambda: hold_out_groups(grouped, common))


def timed(name: str, work: Callable[[], Any]) -> Any:
    wall, processor = time.perf_counter(), time.process_time()
    made = work()
    print(f"{name:22} {time.perf_counter() - wall:7.1f} s, {time.process_time() - processor:7.1f} s of processor")
    return made


def plant(rows: int, groups: int, items: int) -> GroupedPatterns:
    """Rows by group, as said above, collapsed to patterns."""
    shares, yes = kinds(items)
    random = np.random.default_rng(3)
    mixes = random.dirichlet(60.0 * shares + 0.5, groups)
    of_group = random.choice(groups, size=rows, p=random.dirichlet(np.full(groups, 3.0)))
    answers = np.empty((rows, items), dtype=np.int8)
    for first in range(0, rows, ROWS_AT_ONCE):
        some = of_group[first : first + ROWS_AT_ONCE]
        kind = (random.random((len(some), 1)) > mixes.cumsum(axis=1)[some]).sum(axis=1).clip(0, len(shares) - 1)
        chance = yes[kind]
        odd = (some == ODD_GROUP) & (kind == ODD_KIND)
        chance[odd, ODD_ITEM] = np.minimum(3.0 * chance[odd, ODD_ITEM], 0.9)
        answers[first : first + len(some)] = random.random(chance.shape) < chance
    table, pattern_of = collapse(answers)
    return group_rows(table, pattern_of, of_group)


if __name__ == "__main__":
    main()
