"""Which hazard models are fitted to an outcome, and the tables that they fill.

M0 has the class alone; M1 adds age, sex, ethnic group and disability; M2 the year, who referred and what came before; M3
pathway or care history. M2 is the primary model: it is the one that is fitted in other ways beside, tested for
proportional hazards and, where a hazard ratio is not constant, split at twelve months. Source: study method section 7.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
import pyarrow as pa

from careloom.catalogue import Outcome
from careloom.core import Ledger
from careloom.outcomes.hazards import (
    CannotFitError,
    Estimates,
    Row,
    first_only,
    fit_hazards,
    fixed_effects,
    frailty,
    gap_time,
    rows_against_mean,
    rows_of,
    subdistribution,
)
from careloom.outcomes.risk_table import RiskTable, terms_of
from careloom.outcomes.uncertain_class import UNCERTAIN, fit_uncertain
from careloom.stats.latent_class.fitting.search import in_threads
from careloom.stats.survival import proportional_hazards_test

PRIMARY = 2
FITS_AT_ONCE = 2
"""Each holds its own sums by day and authority, which of a whole country are large."""
USUAL, ALWAYS = "cause_specific", "all"
FitModel = Callable[[RiskTable, Sequence[str]], Estimates]
METHODS: dict[str, FitModel] = {
    "fine_gray": partial(fit_hazards, method=subdistribution),
    "frailty": partial(fit_hazards, method=frailty),
    "fixed_effects": partial(fit_hazards, method=fixed_effects),
    "first_in_window": fit_hazards,
    "gap_time": partial(fit_hazards, method=gap_time),
    **{way: partial(fit_uncertain, way=way) for way in UNCERTAIN},
}
"""Other ways of fitting the primary model that a study may ask for; the first in the window is the usual way, of fewer."""
SPLIT_DAY = 366  # the first day by which twelve months have passed, whatever the calendar
PERIODS = {"first 12 months": "until", "after 12 months": "beyond"}

NUMBER, WHOLE, TEXT = pa.float64(), pa.int64(), pa.string()
HAZARD_RATIO = pa.schema(
    [(name, TEXT) for name in ("outcome", "model", "method", "period", "term", "level", "reference")]
    + [(name, NUMBER) for name in ("hazard_ratio", "lower", "upper", "p_value")]
    + [(name, WHOLE) for name in ("rows", "events", "children", "children_with_event")]
)
PH_TEST = pa.schema(
    [(name, TEXT) for name in ("outcome", "model", "term")]
    + [("chi_square", NUMBER), ("degrees_of_freedom", WHOLE), ("p_value", NUMBER)]
    + [("children", WHOLE), ("children_with_event", WHOLE)]
)


@dataclass(frozen=True)
class AskedOfModels:
    """What a study asks of the models: other `methods` beside; whether stretches without a class are a level; and below
    which p-value of its test of proportional hazards a term is given for the first twelve months and after, too."""

    methods: tuple[str, ...] = ("fine_gray",)
    unclassed: bool = True
    split_below: float = 0.05

    @property
    def doubts_classes(self) -> bool:
        """Some method asks how surely each stretch is of its class."""
        return bool(set(self.methods) & set(UNCERTAIN))


@dataclass
class Compared:
    """What the models of one outcome say: rows of `hazard_ratio` and `ph_test`, and the primary model's own fit."""

    ratios: list[Row] = field(default_factory=list)
    tests: list[Row] = field(default_factory=list)
    primary: Estimates | None = None


def compare_hazards(
    outcome: Outcome, risk: RiskTable, asked: AskedOfModels, ledger: Ledger, *, reads: str = ""
) -> Compared:
    """Fit every model of one outcome; where one cannot be fitted there are no rows, and the ledger says why.

    `reads` is what the ledger calls the stretches, if not by the table they were counted from. Some are fitted side by side, each
    on one thread: the same comes out of it, however many processors there are.
    """
    out = Compared()
    fitting = Fitting(outcome, risk, ledger, reads or f"time_to_event_{outcome.name}")
    usual = [Model(name, names) for name, names in models_of(outcome).items()]
    primary = usual[PRIMARY]
    others = [replace(primary, method=method) for method in asked.methods]
    found = fitting.fit([primary, *reversed(usual[PRIMARY + 1 :]), *others, *reversed(usual[:PRIMARY])])
    for model in usual:
        out.ratios += fitting.told(model, found[model])
    out.primary, out.tests = found[primary].estimates, found[primary].tests
    if out.primary is None:
        return out
    for model in others:
        out.ratios += fitting.told(model, found[model])
    changing = [test["term"] for test in out.tests if is_less(test["p_value"], asked.split_below)]
    periods = [replace(primary, period=period) for period in PERIODS if set(changing) & set(primary.names)]
    found = fitting.fit(periods)
    for model in periods:
        out.ratios += [row for row in fitting.told(model, found[model]) if row["term"] in changing]
    return out


def models_of(outcome: Outcome) -> dict[str, tuple[str, ...]]:
    """The terms of M0 to M3; a model that would add nothing to the one before is left out, which only M3 can be."""
    first = terms_of(outcome)
    numbers = [k for k in range(4) if k == 0 or k in first.values()]
    return {f"M{k}": tuple(name for name, model in first.items() if model <= k) for k in numbers}


def is_less(p_value: object, bound: float) -> bool:
    return isinstance(p_value, float) and p_value < bound


@dataclass(frozen=True)
class Model:
    """One model that is asked for: its name and terms, how it is fitted, and of which period."""

    name: str
    names: tuple[str, ...]
    method: str = USUAL
    period: str = ALWAYS

    @property
    def more(self) -> str:
        """What is told of it beside its name: the way in which it is fitted, if another than the usual, and its period."""
        way = "" if self.method == USUAL else f", {self.method.replace('_', ' ')}"
        return way if self.period == ALWAYS else f"{way}, {self.period}"

    @property
    def is_primary(self) -> bool:
        return (self.name, self.method, self.period) == (f"M{PRIMARY}", USUAL, ALWAYS)


@dataclass(frozen=True)
class Found:
    """What a fit came to: the rows it says, of how many stretches, and how many of them it used; or why there is none.

    Only the primary model's own fit is kept, with its tests: the working sums of a fit are large.
    """

    ratios: list[Row]
    stretches: int
    used: int = 0
    why_not: str = ""
    tests: list[Row] = field(default_factory=list)
    estimates: Estimates | None = None


@dataclass(frozen=True)
class Fitting:
    """Fits the models of one outcome and notes each in the ledger."""

    outcome: Outcome
    risk: RiskTable
    ledger: Ledger
    reads: str

    def fit(self, models: Sequence[Model]) -> dict[Model, Found]:
        """Fit models side by side, in this order: the longest should come first."""
        self.risk.counts  # noqa: B018 - made once, before the threads share it
        return dict(zip(models, in_threads(self.fitted, models, FITS_AT_ONCE), strict=True))

    def fitted(self, model: Model) -> Found:
        risk = self.stretches(model)
        try:
            found = METHODS.get(model.method, fit_hazards)(risk, model.names)
        except CannotFitError as fault:
            return Found([], risk.days.size, why_not=str(fault))
        about = {"outcome": self.outcome.name, "model": model.name, "method": model.method, "period": model.period}
        rows = [*rows_of(found), *(rows_against_mean(found) if model.is_primary else ())]
        out = Found([{**about, **row} for row in rows], risk.days.size, found.used)
        if not model.is_primary:
            return out
        return replace(out, tests=list(ph_tests(self.outcome, found, risk)), estimates=found)

    def stretches(self, model: Model) -> RiskTable:
        """Those that the model is of. Of one period: what happens in it, so that all its ratios are free to differ from the other's."""
        if model.period != ALWAYS:
            within: RiskTable = getattr(self.risk, PERIODS[model.period])(float(SPLIT_DAY))
            return within
        return first_only(self.risk) if model.method == "first_in_window" else self.risk

    def told(self, model: Model, found: Found) -> list[Row]:
        """The rows of a fit, which is noted; nothing is said of a period that no stretch reaches."""
        if model.period != ALWAYS and not found.stretches:
            return []
        more = model.more
        step = f"compare hazards of {self.outcome.name}: {model.name}{more}"
        tables, rows = (f"{self.reads}{more}", f"{model.name} of {self.outcome.name}{more}"), found.stretches
        if found.why_not:
            self.ledger.note(
                f"{step}: none, {found.why_not}", *tables, rows, 0, {f"no hazard ratios: {found.why_not}": rows}
            )
        else:
            self.ledger.note(step, *tables, rows, found.used, {"has a level without any event": rows - found.used})
        return found.ratios


def ph_tests(outcome: Outcome, primary: Estimates, risk: RiskTable) -> Iterator[Row]:
    """The test of proportional hazards for each term of the primary model, and for all together.

    None when a level's ratio is infinite: the test needs them all.
    """
    if primary.cox is None:
        return
    columns = {
        term.name: [name for name in map(term.column, term.compared) if name in primary.design.names]
        for term in primary.design.terms
    }
    try:
        tests = proportional_hazards_test(primary.cox, "km", {term: of for term, of in columns.items() if of})
    except (ValueError, np.linalg.LinAlgError):
        return
    children = np.unique(risk.child).size
    with_event = np.unique(risk.child[risk.is_event]).size
    for test in tests:
        yield {
            "outcome": outcome.name,
            "model": f"M{PRIMARY}",
            "term": "all together" if test.term == "GLOBAL" else test.term,
            "chi_square": test.chi_square,
            "degrees_of_freedom": test.degrees_of_freedom,
            "p_value": test.p_value,
            "children": int(children),
            "children_with_event": int(with_event),
        }


def as_tables(compared: Mapping[str, Compared]) -> tuple[pa.Table, pa.Table]:
    """The rows of `hazard_ratio` and of `ph_test` of all outcomes."""
    ratios = [row for each in compared.values() for row in each.ratios]
    tests = [row for each in compared.values() for row in each.tests]
    return pa.Table.from_pylist(ratios, schema=HAZARD_RATIO), pa.Table.from_pylist(tests, schema=PH_TEST)
