"""Fit the factors of synthetic England: shift each indicator's probabilities until its national share is as published.

    python benchmarks/synthetic_england/fit_factors.py [population.toml]

Prints each indicator's published and expected share, the mean number of factors, its spread over authorities, and the
lines to paste into the catalogue. Nothing is drawn but the authorities and the mix of kinds: an assessment that shows
nothing is drawn again, so that each kind's share of an indicator is its probability over that of showing anything.
One shift on the logit scale goes to all kinds and the background alike, so that the kinds keep their pictures.
Probabilities of 0 stay, and so do those of FIXED or more, which say what a kind is (an unaccompanied child).
"""

from __future__ import annotations

import csv
import sys
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from careloom.catalogue import Population, read_population
from careloom.synth.days import year_starts
from careloom.synth.life.authorities import MOST, draw_authorities
from careloom.synth.life.cases import NFA
from careloom.synth.life.england import live_in
from careloom.synth.life.factors import chances

Floats = NDArray[np.float64]

CATALOGUE = files("careloom") / "catalogue"
YEAR, YEAR_OF_24A = "2019", "2023"  # 24A came in 2022; its first year was incomplete
FIXED = 0.97
COUNTRIES = 8  # draws of MOST authorities over which shares are averaged
YEARS = (2018, 2020)  # about the year of the published shares
BIRTHS = 100_000.0  # enough that the mix of kinds is known to a tenth of a point
STEPS = 60  # each step moves every share most of the way; 20 are enough


def published() -> dict[str, float]:
    """The national share of each indicator among cases with factors."""
    text = (CATALOGUE / "national" / "targets.csv").read_text(encoding="utf-8")
    rows = [row for row in csv.DictReader(text.splitlines()) if row["statistic"] == "factors"]
    year = {row["group"]: YEAR_OF_24A if row["group"] == "24A" else YEAR for row in rows}
    return {row["group"]: float(row["value"]) / 100 for row in rows if row["year"] == year[row["group"]]}


def mix_of_kinds(population: Population) -> Floats:
    """Share of each kind among the assessed cases of a typical authority: who comes back counts again."""
    typical = draw_authorities(population, 1, seed=1)[0]
    cases = live_in(population, typical, YEARS, BIRTHS, seed=1, moves=False).cases
    counted = (cases.path != NFA) & (cases.starts_on >= year_starts(YEARS[0]))
    mix: Floats = np.bincount(cases.kind[counted], minlength=len(population.kinds)) / counted.sum()
    return mix


@dataclass(frozen=True)
class Country:
    """Many authorities: the children referred in each, its mix of kinds, and the shift of each indicator's log odds."""

    referred: Floats
    mix: Floats
    shift: Floats

    @classmethod
    def of(cls, population: Population, mix: Floats) -> Country:
        drawn = [each for seed in range(COUNTRIES) for each in draw_authorities(population, MOST, seed)]
        referred = np.array([each.size * np.exp(each.effects["referral_rate"]) for each in drawn])
        mixes = mix * np.exp([each.mix for each in drawn])
        return cls(referred, mixes / mixes.sum(axis=1, keepdims=True), np.array([each.factors for each in drawn]))

    def mean(self, found: Floats) -> Floats:
        """The national share of each indicator, given that of each authority."""
        national: Floats = np.average(found, axis=0, weights=self.referred)
        return national


def shares(chance: Floats, country: Country) -> Floats:
    """Authority x indicator: share of the assessments that show anything which show that indicator."""
    shown = np.stack([_shifted(row, country.shift) for row in chance])  # kind x authority x indicator
    shown /= 1 - np.prod(1 - shown, axis=2, keepdims=True)
    result: Floats = np.einsum("ak,kai->ai", country.mix, shown)
    return result


def fit(population: Population, target: Floats, country: Country) -> Floats:
    """The shift of each indicator's log odds at which its national share is the target; 0 where all are to stay."""
    chance = chances(population)
    free = ((chance > 0) & (chance < FIXED)).any(axis=0)
    by = np.zeros(target.size)
    for _ in range(STEPS):
        found = country.mean(shares(move(chance, by), country))
        by += np.where(free, _logit(target) - _logit(found), 0.0)
    return by


def move(chance: Floats, by: Floats) -> Floats:
    """Probabilities shifted on the logit scale, save those that stay as they are."""
    return np.where(chance >= FIXED, chance, _shifted(chance, by))


def lines(population: Population, by: Floats) -> list[str]:
    """The fitted probabilities as the catalogue writes them: background, then the picture of each kind."""
    place = {name: i for i, name in enumerate(population.background)}

    def fitted(name: str, chance: float) -> str:
        moved = float(move(np.array(chance), by[place[name]]))
        return f"{name} = {moved:.4f}" if moved < 0.0995 else f"{name} = {moved:.3f}"

    result = ["[background]", *(fitted(name, chance) for name, chance in population.background.items())]
    for kind in population.kinds:
        inner = ", ".join(fitted(name, chance) for name, chance in kind.factors.items())
        result += [f"# {kind.key}", f"factors = {{ {inner} }}"]
    return result


def _shifted(chance: Floats, by: Floats) -> Floats:
    odds = chance / (1 - chance) * np.exp(by)
    moved: Floats = odds / (1 + odds)
    return moved


def _logit(share: Floats) -> Floats:
    odds: Floats = np.log(share / (1 - share))
    return odds


def main() -> None:
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(str(CATALOGUE / "populations" / "england.toml"))
    population, known = read_population(path), published()
    target = np.array([known[name] for name in population.background])
    mix = mix_of_kinds(population)
    country = Country.of(population, mix)
    by = fit(population, target, country)
    before, after = (shares(move(chances(population), each), country) for each in (0 * by, by))
    national = [country.mean(found) for found in (before, after)]
    print("indicator  published  before  after   shift")
    for i, name in enumerate(population.background):
        row = (target[i], national[0][i], national[1][i])
        print(f"{name:9s}", *(f"{100 * share:8.2f}" for share in row), f"{by[i]:+8.3f}")
    misses = (100 * np.abs(found - target).max() for found in national)
    print("largest miss before and after, points:", *(f"{miss:.3f}" for miss in misses))
    many = after.sum(axis=1)
    print(f"factors an assessment: {national[1].sum():.3f}, published {target.sum():.3f}")
    print("authorities' means, centiles 5, 25, 50, 75, 95:", *np.percentile(many, (5, 25, 50, 75, 95)).round(2))
    print("kinds:", *(f"{kind.key} {share:.3f}" for kind, share in zip(population.kinds, mix, strict=True)))
    print("\n".join(["", *lines(population, by)]))


if __name__ == "__main__":
    main()
