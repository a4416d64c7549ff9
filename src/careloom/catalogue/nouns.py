"""The shapes of declarations: what a return, a rule, an outcome, a process or a price is made of."""

from dataclasses import dataclass
from pathlib import Path

from careloom.catalogue.care_states import CareState
from careloom.catalogue.checklists import Checklist
from careloom.catalogue.costing import Need, PlacementCodes, Process
from careloom.catalogue.indicator_sets import IndicatorSet
from careloom.catalogue.population import Population
from careloom.catalogue.prices import PriceSheet
from careloom.catalogue.read_typologies import SavedTypology
from careloom.catalogue.recordings import Recording
from careloom.catalogue.targets import Target
from careloom.core import CodeSet, Column, Source, Table, Years


@dataclass(frozen=True)
class Drop:
    """Rows of a declaration's input that it does not use: the reason, and the SQL condition that finds them."""

    reason: str
    when: str


@dataclass(frozen=True)
class Declaration:
    """Rows of one return said as a common table.

    `makes` is the common table (record, identity, event, spell, factor, care_episode), or `step` for a table on the way that other
    declarations read by its name. `reads` is the table, view or step the rows come from, less `drops` (the first
    matching reason counts); `select` reads what is left as `kept`.
    """

    name: str
    makes: str
    why: str
    source: str
    reads: str
    drops: tuple[Drop, ...]
    select: str
    examples: str


@dataclass(frozen=True)
class Repair:
    """One known fault of the records, and how it is mended.

    `of` are the rows it mends: `care_episode`, or kinds of spell. `select` reads them as `kept` (with `row_id`), and may
    read `spell` and `event` as they stand after the repairs before it; it gives a row for every row to be mended: `row_id`,
    the columns that change with their new values (for `repairs`, without this one), and, where rows are merged, `into_id`:
    the row it becomes part of, blank for a row that stays. Repairs are made in the order of `position`, unless a study switches them off.
    """

    name: str
    position: int
    title: str
    why: str
    source: str
    of: tuple[str, ...]
    select: str
    examples: str


@dataclass(frozen=True)
class RuleVersion:
    """A rule as it stood in some years: the message, the SQL condition of a failing row, and worked examples."""

    years: Years
    message: str
    fails: str
    examples: str


@dataclass(frozen=True)
class Rule:
    """One validation rule of one return. `needs` are other tables of the return that it looks at.

    A rule `across` years looks at the history that all returns tell together, once, and not at each return as made.
    """

    code: str
    return_name: str
    table: str
    fields: tuple[str, ...]
    needs: tuple[str, ...]
    why: str
    source: str
    versions: tuple[RuleVersion, ...]
    across: bool = False

    @property
    def id(self) -> str:
        return f"{self.return_name} {self.code}"


@dataclass(frozen=True)
class Return:
    """A return: its tables, codes, named ideas (views), rules, and how its rows are said in the common tables.

    `layouts` are how it comes: `table` (CSV files, or sheets of a workbook) or `xml`, the usual one first. `yearly`
    returns are of one collection year; other extracts are of whenever they were taken. In XML, `child` is the element
    that holds all of one child, and an item that a row's own element lacks is read from the child's `identity` element.
    """

    name: str
    title: str
    layouts: tuple[str, ...]
    yearly: bool
    root: str | None
    child: str | None
    identity: str | None
    collection: str | None
    date_formats: tuple[str, ...]
    years: Years
    sources: tuple[Source, ...]
    tables: dict[str, Table]
    codes: dict[str, CodeSet]
    views: dict[str, str]
    rules: tuple[Rule, ...]
    declarations: tuple[Declaration, ...]


@dataclass(frozen=True)
class Service:
    """One kind of service for children, with the ways authorities write it. `group` is core or additional."""

    name: str
    title: str
    group: str
    why: str
    source: str
    also: tuple[str, ...]


@dataclass(frozen=True)
class Competing:
    """What may happen instead of the event: the start or end (`day`) of a spell of `kind` for which `when` holds.

    `when` is SQL on that spell as `u` and on the one followed as `s`. `name` is how a stretch that it ended is known.
    """

    name: str
    title: str
    kind: str
    day: str
    when: str


@dataclass(frozen=True)
class OutcomeDrop(Drop):
    """Spells that are not followed. One with a `switch` may be turned on or off by a study; `is_on` when it says nothing."""

    switch: str = ""
    is_on: bool = True


@dataclass(frozen=True)
class Covariate:
    """A column that `describe` of an outcome gives, and the first model (2 or 3) that adjusts for it."""

    name: str
    title: str
    model: int


@dataclass(frozen=True)
class Outcome:
    """A time-to-event question.

    Time zero is the start or end (`after_day`) of a spell of kind `after`; the event is the next start or end
    (`until_day`) of a spell of kind `until` for which `until_when` holds (SQL on that spell as `u` and on the one
    followed as `s`), at least `min_gap_days` later. `competing` may come first; so may death and the 18th birthday, in
    every outcome. A child is followed while the returns `seen_in` can be read. `drops` say which spells are not at risk
    (SQL on the spell `s`, whose time zero is `s.zero_on`). `class_from` says which assessment's class counts: "episode",
    that of the episode; "assessment", that of the spell itself; "latest before spell", within `class_within_days` of its
    start, "or its episode" when there is none. `describe` is a SELECT of `spell_id` and the `covariates`, from `at_risk`.
    """

    name: str
    title: str
    why: str
    source: str
    after: str
    after_day: str
    until: str
    until_day: str
    until_when: str
    min_gap_days: int
    competing: tuple[Competing, ...]
    seen_in: tuple[str, ...]
    drops: tuple[OutcomeDrop, ...]
    class_from: str
    class_within_days: int | None
    covariates: tuple[Covariate, ...]
    describe: str
    horizons_days: tuple[int, ...]
    items: tuple[str, ...]
    examples: str


@dataclass(frozen=True)
class Sign:
    """A sign that records may not be of real children. `select` gives one row a case with a boolean `is_implausible`."""

    name: str
    meaning: str
    source: str
    select: str


@dataclass(frozen=True)
class Measure:
    """A figure of one authority and collection year, as the official statistics define it: a count, or a share.

    `select` reads the common tables and `measure_year` (la, year, first_day, end_day: 1 April to the next), and gives
    la, year, numerator and denominator, which is blank for a count; a row for every row of `measure_year`. `needs` are
    tables of returns (`ssda903 episodes`) that must have been read for the year and for `earlier_years` before it; or the year is left out. `unit` is what is counted; `position` orders the tables.
    """

    name: str
    position: int
    title: str
    unit: str
    why: str
    source: str
    needs: tuple[str, ...]
    earlier_years: int
    select: str
    examples: str


@dataclass(frozen=True)
class ProfileItem:
    """One thing that a profile describes: `level` (one of several, or not known) or `amount` (a number, or not known).

    `levels` are those that are shown first, in that order, also when no row has them; others follow by name.
    """

    name: str
    title: str
    kind: str
    levels: tuple[str, ...]


@dataclass(frozen=True)
class Profile:
    """Who came, described: one row a unit, and what is said of it.

    `select` reads the common tables and `study_period` (first_day, end_day: the first day not in it), and gives unit_id,
    person_id, episode_id, la, year, category and a column for every item. `unit` is what one row is.
    """

    name: str
    title: str
    unit: str
    why: str
    source: str
    select: str
    items: tuple[ProfileItem, ...]
    examples: str

    @property
    def table(self) -> Table:
        """The common table of the rows described."""
        own = [
            ("unit_id", "text", f"The {self.unit}"),
            ("person_id", "text", "Person"),
            ("episode_id", "text", "The CIN episode it is, or belongs to; blank when there is none"),
            ("la", "text", "Authority"),
            ("year", "integer", "Collection year"),
            ("category", "text", "Category of demand; or why there is none"),
        ]
        own += [(item.name, "number" if item.kind == "amount" else "text", item.title) for item in self.items]
        columns = (Column(name, kind, label, "personal", key=name == "unit_id") for name, kind, label in own)
        return Table(f"{self.name}_described", f"one {self.unit}, as profiles describe it", tuple(columns))


@dataclass(frozen=True)
class Flow:
    """The way from the rows handed over to those that figures rest on, rule by rule.

    `needs` are the tables of returns it begins with, as the engine knows them (`cin_census_Assessments`): without them it is
    left out. `select` reads them, the common tables and `study_period`, and gives a row for every row handed over: la,
    year, person_id and what `drops` look at, in order, as `kept`; the first that holds counts. `begin` and `end` name
    what came in and what is left.
    """

    name: str
    title: str
    begin: str
    end: str
    why: str
    source: str
    needs: tuple[str, ...]
    select: str
    drops: tuple[Drop, ...]
    examples: str


@dataclass(frozen=True)
class Page:
    """A page of the report: prose in Markdown with named tables and figures."""

    name: str
    title: str
    order: int
    text: str


@dataclass(frozen=True)
class Catalogue:
    """Everything that is declared; `own` is the folder that the study laid over Careloom's, and `own_files` what lies in it."""

    folder: Path
    tables: dict[str, Table]
    returns: dict[str, Return]
    services: tuple[Service, ...]
    indicator_sets: dict[str, IndicatorSet]
    typologies: dict[str, SavedTypology]
    outcomes: dict[str, Outcome]
    processes: tuple[Process, ...]
    needs: tuple[Need, ...]
    price_sheets: dict[str, PriceSheet]
    placement_codes: PlacementCodes
    care_states: tuple[CareState, ...]
    repairs: tuple[Repair, ...]
    spells: tuple[Declaration, ...]
    signs: tuple[Sign, ...]
    measures: tuple[Measure, ...]
    profiles: dict[str, Profile]
    flows: tuple[Flow, ...]
    checklists: tuple[Checklist, ...]
    populations: dict[str, Population]
    recordings: dict[str, Recording]
    targets: tuple[Target, ...]
    pages: tuple[Page, ...]
    own: Path | None = None
    own_files: tuple[str, ...] = ()
