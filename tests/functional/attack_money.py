"""The same attacker, after money: sums of GBP and of nights that agree in three studies say what was withheld in the next.

Money is told to within a hundred pounds, so a single child's is told well enough when it is told to within PERCENT.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from attack import FAR, Family, Known, Relation, Rows, Told, labels, matrix, narrow, programmed, together
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from careloom.disclose import Amount, Profile, Released
from careloom.disclose.amounts import PERCENT, is_dominated
from careloom.report.question import Question

FURTHER = 1e4
"""GBP that nobody costs, as a multiple of FAR."""
LEAST_LARGEST, LEAST_DIFFERENT = 100, 3
SLIP = 1.0
"""GBP: parts are added up to the penny, and may miss their sum by a few."""


@dataclass(frozen=True)
class Sought:
    """Of one amount withheld: the truth, the most that one child adds to it, and the next."""

    value: float
    largest: float
    next_largest: float

    def is_told(self, low: float, high: float) -> bool:
        """Can a stranger tell the sum to within PERCENT of the largest, or who adds the next largest tell that one?"""
        margin = PERCENT / 100 * self.largest
        by_stranger = high - self.value < margin and self.value - low < margin
        return by_stranger or high - self.next_largest < self.largest + margin


def amounts(question: Question) -> list[Amount]:
    return [column for column in question.columns if isinstance(column, Amount)]


def in_pounds(questions: Mapping[str, Question], tables: Mapping[str, Any]) -> dict[str, Rows]:
    """The rows of tables that tell amounts, each as a float to the penny."""
    found = {name: table.to_pylist() for name, table in tables.items() if amounts(questions[name])}
    for name, rows in found.items():
        for row in rows:
            for column in (amount.name for amount in amounts(questions[name])):
                row[column] = None if row[column] is None else round(float(row[column]), 2)
    return found


def agreeing_money(studies: Sequence[Mapping[str, Rows]], told: Sequence[Told]) -> list[list[Family]]:
    """The families whose sums agree to the pound with each other, label by label, in every study."""
    alike: dict[Any, list[Family]] = defaultdict(list)
    for family in set.intersection(*(set(each) for each in told)):
        name, column = family[:2]
        sums = tuple(
            frozenset((key, round(sum(study[name][n][column] for n in rows))) for key, rows in each[family].items())
            for study, each in zip(studies, told, strict=True)
        )
        numbers = [number for each in sums for _, number in each]
        if max(numbers) >= LEAST_LARGEST and len(set(numbers)) >= LEAST_DIFFERENT:
            alike[sums].append(family)
    return [sorted(families) for families in alike.values() if len(families) > 1]


def totals(question: Question, rows: Rows) -> Iterator[Relation]:
    """The totals of a table and their parts, where these are all of them."""
    for column in (amount.name for amount in amounts(question)):
        for total in filter(None, (question.total, question.margin)):
            for group in together(rows, range(len(rows)), total.within):
                known = [n for n in group if rows[n][column] is not None]
                parts = [n for n in known if rows[n][total.column] != total.value]
                for n in (n for n in known if n not in parts):
                    if parts and abs(sum(rows[part][column] for part in parts) - rows[n][column]) < SLIP:
                        yield (
                            frozenset([(question.name, n, column)]),
                            frozenset((question.name, part, column) for part in parts),
                        )


def knowledge_of_money(
    questions: Mapping[str, Question],
    study: Mapping[str, Rows],
    released: Mapping[str, Released],
    added: set[Relation],
    profile: Profile,
) -> tuple[Known, dict[int, Sought]]:
    """What can be known of a study's money, and the amounts worth finding: of few children, or of one among others."""
    equal = {*added, *(each for name, rows in study.items() for each in totals(questions[name], rows))}
    place = {cell: n for n, cell in enumerate(sorted({c for each in equal for side in each for c in side}))}
    low, high, sought = np.zeros(len(place)), np.full(len(place), FURTHER * FAR), {}
    for (name, number, column), n in place.items():
        named = labels(questions[name])
        row, amount = study[name][number], next(a for a in amounts(questions[name]) if a.name == column)
        key = [row[label] for label in named]
        seen = next(each for each in released[name].rows.to_pylist() if [each[label] for label in named] == key)
        if seen[column] is not None:
            low[n], high[n] = seen[column] - amount.to / 2 - SLIP, seen[column] + amount.to / 2 + SLIP
            assert low[n] <= row[column] <= high[n], (name, column)
        elif row[column]:
            most = [float(row[each] or 0) for each in amount.largest] if amount.largest else [row[column], 0.0]
            is_of_one = amount.largest is not None and is_dominated(row[column], *most)
            if is_of_one or 0 < int(row[amount.on] or 0) < profile.threshold:
                sought[n] = Sought(row[column], *most)
    small = np.isin(np.arange(len(place)), list(sought))
    return Known(list(place), small, low, high, matrix(equal, place), csr_array((0, len(place)))), sought


def told_money(known: Known, sought: Mapping[int, Sought], most: int) -> list[tuple[str, int, str]]:
    """Whose money is told: sum by sum, and, of the `most` that are nearest to it, by programming."""
    low, high = narrow(known)
    found = [n for n, each in sought.items() if each.is_told(low[n], high[n])]
    component = connected_components(abs(known.equal).T @ abs(known.equal))[1]
    left = [n for n in sought if n not in found]
    for n in sorted(left, key=lambda n: (high[n] - sought[n].value) / sought[n].largest)[:most]:
        cells = np.flatnonzero(component == component[n])
        if sought[n].is_told(*(programmed(known, low, high, cells, n, sign) for sign in (1, -1))):
            found.append(n)
    return [known.cells[n] for n in found]
