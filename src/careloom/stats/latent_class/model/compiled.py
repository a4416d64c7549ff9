"""The E-step and the climb in compiled code: the same as in NumPy, many times faster, and never needed.

The library is built from kernel.c when Careloom is installed, if there is a C compiler (hatch_build.py), and is loaded
by ctypes. While it works Python's lock is free, so starts run side by side. Where a product of probabilities vanishes it
gives up and the caller goes on in NumPy, which can add logarithms instead.
"""

from __future__ import annotations

import ctypes
import os
from ctypes import POINTER, Structure, byref, c_char_p, c_double, c_int, c_int32, c_int64, c_void_p
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np

from careloom.stats.latent_class.model.blocks import Blocks
from careloom.stats.latent_class.model.curvature import Curvature
from careloom.stats.latent_class.model.parameters import LEAST_LOG, Parameters
from careloom.stats.latent_class.rows.patterns import Floats

SOURCE = Path(__file__).with_name("kernel.c")
LIBRARY = Path(__file__).with_name("_kernel.dll" if os.name == "nt" else "_kernel.so")
DONE, VANISHED, NO_MEMORY = 0, 1, 2
ARRIVED, SLOW, OUT_OF_STEPS = 0, 1, 2

Kernel = Literal["auto", "compiled", "numpy"]


class Problem(Structure):
    """What is to be climbed: the fields of kernel.c's Problem, in its order."""

    _fields_: ClassVar = [
        ("patterns", c_int64),
        *((name, c_int32) for name in ("blocks", "items", "cells", "classes")),
        *((name, c_void_p) for name in ("codes", "weights", "block_items", "radices", "sizes", "first_cells")),
        ("prior", c_double),
        ("least_log", c_double),
    ]


class Rules(Structure):
    """When a climb stops and how far it may step: kernel.c's Rules, with the names and numbers of climb.py."""

    _fields_: ClassVar = [
        *((name, c_int32) for name in ("em_steps", "most_steps", "remembered", "halvings", "window")),
        *((name, c_double) for name in ("gain_left", "longest_step", "nearly_certain")),
        *((name, c_double) for name in ("fair_part", "rounding", "curved", "slow")),
    ]


class Bend(Structure):
    """A curvature: kernel.c's Bend. Points into its arrays, which must outlive it."""

    _fields_: ClassVar = [("count", c_int32), ("free", c_void_p), ("inverse", c_void_p)]


class Ended(Structure):
    """Steps taken, why no more were, and the gain that was still expected."""

    _fields_: ClassVar = [("steps", c_int32), ("stopped", c_int32), ("gain_left", c_double)]


def is_wanted(kernel: Kernel) -> bool:
    """Whether to use compiled code: *auto* when it is there, unless the variable CARELOOM_KERNEL says otherwise.

    Raises RuntimeError when it is asked for and is not there, ValueError on another word.
    """
    chosen = os.environ.get("CARELOOM_KERNEL", "auto") if kernel == "auto" else kernel
    if chosen not in ("auto", "compiled", "numpy"):
        raise ValueError(f"the kernel is auto, compiled or numpy; got {chosen}")
    if chosen == "compiled" and not available():
        raise RuntimeError(
            f"there is no compiled kernel: {why_not()}. Install Careloom again with a C compiler, or use numpy"
        )
    return chosen != "numpy" and available()


def available() -> bool:
    return not why_not()


@cache
def why_not() -> str:
    """Why the compiled kernel cannot be used; empty when it can."""
    if not LIBRARY.exists():
        return "it was not built when Careloom was installed"
    try:
        built_from = load_kernel().careloom_source().decode()
    except (OSError, AttributeError) as error:
        return f"the library cannot be loaded ({type(error).__name__})"
    return "" if built_from == digest(SOURCE) else "the library was built from another version of kernel.c"


def digest(source: Path) -> str:
    """Tells one kernel.c from another; line ends do not count."""
    return sha256(source.read_bytes().replace(b"\r\n", b"\n")).hexdigest()


@cache
def load_kernel() -> ctypes.CDLL:
    loaded = ctypes.CDLL(str(LIBRARY))
    loaded.careloom_source.restype = c_char_p
    loaded.careloom_expect.argtypes = [POINTER(Problem), c_void_p, POINTER(c_double), c_void_p]
    loaded.careloom_climb.argtypes = [POINTER(Problem), POINTER(Rules), POINTER(Bend), c_void_p, POINTER(Ended)]
    for function in (loaded.careloom_expect, loaded.careloom_climb, loaded.careloom_most_classes):
        function.restype = c_int
    return loaded


def problem(blocks: Blocks, at: Parameters, prior: float) -> Problem:
    """Points into the arrays of ``blocks``, which must outlive it."""
    arrays = (blocks.codes, blocks.weights, blocks.block_items, blocks.radices, blocks.sizes, blocks.first_cells)
    counts = (*blocks.codes.shape, len(blocks.items), len(at.log_probabilities), at.classes)
    return Problem(*counts, *(array.ctypes.data for array in arrays), prior, LEAST_LOG)


def expect(blocks: Blocks, at: Parameters) -> tuple[float, Floats, Floats] | None:
    """Log-likelihood, members (K,) and counts (M, K), without the prior; None when a product vanishes."""
    if at.classes > load_kernel().careloom_most_classes():
        return None
    flat, loglik = at.flat(), c_double()
    expected = np.empty(flat.size)
    status = load_kernel().careloom_expect(
        byref(problem(blocks, at, 0.0)), flat.ctypes.data, byref(loglik), expected.ctypes.data
    )
    if not is_done(status):
        return None
    return loglik.value, expected[: at.classes], expected[at.classes :].reshape(at.log_probabilities.shape)


def climb(
    blocks: Blocks, prior: float, start: Parameters, rules: Rules, curvature: Curvature | None = None
) -> tuple[Parameters, int, float, int] | None:
    """Where EM steps and then L-BFGS come to, the steps taken, the gain left and why it stopped; None when a product
    vanishes."""
    if start.classes > load_kernel().careloom_most_classes():
        return None
    flat, ended, bend = start.flat(), Ended(), None
    if curvature:
        bend = byref(Bend(len(curvature.free), curvature.free.ctypes.data, curvature.inverse.ctypes.data))
    status = load_kernel().careloom_climb(
        byref(problem(blocks, start, prior)), byref(rules), bend, flat.ctypes.data, byref(ended)
    )
    return (start.like(flat), ended.steps, ended.gain_left, ended.stopped) if is_done(status) else None


def is_done(status: int) -> bool:
    """False when a product vanished; raises MemoryError."""
    if status == NO_MEMORY:
        raise MemoryError("there is no room for the compiled kernel to work in")
    return status == DONE
