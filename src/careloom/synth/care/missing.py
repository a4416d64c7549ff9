"""Days on which children in care are missing, or away without authorisation. The laws are made up, near published figures."""

from __future__ import annotations

import numpy as np

from careloom.catalogue import Population
from careloom.synth.chance import happens, scatter, shifted
from careloom.synth.days import NEVER, Days, birthday, year_ends, year_starts
from careloom.synth.draws import generator, uniform
from careloom.synth.life.factors import factor_by_kind
from careloom.synth.world import Authority, Care, Floats, Missing, People, Rows

_ABSCONDED = 0.16  # of incidents: away without authorisation, whereabouts known (DfE 2018-2022)
_BY_AGE = np.array([0.002, 0.03, 0.20, 0.26])  # chance in a year at 0-9, 10-12, 13-15, 16-17
_AGES = (10, 13, 16)
_TYPICAL = 0.02  # chance of factor 10A (going missing) at which a child's chance is that of the ages above
_MOST_INCIDENTS = 60


def draw_missing(
    authority: Authority, population: Population, people: People, care: Care, years: tuple[int, int], seed: int
) -> Missing:
    """About one looked-after child in nine a year, most of them adolescents; the median incident lasts a day."""
    rng = generator(seed, authority.position, "missing")
    row, year = care_years(care, years)
    first, last = np.array([(year_starts(y), year_ends(y)) for y in range(years[0], years[1] + 1)]).T
    from_on = np.maximum(care.starts_on[row], first[year - years[0]])
    until_on = np.minimum(care.ends_on[row] - 1, last[year - years[0]] + 1)
    days = until_on - from_on
    restless = 2 * (1 - uniform(seed, people.person[care.child[row]], "goes missing"))  # some go again and again
    chance = _chance(population, people, care, row, from_on) * restless * (1 - np.exp(-days.clip(0) / 60))
    goes = happens(rng, np.where(days > 0, chance, 0.0))
    row, from_on, until_on = row[goes], from_on[goes], until_on[goes]
    # Of those who go, a third go once, the mean is about 6.5 incidents (DfE 2020)
    often = np.ceil(np.exp(rng.normal(0.75, 1.65, row.size))).clip(1, _MOST_INCIDENTS).astype(np.int64)
    of, on = scatter(rng, np.minimum(often, (until_on - from_on) // 3 + 1), from_on, until_on)
    return _incidents(care, row[of], on, rng)


def care_years(care: Care, years: tuple[int, int]) -> tuple[Rows, Rows]:
    """Every period of care with each year of the returns that it touches."""
    pairs = []
    for year in range(years[0], years[1] + 1):
        rows = np.flatnonzero((care.starts_on <= year_ends(year)) & (care.ends_on >= year_starts(year)))
        pairs.append((rows, np.full(rows.size, year)))
    rows, found = (np.concatenate(column) for column in zip(*pairs, strict=True))
    return rows, found


def _chance(population: Population, people: People, care: Care, row: Rows, on: Days) -> Floats:
    """By age, and by how often the kind of need has the factor."""
    born = people.born[care.child[row]]
    had: Rows = np.sum([on >= birthday(born, age) for age in _AGES], axis=0, dtype=np.int64)
    factor = factor_by_kind(population, "10A")[care.kind[row]]
    return shifted(_BY_AGE[had], np.log((factor + _TYPICAL) / (2 * _TYPICAL)).clip(-1.5, 1.5))


def _incidents(care: Care, row: Rows, on: Days, rng: np.random.Generator) -> Missing:
    order = np.lexsort((on, row))
    row, on = row[order], on[order]
    drawn = rng.random(row.size)
    days = np.where(drawn < 0.25, 0, np.where(drawn < 0.7, 1, 1 + rng.geometric(0.15, row.size)))
    next_on = np.append(np.where(np.diff(row) == 0, on[1:], NEVER), NEVER) if row.size else on
    ends_on = np.minimum(np.minimum(on + days, next_on - 1), care.ends_on[row] - 1)
    kind = np.where(rng.random(row.size) < _ABSCONDED, "A", "M")
    return Missing(row, on, np.maximum(ends_on, on), kind)
