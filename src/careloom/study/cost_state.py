"""The kept costs of a study as cells: as they are, or as some changes would make them."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

import pyarrow as pa

from careloom.catalogue import Catalogue
from careloom.catalogue.scenarios import Change
from careloom.catalogue.scope import empty_select
from careloom.costs.counts import EVERYTHING, Cell, count_cells
from careloom.costs.recount import recount, restore
from careloom.costs.uncertainty import Doubt, Factors, Weights, at_limit
from careloom.costs.whatif import conditions, find_stretches, given, touched, weigh
from careloom.engine import Engine
from careloom.study.cost_tables import ALL, Behind, behind, fewest, moved_by_recount
from careloom.study.file import Study
from careloom.study.reach import within_returns


@dataclass(frozen=True)
class State:
    """Costs as they are after some changes: cells, and what each is multiplied by."""

    cells: Sequence[Cell]
    weights: Sequence[Weights]

    def total(self, factors: Factors) -> float:
        return float(factors.of_cells(self.cells, self.weights).sum(axis=0)[0])


class Costs:
    """The kept costs of a study, ready to be asked about."""

    def __init__(self, engine: Engine, study: Study, catalogue: Catalogue, doubt: Doubt) -> None:
        self.engine, self.catalogue, self.doubt = engine, catalogue, doubt
        self.study = within_returns(study, catalogue, engine)
        self.sheet = study.prices
        window = {"cost_first_day": [self.study.cost_first_day], "cost_end_day": [self.study.cost_end_day]}
        engine.load("study_window", pa.table(window))
        if not engine.columns("fee"):
            engine.make("fee", empty_select(catalogue.tables["fee"]))

    @contextmanager
    def counted(self, changes: Sequence[Change]) -> Iterator[None]:
        """Table `cost` as the recounts among the changes make it, and their stretches."""
        is_again = recount(
            self.engine,
            changes,
            self.catalogue.processes,
            needs=self.catalogue.needs,
            sheet=self.sheet,
            placement_codes=self.catalogue.placement_codes,
            first_day=self.study.cost_first_day,
            end_day=self.study.cost_end_day,
            choices=self.study.cost_choices,
        )
        try:
            find_stretches(self.engine, changes)
            yield
        finally:
            if is_again:
                restore(self.engine)

    def state(self, changes: Sequence[Change] = ()) -> State:
        with self.counted(changes):
            cells = count_cells(self.engine, self.sheet, conditions(changes, self.catalogue.processes))
        return State(cells, weigh(cells, [self.against_study(change) for change in changes], self.sheet))

    def against_study(self, change: Change) -> Change:
        """A family share is told as it is; the costs of the study may hold a share already."""
        if change.what != "family share" or not self.study.cost_choices.family_share:
            return change
        return replace(change, number=change.number / float(self.study.cost_choices.family_share))

    def behind(self, grouping: str, changes: Sequence[Change], where: str = EVERYTHING) -> dict[str, Behind]:
        """Whom changes touch, group by group: the fewest of those that the difference there rests on.

        A group that only gains, as from a mix, rests on all whose nights it gains, and on whoever tells what a night there costs.
        Of several changes each counts by itself, too: what one of them adds is told by asking with it and without it.
        """
        found = self.behind_together(grouping, changes, where)
        for change in changes if len(changes) > 1 else ():
            for group, who in self.behind_together(grouping, [change], where).items():
                found[group] = fewest((found.get(group), who)) or who
        return found

    def behind_together(self, grouping: str, changes: Sequence[Change], where: str) -> dict[str, Behind]:
        """Whom changes touch, all of them as one."""
        processes = self.catalogue.processes
        with self.counted(changes):
            own = behind(self.engine, grouping, f"({where}) AND ({touched(changes, processes, self.sheet)})")
            priced_by = [behind(self.engine, grouping, each).get(ALL) for each in given(changes, processes)]
            again = any(change.what == "recount" for change in changes)
            moved = moved_by_recount(self.engine, grouping) if again else {}
        found = {}
        for group in {*own, *moved, ALL}:
            who = fewest((own.get(group), moved.get(group), *priced_by))
            if who:
                found[group] = who
        return found

    def central(self, cells: Sequence[Cell]) -> Factors:
        return at_limit(cells, self.sheet, replace(self.doubt, within=0.0), high=False, kind="")
