"""What if: every kind of change, on costs small enough to work by hand."""

import sys
from pathlib import Path

import pytest

from careloom.catalogue import Element, Process
from careloom.catalogue.scenarios import Change, Scenario
from careloom.core import RequestError
from careloom.costs.counts import count_cells
from careloom.costs.uncertainty import Doubt, at_limit
from careloom.costs.whatif import at, conditions, find_stretches, given, touched, weigh

sys.path.append(str(Path(__file__).parent))
from prices_made_up import engine_of, line, row, sheet

WORKER, MANAGER = row(2, 2, 40, staff="social worker"), row(3, 1, 60, staff="team manager")
FEE = row(4, 0, 0, 700)
PRICES = sheet(
    ("LAC 3", "support", "week", [WORKER, MANAGER]),  # 140 a week
    ("LAC 3", "placement fee", "week", [FEE]),
    ("LAC 6", "review", "event", [row(5, 6, 40, staff="social worker")]),  # 240
)
LINES = (
    line("a", "support", 70, 1400, "2 3", placement_code="home", need_group="EBD"),
    line("a", "placement fee", 70, 7000, "4", kind="fee", placement_code="home", need_group="EBD"),
    line("b", "support", 140, 2800, "2 3", placement_code="foster", need_group="none"),
    line("b", "placement fee", 140, 2100, kind="fee", placement_code="foster", need_group="none"),
    line("b", "review", 2, 480, "5", process="LAC 6", basis="event", placement_code="foster", need_group="none"),
)
SHARED = Element("support", "case_management", "week", "SELECT 1", is_shared=True)
PROCESSES = [Process("LAC", 3, "Maintaining", "why", "source", (SHARED,), (), "")]


def after(*changes: Change, lines: tuple[dict[str, str], ...] = LINES) -> dict[tuple[str, str], float]:
    """What each element costs each child's placement after the changes, pounds."""
    engine = engine_of(*lines)
    find_stretches(engine, changes)
    cells = count_cells(engine, PRICES, conditions(changes, PROCESSES))
    weights = weigh(cells, changes, PRICES)
    amounts = at_limit(cells, PRICES, Doubt(within=0.0), high=False).of_cells(cells, weights)[:, 0]
    return {
        (cell.keys["placement_code"], cell.keys["element"]): amount for cell, amount in zip(cells, amounts, strict=True)
    }


BEFORE = {
    ("home", "support"): 1400,
    ("home", "placement fee"): 7000,
    ("foster", "support"): 2800,
    ("foster", "placement fee"): 2100,
    ("foster", "review"): 480,
}
REVIEWS = (("process", ("LAC 6",)),)
HOME, FOSTER = (("placement_code", ("home",)),), (("placement_code", ("foster",)),)


@pytest.mark.parametrize(
    ("change", "changed"),
    [
        # a tenth more for each of 2 hours at 40 in 140 a week: 8 of 140
        (Change("rate", 1.1, staff="social worker"), {("home", "support"): 1480, ("foster", "support"): 2960, ("foster", "review"): 528}),
        (Change("rate", 1.1, staff="social worker", of=REVIEWS), {("foster", "review"): 528}),
        (Change("hours", 0.5, of=REVIEWS), {("foster", "review"): 240}),
        # an hour more a week of either: 40 + 60 in 140
        (Change("hours", 1, is_added=True, per="week", of=(*HOME, ("element", ("support",)))), {("home", "support"): 2400}),
        (Change("fee", 1.5, of=FOSTER), {("foster", "placement fee"): 3150}),
        (Change("frequency", 3, of=REVIEWS), {("foster", "review"): 1440}),
        (Change("frequency", 0, of=REVIEWS), {("foster", "review"): 0}),
        (Change("family share", 0.5), {("home", "support"): 700, ("foster", "support"): 1400}),
    ],
    ids=lambda each: each.what if isinstance(each, Change) else "",
)  # fmt: skip
def test_a_change_changes_what_it_says_and_nothing_else(change: Change, changed: dict) -> None:
    assert after(change) == pytest.approx(BEFORE | changed)


def test_a_mix_of_placements_gives_nights_at_what_nights_there_cost() -> None:
    """35 of 70 nights go to foster care, where a night costs 2,800 / 140 for support and 2,100 / 140 for the fee."""
    mix = Change("mix", 0.5, taken_from=HOME, given_to=FOSTER, of=(("process", ("LAC 3",)),))
    moved = {("home", "support"): 700, ("home", "placement fee"): 3500}
    moved |= {("foster", "support"): 2800 + 35 * 20, ("foster", "placement fee"): 2100 + 35 * 15}
    assert after(mix) == pytest.approx(BEFORE | moved)


def test_a_mix_of_needs_takes_all_that_a_need_costs() -> None:
    """All of them: who has a need costs what those without cost, reviews and all."""
    mix = Change("mix", 1, taken_from=(("need_group", ("EBD",)),), given_to=(("need_group", ("none",)),))
    half_more = {key: amount * 1.5 for key, amount in BEFORE.items() if key[0] == "foster"}
    assert after(mix) == pytest.approx(BEFORE | {("home", "support"): 0, ("home", "placement fee"): 0} | half_more)


def test_nights_of_an_authority_without_such_placements_cost_what_they_do_elsewhere() -> None:
    lines = (*LINES[:2], *({**each, "la": "B"} for each in LINES[2:]))
    mix = Change("mix", 0.5, taken_from=HOME, given_to=FOSTER, of=(("process", ("LAC 3",)),))
    assert after(mix, lines=lines)[("foster", "support")] == pytest.approx(2800 + 35 * 20)


def test_changes_are_made_one_after_the_other() -> None:
    """Nights that a return saved cannot be moved again: half of 70 are left, and half of those move."""
    select = "SELECT 'a' AS person_id, DATE '2021-01-01' AS starts_on, DATE '2022-01-01' AS ends_on"
    lines = tuple(each | {"starts_on": "2021-06-01"} for each in LINES)
    changes = (
        Change("returns", 0.5, select=select),
        Change("mix", 0.5, taken_from=HOME, given_to=FOSTER, of=(("process", ("LAC 3",)),)),
    )
    found = after(*changes, lines=lines)
    assert found[("home", "placement fee")] == pytest.approx(7000 / 4)
    assert found[("foster", "placement fee")] == pytest.approx(2100 + 17.5 * 15)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (Change("fee", 2, of=(("placement_code", ("hmoe",)),)), "finds no cost to change"),
        (Change("mix", 0.5, taken_from=HOME, given_to=HOME), "the same placements"),
        (Change("mix", 0.5, taken_from=HOME, given_to=(("placement_code", ("secure",)),)), "needs nights both"),
        (Change("hours", 1, is_added=True, per="event", of=(("element", ("support",)),)), "adds hours per event"),
    ],
    ids=["nothing to change", "to the same", "to nobody", "hours per event"],
)
def test_what_does_not_fit_the_costs_is_refused(change: Change, why: str) -> None:
    with pytest.raises(RequestError, match=why):
        after(change)


def test_whose_lines_a_change_touches() -> None:
    engine = engine_of(*LINES)
    mix = Change("mix", 0.5, taken_from=HOME, given_to=FOSTER)
    asked = "SELECT DISTINCT c.person_id FROM cost AS c WHERE {} ORDER BY c.person_id"
    assert engine.rows(asked.format(touched((mix,), PROCESSES, PRICES))) == [("a",)]
    assert engine.rows(asked.format(touched((mix, Change("frequency", 2, of=REVIEWS)), PROCESSES, PRICES))) == [
        ("a",),
        ("b",),
    ]

    # a manager's rate touches nobody who had but a review, and a recorded fee is no hour of anybody's
    manager = Change("rate", 2, staff="team manager")
    assert engine.rows(asked.format(touched((manager,), PROCESSES, PRICES) + " AND c.kind = 'fee'")) == []
    assert engine.rows(asked.format(touched((manager,), PROCESSES, PRICES) + " AND c.process = 'LAC 6'")) == []
    (told,) = given((mix,), PROCESSES)
    assert engine.rows(asked.format(told)) == [("b",)]


def test_another_number_in_one_change() -> None:
    scenario = Scenario("s", "t", "w", "s", ("a",), (Change("fee", 2), Change("fee", 3)))
    assert [change.number for change in at(scenario, 1, 9)] == [2, 9]
