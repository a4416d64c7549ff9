"""Shares by the levels of a covariate: small levels are put together, so that all less the others is never a few children."""

import numpy as np
import pytest

from careloom.outcomes.again import with_baselines
from careloom.outcomes.risk_table import Levels, RiskTable
from careloom.outcomes.shares_by import EVERYONE, TOGETHER, grouped, shares_by


def risk_of(sizes: dict[str, tuple[int, int]]) -> RiskTable:
    """A child for each stretch; of each level so many children, and so many of them with the event, on day 10; others to day 100."""
    names = tuple(sizes)
    level = np.repeat(np.arange(len(names)), [children for children, _ in sizes.values()])
    cause = np.concatenate([np.arange(children) < events for children, events in sizes.values()]).astype(np.int64)
    n = level.size
    return RiskTable(
        levels={"sex": Levels(names, np.arange(len(names)))},
        pattern=level,
        la=np.zeros(n, dtype=np.int64),
        child=np.arange(n),
        days=np.where(cause == 1, 10.0, 100.0),
        cause=cause,
        place=np.ones(n, dtype=np.int64),
    )


def is_few(count: int) -> bool:
    return 0 < count < 6


@pytest.mark.parametrize(
    ("sizes", "groups"),
    [
        ({"F": (50, 10), "M": (50, 10)}, {"F": ("F",), "M": ("M",)}),
        # one small level would be all less the others: the smallest of these comes with it
        ({"F": (50, 10), "M": (60, 12), "U": (3, 1)}, {"M": ("M",), TOGETHER: ("F", "U")}),
        # many children, but few with the event
        ({"F": (50, 10), "M": (60, 12), "U": (40, 2)}, {"M": ("M",), TOGETHER: ("F", "U")}),
        ({"A": (50, 10), "B": (60, 12), "C": (4, 4), "D": (5, 5)}, {"A": ("A",), "B": ("B",), TOGETHER: ("C", "D")}),
        ({"A": (50, 10), "B": (60, 12), "C": (1, 1), "D": (2, 2)}, {"B": ("B",), TOGETHER: ("A", "C", "D")}),
        # none with the event is no small number
        ({"F": (50, 10), "M": (50, 0)}, {"F": ("F",), "M": ("M",)}),
        # one group is no comparison
        ({"F": (50, 10), "U": (3, 1)}, {}),
        ({"F": (50, 10)}, {}),
    ],
)
def test_levels_with_few_children_are_put_together(
    sizes: dict[str, tuple[int, int]], groups: dict[str, tuple[str, ...]]
) -> None:
    assert grouped(risk_of(sizes), "sex", is_few) == groups


def test_no_group_nor_what_the_others_leave_is_few() -> None:
    rng = np.random.default_rng(1)
    for _ in range(200):
        children = rng.integers(1, 40, 5)
        sizes = {name: (int(n), int(rng.integers(0, n + 1))) for name, n in zip("ABCDE", children, strict=True)}
        for names in grouped(risk_of(sizes), "sex", is_few).values():
            counts = [sum(sizes[name][k] for name in names) for k in (0, 1)]
            assert not any(map(is_few, counts)), (sizes, names)


def test_shares_are_of_everyone_and_of_each_group() -> None:
    risk = risk_of({"F": (40, 10), "M": (60, 30)})
    rows = {(row["group"], row["days"]): row for row in shares_by(risk, "sex", grouped(risk, "sex", is_few), [5, 50])}
    assert rows[EVERYONE, 50]["share"] == pytest.approx(0.4)
    assert rows["F", 50]["share"] == pytest.approx(0.25)
    assert rows["M", 50]["share"] == pytest.approx(0.5)
    assert rows["M", 5]["share"] == 0
    assert (rows["F", 50]["children_at_risk"], rows["F", 50]["children_with_event"]) == (30, 10)


def test_a_stratum_has_a_baseline_for_each_level_of_each_authority() -> None:
    risk = risk_of({"F": (4, 1), "M": (4, 1)})
    risk.la[::2] = 1
    assert np.unique(with_baselines(risk, "sex").la).size == 4
    assert with_baselines(risk, None) is risk
