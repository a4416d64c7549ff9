"""Which amounts must be withheld: those of few children, those that one child dominates, and what would give them away.

Money is not rounded coarsely enough to hide what rounding hides of counts, so the money of a few is hidden among others'.
"""

from collections.abc import Sequence, Set
from typing import Any

from careloom.disclose.columns import Amount
from careloom.disclose.profile import Profile
from careloom.disclose.sums import Groups, Rows

PERCENT = 10.0
"""How near a reader who knows the next largest contribution may come to the largest: never within so many per cent of it."""


def is_dominated(total: float, largest: float, next_largest: float) -> bool:
    """Could whoever knows the second largest contribution tell the largest to within PERCENT of it?

    What such a reader does not know is the rest, total - largest - next; the largest is safe where the rest is as
    large as PERCENT of it. The p% rule: Hundepool and others 2012, Statistical Disclosure Control, section 4.2.2.
    """
    return largest > 0 and total - largest - next_largest < PERCENT / 100 * largest


def withheld_amounts(rows: Rows, column: Amount, counts: Set[int], groups: Groups, profile: Profile) -> set[int]:
    """Return the rows whose amount is withheld; `counts` are those whose count of children is, or the amount elsewhere.

    Of the amounts that add up to a total, those withheld are two or more, together rest on enough children, and no
    child dominates them together: for their sum is the total less what is shown. Where that cannot be, the total goes
    too; and where a total is withheld for the sake of another sum, one of its parts is, or they would add up to it.
    """
    known = [row for row, values in enumerate(rows) if values[column.name] is not None]
    withheld = {row for row in known if row in counts or stands_out(rows, column, {row})}
    before = -1
    while before < len(withheld):
        before = len(withheld)
        for parts, totals in groups:
            there = [part for part in parts if part in known and rows[part][column.on]]
            withheld |= more_withheld(rows, column, there, [t for t in totals if t in known], withheld, profile)
    return withheld


def more_withheld(
    rows: Rows, column: Amount, parts: Sequence[int], totals: Sequence[int], withheld: Set[int], profile: Profile
) -> set[int]:
    """Return what else of one sum must be withheld: the parts of fewest children first, the total when all else fails."""
    hidden, is_total_hidden = {part for part in parts if part in withheld}, bool(withheld & set(totals))
    if not hidden and not is_total_hidden:
        return set()
    rest = sorted(
        (part for part in parts if part not in hidden), key=lambda p: (rows[p][column.on], rows[p][column.name])
    )
    while rest and not is_hidden(rows, column, hidden, profile, is_total_hidden=is_total_hidden):
        hidden.add(rest.pop(0))
    if not is_hidden(rows, column, hidden, profile, is_total_hidden=is_total_hidden):
        return hidden | set(totals)
    return hidden


def is_hidden(rows: Rows, column: Amount, hidden: Set[int], profile: Profile, *, is_total_hidden: bool) -> bool:
    """Is what is hidden safe from being the total less the rest?"""
    if is_total_hidden:
        return bool(hidden)
    children = sum(int(rows[part][column.on]) for part in hidden)
    return len(hidden) > 1 and children >= profile.threshold and not stands_out(rows, column, hidden)


def stands_out(rows: Rows, column: Amount, together: Set[int]) -> bool:
    """Does one child dominate the sum of these rows? A child in several of them is taken for several."""
    if column.largest is None:
        return False
    most = sorted((number(rows[row][name]) for row in together for name in column.largest), reverse=True)
    return is_dominated(sum(number(rows[row][column.name]) for row in together), most[0], most[1])


def number(value: Any) -> float:
    """A number of whatever kind; a missing one is nothing: there is no second child."""
    return 0.0 if value is None else float(value)
