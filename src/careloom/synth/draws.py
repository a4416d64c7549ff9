"""Chance that can be repeated: a generator for each piece of work, and draws that belong to a child wherever she is met.

A generator is named by the seed, the authority and the work, so that leaving one file out changes no other. What goes
with a true child (her name, her pupil number) is drawn from her number alone: two authorities that never saw each
other's files give her the same.
"""

from __future__ import annotations

import zlib

import numpy as np
from numpy.typing import NDArray

_STEP, _FIRST, _SECOND = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)


def generator(seed: int, position: int, work: str) -> np.random.Generator:
    """The generator of one piece of work for the authority at `position`."""
    return np.random.default_rng([seed, position, zlib.crc32(work.encode())])


def bits(seed: int, numbers: NDArray[np.int64], about: str) -> NDArray[np.uint64]:
    """64 bits for each number, the same whenever seed, number and `about` are (the splitmix64 finaliser)."""
    salt = np.uint64((seed * 0x1000003 ^ zlib.crc32(about.encode())) & 0xFFFFFFFFFFFFFFFF)
    with np.errstate(over="ignore"):
        mixed = (numbers.astype(np.uint64) + salt + np.uint64(1)) * _STEP
        for _ in range(2):
            mixed = (mixed ^ (mixed >> np.uint64(30))) * _FIRST
            mixed = (mixed ^ (mixed >> np.uint64(27))) * _SECOND
            mixed ^= mixed >> np.uint64(31)
    return mixed


def uniform(seed: int, numbers: NDArray[np.int64], about: str) -> NDArray[np.float64]:
    """A draw in [0, 1) for each number, the same whenever seed, number and `about` are."""
    return (bits(seed, numbers, about) >> np.uint64(11)).astype(np.float64) * 2.0**-53


def shuffled(seed: int, numbers: NDArray[np.int64], size: int, about: str) -> NDArray[np.int64]:
    """The numbers below `size` in another order, each with one place (a Feistel network, walked until it lands below)."""
    half = np.uint64(-(-int(size - 1).bit_length() // 2))
    mask = np.uint64((1 << int(half)) - 1)
    placed, todo = numbers.astype(np.uint64), np.arange(numbers.size)
    while todo.size:
        left, right = placed[todo] >> half, placed[todo] & mask
        for turn in range(4):
            left, right = right, left ^ (bits(seed, right.astype(np.int64), f"{about} {turn}") & mask)
        placed[todo] = (left << half) | right
        todo = todo[placed[todo] >= size]
    return placed.astype(np.int64)


def choose(seed: int, numbers: NDArray[np.int64], about: str, weights: NDArray[np.float64]) -> NDArray[np.int64]:
    """A position drawn by weight for each number."""
    upto = np.cumsum(weights) / np.sum(weights)
    return np.searchsorted(upto, uniform(seed, numbers, about), side="right").clip(max=len(weights) - 1)
