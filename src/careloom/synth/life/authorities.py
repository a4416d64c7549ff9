"""The authorities of a made-up country and how they differ: in size, in kinds of need, in thresholds and in recording."""

from __future__ import annotations

import numpy as np

from careloom.catalogue import Population
from careloom.core import RequestError
from careloom.synth.chance import shifted
from careloom.synth.draws import generator
from careloom.synth.life.factors import chances
from careloom.synth.world import Authority, Floats

MOST = 150  # England had about 150 authorities with children's services
FIRST_CODE = 501  # no English authority has a code from 501 to 650
SIZE_SPREAD = 0.6  # standard deviation of log size: the largest have ten times the children of the smallest
NAMES = ("Careloom-on-Sea", "Loomshire", "Warpington", "Weftborough", "Shuttleham", "Spindleford", "Heddlesham")
_BY_KIND = ("not_in_need", "section_47", "plan", "care")  # chances of each kind that an authority's threshold shifts
_FARTHEST, _HALVINGS = 8.0, 50  # no shift on the logit scale is larger; it is found to within 1e-14
_DECIMALS = 9  # so that authorities that do not differ have effects of 0 to the last bit


def draw_authorities(population: Population, count: int, seed: int) -> tuple[Authority, ...]:
    """Draw `count` authorities; a single one is the typical authority, in which no effect is anything but 0.

    However they differ, the country they make up has the level of the typical authority: rates are held on average
    over its children, chances on average over the children referred.
    """
    if not 1 <= count <= MOST:
        raise RequestError(f"authorities: write a number from 1 to {MOST}")
    if count == 1:
        return (_typical(population),)
    rng, varies, kinds = generator(seed, 0, "authorities"), population.varies, population.kinds
    size = np.exp(SIZE_SPREAD * rng.normal(size=count))
    size /= size.mean()
    referral_rate = hold_rate(varies["referral_rate"] * rng.normal(size=count), size)
    referred = size * np.exp(referral_rate)
    mix = hold_rate(varies["class_mix"] * rng.normal(size=(count, len(kinds))), referred)
    effects = {"referral_rate": referral_rate} | _effects(population, referred, rng)
    factors = _factors(population, effects["recording"], referred, rng)
    return tuple(
        Authority(
            position=i,
            code=str(FIRST_CODE + i),
            name=_name(i),
            size=float(size[i]),
            mix=mix[i],
            effects={name: float(effect[i]) for name, effect in effects.items()},
            factors=factors[i],
        )
        for i in range(count)
    )


def hold_rate(effects: Floats, weight: Floats) -> Floats:
    """Move log effects (authority first) so that their exponentials are 1 on average, each authority by its weight."""
    return _rounded(effects - np.log(np.average(np.exp(effects), axis=0, weights=weight)))


def hold_share(effects: Floats, weight: Floats, chance: Floats, share: Floats) -> Floats:
    """Move logit effects of authorities so that what happens by `chance`, in groups of that `share`, stays as common."""
    usual = float(np.average(chance, weights=share))
    if not 0 < usual < 1:
        return effects
    low, high = -_FARTHEST, _FARTHEST
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        in_each = np.average(shifted(chance, (effects + middle)[:, None]), axis=1, weights=share)
        low, high = (middle, high) if np.average(in_each, weights=weight) < usual else (low, middle)
    return _rounded(effects + low)


def _rounded(effects: Floats) -> Floats:
    rounded: Floats = np.round(effects, _DECIMALS) + 0.0  # and no minus 0
    return rounded


def _effects(population: Population, referred: Floats, rng: np.random.Generator) -> dict[str, Floats]:
    """The effects that need the number of children referred to be held."""
    varies, share = population.varies, np.array([kind.share for kind in population.kinds])
    effects = {"re_referral": hold_rate(varies["re_referral"] * rng.normal(size=referred.size), referred)}
    usual = {name: (np.array([getattr(kind, name) for kind in population.kinds]), share) for name in _BY_KIND}
    nothing, recorded = np.array(list(population.no_further_action.values())), chances(population)
    usual["no_further_action"] = nothing, np.ones_like(nothing)
    usual["recording"] = recorded.ravel(), np.repeat(share, recorded.shape[1])
    for name, (chance, of) in usual.items():
        drawn = draw_habits(rng, referred.size) if name == "recording" else rng.normal(size=referred.size)
        effects[name] = hold_share(varies[name] * drawn, referred, chance, of)
    return effects


def draw_habits(rng: np.random.Generator, count: int) -> Floats:
    """Habits of recording, mean 0 and variance 1: some authorities record far less than others, few far more."""
    drawn: Floats = (2.0 - rng.gamma(2.0, size=count)) / np.sqrt(2.0)
    return drawn


def _factors(population: Population, recording: Floats, referred: Floats, rng: np.random.Generator) -> Floats:
    """Authority x indicator: the shift of its log odds, from the habit of recording much and habits of its own."""
    recorded, share = chances(population), np.array([kind.share for kind in population.kinds])
    shift = recording[:, None] + population.varies["factor"] * rng.normal(size=(referred.size, recorded.shape[1]))
    return np.column_stack(
        [hold_share(of, referred, chance, share) for of, chance in zip(shift.T, recorded.T, strict=True)]
    )


def _typical(population: Population) -> Authority:
    effects = {name: 0.0 for name in population.varies if name not in ("class_mix", "factor")}
    return Authority(
        position=0,
        code=str(FIRST_CODE),
        name=_name(0),
        size=1.0,
        mix=np.zeros(len(population.kinds)),
        effects=effects,
        factors=np.zeros(len(population.background)),
    )


def _name(position: int) -> str:
    return NAMES[position] if position < len(NAMES) else f"Made-up Authority {FIRST_CODE + position}"
