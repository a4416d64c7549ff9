"""`careloom cost`: what care cost, how sure that is, what would change it, and whether it adds up to what was spent."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from careloom.catalogue import Catalogue
from careloom.catalogue.outturn import Spending, load_outturn_lines, read_outturn
from careloom.catalogue.scenarios import Scenario, load_scenarios, read_scenario
from careloom.core import OutputError, RequestError, nearest
from careloom.costs.reconcile import reconcile
from careloom.costs.uncertainty import Doubt, Factors, at_limit, draw_prices
from careloom.report.workbook import ILLUSTRATIVE
from careloom.stats.drawn_amounts import Floats
from careloom.study.cost_state import Costs, State
from careloom.study.cost_tables import (
    ALL,
    GROUPINGS,
    LOWER,
    UPPER,
    Row,
    behind,
    children_again,
    group_rows,
    load_rows,
    reconciled_rows,
    summed,
)
from careloom.study.cost_tornado import LEAST, tornado
from careloom.study.file import Study
from careloom.study.kept_demand import Told, answers_of, kept, shown
from careloom.study.listings import Listing
from careloom.study.outputs import check_outside

NOT_SAVED = "Cost avoided is not cash saved: homes, offices and staff are paid for whether or not one child more or less needs them."
OVERLAP = "Lines overlap: placements are part of all services for looked-after children. Spending is in the money of its year."
SPENT = ("la", "year", "line", "children", "spent", "cost", "coverage", "remainder")
BY_WEEK = ("la", "year", "line", "divided_by", "denominator", "spent_weekly", "costed_weekly")
BY_CHILDREN = ("95% interval for the children, from", "to (children)")
BY_PRICES = ("95% interval for prices, from", "to (prices)")


@dataclass(frozen=True)
class AskedOfCost:
    """What is asked: a scenario (a file, or the name of one that is shipped), a sheet of spending, and how prices are drawn."""

    scenario: str | None = None
    outturn: Path | None = None
    svg: Path | None = None
    doubt: Doubt = field(default_factory=Doubt)


def look_at_cost(study: Study, catalogue: Catalogue, asked: AskedOfCost) -> Told:
    """Tell what care cost, all of it released; with a scenario, what would change; with spending, what that explains.

    Raises CatalogueError for a scenario or sheet that is wrong, RequestError for one that does not fit the costs,
    NotFoundError without the results of a run, and OutputError for a drawing that cannot be written.
    """
    scenario = choose_scenario(asked.scenario) if asked.scenario else None
    spendings = read_outturn(asked.outturn) if asked.outturn else []
    if asked.svg:
        check_svg(asked.svg, study)
    with kept(study, "cost") as engine:
        costs = Costs(engine, study, catalogue, asked.doubt)
        before = costs.state()
        if not before.cells:
            raise RequestError("the run costed nothing: there is nothing to ask about")
        parts = [*heading(costs), *(tell_scenario(costs, before, scenario) if scenario else tell_sure(costs, before))]
        parts += tornado(costs, before, scenario, asked.svg)
        if spendings:
            parts += tell_reconciled(costs, spendings)
    return Told(tuple(parts))


def choose_scenario(asked: str) -> Scenario:
    """Read a scenario: a .toml file, or one that is shipped, by its name."""
    if asked.endswith(".toml"):
        return read_scenario(Path(asked))
    known = load_scenarios()
    if asked not in known:
        raise RequestError(f'there is no scenario "{asked}"{nearest(asked, known)}; or name a file ending in .toml')
    return known[asked]


def check_svg(path: Path, study: Study) -> None:
    check_outside(path, study.out)
    if path.exists():
        raise OutputError(f"{path}: this is there already; name another file")


def tell_reconciled(costs: Costs, spendings: Sequence[Spending]) -> list[str | Listing]:
    """Load and release what was costed against what was spent, and say what one side has and the other has not."""
    lines = load_outturn_lines()
    window = {"first_day": costs.study.cost_first_day, "end_day": costs.study.cost_end_day}
    found = reconcile(costs.engine, spendings, lines, **window)
    load_rows(costs.engine, costs.catalogue, "cost_reconciled", reconciled_rows(found))
    answers = answers_of(costs.engine, ("cost_reconciled",))
    by_week = "and for a week, by both ways of counting"
    return [
        *shown(answers, "cost_reconciled", SPENT),
        *shown(answers, "cost_reconciled", BY_WEEK, by_week),
        *(f"{lines[name].title}: {lines[name].not_in}" for name in dict.fromkeys(each.line for each in spendings)),
        OVERLAP,
    ]


def heading(costs: Costs) -> list[str | Listing]:
    first, last = costs.study.cost_first_day, costs.study.cost_end_day - dt.timedelta(days=1)
    doubt = costs.doubt
    said = [
        f"Costs of {first} to {last}, price sheet {costs.sheet.name}.",
        f"Prices: {doubt.draws:,} draws, seed {doubt.seed}, {doubt.shape}; {doubt.within:.0%} either way where a row gives no range; "
        f"hourly rates with a standard deviation of {doubt.rate_sd:.0%}; {doubt.by_staff:.0%} of the variance shared by a kind of "
        f"staff, {doubt.by_la:.0%} by an authority, nothing by a child. Recorded fees are not drawn.",
    ]
    return [ILLUSTRATIVE, *said] if costs.sheet.standing == "illustrative" else [*said]


# --- how sure ----------------------------------------------------------------------------------------------------------


def tell_sure(costs: Costs, before: State) -> list[str | Listing]:
    """Load and release the totals by process and by placement, each with its ranges."""
    cells, weights = before.cells, before.weights
    draws = draw_prices(cells, costs.sheet, costs.doubt).of_cells(cells, weights)
    fixed = [
        factors.of_cells(cells, weights)
        for factors in (
            costs.central(cells),
            *(at_limit(cells, costs.sheet, costs.doubt, high=high) for high in (False, True)),
        )
    ]
    rows: list[Row] = []
    for grouping in GROUPINGS:
        drawn = summed(cells, draws, grouping)
        again = children_again(costs.engine, grouping, costs.doubt.draws, costs.doubt.seed)
        whats = [
            (name, {group: float(values[0]) for group, values in summed(cells, each, grouping).items()})
            for name, each in zip(("cost", "lowest prices", "highest prices"), fixed, strict=True)
        ]
        whats += [(name, ends(drawn, end)) for name, end in zip(BY_PRICES, (LOWER, UPPER), strict=True)]
        whats += [(name, ends(again, end)) for name, end in zip(BY_CHILDREN, (LOWER, UPPER), strict=True)]
        rows += group_rows(grouping, whats, behind(costs.engine, grouping), drawn)
    load_rows(costs.engine, costs.catalogue, "cost_sure", rows)
    names = ("cost_sure_by_process", "cost_sure_by_placement")
    answers = answers_of(costs.engine, names)
    return [part for name in names for part in shown(answers, name)]


def ends(drawn: Mapping[str, Floats], share: float) -> dict[str, float]:
    """The end of the interval of each group, from its draws."""
    return {group: float(np.quantile(values, share)) for group, values in drawn.items()}


# --- what if -----------------------------------------------------------------------------------------------------------


def tell_scenario(costs: Costs, before: State, scenario: Scenario) -> list[str | Listing]:
    """Load and release what a scenario would change, and say what it takes for granted."""
    after = costs.state(scenario.changes)
    together = [*before.cells, *after.cells]
    draws = draw_prices(together, costs.sheet, costs.doubt)
    rows: list[Row] = []
    for grouping in GROUPINGS:
        central = gained(before, after, costs.central(together), grouping)
        drawn = gained(before, after, draws, grouping)
        whats = [("difference", {group: float(values[0]) for group, values in central.items()})]
        whats += [(name, ends(drawn, end)) for name, end in zip(BY_PRICES, (LOWER, UPPER), strict=True)]
        who = costs.behind(grouping, scenario.changes)
        moved = [group for group, values in central.items() if group == ALL or abs(values[0]) > LEAST]
        rows += group_rows(grouping, whats, {group: who.get(group, who[ALL]) for group in moved if ALL in who}, moved)
    load_rows(costs.engine, costs.catalogue, "cost_change", rows)
    names = ("cost_change_by_process", "cost_change_by_placement")
    answers = answers_of(costs.engine, names)
    said = [f"What if: {scenario.title}. {scenario.why}", f"Source: {scenario.source}"]
    said += [f"Taken for granted: {each}" for each in scenario.assumptions]
    return [*said, *(part for name in names for part in shown(answers, name)), NOT_SAVED]


def gained(before: State, after: State, factors: Factors, grouping: str) -> dict[str, Floats]:
    """After less before, group by group, at the same draws of prices."""
    was, is_now = (summed(each.cells, factors.of_cells(each.cells, each.weights), grouping) for each in (before, after))
    nothing = np.zeros_like(was[ALL])
    groups = dict.fromkeys([*(group for group in (*was, *is_now) if group != ALL), ALL])
    return {group: is_now.get(group, nothing) - was.get(group, nothing) for group in groups}
