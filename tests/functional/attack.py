"""An attacker: whoever reads everything that a study publishes, and knows which of its numbers add up.

What adds up is found by trying: sums over one or two labels of a table that agreed with those of another, or of the same,
row by row and in every made-up study, will agree in the next one too. From such equations and from how finely each number
is shown, bounds follow for those withheld: first sum by sum until nothing more can be said, then by linear programming.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import ceil, floor
from typing import Any

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import coo_array, csr_array, vstack
from scipy.sparse.csgraph import connected_components

from careloom.disclose import Amount, Count, Label, Parts, Profile, Released
from careloom.report.question import Question

Rows = list[dict[str, Any]]
Cell = tuple[str, int, str]
Family = tuple[str, str, tuple[str, ...], tuple[tuple[str, str], ...]]
"""A table, a column, the labels summed over, and labels held at one value."""
Relation = tuple[frozenset[Cell], frozenset[Cell]]
FEW_LEVELS = 4
LEAST_LARGEST, LEAST_DIFFERENT = 8, 3
"""Sums that agree tell something only when they are not all alike: numbers below 8, or two of them, agree by chance."""
FAR = 1e6
PASSES = 40


@dataclass(frozen=True)
class Known:
    """What the attacker knows of one study: the numbers, what adds up to what, and the most that each could be."""

    cells: list[Cell]
    small: np.ndarray
    low: np.ndarray
    high: np.ndarray
    equal: csr_array
    no_more: csr_array


def is_total(label: object) -> bool:
    return isinstance(label, str) and label.startswith("All")


def labels(question: Question) -> list[str]:
    return [column.name for column in question.columns if isinstance(column, Label)]


def counts(question: Question) -> list[Count]:
    return [column for column in question.columns if isinstance(column, Count)]


Told = dict[Family, dict[frozenset[str], list[int]]]
"""Of each family its sums: the labels that are left, and the numbers of the rows that are in the sum."""


def families(
    questions: Mapping[str, Question],
    study: Mapping[str, Rows],
    numbers: Callable[[Question], Sequence[Count | Amount]] = counts,
) -> Told:
    """Every sum over at most two labels of each count (or other number), by the labels that are left."""
    found: Told = defaultdict(lambda: defaultdict(list))
    for name, rows in study.items():
        told = labels(questions[name])
        many = {label for label in told if len({row[label] for row in rows}) > FEW_LEVELS}
        for summed in (each for n in range(min(len(told), 2) + 1) for each in combinations(told, n)):
            rest = [label for label in told if label not in summed]
            parts = [n for n, row in enumerate(rows) if not any(is_total(row[label]) for label in summed)]
            for group in together(rows, parts, rest):
                row = rows[group[0]]
                for held in holdings(row, rest, many):
                    key = frozenset(str(row[label]) for label in rest if label not in held)
                    kept = tuple((label, str(row[label])) for label in held)
                    for count in numbers(questions[name]):
                        known = [n for n in group if rows[n][count.name] is not None]
                        found[name, count.name, summed, kept][key] += known
    return found


def holdings(row: Mapping[str, Any], rest: Sequence[str], many: set[str]) -> Iterator[tuple[str, ...]]:
    """Which labels to hold at their value: totals always, others if they have few values."""
    always = {label for label in rest if is_total(row[label])}
    may = [label for label in rest if label in always or label not in many]
    for n in range(len(may) + 1):
        yield from (held for held in combinations(may, n) if always <= set(held))


def agreeing(studies: Sequence[Mapping[str, Rows]], told: Sequence[Told]) -> list[list[Family]]:
    """The families whose sums agree with each other, label by label, in every study."""
    alike: dict[Any, list[Family]] = defaultdict(list)
    for family in set.intersection(*(set(each) for each in told)):
        name, count = family[:2]
        sums = tuple(
            frozenset((key, sum(study[name][n][count] for n in rows)) for key, rows in each[family].items())
            for study, each in zip(studies, told, strict=True)
        )
        numbers = [number for each in sums for _, number in each]
        if max(numbers) >= LEAST_LARGEST and len(set(numbers)) >= LEAST_DIFFERENT:
            alike[sums].append(family)
    return [sorted(families) for families in alike.values() if len(families) > 1]


def equations(told: Told, found: Sequence[Sequence[Family]]) -> Iterator[Relation]:
    """Between sums that agree: the cells of one are together those of the other."""
    for alike in found:
        cells = [{key: frozenset((f[0], n, f[1]) for n in rows) for key, rows in told[f].items()} for f in alike]
        first = min(cells, key=lambda each: sum(map(len, each.values())))
        for other in cells:
            for key, ours in first.items():
                if other[key] != ours:
                    yield ours - other[key], other[key] - ours


def sums(question: Question, rows: Rows) -> Iterator[tuple[Relation, bool]]:
    """What a table says adds up, and whether exactly: totals of their parts, and parts of a whole that each repeats."""
    name, kept = question.name, [n for n, _ in enumerate(rows)]
    for count in (each.name for each in counts(question)):
        for total in filter(None, (question.total, question.margin)):
            for group in together(rows, kept, total.within):
                parts = [n for n in group if rows[n][total.column] != total.value and rows[n][count] is not None]
                for n in group:
                    if rows[n][total.column] == total.value and rows[n][count] is not None and parts:
                        yield from told(name, rows, (n, count), [(part, count) for part in parts])
    for each in question.adding:
        if isinstance(each, Parts):
            for group in together(rows, kept, each.within):
                group = [n for n in group if None not in (rows[n][each.of], rows[n][each.whole])]
                yield from (
                    ((frozenset([(name, n, each.whole)]), frozenset([(name, group[0], each.whole)])), True)
                    for n in group[1:]
                )
                if group:
                    yield from told(name, rows, (group[0], each.whole), [(n, each.of) for n in group])
    for count in counts(question):
        for n in kept if count.on else ():
            if None not in (rows[n][count.name], rows[n][count.on]):
                yield (frozenset([(name, n, str(count.on))]), frozenset([(name, n, count.name)])), False


def together(rows: Rows, kept: Sequence[int], within: Sequence[str]) -> list[list[int]]:
    found: dict[tuple[Any, ...], list[int]] = defaultdict(list)
    for n in kept:
        found[tuple(rows[n][label] for label in within)].append(n)
    return list(found.values())


def told(
    name: str, rows: Rows, whole: tuple[int, str], parts: Sequence[tuple[int, str]]
) -> Iterator[tuple[Relation, bool]]:
    """The whole is its parts, or, of children who are in several, no more than all of them and no less than each."""
    one, all_of = frozenset([(name, *whole)]), frozenset((name, *part) for part in parts)
    over = sum(rows[n][count] for n, count in parts) - rows[whole[0]][whole[1]]
    if over == 0:
        yield (one, all_of), True
    elif over > 0:
        yield (one, all_of), False
        yield from (((frozenset([part]), one), False) for part in all_of)


def knowledge(
    questions: Mapping[str, Question],
    study: Mapping[str, Rows],
    released: Mapping[str, Released],
    added: Iterable[Relation],
    profile: Profile,
) -> Known:
    """What can be known of a study. The attacker is told, beside what is shown, which of the numbers withheld are small."""
    within = [each for name, rows in study.items() for each in sums(questions[name], rows)]
    equal = {*added, *(relation for relation, is_exact in within if is_exact)}
    no_more = {relation for relation, is_exact in within if not is_exact}
    place = {
        cell: n
        for n, cell in enumerate(sorted({cell for each in (*equal, *no_more) for side in each for cell in side}))
    }
    low, high = np.zeros(len(place)), np.full(len(place), FAR)
    small = np.zeros(len(place), bool)
    shown = {
        name: {tuple(row[label] for label in labels(questions[name])): row for row in released[name].rows.to_pylist()}
        for name in study
    }
    for (name, number, count), n in place.items():
        row = study[name][number]
        seen = shown[name].get(tuple(row[label] for label in labels(questions[name])))
        if seen is None:  # a point of a curve that is left out
            continue
        low[n], high[n] = profile.could_be(seen[count]) if seen[count] is not None else (1, FAR)
        small[n] = seen[count] is None and 0 < row[count] < profile.threshold
        if small[n]:
            high[n] = profile.threshold - 1
        assert low[n] <= row[count] <= high[n], (name, count)
    return Known(list(place), small, low, high, matrix(equal, place), matrix(no_more, place))


def matrix(relations: set[Relation], place: Mapping[Cell, int]) -> csr_array:
    """Relations as rows: what is to be no more, less what it is no more than, is no more than nothing."""
    told = [
        (n, place[c], sign)
        for n, sides in enumerate(relations)
        for sign, side in zip((1, -1), sides, strict=True)
        for c in side
    ]
    rows, columns, signs = np.array(told, int).reshape(-1, 3).T
    return csr_array(coo_array((signs.astype(float), (rows, columns)), shape=(len(relations), len(place))))


def narrow(known: Known) -> tuple[np.ndarray, np.ndarray]:
    """The least and the most that each number can be, sum by sum, until nothing more can be said."""
    low, high = known.low.copy(), known.high.copy()
    relations = vstack([known.equal, -known.equal, known.no_more]).tocoo()
    row, cell, is_plus = relations.row, relations.col, relations.data > 0
    for _ in range(PASSES):
        before = low.sum() - high.sum()
        ends = np.where(is_plus, low[cell], -high[cell])
        least = np.bincount(row, ends, minlength=relations.shape[0])  # of a row of the relations, which is at most 0
        np.minimum.at(high, cell[is_plus], (ends - least[row])[is_plus])
        np.maximum.at(low, cell[~is_plus], (least[row] - ends)[~is_plus])
        if low.sum() - high.sum() == before:
            break
    return low, high


def pinned(known: Known, most: int) -> list[Cell]:
    """The small numbers that can only be one number: found sum by sum, and, of the `most` nearest to it, by programming."""
    low, high = narrow(known)
    small = np.flatnonzero(known.small)
    found = [n for n in small if low[n] == high[n]]
    together = connected_components(abs(known.equal).T @ abs(known.equal) + abs(known.no_more).T @ abs(known.no_more))[
        1
    ]
    nearest = sorted((n for n in small if low[n] < high[n]), key=lambda n: high[n] - low[n])[:most]
    for n in nearest:
        least, largest = (
            programmed(known, low, high, np.flatnonzero(together == together[n]), n, sign) for sign in (1, -1)
        )
        if ceil(least - 1e-6) == floor(largest + 1e-6):
            found.append(n)
    return [known.cells[n] for n in found]


def programmed(known: Known, low: np.ndarray, high: np.ndarray, cells: np.ndarray, n: int, sign: int) -> float:
    """The least (sign 1) or the most (sign -1) that cell `n` can be, all that is known of the others taken together."""
    at_rows = [np.flatnonzero(abs(relations[:, cells]).sum(axis=1)) for relations in (known.equal, known.no_more)]
    equal, no_more = (
        relations[rows][:, cells] for relations, rows in zip((known.equal, known.no_more), at_rows, strict=True)
    )
    solved = linprog(
        sign * (cells == n).astype(float),
        A_ub=no_more if no_more.shape[0] else None,
        b_ub=np.zeros(no_more.shape[0]) if no_more.shape[0] else None,
        A_eq=equal if equal.shape[0] else None,
        b_eq=np.zeros(equal.shape[0]) if equal.shape[0] else None,
        bounds=np.column_stack([low[cells], high[cells]]),
    )
    assert solved.success, solved.message  # what is shown can be true
    return sign * float(solved.fun)
