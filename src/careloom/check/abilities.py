"""From items to what can be done with them: the questions an authority can answer, and what would unlock the others."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from careloom.catalogue import Catalogue
from careloom.catalogue.items import Item, read_item
from careloom.check.cells import Measured
from careloom.engine import Engine

ENOUGH = 0.5
"""An item that every row needs is there in a year when at least this share of rows hold a usable value: of fewer, an
answer would say more about who fills the item in than about the children."""
ENOUGH_OF_BLANK = 0.1
"""The same for an item that may be blank, as an end is while a thing goes on: half would ask too much of it, and a few
cells in a hundred are not a column that is kept."""

ABILITY = pa.schema(
    [
        ("position", pa.int32()),
        *((name, pa.string()) for name in ("kind", "question", "title", "la", "state")),
        *((name, pa.int32()) for name in ("items_needed", "items_there", "years_asked", "years_ready")),
        ("missing", pa.string()),
    ]
)
UNLOCK = pa.schema(
    [
        ("la", pa.string()),
        ("position", pa.int32()),
        ("item", pa.string()),
        ("questions_lacking", pa.int32()),
        ("questions_lacking_only", pa.int32()),
    ]
)


@dataclass(frozen=True)
class Question:
    """Something that Careloom answers, and the items it needs, each with its alternatives."""

    kind: str
    name: str
    title: str
    items: tuple[tuple[Item, ...], ...]


@dataclass(frozen=True)
class HandedOver:
    """The years in which each authority has an item, has rows of a table, and handed over a return.

    The authority is the last part of each key.
    """

    items: Mapping[tuple[Item, str], set[int]]
    tables: Mapping[tuple[str, str, str], set[int]]
    returns: Mapping[tuple[str, str], set[int]]
    years: tuple[int, ...]

    def with_item(self, alternatives: tuple[Item, ...], la: str) -> set[int]:
        return set().union(*(self.items.get((item, la), set()) for item in alternatives))

    def with_table(self, alternatives: tuple[Item, ...], la: str) -> set[int]:
        return set().union(*(self.tables.get((item.return_name, item.table, la), set()) for item in alternatives))

    def with_return(self, alternatives: tuple[Item, ...], la: str) -> set[int]:
        return set().union(*(self.returns.get((item.return_name, la), set()) for item in alternatives))


@dataclass(frozen=True)
class Ability:
    """How far one question can be answered from what one authority handed over.

    `never` names what is there in no year; `sometimes`, what is not there in some years, with those years. Where the
    whole return or table did not come, it is named, not each of its items.
    """

    question: Question
    la: str
    years_asked: int
    years_ready: int
    items_there: int
    never: tuple[str, ...]
    sometimes: Mapping[str, tuple[int, ...]]

    @property
    def state(self) -> str:
        if self.never:
            return "not possible"
        return "ready" if self.years_ready == self.years_asked else "partly"

    @property
    def missing(self) -> str:
        """What is missing, in words; blank when nothing is."""
        part = (f"{name} of {', '.join(map(str, years))}" for name, years in self.sometimes.items())
        return "; ".join([*self.never, *part])


def make_abilities(engine: Engine, catalogue: Catalogue, measured: Sequence[Measured]) -> None:
    """Make `ability`, one question and one authority, and `unlock`, one item that an authority lacks.

    A question is `ready` when every item is there in every year of the study, `partly` when each is there in some
    year, and otherwise `not possible`. The study's years are those for which any authority handed over a yearly return.
    """
    handed, questions = handed_over(catalogue, measured), questions_of(catalogue)
    las = sorted({la for _, la in handed.returns})
    abilities = {la: [ability_of(question, la, handed) for question in questions] for la in las}
    rows = [ability_row(n, each) for la in las for n, each in enumerate(abilities[la], start=1)]
    engine.load("ability", pa.Table.from_pylist(rows, ABILITY))
    engine.load("unlock", pa.Table.from_pylist([row for la in las for row in unlock_rows(la, abilities[la])], UNLOCK))


def questions_of(catalogue: Catalogue) -> list[Question]:
    """Return every question of the catalogue with its items: typologies, outcomes, cost processes, needs that costs are told by."""
    found = [
        ("typology", name, f"Categories of demand ({name})", each.items)
        for name, each in catalogue.indicator_sets.items()
        if not each.extends  # a set made from another needs the same items
    ]
    found += [("outcome", name, each.title, each.items) for name, each in catalogue.outcomes.items()]
    found += [("cost process", p.key, f"{p.key}. {p.name}", p.items) for p in catalogue.processes]
    found += [("need", need.name, f"Need: {need.title}", need.items) for need in catalogue.needs]
    return [Question(kind, name, title, tuple(map(read_item, items))) for kind, name, title, items in found]


def handed_over(catalogue: Catalogue, measured: Iterable[Measured]) -> HandedOver:
    """Gather which items are there; those of an extract that is not yearly count for all years of the study."""
    items: dict[tuple[Item, str], set[int]] = {}
    tables: dict[tuple[str, str, str], set[int]] = {}
    returns: dict[tuple[str, str], set[int]] = {}
    for each in measured:
        item, year = Item(each.return_name, each.table_name, each.column_name), each.collection_year or 0
        returns.setdefault((item.return_name, each.la), set()).add(year)
        if each.rows_in:
            tables.setdefault((item.return_name, item.table, each.la), set()).add(year)
        if is_there(catalogue, item, each):
            items.setdefault((item, each.la), set()).add(year)
    yearly = {name for name, return_ in catalogue.returns.items() if return_.yearly}
    years = {year for (name, _), found in returns.items() if name in yearly for year in found}
    years = years or {year for found in returns.values() for year in found}
    return HandedOver(
        {key: found if key[0].return_name in yearly else years for key, found in items.items()},
        {key: found if key[0] in yearly else years for key, found in tables.items()},
        {key: found if key[0] in yearly else years for key, found in returns.items()},
        tuple(sorted(years)),
    )


def is_there(catalogue: Catalogue, item: Item, measured: Measured) -> bool:
    """Is the item usable in enough rows of this year? A table without rows holds nothing."""
    column = catalogue.returns[item.return_name].tables[item.table].column(item.column)
    enough = ENOUGH if column.needed else ENOUGH_OF_BLANK
    return measured.rows_in > 0 and measured.rows_usable >= enough * measured.rows_in


def ability_of(question: Question, la: str, handed: HandedOver) -> Ability:
    """Hold one question against what one authority handed over."""
    ready, there = set(handed.years), 0
    never: dict[str, None] = {}
    sometimes: dict[str, set[int]] = {}
    for alternatives in question.items:
        found = handed.with_item(alternatives, la)
        ready &= found
        there += bool(found)
        if not found:
            never[lacking(alternatives, la, set(handed.years), handed)] = None
        for year in set(handed.years) - found if found else ():
            sometimes.setdefault(lacking(alternatives, la, {year}, handed), set()).add(year)
    told = {name: tuple(sorted(years)) for name, years in sometimes.items()}
    return Ability(question, la, len(handed.years), len(ready), there, tuple(never), told)


def lacking(alternatives: tuple[Item, ...], la: str, years: set[int], handed: HandedOver) -> str:
    """Name what is lacking in these years: the whole return, the whole table, or the item, with what would do instead."""
    if not years & handed.with_return(alternatives, la):
        names = [f"{item.return_name} (the whole return)" for item in alternatives]
    elif not years & handed.with_table(alternatives, la):
        names = [f"{item.return_name} {item.table} (the whole table)" for item in alternatives]
    else:
        names = [str(item) for item in alternatives]
    return " or ".join(dict.fromkeys(names))


def ability_row(position: int, ability: Ability) -> dict[str, object]:
    question = ability.question
    return {
        "position": position,
        "kind": question.kind,
        "question": question.name,
        "title": question.title,
        "la": ability.la,
        "state": ability.state,
        "items_needed": len(question.items),
        "items_there": ability.items_there,
        "years_asked": ability.years_asked,
        "years_ready": ability.years_ready,
        "missing": ability.missing,
    }


def unlock_rows(la: str, abilities: Iterable[Ability]) -> Iterator[dict[str, object]]:
    """Yield what one authority lacks, first what stands alone in the way of most questions, then of most at all."""
    impossible = [ability.never for ability in abilities if ability.never]
    lacking = Counter(name for never in impossible for name in never)
    only = Counter(never[0] for never in impossible if len(never) == 1)
    ranked = sorted(lacking, key=lambda name: (-only[name], -lacking[name], name))
    for position, name in enumerate(ranked, start=1):
        yield {
            "la": la,
            "position": position,
            "item": name,
            "questions_lacking": lacking[name],
            "questions_lacking_only": only[name],
        }
