"""Cox's partial likelihood as the textbook writes it: every event day, every row, one at a time. O(n^2), plain Python."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log


@dataclass(frozen=True)
class Row:
    x: tuple[float, ...]
    entry: float
    exit: float
    event: bool
    weight: float
    stratum: object
    offset: float

    def at_risk(self, day: float, stratum: object) -> bool:
        return self.stratum == stratum and self.entry < day <= self.exit


def hazard(row: Row, beta: Sequence[float]) -> float:
    return exp(sum(b * value for b, value in zip(beta, row.x, strict=True)) + row.offset)


def steps(rows: Sequence[Row], beta: Sequence[float], efron: bool):
    """Each tied event's turn: its day's events, those at risk with the weight each then counts, and the mean weight.

    After Efron the l-th of d tied events finds l/d of each of them gone already; after Breslow nobody gone.
    """
    for stratum, day in sorted({(row.stratum, row.exit) for row in rows if row.event}, key=str):
        tied = [row for row in rows if row.event and row.exit == day and row.stratum == stratum]
        mean = sum(row.weight for row in tied) / len(tied)
        there = [row for row in rows if row.at_risk(day, stratum)]
        for turn in range(len(tied)):
            gone = turn / len(tied) if efron else 0.0
            counts = [
                (row, row.weight * hazard(row, beta) * (1.0 - gone if any(row is t for t in tied) else 1.0), gone)
                for row in there
            ]
            yield day, stratum, tied, mean, counts, turn == 0


def log_likelihood(rows: Sequence[Row], beta: Sequence[float], efron: bool) -> float:
    total = 0.0
    for _day, _stratum, tied, mean, counts, first in steps(rows, beta, efron):
        if first:
            total += sum(row.weight * log(hazard(row, beta)) for row in tied)
        total -= mean * log(sum(count for _row, count, _gone in counts))
    return total


def score_residuals(rows: Sequence[Row], beta: Sequence[float], efron: bool) -> list[list[float]]:
    """Each row's part in the derivative, unweighted (n, p); weighted and summed they are the derivative."""
    out = [[0.0] * len(beta) for _ in rows]
    place = {id(row): number for number, row in enumerate(rows)}
    for _day, _stratum, tied, mean, counts, _first in steps(rows, beta, efron):
        total = sum(count for _row, count, _gone in counts)
        centre = [sum(count * row.x[j] for row, count, _gone in counts) / total for j in range(len(beta))]
        for row, count, _gone in counts:
            for j in range(len(beta)):
                out[place[id(row)]][j] -= mean * count / row.weight / total * (row.x[j] - centre[j])
        for row in tied:  # each of the tied events has an equal part in every turn
            for j in range(len(beta)):
                out[place[id(row)]][j] += (row.x[j] - centre[j]) / len(tied)
    return out


def martingale_residuals(rows: Sequence[Row], beta: Sequence[float], efron: bool) -> list[float]:
    out = [float(row.event) for row in rows]
    place = {id(row): number for number, row in enumerate(rows)}
    for _day, _stratum, _tied, mean, counts, _first in steps(rows, beta, efron):
        total = sum(count for _row, count, _gone in counts)
        for row, count, _gone in counts:
            out[place[id(row)]] -= mean * count / row.weight / total
    return out


def concordance(rows: Sequence[Row], beta: Sequence[float]) -> tuple[float, float, float]:
    """Concordant, discordant and tied pairs, each weighted by the product of the two weights."""
    more = less = same = 0.0
    for one in rows:
        for other in rows:
            if not one.event or one is other or not other.at_risk(one.exit, one.stratum):
                continue
            if other.event and other.exit == one.exit:
                continue
            a, b, pair = hazard(one, beta), hazard(other, beta), one.weight * other.weight
            if abs(log(a) - log(b)) < 1e-9:
                same += pair
            elif a > b:
                more += pair
            else:
                less += pair
    return more, less, same
