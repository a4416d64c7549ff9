"""The stages of a run, taken in turn: each part of them is taken up as it was kept, or made and kept."""

from collections.abc import Callable, Sequence

from careloom.core import Ledger
from careloom.engine import Engine
from careloom.report.words import say_day
from careloom.study.keeping import Keeping, Standing, worth_keeping
from careloom.study.parts import parts_of

Stage = tuple[str, Callable[[], Ledger]]
"""What it is called, and the work."""


def take_in_turn(
    stages: Sequence[Stage], engine: Engine, keeping: Keeping, *, on_step: Callable[[str, float], None]
) -> Ledger:
    """Go through every stage, or take up what is kept of it; return the account of all."""
    ledger, works = Ledger(), dict(stages)
    for part in parts_of(keeping.study):
        standing = keeping.look(part)
        told = keeping.take(standing, engine)
        if told is None:
            told = make_part(standing, engine, keeping, works, lambda step: on_step(step, share_of(step, stages)))
        else:
            for step in part.stages:
                on_step(f"{step} (kept since {say_day(keeping.taken[step])})", share_of(step, stages))
        ledger.extend(told)
    on_step("writing the outputs", len(stages) / (len(stages) + 1))
    return ledger


def make_part(
    standing: Standing,
    engine: Engine,
    keeping: Keeping,
    works: dict[str, Callable[[], Ledger]],
    on_step: Callable[[str], None],
) -> Ledger:
    """Go through the stages of one part, and keep the tables that they made."""
    candidates, ledger = worth_keeping(keeping.study, keeping.catalogue), Ledger()
    before = {name for name in candidates if engine.columns(name)}
    for step in standing.part.stages:
        on_step(step)
        ledger.extend(works[step]())
    tables = [name for name in candidates if name not in before and engine.columns(name)]
    keeping.put(standing, engine, tables, ledger)
    return ledger


def share_of(step: str, stages: Sequence[Stage]) -> float:
    """The share of the work that is done before a stage begins; writing the outputs counts as one."""
    return [name for name, _ in stages].index(step) / (len(stages) + 1)
