"""What a model that was fitted anew says, released: ratios, tests, and shares by the levels of one covariate."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from careloom.catalogue import Catalogue, Outcome
from careloom.disclose import Column, Count, Estimate, Label, Points, Profile, Released, release, safe_points
from careloom.engine import Engine, with_names
from careloom.outcomes.again import fit_stratified, ratios_and_tests
from careloom.outcomes.hazards import CannotFitError, Row
from careloom.outcomes.risk_table import CLASS, RiskTable
from careloom.outcomes.shares_by import EVERYONE, TOGETHER, Groups, grouped, shares_by
from careloom.report.asking import load_words, longest
from careloom.report.grid import MARK, NOTHING, write
from careloom.report.local_share import MONTH, load_local_share
from careloom.report.question import FOLDER, READ_OFFS
from careloom.study.kept_demand import answers_of
from careloom.study.listings import Listing
from careloom.study.outcome_tables import ABOUT, number_of, short, tight

MONTHS = {longest(month): month for month in READ_OFFS}
"""The months that shares are read off at, by the day by which they have passed."""
BEHIND = ("children_with_event", "children")
RATIOS: tuple[Column, ...] = (
    *map(Label, ("term", "level", "reference")),
    *(Estimate(name, BEHIND, 2) for name in ("hazard_ratio", "lower", "upper")),
    Estimate("p_value", BEHIND, 5),
    *map(Count, BEHIND),
)
TESTS: tuple[Column, ...] = (
    *map(Label, ("term", "degrees_of_freedom")),
    Estimate("chi_square", BEHIND, 1),
    Estimate("p_value", BEHIND, 5),
    *map(Count, BEHIND),
)
RATIO = ("hazard_ratio", "lower", "upper")
CHANGE = "Do the hazard ratios stay the same over time? A small p says that they change"
SHARES = ("share", "lower", "upper", "incidence", "incidence_lower", "incidence_upper")
CURVES: tuple[Column, ...] = (
    Label("group"),
    Label("days"),
    *(Estimate(name, ("children_at_risk",), 3) for name in SHARES),
    Count("children_at_risk"),
    Count("children_with_event"),
)
POINTS = Points(("group",), "days", "children_at_risk", "children_with_event", first=tuple(MONTHS))
MOST_NAMED = 3
"""Levels put together are named one by one where they are fewer."""
Level = tuple[str, str]
"""A term and one of its levels, in the report's words."""


@dataclass(frozen=True)
class Words:
    """What terms and their levels are called in the report; levels in its order."""

    terms: Mapping[str, str]
    levels: Mapping[Level, str]

    def level(self, term: str, level: str) -> str:
        return self.levels.get((term, level), level)

    def place(self, term: str, level: str) -> int:
        """The place of a level among all; those that the report has no order for come last, as they come."""
        return list(self.levels).index((term, level)) if (term, level) in self.levels else len(self.levels)

    def of(self, row: Row) -> Row:
        """A row of `hazard_ratio` in the report's words."""
        term = str(row["term"])
        said: Row = {name: self.level(term, str(row[name])) for name in ("level", "reference") if name in row}
        return {**row, "term": self.terms.get(term, term), **said}


def read_words(engine: Engine, catalogue: Catalogue) -> Words:
    load_words(engine, catalogue)
    names = {
        name: (FOLDER / "names" / f"{name}.sql").read_text(encoding="utf-8")
        for name in ("category", "hazard_term", "term_level")
    }
    terms = engine.rows(with_names(names, "SELECT term, label FROM hazard_term"))
    levels = engine.rows(with_names(names, "SELECT term, level, label FROM term_level ORDER BY level_no, label, level"))
    return Words(dict(terms), {(term, level): label for term, level, label in levels})


def withheld_in_report(engine: Engine, catalogue: Catalogue, outcome: Outcome, disclosure: Profile) -> frozenset[Level]:
    """The levels whose ratios the report withholds of this outcome: here they are not told either."""
    load_words(engine, catalogue)
    load_local_share(engine, longest(MONTH))  # asked with the read-offs, which tell the same of all children
    answer = answers_of(engine, ("hazard_ratios",), disclosure)["hazard_ratios"]
    return frozenset(
        (row["term"], row["level"])
        for row in answer.rows
        if row["outcome"] == outcome.title and answer.is_withheld(row, "hazard_ratio")
    )


@dataclass(frozen=True)
class FitTables:
    """Makes the tables of one outcome's stretches. `withheld` are levels whose ratios the report does not tell."""

    outcome: Outcome
    risk: RiskTable
    disclosure: Profile
    words: Words
    withheld: frozenset[Level] = frozenset()

    def legend(self, terms: set[str | None]) -> Iterator[Listing]:
        """The whole names of the categories, where some are too long for a table."""
        names = [self.words.level(CLASS, level) for level in self.risk.levels[CLASS].names]
        numbered = {number: name.partition(". ")[2] for name in names if (number := number_of(name)) is not None}
        if CLASS in terms and any(short(name) != name for name in names):
            yield Listing("Categories of demand", ("no.", "name"), tuple(sorted(numbered.items())))

    def of_fit(self, terms: Sequence[str], stratum: str | None) -> Iterator[str | Listing]:
        """The ratios of every level and the tests of proportional hazards; or why there is no answer."""
        try:
            fit = fit_stratified(self.risk, terms, stratum)
        except CannotFitError as fault:
            yield f"No hazard ratio could be estimated: {fault}."
            return
        ratios, tests = ratios_and_tests(self.outcome, fit, self.risk)
        ratios.sort(
            key=lambda row: (terms.index(str(row["term"])), self.words.place(str(row["term"]), str(row["level"])))
        )
        shown = self.let_out(RATIOS, [self.words.of(row) for row in ratios], "ratios")
        rows = tuple(self.ratio_row(shown, row) for row in shown.rows.to_pylist())
        yield Listing("Hazard ratios", ("about", "level", "hazard ratio", "p"), rows)
        said = [{**self.words.of(row), "degrees_of_freedom": str(row["degrees_of_freedom"])} for row in tests]
        tested = self.let_out(TESTS, said, "tests")
        told = tuple(
            (
                row["term"],
                cell(tested, row, "chi_square", 1),
                row["degrees_of_freedom"],
                cell(tested, row, "p_value", 5, "p"),
            )
            for row in tested.rows.to_pylist()
        )
        if told:
            yield Listing(CHANGE, ("about", "chi-square", "degrees of freedom", "p"), told)

    def ratio_row(self, shown: Released, row: Mapping[str, Any]) -> tuple[str, ...]:
        """One level: its ratio with limits, and p."""
        named = (short(row["term"], ABOUT), short(row["level"]))
        if row["level"] == row["reference"]:
            return (*named, "compared with", "")
        if (row["term"], row["level"]) in self.withheld:
            return (*named, MARK, MARK)
        return (*named, between(shown, row, RATIO, 2), cell(shown, row, "p_value", 5, "p"))

    def of_shares(self, stratum: str | None) -> Iterator[str | Listing]:
        """Shares with the event by month, of all children and by the stratum, at the months that may be shown of every group."""
        if stratum == CLASS:
            yield "Shares by category are in the report, and are not put together otherwise here: careloom outcomes --of NAME."
            return
        groups = grouped(self.risk, stratum, self.disclosure.is_small) if stratum else {}
        about = self.words.terms.get(stratum or "", "").lower()
        if stratum and not groups:
            yield f"Shares by {about} cannot be shown: too few children are at all levels but one, or there is one level."
            return
        rows = self.safe_shares(stratum, groups)
        if not rows:
            by = f" by {about}" if about else ""
            yield f"No share can be shown{by}: at no month are there enough children in every group."
            return
        named = {group: self.name_group(str(stratum), group, levels) for group, levels in groups.items()}
        order = [EVERYONE, *sorted(groups, key=lambda group: self.words.place(str(stratum), group))]
        rows.sort(key=lambda row: (order.index(str(row["group"])), row["days"]))
        shown = self.let_out(CURVES, rows, "shares")
        told = tuple(share_row(shown, row, named) for row in shown.rows.to_pylist())
        yield Listing("Share with the event", (about or "of whom", "month", "1 - Kaplan-Meier", "incidence"), told)
        if TOGETHER in groups:
            names = "; ".join(self.words.level(str(stratum), level) for level in groups[TOGETHER])
            yield f"Put together, as few children are at some of these levels: {names}."

    def safe_shares(self, stratum: str | None, groups: Groups) -> list[Row]:
        """The shares of everyone and of each group, at the months that may be shown of all of them."""
        days = [day for day in self.outcome.horizons_days if day in MONTHS]
        rows = [{name: row[name] for name in CURVE.names} for row in shares_by(self.risk, stratum, groups, days)]
        kept = safe_points(pa.Table.from_pylist(rows, CURVE), POINTS, self.disclosure).to_pylist()
        for_all = {day for day in days if sum(row["days"] == day for row in kept) == len(groups) + 1}
        return [row for row in rows if row["days"] in for_all]

    def name_group(self, stratum: str, group: str, levels: Sequence[str]) -> str:
        names = [self.words.level(stratum, level) for level in levels]
        return " or ".join(names) if len(names) < MOST_NAMED else group

    def let_out(self, columns: Sequence[Column], rows: Sequence[Row], name: str) -> Released:
        """Release rows by the study's rule."""
        schema = pa.schema([(column.name, kind_of(column)) for column in columns])
        table = pa.Table.from_pylist([{key: row.get(key) for key in schema.names} for row in rows], schema)
        return release(table, columns, name=name, profile=self.disclosure)


def share_row(shown: Released, row: Mapping[str, Any], named: Mapping[str, str]) -> tuple[str, ...]:
    """The shares of one group by one month, in two ways, each with its limits."""
    shares = (between(shown, row, names, 3, "share") for names in (SHARES[:3], SHARES[3:]))
    return (short(named.get(row["group"], row["group"])), str(MONTHS[row["days"]]), *shares)


def kind_of(column: Column) -> pa.DataType:
    kinds = {Label: pa.int64() if column.name == "days" else pa.string(), Count: pa.int64()}
    return kinds.get(type(column), pa.float64())


CURVE = pa.schema([(column.name, kind_of(column)) for column in CURVES])


def cell(shown: Released, row: Mapping[str, Any], name: str, digits: int, form: str = "number") -> str:
    """One number as people write it; c when withheld, a dash when there is none."""
    if row[name] is None:
        return MARK if shown.is_withheld(dict(row), name) else NOTHING
    return write(row[name], form, digits)


def between(shown: Released, row: Mapping[str, Any], names: Sequence[str], digits: int, form: str = "number") -> str:
    """A number with its limits, such as 0.82 (0.70-0.94)."""
    value, lower, upper = (cell(shown, row, name, digits, form) for name in names)
    return value if {MARK, NOTHING} & {value, lower, upper} else tight(f"{value} ({lower} to {upper})")
