"""The patterns as compiled code wants them: items in blocks, and patterns that begin alike side by side."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from careloom.stats.latent_class.rows.patterns import MISSING, Floats, PatternTable, Whole

BLOCK = 128  # answers that one block of items can have, at most: its table then stays in the fastest memory
LAST_BLOCK = 1024  # the last block is read in order, so more pays: beginnings are fewer and each serves more patterns
FILLED = 16  # patterns for each answer to the last block, at least: its table is made anew at every step


@dataclass(frozen=True, eq=False)
class Blocks:
    """The patterns with the answers to each block of items as one number, sorted by them.

    ``codes`` (P, B) and ``weights`` (P,) in sorted order. Items are those of the first block, then of the next, and so
    on: ``block_items`` (B,) how many each block has, ``items`` (J,) their places in the table, ``radices`` (J,) how many
    answers each can have (its levels, and a last one more where it may be missing), ``sizes`` (J,) its levels and
    ``first_cells`` (J,) where these begin. An answer to a block is a number with these radices, the first item in front.
    """

    codes: Whole
    weights: Floats
    block_items: Whole
    items: NDArray[np.intp]
    radices: Whole
    sizes: Whole
    first_cells: Whole


def gather_in_blocks(table: PatternTable) -> Blocks:
    """Put the items in blocks, those that hardly vary first, so that few beginnings serve many patterns."""
    radices = table.sizes + np.array([column.min() == MISSING for column in table.codes.T], dtype=np.int32)
    commonest = np.maximum.reduceat(table.counts, table.first_cells) / np.maximum(table.seen, 1e-300)
    items = np.argsort(-commonest, kind="stable")
    block_items = pack(radices[items].tolist(), min(max(len(table.codes) // FILLED, BLOCK), LAST_BLOCK))
    codes = np.zeros((len(table.codes), len(block_items)), dtype=np.int32)
    for item, block in zip(items, np.repeat(np.arange(len(block_items)), block_items), strict=True):
        answer = np.where(table.codes[:, item] == MISSING, table.sizes[item], table.codes[:, item])
        codes[:, block] = codes[:, block] * radices[item] + answer
    order = np.lexsort(codes.T[::-1])
    return Blocks(
        codes[order],
        np.asarray(table.weights, dtype=np.float64)[order],
        block_items,
        items,
        radices[items],
        table.sizes[items],
        table.first_cells[items],
    )


def pack(radices: list[int], last: int) -> Whole:
    """How many items each block takes, in the order given, so that the last block has at most ``last`` answers and the
    others BLOCK; an item with more answers than that is a block of its own."""
    taken, answers, most = [0], 1, last
    for radix in reversed(radices):
        if taken[-1] and answers * radix > most:
            taken.append(0)
            answers, most = 1, BLOCK
        taken[-1] += 1
        answers *= radix
    return np.array(taken[::-1], dtype=np.int32)
