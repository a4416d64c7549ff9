"""A question of the report: one file that makes one released table, shared by page, workbook and Parquet."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa

from careloom.core import CatalogueError, Keys, nearest, read_toml
from careloom.disclose import (
    DEFAULT,
    Adding,
    Again,
    Amount,
    Asked,
    Column,
    Count,
    Estimate,
    Label,
    Parts,
    Points,
    Profile,
    Ratio,
    Released,
    Same,
    Share,
    Steps,
    Total,
    never_shown,
    release_all,
    safe_points,
)
from careloom.engine import Engine, with_names
from careloom.report.limits import ENDS, Limit, with_limits

FOLDER = Path(__file__).parent / "questions"
MADE_ONCE = ("outcome_asked", "priced", "priced_all", "curve_point")
"""Names that look at every child or every price, and say little: made once for all questions that are asked together."""
READ_OFFS = (12, 24, 6, 3, 36, 60, 72)
"""Months after which the outcomes are read off; where not all may be shown, the first named are kept."""
FORMATS = ("", "number", "share", "pounds", "p")
POOLED = "Beside: "
"""What the first label of a row begins with that another study handed over, already released; its name follows."""


@dataclass(frozen=True)
class Heading:
    """How a column is shown: its title, and its format: number, pounds, p, or share (between 0 and 1); blank for a label."""

    title: str
    format: str


@dataclass(frozen=True)
class Wide:
    """How a long table is laid out on the page: these rows, the values of `spread` across, and `show` in the cells.

    `between` names the two columns of an interval that is shown with it.
    """

    rows: tuple[str, ...]
    spread: str
    show: str
    between: tuple[str, ...] = ()


@dataclass(frozen=True)
class Question:
    """One released table: what it says, the tables it needs, its SELECT, and what each column is.

    `uses` names the SELECTs of `questions/names/` that it reads; `otherwise` is said when there is nothing to show.
    `total` and `margin` say which rows are totals, one way and the other; `same` which numbers another table tells too.
    `beside` names the value of the first label, such as All, whose rows stand beside those of any one value. `largest_first` sorts the rows by a released column, whatever its sign; `at_least` keeps, of what was released, the rows whose number in a
    column is so large or larger, whatever its sign: rows left out before could hide nothing that is withheld elsewhere.
    """

    name: str
    title: str
    note: str
    otherwise: str
    needs: tuple[str, ...]
    uses: tuple[str, ...]
    select: str
    order: str
    columns: tuple[Column, ...]
    headings: Mapping[str, Heading]
    total: Total | None
    margin: Total | None
    adding: tuple[Adding, ...]
    same: tuple[Same, ...]
    points: Points | None
    wide: Wide | None
    is_priced: bool
    largest_first: str | None
    at_least: tuple[str, float] | None
    beside: str | None
    limits: Mapping[str, Limit]


@dataclass(frozen=True)
class Answer:
    """A question and its released table; None when there was nothing to answer it from."""

    question: Question
    released: Released | None

    @cached_property
    def rows(self) -> list[dict[str, Any]]:
        """The released rows. They are the same for all who ask: nobody may change them."""
        return self.released.rows.to_pylist() if self.released else []

    def is_withheld(self, row: dict[str, Any], column: str) -> bool:
        return self.released is not None and self.released.is_withheld(row, column)

    def of_each(self) -> list[str]:
        """The values of the first label that stand for themselves: no total, and no other study."""
        names = dict.fromkeys(str(row[self.question.columns[0].name]) for row in self.rows)
        return [name for name in names if name != self.question.beside and not name.startswith(POOLED)]

    def about(self, only: str | None) -> list[dict[str, Any]]:
        """The rows whose first label is `only`, and those that stand beside it; all rows where it is None.

        The total of a single part is that part: it does not stand beside it.
        """
        if only is None:
            return self.rows
        first, beside = self.question.columns[0].name, self.question.beside
        if beside and only not in self.of_each():
            return []
        kept = {only, beside} if beside and len(self.of_each()) > 1 else {only}
        return [row for row in self.rows if row[first] in kept or (beside and row[first].startswith(POOLED))]


def read_questions(folder: Path = FOLDER) -> dict[str, Question]:
    """Read every question, by name."""
    return {path.stem: read_question(path) for path in sorted(folder.glob("*.toml"))}


def read_question(path: Path) -> Question:
    keys = read_toml(path, CatalogueError)
    columns = [_column(column) for column in keys.tables("columns")]
    question = Question(
        name=path.stem,
        title=keys.text("title"),
        note=keys.text("note"),
        otherwise=keys.text("otherwise"),
        needs=keys.texts("needs"),
        uses=keys.texts("uses"),
        select=keys.text("select"),
        order=keys.text("order"),
        columns=tuple(column for column, *_ in columns),
        headings={column.name: heading for column, heading, _ in columns},
        total=_total(keys.table("total", None) if "total" in keys.values else None),
        margin=_total(keys.table("margin") if "margin" in keys.values else None),
        adding=tuple(_adding(each) for each in keys.tables("adding")) if "adding" in keys.values else (),
        same=tuple(_same(each) for each in keys.tables("same")) if "same" in keys.values else (),
        points=_points(keys.table("points") if "points" in keys.values else None),
        wide=_wide(keys.table("wide") if "wide" in keys.values else None),
        is_priced=keys.flag("is_priced"),
        largest_first=keys.text("largest_first", None),
        at_least=_at_least(keys.table("at_least") if "at_least" in keys.values else None),
        beside=keys.text("beside", None),
        limits={column.name: limit for column, _, limit in columns if limit},
    )
    keys.asked |= {"total", "margin", "adding", "same", "points", "wide", "at_least"}
    keys.done()
    return question


def _column(keys: Keys) -> tuple[Column, Heading, Limit | None]:
    name, title, kind = keys.text("name"), keys.text("title"), keys.text("kind")
    column: Column
    limit = None
    match kind:
        case "label":
            column = Label(name)
        case "count":
            column = Count(name, keys.text("on", None))
        case "amount":
            most = keys.texts("largest", ())
            column = Amount(name, keys.text("on"), keys.whole("to"), (most[0], most[1]) if most else None)
        case "ratio":
            column = _ratio(name, keys)
        case "share":
            column = Share(name, keys.text("of"), keys.whole("digits", 3))
        case "estimate":
            most, is_share = keys.texts("largest", ()), keys.flag("share")
            largest = (most[0], most[1], most[2]) if most else None
            tells = keys.flag("mean"), keys.text("log_times", ""), keys.whole("log_plus", 0)
            column = Estimate(name, keys.texts("on"), keys.whole("digits"), is_share, largest, *tells)
        case "limit":  # to the door it is the share itself, which it takes the place of afterwards
            column, limit = _ratio(name, keys), Limit(keys.one_of("end", ENDS), keys.text("trials"))
        case _:
            raise CatalogueError(
                f'{keys.where}: "kind" should be label, count, amount, ratio, limit, share or estimate'
            )
    heading = Heading(title, keys.text("format", "" if kind == "label" else "number"))
    if heading.format not in FORMATS:
        raise CatalogueError(f'{keys.where}: there is no format "{heading.format}"{nearest(heading.format, FORMATS)}')
    keys.done()
    return column, heading, limit


def _ratio(name: str, keys: Keys) -> Ratio:
    times, digits, at_least = keys.number("times", 1), keys.whole("digits"), keys.whole("at_least", 1)
    return Ratio(name, keys.text("of"), keys.text("out_of"), times, digits, at_least)


def _total(keys: Keys | None) -> Total | None:
    return Total(keys.text("column"), keys.text("value"), keys.texts("within", ())) if keys else None


def _at_least(keys: Keys | None) -> tuple[str, float] | None:
    if keys is None:
        return None
    found = keys.text("column"), keys.number("number")
    keys.done()
    return found


def _adding(keys: Keys) -> Adding:
    """Read which counts add up: parts `of` a `whole`, what each step `dropped` and `left`, or sums that come again."""
    within = keys.texts("within")
    if "whole" in keys.values:
        adding: Adding = Parts(keys.text("of"), keys.text("whole"), within)
    elif "once" in keys.values:
        adding = Again(keys.text("of"), within, keys.texts("once"))
    else:
        adding = Steps(keys.text("dropped"), keys.text("left"), within)
    keys.done()
    return adding


def _same(keys: Keys) -> Same:
    """Read which numbers another table tells too; `counts` names the columns, ours = theirs, or those of one name."""
    told = keys.table("counts") if isinstance(keys.values.get("counts"), dict) else None
    counts = {name: told.text(name) for name in told.values} if told else {name: name for name in keys.texts("counts")}
    here, there = (_labels(keys.table(name)) if name in keys.values else {} for name in ("here", "there"))
    said = Same(keys.text("table"), keys.texts("by", ()), counts, here, there, keys.flag("is_sum"))
    keys.asked |= {"counts", "here", "there"}
    keys.done()
    return said


def _labels(keys: Keys) -> dict[str, str]:
    return {name: keys.text(name) for name in keys.values}


def _points(keys: Keys | None) -> Points | None:
    if keys is None:
        return None
    return Points(keys.texts("by"), keys.text("when"), keys.text("at_risk"), keys.text("events"), first=READ_OFFS)


def _wide(keys: Keys | None) -> Wide | None:
    return Wide(keys.texts("rows"), keys.text("spread"), keys.text("show"), keys.texts("between", ())) if keys else None


def told_together(questions: Mapping[str, Question], names: Sequence[str]) -> list[Question]:
    """These questions, and all that tell the same numbers as one of them, straight or through others."""
    wanted, before = set(names), set[str]()
    while wanted != before:
        before = set(wanted)
        for name, question in questions.items():
            same = {name, *(said.table for said in question.same)}
            wanted |= same if same & before else set()
    return [question for name, question in questions.items() if name in wanted]


def ask(engine: Engine, question: Question, profile: Profile = DEFAULT) -> Answer:
    """Answer one question from the working tables, through the door; with nothing to answer from, say so."""
    return ask_all(engine, [question], profile)[question.name]


def ask_all(engine: Engine, questions: Sequence[Question], profile: Profile = DEFAULT) -> dict[str, Answer]:
    """Answer questions together, by name: what is withheld in one table is not told by another.

    Loads the small working table `disclosure_rule`, for those whose SELECT must know below what a number is small; and, until all
    are asked, what several of them look up.
    """
    engine.load("disclosure_rule", pa.table({"threshold": pa.array([profile.threshold], pa.int32())}))
    able = [question for question in questions if all(engine.columns(table) for table in question.needs)]
    made = load_shared(engine, able)
    tables = {question.name: (question, rows) for question in able if (rows := select(engine, question, profile, made))}
    for name in made:
        engine.drop(name)
    released = release_all([asked_of(question, rows) for question, rows in tables.values()], profile)
    return {question.name: _answer(question, released.get(question.name)) for question in questions}


def load_shared(engine: Engine, questions: Sequence[Question]) -> Collection[str]:
    """Load as small tables the names that several of these questions use and that look at every child or price to say little."""
    shared = [name for name in MADE_ONCE if sum(name in question.uses for question in questions) > 1]
    for name in shared:
        uses = next(question.uses for question in questions if name in question.uses)
        before = [each for each in uses[: uses.index(name)] if each not in shared]
        engine.load(name, engine.arrow(with_names(sql_of(before), sql_of([name])[name])))
    return shared


def select(engine: Engine, question: Question, profile: Profile, made: Collection[str] = ()) -> pa.Table | None:
    """The table of a question, unrounded; None when there is nothing to show. The names `made` are tables already."""
    names = sql_of(name for name in question.uses if name not in made)
    named = [c.name for c in question.columns if not isinstance(c, Ratio | Share)]
    wanted = ", ".join(dict.fromkeys([*named, *sorted(never_shown(question.columns))]))
    rows = engine.arrow(
        f"SELECT {wanted} FROM ({with_names(names, question.select)}) AS asked ORDER BY {question.order}"
    )
    if question.points:
        rows = safe_points(rows, question.points, profile)
    return rows if rows.num_rows else None


def sql_of(names: Iterable[str]) -> dict[str, str]:
    return {name: (FOLDER / "names" / f"{name}.sql").read_text(encoding="utf-8") for name in names}


def asked_of(question: Question, rows: pa.Table) -> Asked:
    q = question
    return Asked(q.name, rows, q.columns, q.total, q.margin, q.adding, q.same)


def _answer(question: Question, released: Released | None) -> Answer:
    if released and question.limits:
        released = with_limits(released, question.limits)
    if released and question.at_least:
        released = _large(released, *question.at_least)
    if not released or not released.rows.num_rows:
        return Answer(question, None)
    return Answer(question, _sorted(released, question) if question.largest_first else released)


def _large(released: Released, column: str, number: float) -> Released:
    rows = [row for row in released.rows.to_pylist() if row[column] is not None and abs(row[column]) >= number]
    return replace(released, rows=pa.Table.from_pylist(rows, schema=released.rows.schema))


def _sorted(released: Released, question: Question) -> Released:
    """Largest first by what is shown, whatever the sign; then what is withheld, and totals last.

    The order of exact numbers would tell more. Where equal numbers are shown the order of the SELECT stands, so that
    must not be one of exact numbers either.
    """

    def place(row: dict[str, Any]) -> tuple[bool, bool, float]:
        is_total = question.total is not None and row[question.total.column] == question.total.value
        number = row[str(question.largest_first)]
        return is_total, number is None, -abs(number or 0)

    rows = sorted(released.rows.to_pylist(), key=place)
    return replace(released, rows=pa.Table.from_pylist(rows, schema=released.rows.schema))
