"""The compiled kernel does what NumPy does, for every shape of table, and is never needed."""

from __future__ import annotations

import os
import runpy
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from careloom.stats.latent_class import PatternTable, collapse, fit_latent_classes
from careloom.stats.latent_class.fitting.climb import EM_STEPS, climb, climb_by_em, climb_compiled, climb_to_end
from careloom.stats.latent_class.fitting.search import in_threads, search
from careloom.stats.latent_class.fitting.starts import starting_point
from careloom.stats.latent_class.model import compiled
from careloom.stats.latent_class.model.blocks import BLOCK, LAST_BLOCK, gather_in_blocks, pack
from careloom.stats.latent_class.model.likelihood import by_logarithms, point_of
from careloom.stats.latent_class.model.objective import PatternObjective
from careloom.stats.latent_class.model.parameters import Parameters, from_probabilities

REPOSITORY = Path(__file__).resolve().parents[5]
HOOK = runpy.run_path(str(REPOSITORY / "hatch_build.py"))
build = HOOK["build"]
COMPILER = next(filter(None, map(shutil.which, ("cc", "gcc", "clang"))), None)

YES_NO = (2,) * 9
MIXED = (2, 3, 2, 4, 2, 3, 5)
WIDE = (200, 3, 300)  # items with more answers than a block takes
LONG = (2,) * 34


@pytest.fixture
def kernel() -> None:
    """Nothing here can be shown where the kernel was not built; where a compiler is, that it was not is a failure."""
    if compiled.available():
        return
    if os.environ.get("CARELOOM_SKIP_NOTHING") == "1":
        pytest.fail(f"nothing may be skipped here, but there is no compiled kernel: {compiled.why_not()}")
    pytest.skip(f"no compiled kernel: {compiled.why_not()}")


@pytest.fixture
def asked_anew() -> Iterator[None]:
    """The kernel is looked for again, in the test and after it."""
    compiled.why_not.cache_clear()
    yield
    compiled.why_not.cache_clear()


def table_of(sizes: tuple[int, ...], rows: int, *, missing: float = 0.0, seed: int = 1) -> PatternTable:
    """Rows of three planted classes, with fractional weights."""
    random = np.random.default_rng(seed)
    kind = random.choice(3, size=rows, p=[0.5, 0.3, 0.2])
    answers = np.empty((rows, len(sizes)))
    for item, levels in enumerate(sizes):
        chance = random.dirichlet(np.ones(levels), 3).cumsum(axis=1)[kind, :-1]
        answers[:, item] = (random.random((rows, 1)) > chance).sum(axis=1)
    answers[random.random(answers.shape) < missing] = np.nan
    answers[0] = [levels - 1 for levels in sizes]  # no item is all missing
    return collapse(answers, random.uniform(0.1, 3.0, rows), [np.arange(levels) for levels in sizes])[0]


def start_for(table: PatternTable, classes: int, number: int = 1) -> Parameters:
    return starting_point(table, classes, 7, number)[1]


def objectives(table: PatternTable, prior: float = 0.0) -> tuple[PatternObjective, PatternObjective]:
    return PatternObjective(table, prior, "compiled"), PatternObjective(table, prior, "numpy")


# --- the E-step ------------------------------------------------------------------------------------------------------

CASES = [
    pytest.param(YES_NO, 0.0, classes, id=f"yes/no, {classes} classes")
    for classes in (1, 2, 3, 4, 5, 8, 12, 16, 17, 20, 23, 27, 30, 32, 33, 50)
] + [
    pytest.param(MIXED, 0.0, 5, id="many answers"),
    pytest.param(MIXED, 0.2, 5, id="many answers, missing"),
    pytest.param(YES_NO, 0.3, 3, id="missing"),
    pytest.param(LONG, 0.0, 12, id="many blocks"),
    pytest.param(LONG, 0.1, 6, id="many blocks, missing"),
    pytest.param(WIDE, 0.1, 4, id="items wider than a block"),
    pytest.param((2,), 0.0, 1, id="one item"),
    pytest.param((2, 2), 0.0, 2, id="one block"),
]


@pytest.mark.parametrize(("sizes", "missing", "classes"), CASES)
def test_the_e_step_is_that_of_logarithms(kernel: None, sizes: tuple[int, ...], missing: float, classes: int) -> None:
    table = table_of(sizes, 3000, missing=missing)
    at = start_for(table, classes)
    found = compiled.expect(gather_in_blocks(table), at)
    assert found is not None
    for ours, slow in zip(found, by_logarithms(table, at), strict=True):
        np.testing.assert_allclose(ours, slow, rtol=1e-11, atol=1e-12)


def test_a_single_pattern(kernel: None) -> None:
    table = collapse([[1.0, 0.0, 2.0]], [2.5], [np.arange(2), np.arange(2), np.arange(3)])[0]
    at = start_for(table, 2, 0)
    found = compiled.expect(gather_in_blocks(table), at)
    assert found is not None
    for ours, slow in zip(found, by_logarithms(table, at), strict=True):
        np.testing.assert_allclose(ours, slow, rtol=1e-13)


def test_logarithms_of_very_small_and_of_certain_probabilities(kernel: None) -> None:
    """Patterns whose probabilities lie between 1e-250 and 1: no digit of the logarithm is lost anywhere."""
    items = 20
    table = collapse(np.tri(items + 1, items, -1), None, [np.arange(2)] * items)[0]
    at = from_probabilities([1.0], [[[1.0, 10.0**-12.5]]] * items)
    alone = [table.reweighted(np.arange(items + 1) == pattern) for pattern in range(items + 1)]
    for one in alone:
        found = compiled.expect(gather_in_blocks(one), at)
        assert found is not None
        # A probability near 1 is known to twenty roundings, and so is its logarithm, in absolute terms.
        assert found[0] == pytest.approx(by_logarithms(one, at)[0], rel=2e-15, abs=20 * 2.0**-52)


def test_patterns_in_another_order_and_with_others_weight_zero(kernel: None) -> None:
    table = table_of(MIXED, 2000, missing=0.1)
    turned = PatternTable(table.codes[::-1].copy(), table.weights[::-1].copy(), table.levels)
    at = start_for(table, 4)
    found, again = (compiled.expect(gather_in_blocks(one), at) for one in (table, turned))
    assert found is not None
    assert again is not None
    assert found[0] == again[0]
    assert (found[2] == again[2]).all()


def test_more_classes_than_the_kernel_takes_are_left_to_numpy(kernel: None) -> None:
    table = table_of(YES_NO, 2000)
    most = compiled.load_kernel().careloom_most_classes()
    fast, slow = objectives(table)
    for classes, taken in ((most, True), (most + 1, False)):
        at = start_for(table, classes, 0)
        assert (compiled.expect(gather_in_blocks(table), at) is not None) is taken
        assert fast.expect(at).loglik == pytest.approx(slow.expect(at).loglik, rel=1e-12)


# --- the climb -------------------------------------------------------------------------------------------------------

CLIMBS = [
    pytest.param(YES_NO, 0.0, 3, 0.0, id="yes/no"),
    pytest.param(YES_NO, 0.2, 3, 0.5, id="missing, prior"),
    pytest.param(MIXED, 0.1, 4, 0.0, id="many answers"),
    pytest.param(MIXED, 0.0, 4, 1.0, id="many answers, prior"),
    pytest.param(LONG, 0.0, 6, 0.1, id="many blocks, prior"),
    pytest.param(MIXED, 0.0, 1, 0.0, id="one class"),
    pytest.param(YES_NO, 0.0, 30, 0.1, id="thirty classes, prior"),
]


@pytest.mark.parametrize(("sizes", "missing", "classes", "prior"), CLIMBS)
def test_em_steps_are_those_of_numpy(
    kernel: None, sizes: tuple[int, ...], missing: float, classes: int, prior: float
) -> None:
    fast, slow = objectives(table_of(sizes, 3000, missing=missing), prior)
    start = start_for(fast.table, classes)
    ours, theirs = climb_compiled(fast, start, EM_STEPS, 0), climb_by_em(slow, start, EM_STEPS)
    assert ours is not None
    assert ours.steps == theirs.steps
    assert ours.point.value == pytest.approx(theirs.point.value, rel=1e-12)
    np.testing.assert_allclose(ours.point.at.flat(), theirs.point.at.flat(), rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(ours.point.expected, theirs.point.expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(("sizes", "missing", "classes", "prior"), CLIMBS[:-1])
def test_a_climb_ends_where_numpy_ends(
    kernel: None, sizes: tuple[int, ...], missing: float, classes: int, prior: float
) -> None:
    fast, slow = objectives(table_of(sizes, 3000, missing=missing), prior)
    start = start_for(fast.table, classes)
    ours, theirs = climb_to_end(fast, start), climb_to_end(slow, start)
    # Both stop with 1e-8 of log-likelihood still expected; the picture that says so is good to a factor of ten.
    assert ours.point.value == pytest.approx(theirs.point.value, abs=1e-7)
    assert abs(ours.gain_left) < 1e-8
    assert ours.steps > EM_STEPS or classes == 1


def test_the_first_steps_of_l_bfgs_are_those_of_numpy(kernel: None) -> None:
    """Later ones part: rounding grows on the way, and both are right."""
    fast, slow = objectives(table_of(MIXED, 3000, missing=0.1), 0.2)
    begun = climb_by_em(slow, start_for(fast.table, 3), 5)
    ours, theirs = climb(fast, begun, 12), climb(slow, begun, 12)
    assert ours.steps == theirs.steps == 17
    np.testing.assert_allclose(ours.point.at.flat(), theirs.point.at.flat(), rtol=1e-7, atol=1e-7)
    assert ours.gain_left == pytest.approx(theirs.gain_left, rel=1e-5)


def test_where_products_vanish_numpy_goes_on(kernel: None) -> None:
    """A thousand yes/no items: no pattern's probability can be held in a number."""
    rows = np.random.default_rng(3).integers(0, 2, (40, 1000))
    table = collapse(rows, None, [np.arange(2)] * 1000)[0]
    fast, slow = objectives(table, 0.5)
    start = start_for(table, 2)
    assert compiled.expect(gather_in_blocks(table), start) is None
    assert climb_compiled(fast, start, 2, 2) is None
    point = point_of(start, *by_logarithms(table, start), prior=0.5)
    assert fast.expect(start).value == pytest.approx(point.value, rel=1e-12)
    ours, theirs = climb_to_end(fast, start), climb_to_end(slow, start)
    assert ours.point.value == theirs.point.value


def test_threads_and_order_change_not_a_bit(kernel: None) -> None:
    objective = PatternObjective(table_of(MIXED, 2000, missing=0.1), 0.0, "compiled")
    one, two = (search(objective, 3, starts=6, seed=4, threads=threads) for threads in (1, 2))
    for a, b in zip(one, two, strict=True):
        assert (a.climb.point.at.flat() == b.climb.point.at.flat()).all()
        assert a.climb.point.value == b.climb.point.value
    starts = [start_for(objective.table, 3, number) for number in range(6)]
    forth = in_threads(lambda start: climb_to_end(objective, start).point, starts, 3)
    back = in_threads(lambda start: climb_to_end(objective, start).point, starts[::-1], 2)
    for here, there in zip(forth, back[::-1], strict=True):
        assert (here.at.flat() == there.at.flat()).all()


@pytest.mark.parametrize("prior", [0.0, 0.5])
def test_a_whole_fit_is_that_of_numpy(kernel: None, prior: float, monkeypatch: pytest.MonkeyPatch) -> None:
    table = table_of(YES_NO, 4000)
    ours = fit_latent_classes(table, classes=3, starts=6, prior=prior)
    monkeypatch.setenv("CARELOOM_KERNEL", "numpy")
    theirs = fit_latent_classes(table, classes=3, starts=6, prior=prior)
    assert ours.certificate.verdict == theirs.certificate.verdict
    assert ours.loglik == pytest.approx(theirs.loglik, abs=1e-7)
    np.testing.assert_allclose(ours.parameters.flat(), theirs.parameters.flat(), atol=1e-5)


# --- blocks ----------------------------------------------------------------------------------------------------------


def test_blocks_hold_every_answer_once() -> None:
    table = table_of(MIXED, 500, missing=0.1)
    blocks = gather_in_blocks(table)
    assert sorted(blocks.items) == list(range(len(MIXED)))
    assert blocks.block_items.sum() == len(MIXED)
    assert (np.lexsort(blocks.codes.T[::-1]) == np.arange(len(blocks.codes))).all()
    answers, ends = [], np.cumsum(blocks.block_items)
    for block, end in enumerate(ends):
        code = blocks.codes[:, block]
        for place in range(end - 1, end - blocks.block_items[block] - 1, -1):
            code, answer = np.divmod(code, blocks.radices[place])
            answers.append((blocks.items[place], np.where(answer == blocks.sizes[place], -1, answer)))
        assert (code == 0).all()
    unpacked = np.column_stack([answer for _, answer in sorted(answers, key=lambda pair: pair[0])])
    ours = {(*row, weight) for row, weight in zip(unpacked.tolist(), blocks.weights.tolist(), strict=True)}
    assert ours == {(*row, weight) for row, weight in zip(table.codes.tolist(), table.weights.tolist(), strict=True)}


def test_blocks_are_full_but_for_the_first() -> None:
    assert pack([2] * 20, LAST_BLOCK).tolist() == [3, 7, 10]
    assert pack([2] * 5, BLOCK).tolist() == [5]
    assert pack([2, 500, 2, 3], BLOCK).tolist() == [1, 1, 2]
    assert pack([5000], BLOCK).tolist() == [1]


# --- there or not ----------------------------------------------------------------------------------------------------


def test_numpy_can_be_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    table = table_of(YES_NO, 100)
    assert PatternObjective(table, kernel="numpy").blocks is None
    monkeypatch.setenv("CARELOOM_KERNEL", "numpy")
    assert PatternObjective(table).blocks is None
    monkeypatch.setenv("CARELOOM_KERNEL", "abacus")
    with pytest.raises(ValueError, match="abacus"):
        _ = PatternObjective(table).blocks


def test_compiled_can_be_asked_for_and_goes_before_the_variable(kernel: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CARELOOM_KERNEL", "numpy")
    assert PatternObjective(table_of(YES_NO, 100), kernel="compiled").blocks is not None


def test_without_a_library_numpy_does_the_work(
    asked_anew: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CARELOOM_KERNEL", raising=False)
    monkeypatch.setattr(compiled, "LIBRARY", tmp_path / "_kernel.so")
    table = table_of(YES_NO, 500)
    assert PatternObjective(table).blocks is None
    assert fit_latent_classes(table, classes=2, starts=2).certificate.is_maximum
    with pytest.raises(RuntimeError, match="not built when Careloom was installed"):
        _ = PatternObjective(table, kernel="compiled").blocks


def test_a_library_of_another_source_or_that_does_not_load_is_not_used(
    kernel: None, asked_anew: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = tmp_path / "kernel.c"
    changed.write_bytes(compiled.SOURCE.read_bytes() + b"\n/* changed */\n")
    monkeypatch.setattr(compiled, "SOURCE", changed)
    assert compiled.why_not() == "the library was built from another version of kernel.c"
    compiled.why_not.cache_clear()
    broken = tmp_path / compiled.LIBRARY.name
    broken.write_bytes(b"not a library")
    monkeypatch.setattr(compiled, "LIBRARY", broken)
    monkeypatch.setattr(compiled, "load_kernel", compiled.load_kernel.__wrapped__)
    assert compiled.why_not() == "the library cannot be loaded (OSError)"


# --- building it -----------------------------------------------------------------------------------------------------


@pytest.mark.skipif(COMPILER is None, reason="there is no C compiler")
def test_the_kernel_builds_and_says_from_what(tmp_path: Path) -> None:
    library = build(compiled.SOURCE, tmp_path / "_kernel.so")
    assert library is not None
    assert compiled.digest(compiled.SOURCE).encode() in library.read_bytes()


@pytest.mark.skipif(COMPILER is None, reason="there is no C compiler")
def test_what_other_compilers_make_of_it_is_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Standard C without lanes, and not a warning."""
    library = tmp_path / "_plain.so"
    words = HOOK["command"](COMPILER, compiled.SOURCE, library, ["PLAIN"])
    strict = ["-std=c99", "-pedantic", "-Wall", "-Wextra", "-Werror"]
    subprocess.run([*(word for word in words if word != "-std=gnu99"), *strict], check=True)
    monkeypatch.setattr(compiled, "LIBRARY", library)
    loaded = compiled.load_kernel.__wrapped__()
    monkeypatch.setattr(compiled, "load_kernel", lambda: loaded)
    for classes in (1, 5, 12):
        table = table_of(MIXED, 2000, missing=0.1)
        at = start_for(table, classes)
        found = compiled.expect(gather_in_blocks(table), at)
        assert found is not None
        for ours, slow in zip(found, by_logarithms(table, at), strict=True):
            np.testing.assert_allclose(ours, slow, rtol=1e-11, atol=1e-12)


@pytest.mark.skipif(
    COMPILER is None or os.name == "nt", reason="there is no C compiler, or no shell to stand in for one"
)
def test_a_compiler_that_knows_less_gets_the_plain_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = tmp_path / "old-cc"
    old.write_text(f'#!/bin/sh\ncase "$*" in *-DPLAIN*) exec {COMPILER} -O0 "$@";; esac\nexit 1\n')
    old.chmod(0o755)
    monkeypatch.setenv("CC", str(old))
    assert build(compiled.SOURCE, tmp_path / "_kernel.so") == tmp_path / "_kernel.so"


def test_without_a_compiler_nothing_is_built_and_nothing_old_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = tmp_path / "_kernel.so"
    library.write_bytes(b"from last year")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CC", raising=False)
    assert build(compiled.SOURCE, library) is None
    assert not library.exists()


def test_a_source_that_does_not_compile_is_no_error(tmp_path: Path) -> None:
    source = tmp_path / "kernel.c"
    source.write_text("this is not C\n")
    assert build(source, tmp_path / "_kernel.so") is None
    assert [path.name for path in tmp_path.iterdir()] == ["kernel.c"]
