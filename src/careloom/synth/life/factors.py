"""The factors each assessment records: drawn by kind of need and the authority's habits, spelt as that year's codes."""

from __future__ import annotations

import numpy as np

from careloom.catalogue import Population
from careloom.synth.chance import happens, shifted
from careloom.synth.days import Days, Flags, collection_year
from careloom.synth.world import Assessments, Authority, Codes, Floats, Rows, Texts

FIRST_YEAR_OF_24A = 2022
_SPLIT_YEAR = 2021  # 18A and 19A become 18B/18C and 19B/19C; both are in use in that first year
_OLD_CODE = {2021: 0.4, 2022: 0.1}  # use of the unsplit code after the split; nil from 2023
_BY_A_CHILD = {"18": 0.22, "19": 0.40}  # share of split codes that are B (by a child) rather than C (by an adult)
_FOSTERED = "BCDEF"  # 8B to 8F, kinds of private fostering
_NOTHING_FOUND = 0.08  # code 21, among assessments that led to nothing more
_LEFT_OUT = 0.005  # completed assessments whose factors block is missing


def chances(population: Population) -> Floats:
    """Kind x indicator: the planted probability that an assessment of that kind shows the factor."""
    return np.array([[k.factors.get(i, p) for i, p in population.background.items()] for k in population.kinds])


def factor_by_kind(population: Population, code: str) -> Floats:
    """The chance of one factor in each kind of need."""
    otherwise = population.background.get(code, 0.0)
    return np.array([kind.factors.get(code, otherwise) for kind in population.kinds])


def draw_factors(
    population: Population,
    authority: Authority,
    kind: Rows,
    quiet: Flags,
    papers: tuple[Rows, Days, Days],
    rng: np.random.Generator,
) -> Assessments:
    """The factors of each assessment, independent given its kind; an empty draw is drawn again.

    kind, quiet : of each assessment, its kind and whether it led to nothing
    papers : referral, start and end of each assessment
    """
    chance, year = shifted(chances(population), authority.factors), collection_year(papers[2])
    present = np.zeros((kind.size, chance.shape[1]), dtype=bool)
    late = np.flatnonzero(np.array(list(population.background)) == "24A")
    todo = np.arange(kind.size)
    while todo.size:
        present[todo] = rng.random((todo.size, chance.shape[1])) < chance[kind[todo]]
        before = todo[year[todo] < FIRST_YEAR_OF_24A]
        present[np.ix_(before, late)] = False
        todo = todo[~present[todo].any(axis=1)]
    nothing = quiet & happens(rng, np.full(kind.size, _NOTHING_FOUND))
    left_out = ~nothing & happens(rng, np.full(kind.size, _LEFT_OUT))
    return Assessments(*papers, present, nothing, left_out)


def spell(population: Population, assessments: Assessments, rng: np.random.Generator) -> Codes:
    """The codes as that year's list has them, none for a block left out, and 21 where nothing was found."""
    names, year = list(population.background), collection_year(assessments.ends_on)
    blank = assessments.is_none | assessments.is_left_out
    row, item = np.nonzero(assessments.factors & ~blank[:, None])
    code = np.array(names, dtype="U3")[item]
    for name, by_child in _BY_A_CHILD.items():
        code = np.where(code == name, np.char.add(name, _who(year[row], by_child, rng)), code)
    code = np.where(code == "8", np.char.add("8", rng.choice(list(_FOSTERED), size=row.size)), code)
    row = np.concatenate([row, np.flatnonzero(assessments.is_none)])
    code = np.concatenate([code, np.full(int(assessments.is_none.sum()), "21")])
    order = np.argsort(row, kind="stable")
    return Codes(row[order], code[order])


def _who(year: Days, by_child: float, rng: np.random.Generator) -> Texts:
    """A before the split, B or C after it."""
    old = np.select([year < _SPLIT_YEAR, *(year == y for y in _OLD_CODE)], [1.0, *_OLD_CODE.values()], 0.0)
    after = np.where(happens(rng, np.full(year.size, by_child)), "B", "C")
    return np.where(happens(rng, old), "A", after)
