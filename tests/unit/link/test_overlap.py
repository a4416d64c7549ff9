"""How many of a list another list knows is told by the pairs, and makes the same likeness say more or less."""

import numpy as np
import pyarrow as pa
import pytest

from careloom.link.overlap import USUAL, Lists, weigh_by_overlap
from careloom.link.weighed import odds

PRIOR = 0.5 / 1000


def pairs_of(likely: list[tuple[int, int, float]]) -> pa.Table:
    """Pairs of descriptions by number, and how many times as likely one child as two."""
    one, two, times = zip(*likely, strict=True)
    said = [PRIOR * each / (1 + PRIOR * each) for each in times]
    return pa.table({"one": one, "two": two, "probability": said})


def two_lists(many: int) -> Lists:
    numbers = np.arange(2 * many)
    return Lists((numbers >= many).astype(np.int64), numbers)


@pytest.mark.parametrize("share", [0.05, 0.5, 0.9])
def test_the_share_is_found(share: float) -> None:
    """So many of a thousand are found for certain: a doubtful pair beside them is weighed by that share."""
    sure, told = 1e9, 100.0
    known = [(n, 1000 + n, sure) for n in range(int(share * 1000))]
    weighed = weigh_by_overlap(pairs_of([*known, (999, 1999, told)]), two_lists(1000), PRIOR)
    last = weighed["probability"].to_pylist()[-1]
    found = odds(last) / told * 1000
    assert found == pytest.approx(
        (share * 1000 + 20 * USUAL) / 1020, abs=0.003
    )  # the last pair itself adds up to 0.001


def test_one_pair_of_small_lists_says_next_to_nothing_of_the_share() -> None:
    weighed = weigh_by_overlap(pairs_of([(0, 3, 1e9)]), two_lists(3), PRIOR)
    assert weighed["probability"].to_pylist()[0] > 0.999
    beside = weigh_by_overlap(pairs_of([(0, 3, 1e9), (1, 4, 3.0)]), two_lists(3), PRIOR)
    assert odds(beside["probability"].to_pylist()[1]) == pytest.approx(3.0 * USUAL / 3, rel=0.1)


def test_lists_are_weighed_two_by_two() -> None:
    """The second list knows the first, the third nobody: the same likeness says less there."""
    numbers = np.arange(3000)
    lists = Lists(numbers // 1000, numbers)
    known = [(n, 1000 + n, 1e9) for n in range(800)]
    weighed = weigh_by_overlap(pairs_of([*known, (900, 1900, 500.0), (2000, 901, 500.0)]), lists, PRIOR)
    near, far = weighed["probability"].to_pylist()[-2:]
    assert near > 0.25
    assert far < 0.03


def test_a_unit_of_many_descriptions_counts_once() -> None:
    lists = two_lists(1000)
    lists.unit[:500] = 0
    once = pairs_of([(0, 1000, 1e9), (999, 1999, 100.0)])
    often = pairs_of([*((n, 1000, 1e9) for n in range(500)), (999, 1999, 100.0)])
    last = [weigh_by_overlap(pairs, lists, PRIOR)["probability"].to_pylist()[-1] for pairs in (once, often)]
    assert last[0] == pytest.approx(last[1])


def test_no_pairs_are_no_pairs() -> None:
    empty = pairs_of([(0, 1, 1.0)]).slice(0, 0)
    assert weigh_by_overlap(empty, two_lists(1), PRIOR).num_rows == 0
