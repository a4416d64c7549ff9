"""Links drawn by how probable they are: one of the ways in which the records may truly belong together.

Drawn many times, what is then counted differs as far as the links are in doubt. Records are given to children one to one, as
a record system knows a child once: of all such ways each is as likely as the product of the odds of its links, so a record
that two children could have is drawn for one of them, or for neither, and never for both.
Source: McGlincy (2004), A Bayesian record linkage methodology for multiple imputation of missing links, ASA Proceedings of the
Section on Survey Research Methods, 4001; one to one as in Sadinle (2017), Bayesian estimation of bipartite matchings for record
linkage, JASA 112:600. That the ways within a cluster are all counted is ours.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
import pyarrow as pa

from careloom.link.unite import components

MOST_WAYS = 5000
"""Of more ways within one cluster none are counted: its records are drawn one after the other then, in an order that is drawn too."""
SUREST = 1 - 1e-12
"""A probability is no nearer to 1 than this, so that odds can be worked out."""


@dataclass(frozen=True)
class Chance:
    """A record that may be of a child, both by number, and how probable that is were nobody else there."""

    record: int
    child: int
    probability: float

    @property
    def log_odds(self) -> float:
        likely = min(self.probability, SUREST)
        return float(np.log(likely) - np.log1p(-likely))


Knows = Mapping[int, frozenset[str]]
"""By record, the record systems that know it: two records of one system are two children."""
Way = list[Chance]


def draw_chances(chances: Sequence[Chance], knows: Knows, seed: int) -> Way:
    """Draw which of the chances come true, one to one; the same seed draws the same."""
    random = np.random.default_rng(seed)
    drawn: Way = []
    for cluster in clusters(chances):
        ways = list(islice(every_way(cluster, knows), MOST_WAYS + 1))
        drawn += draw_way(ways, random) if len(ways) <= MOST_WAYS else draw_in_turn(cluster, knows, random)
    return drawn


def clusters(chances: Sequence[Chance]) -> list[list[Way]]:
    """Chances that depend on each other, through a record or a child in common; within each, by record."""
    ends = {"first_no": [each.record for each in chances], "second_no": [each.child for each in chances]}
    size = max([*ends["first_no"], *ends["second_no"], -1]) + 1
    cluster_of = components(size, pa.table({name: pa.array(numbers, pa.int64()) for name, numbers in ends.items()}))
    found: dict[int, dict[int, Way]] = {}
    for chance in chances:
        of_record = found.setdefault(int(cluster_of[chance.record]), {})
        of_record.setdefault(chance.record, []).append(chance)
    return [list(by_record.values()) for by_record in found.values()]


def every_way(records: Sequence[Way], knows: Knows, taken: frozenset[tuple[int, str]] = frozenset()) -> Iterator[Way]:
    """Every way to give each record one child or none, of which no system knows a child twice; `taken` are child and system."""
    if not records:
        yield []
        return
    first, *others = records
    yield from every_way(others, knows, taken)
    for chance in first:
        places = {(chance.child, system) for system in knows[chance.record]}
        if not places & taken:
            yield from ([chance, *way] for way in every_way(others, knows, taken | places))


def draw_way(ways: Sequence[Way], random: np.random.Generator) -> Way:
    """One of the ways, each as likely as the product of the odds of its links."""
    logs = np.array([sum(chance.log_odds for chance in way) for way in ways])
    weights = np.exp(logs - logs.max())
    return ways[int(random.choice(len(ways), p=weights / weights.sum()))]


def draw_in_turn(records: Sequence[Way], knows: Knows, random: np.random.Generator) -> Way:
    """Each record in turn gets one of the children that are still free, or none: near to `draw_way`, not the same."""
    drawn: Way = []
    taken: set[tuple[int, str]] = set()
    for place in random.permutation(len(records)):
        way = draw_way(list(every_way([records[place]], knows, frozenset(taken))), random)
        taken |= {(chance.child, system) for chance in way for system in knows[chance.record]}
        drawn += way
    return drawn
