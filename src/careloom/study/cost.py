"""`careloom cost`: what care cost, how sure that is, what would change it, and whether it adds up to what was spent."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import fill

import numpy as np

from careloom.catalogue import Catalogue
from careloom.catalogue.outturn import Spending, load_outturn_lines, read_outturn
from careloom.catalogue.scenarios import Scenario, load_scenarios, read_scenario
from careloom.core import OutputError, RequestError, nearest
from careloom.costs.reconcile import reconcile
from careloom.costs.uncertainty import Doubt, Factors, at_limit, draw_prices
from careloom.report.asking import cost_years
from careloom.report.workbook import ILLUSTRATIVE
from careloom.stats.drawn_amounts import Floats
from careloom.study.cost_brief import ASKED, in_brief, ranges
from careloom.study.cost_state import Costs, State
from careloom.study.cost_tables import (
    ALL,
    BY_CHILDREN,
    BY_PRICES,
    CENTRAL,
    GROUPINGS,
    HIGHEST,
    LOWER,
    LOWEST,
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
from careloom.study.cost_years import tell_years
from careloom.study.file import Study
from careloom.study.kept_demand import Told, answers_of, kept, shown
from careloom.study.listings import Listing
from careloom.study.outputs import check_outside

NOT_SAVED = "Cost avoided is not cash saved: homes, offices and staff are paid for whether or not one child more or less needs them."
MORE_OF_SCENARIO = "More: --of placement, or moves (what moves the difference most); --all for all of it. c: withheld."
OVERLAP = "Lines overlap: placements are part of all services for looked-after children. Spending is in the money of its year."
SPENT = ("la", "year", "line", "children", "spent", "cost", "coverage", "remainder")
BY_WEEK = ("la", "year", "line", "divided_by", "denominator", "spent_weekly", "costed_weekly")
MOVES, YEARS = "moves", "years"
PARTS = {"process": "Process", "placement": "Placement", YEARS: "", MOVES: ""}
"""What may be asked of costs beside the brief account, and how it is grouped."""
WIDTH = 96


@dataclass(frozen=True)
class AskedOfCost:
    """What is asked: a scenario (a file, or the name of one that is shipped), a sheet of spending, and how prices are drawn.

    Costs are told in brief, unless one of PARTS is asked about, or the `whole`; a drawing shows what moves them.
    """

    scenario: str | None = None
    outturn: Path | None = None
    svg: Path | None = None
    doubt: Doubt = field(default_factory=Doubt)
    of: str | None = None
    whole: bool = False

    def wants(self, part: str) -> bool:
        return self.whole or self.of == part or (part == MOVES and self.svg is not None)


def look_at_cost(study: Study, catalogue: Catalogue, asked: AskedOfCost) -> Told:
    """Tell what care cost, all of it released; with a scenario, what would change; with spending, what that explains.

    Raises CatalogueError for a scenario or sheet that is wrong, RequestError for one that does not fit the costs,
    NotFoundError without the results of a run, and OutputError for a drawing that cannot be written.
    """
    if asked.of not in (None, *PARTS):
        raise RequestError(f'there is no "{asked.of}" of costs{nearest(str(asked.of), PARTS)}')
    scenario = choose_scenario(asked.scenario) if asked.scenario else None
    spendings = read_outturn(asked.outturn) if asked.outturn else []
    if asked.svg:
        check_svg(asked.svg, study)
    with kept(study, "cost") as engine:
        costs = Costs(engine, study, catalogue, asked.doubt)
        years = cost_years(study.cost_first_day, study.cost_end_day)
        engine.load("cost_year", years)  # of a table that tells the same numbers
        before = costs.state()
        if not before.cells:
            raise RequestError("the run costed nothing: there is nothing to ask about")
        parts = heading(costs, is_brief=not (asked.of or asked.whole))
        parts += tell_scenario(costs, before, scenario, asked) if scenario else tell_sure(costs, before, asked)
        if asked.wants(MOVES):
            parts += tornado(costs, before, scenario, asked.svg)
        if spendings:
            parts += tell_reconciled(costs, spendings)
    return Told(tuple(fill(part, WIDTH) if isinstance(part, str) else part for part in parts))


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
    load_rows(costs.engine, costs.catalogue, "cost_reconciled", reconciled_rows(found, costs.study.disclosure))
    answers = answers_of(costs.engine, ("cost_reconciled",), costs.study.disclosure)
    by_week = "and for a week, by both ways of counting"
    return [
        *shown(answers, "cost_reconciled", SPENT),
        *shown(answers, "cost_reconciled", BY_WEEK, by_week),
        *(f"{lines[name].title}: {lines[name].not_in}" for name in dict.fromkeys(each.line for each in spendings)),
        OVERLAP,
    ]


def heading(costs: Costs, *, is_brief: bool) -> list[str | Listing]:
    first, last = costs.study.cost_first_day, costs.study.cost_end_day - dt.timedelta(days=1)
    doubt, sheet = costs.doubt, costs.sheet
    said = [f"Costs of {first} to {last}, at {sheet.standing} prices of {sheet.price_year} (sheet {sheet.name})."]
    if needs := costs.study.cost_choices.needs.said():
        said.append(f"Needs as the study sets them: {needs}.")
    if not is_brief:
        said.append(
            f"Prices: {doubt.draws:,} draws, seed {doubt.seed}, {doubt.shape}; {doubt.within:.0%} either way where a row gives no range; "
            f"hourly rates with a standard deviation of {doubt.rate_sd:.0%}; {doubt.by_staff:.0%} of the variance shared by a kind of "
            f"staff, {doubt.by_la:.0%} by an authority, nothing by a child. Recorded fees are not drawn."
        )
    return [ILLUSTRATIVE, *said] if sheet.standing == "illustrative" else [*said]


# --- how sure ----------------------------------------------------------------------------------------------------------


def tell_sure(costs: Costs, before: State, asked: AskedOfCost) -> list[str | Listing]:
    """Load and release the totals by process and by placement, each with its ranges: in brief, or as they are asked about."""
    is_brief = not (asked.of or asked.whole)
    wanted = [PARTS["process"]] if is_brief else [group for part, group in PARTS.items() if group and asked.wants(part)]
    rows = [row for grouping in wanted for row in sure_rows(costs, before, grouping)]
    load_rows(costs.engine, costs.catalogue, "cost_sure", rows)
    if is_brief:
        found = {key for (key,) in costs.engine.rows("SELECT DISTINCT process FROM cost")}
        return [*in_brief(answers_of(costs.engine, ASKED, costs.study.disclosure), costs.catalogue.processes, found)]
    parts: list[str | Listing] = []
    for grouping in wanted:
        name = f"cost_sure_by_{grouping.lower()}"
        answer = answers_of(costs.engine, (name,), costs.study.disclosure)[name]
        parts.append(
            ranges(answer, f"How sure the cost is, by {grouping.lower()}")
            if answer.released
            else answer.question.otherwise
        )
    return [*parts, *(tell_years(costs) if asked.wants(YEARS) else [])]


def sure_rows(costs: Costs, before: State, grouping: str) -> list[Row]:
    """The rows of one table of ranges: at central, lowest and highest prices, and the ends of two intervals."""
    cells, weights = before.cells, before.weights
    drawn = summed(cells, draw_prices(cells, costs.sheet, costs.doubt).of_cells(cells, weights), grouping)
    again = children_again(costs.engine, grouping, costs.doubt.draws, costs.doubt.seed)
    limits = (at_limit(cells, costs.sheet, costs.doubt, high=high) for high in (False, True))
    whats = [
        (name, {group: float(values[0]) for group, values in summed(cells, factors.of_cells(cells, weights), grouping).items()})
        for name, factors in zip((CENTRAL, LOWEST, HIGHEST), (costs.central(cells), *limits), strict=True)
    ]  # fmt: skip
    whats += [(name, ends(drawn, end)) for name, end in zip(BY_PRICES, (LOWER, UPPER), strict=True)]
    whats += [(name, ends(again, end)) for name, end in zip(BY_CHILDREN, (LOWER, UPPER), strict=True)]
    return group_rows(grouping, whats, behind(costs.engine, grouping), drawn)


def ends(drawn: Mapping[str, Floats], share: float) -> dict[str, float]:
    """The end of the interval of each group, from its draws."""
    return {group: float(np.quantile(values, share)) for group, values in drawn.items()}


# --- what if -----------------------------------------------------------------------------------------------------------


def tell_scenario(costs: Costs, before: State, scenario: Scenario, asked: AskedOfCost) -> list[str | Listing]:
    """Load and release what a scenario would change, and say what it takes for granted; by placement where it is asked about."""
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
    names = [f"cost_change_by_{part}" for part in ("process", "placement") if asked.wants(part)]
    names = names or ["cost_change_by_process"]
    answers = answers_of(costs.engine, names, costs.study.disclosure)
    said = [f"What if: {scenario.title}. {scenario.why}", f"Source: {scenario.source}"]
    said += [f"Taken for granted: {each}" for each in scenario.assumptions]
    more = [] if asked.of or asked.whole else [MORE_OF_SCENARIO]
    return [*said, *(part for name in names for part in shown(answers, name)), NOT_SAVED, *more]


def gained(before: State, after: State, factors: Factors, grouping: str) -> dict[str, Floats]:
    """After less before, group by group, at the same draws of prices."""
    was, is_now = (summed(each.cells, factors.of_cells(each.cells, each.weights), grouping) for each in (before, after))
    nothing = np.zeros_like(was[ALL])
    groups = dict.fromkeys([*(group for group in (*was, *is_now) if group != ALL), ALL])
    return {group: is_now.get(group, nothing) - was.get(group, nothing) for group in groups}
