"""What if a rate, a frequency, a fee, a mix of placements or needs, or a rate of return were otherwise?

Everything but a recount is a weight on what a cell of costs came to: so it takes no counting again, and whatever prices are
drawn, the cost before and after rest on the same ones.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from careloom.catalogue import PriceSheet, Process
from careloom.catalogue.scenarios import Change, Scenario
from careloom.core import RequestError
from careloom.costs.counts import EVERYTHING, Cell, condition
from careloom.costs.prices import PER_NIGHT
from careloom.costs.uncertainty import Weights, as_they_are
from careloom.engine import Engine, text

NIGHTS = ("LAC 3", "fee")
"""Every night in a placement is one night of a fee of process LAC 3, be it a fee of nothing."""
FEW = 1e-9


def conditions(changes: Sequence[Change], processes: Sequence[Process]) -> list[str]:
    """The conditions on a line of `cost`, called `c`, that the changes ask for: `flags_of` finds them again."""
    return [asked for number, change in enumerate(changes) for asked in conditions_of(number, change, processes)]


def conditions_of(number: int, change: Change, processes: Sequence[Process]) -> list[str]:
    of = condition(change.of)
    match change.what:
        case "mix":
            return [of, condition(change.taken_from), condition(change.given_to)]
        case "returns":
            return [f"{of} AND {within_stretch(number)}"]
        case "fee":
            return [f"{of} AND c.kind = 'fee'"]
        case "family share":
            shared = [
                f"(c.process = {text(process.key)} AND c.element = {text(element.name)})"
                for process in processes
                for element in process.elements
                if element.is_shared
            ]
            return [" OR ".join(shared) or "1 = 0"]
        case "recount":
            return [f"c.process = {text(change.process)} AND c.element = {text(change.element)}"]
        case _:
            return [of]


def within_stretch(number: int) -> str:
    return f"""EXISTS (
        SELECT 1 AS one FROM {stretches(number)} AS s
        WHERE s.person_id = c.person_id AND s.starts_on <= c.starts_on AND s.ends_on > c.starts_on)"""


def stretches(number: int) -> str:
    return f"scenario_stretch_{number}"


def find_stretches(engine: Engine, changes: Sequence[Change]) -> None:
    """Make, for each change of returns, the table of stretches whose costs would not arise."""
    for number, change in enumerate(changes):
        if change.what == "returns":
            engine.make(stretches(number), change.select)


def touched(changes: Sequence[Change], processes: Sequence[Process], sheet: PriceSheet) -> str:
    """The condition that a line of `cost` comes to something, and that some change takes from it, or changes it."""
    asked = []
    for number, change in enumerate(changes):
        of, *more = conditions_of(number, change, processes)
        asked.append(f"(({of}) AND ({more[0] if more else rests_on(change, sheet)}))")
    return f"c.subtotal <> 0 AND ({' OR '.join(asked)})"


def given(changes: Sequence[Change], processes: Sequence[Process]) -> list[str]:
    """For each mix, the condition that a line of `cost` tells what nights given to others cost there."""
    found = []
    for number, change in enumerate(changes):
        if change.what == "mix":
            of, _, to = conditions_of(number, change, processes)
            found.append(f"c.subtotal <> 0 AND ({of}) AND ({to})")
    return found


def rests_on(change: Change, sheet: PriceSheet) -> str:
    """The condition that a line rests on a price with hours of the staff whose hours, or rate, a change changes."""
    if change.what not in ("rate", "hours"):
        return EVERYTHING
    rows = [
        " ".join(str(row.line) for row in price.rows)
        for price in sheet.prices
        if any(row.hours and change.staff in (None, row.staff) for row in price.rows)
    ]
    return f"c.price_source = 'sheet' AND c.price_rows IN ({', '.join(map(text, rows))})" if rows else "1 = 0"


def weigh(cells: Sequence[Cell], changes: Sequence[Change], sheet: PriceSheet, *, first_flag: int = 0) -> list[Weights]:
    """Return what each cell is multiplied by once the changes are made, one after the other.

    The flags of a cell are those of `conditions`, from `first_flag` on. Raises RequestError when a change finds nothing to
    change, or gives nights to placements or needs that nobody had.
    """
    weights, flag = as_they_are(cells), first_flag
    for change in changes:
        is_of = [cell.flags[flag] for cell in cells]
        if change.what == "mix":
            weights = mixed(cells, weights, change, flag)
            flag += 3
            continue
        flag += 1
        if change.what == "recount":
            continue
        if not any(is_of):
            raise RequestError(f"the change of {change.what} finds no cost to change: is it named as in the costs?")
        weights = [
            changed(cell, weight, change, sheet) if asked else weight
            for cell, weight, asked in zip(cells, weights, is_of, strict=True)
        ]
    return weights


def changed(cell: Cell, weight: Weights, change: Change, sheet: PriceSheet) -> Weights:
    match change.what:
        case "rate" | "hours":
            return replace(weight, of_pay=tuple(pay_weights(cell, weight, change, sheet)))
        case "returns":
            return replace(weight, whole=weight.whole * (1 - change.number))
        case _:
            return replace(weight, whole=weight.whole * change.number)


def pay_weights(cell: Cell, weight: Weights, change: Change, sheet: PriceSheet) -> Iterable[float]:
    """What the hours, or the rate, of each row of a cell are multiplied by."""
    units = {row.line: (row, price.unit) for price in sheet.prices for row in price.rows}
    for part, before in zip(cell.parts, weight.of_pay, strict=True):
        row, unit = units[part.line]
        if change.staff is not None and row.staff != change.staff:
            yield before
        elif not change.is_added:
            yield before * change.number
        elif not row.hours:
            yield before
        else:
            in_unit = change.number * per(change.per, unit, change.what)
            yield before * (1 + in_unit / float(row.hours))


def per(asked: str, unit: str, what: str) -> float:
    """How many of what is said `asked` fall on one `unit`: 52.18 hours a year are one a week."""
    if (asked == "event") != (unit == "event"):
        raise RequestError(f"the change of {what} adds hours per {asked}, and the price is per {unit}")
    return 1.0 if asked == "event" else float(PER_NIGHT[asked] / PER_NIGHT[unit])


def mixed(cells: Sequence[Cell], weights: Sequence[Weights], change: Change, flag: int) -> list[Weights]:
    """Take a share of nights from some and give them to others, where they cost what a night costs on average.

    The average is of the same authority; where nobody there has such nights, of all authorities together.
    """
    taken, given = ([cell.flags[flag + n] for cell in cells] for n in (1, 2))
    if any(a and b for a, b in zip(taken, given, strict=True)):
        raise RequestError('a mix cannot take nights "from" and give them "to" the same placements or needs')
    moved, there = nights(cells, weights, taken), nights(cells, weights, given)
    everywhere = sum(there.values())
    if sum(moved.values()) < FEW or everywhere < FEW:
        raise RequestError('a mix needs nights both in what it takes "from" and in what it gives "to"')
    stray = sum(n for la, n in moved.items() if there.get(la, 0) < FEW)
    made = []
    for cell, weight, takes, gives in zip(cells, weights, taken, given, strict=True):
        times, la = 1.0, cell.keys["la"]
        if takes:
            times = 1 - change.number
        elif gives:
            own = moved.get(la, 0) / there[la] if there.get(la, 0) >= FEW else 0
            times = 1 + change.number * (own + stray / everywhere)
        made.append(replace(weight, whole=weight.whole * times) if cell.flags[flag] else weight)
    return made


def nights(cells: Sequence[Cell], weights: Sequence[Weights], chosen: Sequence[bool]) -> dict[str, float]:
    """Nights in placements of the chosen cells, by authority."""
    found: dict[str, float] = {}
    for cell, weight, is_chosen in zip(cells, weights, chosen, strict=True):
        if is_chosen and (cell.keys["process"], cell.keys["kind"]) == NIGHTS:
            found[cell.keys["la"]] = found.get(cell.keys["la"], 0.0) + weight.whole * cell.quantity
    return found


def at(scenario: Scenario, number: int, value: float) -> tuple[Change, ...]:
    """The changes with another number in one of them."""
    changes = list(scenario.changes)
    changes[number] = replace(changes[number], number=value)
    return tuple(changes)
