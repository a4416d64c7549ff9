"""What moves a cost most, or the difference that a scenario makes: prices, the scenario's own numbers, and conventions."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from careloom.catalogue.scenarios import Change, Scenario, load_switches
from careloom.core import OutputError, RequestError
from careloom.costs.uncertainty import Factors, at_limit, kinds_of, staff_of
from careloom.costs.whatif import at
from careloom.engine import text
from careloom.report.tornado import draw_tornado
from careloom.report.workbook import ILLUSTRATIVE
from careloom.study.cost_brief import HIGH, LOW, OTHER, moves
from careloom.study.cost_state import Costs, State
from careloom.study.cost_tables import ALL, Behind, Row, behind, fewest, load_rows, shown_amount
from careloom.study.kept_demand import answers_of
from careloom.study.listings import Listing

LEAST = 0.005
"""GBP: what moves less than half a penny moves nothing."""


def tornado(costs: Costs, before: State, scenario: Scenario | None, svg: Path | None) -> list[str | Listing]:
    """Load and release what moves the cost, or the difference a scenario makes; draw it where it was asked for."""
    changes = scenario.changes if scenario else ()
    after = costs.state(changes) if scenario else None
    rows = [
        *of_prices(costs, before, after, changes),
        *(of_numbers(costs, before, after, scenario) if scenario and after else []),
        *of_conventions(costs, before, after, changes),
    ]
    load_rows(costs.engine, costs.catalogue, "cost_tornado", rows)
    answer = answers_of(costs.engine, ("cost_tornado",), costs.study.disclosure)["cost_tornado"]
    if not answer.released:
        return [answer.question.otherwise]
    title = f"What moves the difference most: {scenario.title}" if scenario else "What moves the cost most"
    parts: list[str | Listing] = [moves(answer, title)]
    if svg:
        figure = draw_tornado(answer, ILLUSTRATIVE if costs.sheet.standing == "illustrative" else "")
        try:
            svg.write_text(figure.svg, encoding="utf-8")
        except OSError as fault:
            raise OutputError(f"{svg}: the drawing cannot be written there ({fault.strerror})") from None
        parts.append(f"Drawing: {svg}")
    return parts


def value(before: State, after: State | None, factors: Factors) -> float:
    """GBP in all: of the costs, or of what a scenario adds to them."""
    return after.total(factors) - before.total(factors) if after else before.total(factors)


def of_prices(costs: Costs, before: State, after: State | None, changes: Sequence[Change]) -> Iterator[Row]:
    """Each kind of staff, and fees, at lowest and highest prices."""
    cells = [*before.cells, *(after.cells if after else ())]
    central = value(before, after, costs.central(cells))
    for kind in kinds_of(cells, costs.sheet):
        rows = [
            " ".join(str(r.line) for r in p.rows)
            for p in costs.sheet.prices
            if any(staff_of(r) == kind for r in p.rows)
        ]
        where = f"c.subtotal <> 0 AND c.price_source = 'sheet' AND c.price_rows IN ({', '.join(map(text, rows))})"
        who = costs.behind("Process", changes, where) if changes else behind(costs.engine, "Process", where)
        for number, name in enumerate((LOW, HIGH), start=1):
            factors = at_limit(cells, costs.sheet, costs.doubt, high=number == 2, kind=kind)
            moved = value(before, after, factors) - central
            if abs(moved) > LEAST:
                yield bar(f"Prices: {kind}", number, name, who.get(ALL), moved)


def of_numbers(costs: Costs, before: State, after: State, scenario: Scenario) -> Iterator[Row]:
    """Each number that the scenario takes for granted, at its lowest and highest."""
    central = value(before, after, costs.central([*before.cells, *after.cells]))
    who = costs.behind("Process", scenario.changes).get(ALL)
    for place, change in enumerate(scenario.changes):
        for number, name, limit in ((1, LOW, change.low), (2, HIGH, change.high)):
            if limit is not None:
                other = costs.state(at(scenario, place, limit))
                factors = costs.central([*before.cells, *other.cells])
                moved = value(before, other, factors) - central
                yield bar(f"The scenario's {change.what}, change {place + 1}", number, name, who, moved)


def of_conventions(costs: Costs, before: State, after: State | None, changes: Sequence[Change]) -> Iterator[Row]:
    """Each convention of the method, the other way; those that would change nothing here are left out."""
    central = value(before, after, costs.central([*before.cells, *(after.cells if after else ())]))
    for switch in load_switches().values():
        with suppress(RequestError):  # the costs hold nothing of what it switches
            was, is_now = costs.state(switch.changes), costs.state((*switch.changes, *changes)) if changes else None
            factors = costs.central([*was.cells, *(is_now.cells if is_now else ())])
            moved = value(was, is_now, factors) - central
            if abs(moved) > LEAST:
                asked = [each for each in (switch.changes, changes) if each]
                yield bar(
                    switch.title, 2, OTHER, fewest(costs.behind("Process", each).get(ALL) for each in asked), moved
                )


def bar(name: str, number: int, side: str, who: Behind | None, moved: float) -> Row:
    return {"bar": name, "side_no": number, "side": side} | shown_amount(who, moved)
