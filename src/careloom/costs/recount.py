"""Counting some of the work in another way: the event pass again, over the kept tables, for the processes concerned only."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date

from careloom.catalogue import Need, PlacementCodes, PriceSheet, Process
from careloom.catalogue.scenarios import Change
from careloom.core import RequestError, nearest
from careloom.costs.costing import CostChoices, cost_children
from careloom.engine import Engine, text

BEFORE = "cost_before"


def processes_with(changes: Sequence[Change], processes: Sequence[Process]) -> list[Process]:
    """Return the processes that are counted otherwise, each with its elements as the changes say."""
    known = {process.key: process for process in processes}
    found: dict[str, Process] = {}
    for change in (change for change in changes if change.what == "recount"):
        if change.process not in known:
            raise RequestError(f'there is no process "{change.process}"{nearest(change.process, known)}')
        process = found.get(change.process, known[change.process])
        names = [element.name for element in process.elements]
        if change.element not in names:
            raise RequestError(f'{process.key} has no element "{change.element}"{nearest(change.element, names)}')
        elements = tuple(
            replace(element, select=change.select) if element.name == change.element else element
            for element in process.elements
        )
        found[change.process] = replace(process, elements=elements)
    return list(found.values())


def recount(
    engine: Engine,
    changes: Sequence[Change],
    processes: Sequence[Process],
    *,
    needs: Sequence[Need],
    sheet: PriceSheet,
    placement_codes: PlacementCodes,
    first_day: date,
    end_day: date,
    choices: CostChoices,
) -> bool:
    """Make table `cost` again with the recounts among the changes, beside the lines of all other processes.

    The lines before are in `cost_before`, and `restore` brings them back. False when no change is a recount. Of a date
    of birth only the month is kept, and its first day stands for it.
    """
    chosen = processes_with(changes, processes)
    if not chosen:
        return False
    if "born_on" not in engine.columns("person"):
        engine.make("person", "SELECT *, birth_month AS born_on FROM person")
    columns = ", ".join(engine.columns("cost"))
    engine.make(BEFORE, f"SELECT {columns} FROM cost")
    try:
        cost_children(
            engine,
            chosen,
            needs=needs,
            sheet=sheet,
            placement_codes=placement_codes,
            first_day=first_day,
            end_day=end_day,
            choices=choices,
        )
        engine.make("cost_again", f"SELECT {columns} FROM cost")
        engine.drop("cost")
        again = ", ".join(text(process.key) for process in chosen)
        engine.make(
            "cost",
            f"SELECT {columns} FROM {BEFORE} WHERE process NOT IN ({again}) UNION ALL SELECT {columns} FROM cost_again",
        )
    except BaseException:
        with suppress(Exception):
            restore(engine)
        raise
    return True


def restore(engine: Engine) -> None:
    """Bring back the lines of before the recount."""
    engine.drop("cost")
    engine.make("cost", f"SELECT * FROM {BEFORE}")
