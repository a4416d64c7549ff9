"""One child's record, gathered from the database that a finished run kept: lanes of lines, costs, and the files read."""

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from typing import Any

from careloom.catalogue import Catalogue
from careloom.core import NotFoundError
from careloom.engine import Engine, text
from careloom.report.child import ChildPage, CostRow, Lane, Line, write_day
from careloom.report.words import say_day
from careloom.study.child_costs import placement_costs
from careloom.study.child_days import DAY, days_by_state, told_to
from careloom.study.child_lanes import EVENTS, FLAGS, NOT_SHOWN, RUNGS, SPELLS, STATES, Kind, kind_of, label
from careloom.study.file import Study
from careloom.study.reach import within_returns

READ = ("person", "spell", "care_episode", "event", "factor", "pathway", "delivery", "class_of", "demand_class", "cost", "ledger")  # fmt: skip
"""The tables a page is made from."""
EPISODE = (
    ("RNE", "start_reason"),
    ("LS", "legal_status"),
    ("CIN", "category_of_need"),
    ("PLACE", "placement_type"),
    ("", "placement_provider"),
    ("REC", "end_reason"),
    ("left", "change_reason"),
)
DATED = {"spell": "starts_on", "event": "happened_on", "care_episode": "starts_on"}
CODE = re.compile(r"\[(\w+)\]$")
"""A code behind its label."""
NOT_USED = "Rows that could not be used are not on this page: ledger.csv counts those of all children, by reason."
SEXES = {"M": "male", "F": "female"}

Row = dict[str, Any]


@dataclass(frozen=True)
class Record:
    """Every kept row about one person, by table, and the deliveries they were read from, by number.

    `told_to` is the last day that the return of a delivery tells of, by its number, and `last_day` that of the study.
    """

    rows: dict[str, list[Row]]
    deliveries: dict[int, Row]
    told_to: dict[int, dt.date]
    last_day: dt.date

    def told_of(self, row: Row) -> dt.date:
        """The last day that the return of a row tells of."""
        return self.told_to.get(row["delivery_id"] or 0, self.last_day)


def gather_child(engine: Engine, catalogue: Catalogue, *, study: Study, person_id: str) -> ChildPage:
    """Make the page of one person of the study's kept database.

    Raises NotFoundError when there is no such person, or when another version of Careloom made the database.
    """
    check_tables(engine, catalogue)
    within = within_returns(study, catalogue, engine)
    record = read_record(engine, catalogue, person_id, last_day=study.end_day - DAY)
    lanes = (*spell_lanes(record, catalogue), *event_lanes(record, catalogue), *episode_lane(record, catalogue))
    costs = tuple(cost_rows(record.rows["cost"]))
    person = record.rows["person"][0]
    return ChildPage(
        person_id=person_id,
        study=plain(study.name),
        facts=tuple(facts(person)),
        birth_month=person["birth_month"],
        last_day=last_day(record, within.end_day - DAY),
        brief=tuple(brief(record)),
        lanes=(*lanes, *cost_lane(within, costs)),
        costs=costs,
        cost_words=cost_words(within, record.rows["cost"]),
        files=tuple(files(record)),
        foot=NOT_USED if any_not_used(engine) else "",
        placement_costs=tuple(placement_costs(record.rows["cost"], record.rows["spell"])),
    )


def check_tables(engine: Engine, catalogue: Catalogue) -> None:
    """Refuse a database that lacks what this version reads."""
    for name in READ:
        wanted = {column.name for column in catalogue.tables[name].columns if column.privacy != "identifier"}
        if not wanted <= set(engine.columns(name)):
            why = f"study.duckdb does not hold the table {name} as this version of Careloom writes it"
            raise NotFoundError(f"{why}; make it again with careloom run")


def last_day(record: Record, otherwise: dt.date) -> dt.date:
    """The last day to which any row of the child is told; of a child without rows, the study's."""
    used = [row for name in DATED for row in record.rows[name]]
    return max(map(record.told_of, used), default=otherwise)


def any_not_used(engine: Engine) -> bool:
    """Say whether rows were set aside on their way from the returns to the common tables, of whichever child."""
    found = "SELECT 1 AS one FROM ledger WHERE outcome = 'set aside' AND rows > 0 AND step LIKE 'say as %' LIMIT 1"
    return bool(engine.rows(found))


def read_record(engine: Engine, catalogue: Catalogue, person_id: str, *, last_day: dt.date) -> Record:
    """Read every row about the person. `last_day` is the study's own. Raises NotFoundError, which never repeats what was asked for."""
    found = {name: rows_of(engine, f"SELECT * FROM {name} WHERE person_id = {text(person_id)}") for name in READ[:6]}
    if not found["person"]:
        why = "this study holds no child of that ID; IDs are those of person_id in study.duckdb"
        raise NotFoundError(f"{why}, and another key, or another name of the study, gives others")
    found["class_of"] = rows_of(
        engine,
        f"""SELECT assessment_id, name, probability FROM class_of JOIN demand_class ON demand_class.class_no = class_of.class_no
            WHERE person_id = {text(person_id)}""",
    )
    found["cost"] = rows_of(engine, f"SELECT * FROM cost WHERE person_id = {text(person_id)}")
    deliveries = {row["delivery_id"]: row for row in rows_of(engine, "SELECT * FROM delivery")}
    dated = [row for name in DATED for row in found[name]]
    return Record(found, deliveries, told_to(dated, deliveries, catalogue, otherwise=last_day), last_day)


def rows_of(engine: Engine, select: str) -> list[Row]:
    rows: list[Row] = engine.arrow(select).to_pylist()
    return rows


def facts(person: Row) -> Iterator[str]:
    """Say who the child is, without anything that identifies them."""
    born = "born" if not person["is_expected_birth"] else "expected to be born"
    month = f"{person['birth_month']:%B %Y}" if person["birth_month"] else "in a month not recorded"
    sex = SEXES.get(person["sex"] or "", "sex not recorded")
    yield f"{born.capitalize()} {month}, {sex}, ethnic group {plain(person['ethnic_group'] or 'Unknown').lower().capitalize()}"
    if person["is_disabled"] is not None:
        yield "A disability is recorded" if person["is_disabled"] else "No disability is recorded"
    if person["is_uasc"]:
        yield "Recorded as an unaccompanied asylum-seeking child"
    if person["died_on"]:
        yield f"Died {say_day(person['died_on'])}"


def brief(record: Record) -> Iterator[str]:
    """Say for how long the child was in which state, how far returns reach, and how many rows have no first day."""
    days = days_by_state(record.rows["spell"], record.told_to, record.last_day)
    told = [f"{STATES[state]} {n:,}" for state, n in days.items() if n]
    if told:
        yield f"Days, each counted once, as the highest of what held: {', '.join(told)}."
    yield from reach(record)
    undated = sum(row[day] is None for name, day in DATED.items() for row in record.rows[name])
    if undated:
        yield f"Not shown: {undated} rows without a first day."


def reach(record: Record) -> Iterator[str]:
    """Say to which day each return tells of the child, where they differ: what is open is open on that of its own."""
    still_open = [row for name in ("spell", "care_episode") for row in record.rows[name] if not row["ends_on"]]
    sources = [record.deliveries.get(row["delivery_id"] or 0, {}).get("return_name", "others") for row in still_open]
    told = {(source, record.told_of(row)) for source, row in zip(sources, still_open, strict=True)}
    if len({day for _, day in told}) > 1:
        said = ", ".join(f"{plain(source)} {say_day(day)}" for source, day in sorted(told))
        yield f"Still open is what was open on the last day that its return tells of: {said}."


def spell_lanes(record: Record, catalogue: Catalogue) -> Iterator[Lane]:
    """A lane for each kind of spell, those of the page's own order first."""
    spells = [row for row in record.rows["spell"] if row["kind"] not in NOT_SHOWN]
    for kind, rows in in_order(spells, "kind", "starts_on", SPELLS):
        said = kind_of(kind, SPELLS)
        more = {"cin_episode": say_pathway, "assessment": say_assessment, "placement_segment": say_placement}.get(kind)
        lines = [
            line_of(
                row,
                [*spoken(row, kind, said, record, catalogue), *(more(row, record, catalogue) if more else [])],
                record,
                [*repaired(row, catalogue)],
            )
            for row in rows
        ]
        yield Lane(plain(said.title), tuple(lines), colour=place_of(kind, SPELLS))


def event_lanes(record: Record, catalogue: Catalogue) -> Iterator[Lane]:
    """A lane for each kind of event. A day worked out from the date of birth is shown as its month."""
    for event, rows in in_order(record.rows["event"], "event", "happened_on", EVENTS):
        said = kind_of(event, EVENTS)
        lines = []
        for row in rows:
            day = row["happened_on"].replace(day=1) if said.is_birthday else row["happened_on"]
            dated = {**row, "starts_on": day, "ends_on": day}
            month = ["around the birthday; only its month is shown"] if said.is_birthday else []
            lines.append(line_of(dated, list(spoken(row, event, said, record, catalogue)), record, month))
        yield Lane(plain(said.title), tuple(lines), is_event=True, colour=place_of(event, EVENTS))


def episode_lane(record: Record, catalogue: Catalogue) -> Iterator[Lane]:
    """The episodes of care under everything made of them, in the codes of the return."""
    dated = [row for row in record.rows["care_episode"] if row["starts_on"]]
    rows = sorted(dated, key=partial(day_of, column="starts_on"))
    lines = []
    for row in rows:
        coded = " ".join(f"{name} {row[column]}".strip() for name, column in EPISODE if row[column])
        lines.append(line_of(row, [plain(coded)], record, [*repaired(row, catalogue)]))
    if lines:
        yield Lane("Episodes of care, in codes, as repaired", tuple(lines), is_drawn=False)


def in_order(rows: list[Row], name: str, day: str, known: dict[str, Kind]) -> Iterator[tuple[str, list[Row]]]:
    """Part dated rows by a column, names that are known first and in that order, each part by day."""

    def place(row: Row) -> tuple[int, str]:
        return (place_of(row[name], known), row[name])

    dated = [row for row in rows if row[day]]
    for _, same in groupby(sorted(dated, key=place), key=place):
        part = sorted(same, key=partial(day_of, column=day))
        yield part[0][name], part


def place_of(name: str, known: dict[str, Kind]) -> int:
    """The place of a kind on the page, last for one that has no place of its own."""
    return list(known).index(name) if name in known else len(known)


def day_of(row: Row, column: str) -> tuple[dt.date, dt.date, int, int]:
    """What rows are ordered by: first day, end, then the place they were read from."""
    return (row[column], row.get("ends_on") or dt.date.max, row["delivery_id"] or 0, row["line"] or 0)


def line_of(row: Row, words: list[str], record: Record, notes: list[str]) -> Line:
    delivery, line = record.deliveries.get(row["delivery_id"] or 0), row["line"]
    source = f"[{delivery['delivery_id']}] line {line}" if delivery and line is not None else ""
    first = words[0] if words else ""
    short = CODE.search(first)
    said = (*words, *notes)
    return Line(row["starts_on"], row["ends_on"], first, said, short[1] if short else "", source, record.told_of(row))


def spoken(row: Row, name: str, kind: Kind, record: Record, catalogue: Catalogue) -> Iterator[str]:
    """Say the coded columns of a row in words, with the labels of the return it was read from."""
    for (of, column, value), words in FLAGS.items():
        if of == name and row[column] == value:
            yield words
    delivery = record.deliveries.get(row["delivery_id"] or 0, {})
    year = row.get("collection_year") or delivery.get("collection_year")
    for column, words, code_set in kind.spoken:
        code = row.get(column)
        if code and not (column == "detail" and code == row.get("code")):  # the latest category, unless it is the first
            yield plain(words.format(label(catalogue, delivery.get("return_name", ""), code_set, code, year)))


def repaired(row: Row, catalogue: Catalogue) -> Iterator[str]:
    titles = {repair.name: repair.title for repair in catalogue.repairs}
    for name in dict.fromkeys((row["repairs"] or "").split()):
        yield f"repaired: {titles.get(name, plain(name))}"


def say_pathway(row: Row, record: Record, catalogue: Catalogue) -> Iterator[str]:
    """Say how far an episode of need went, and what was in it."""
    for path in (path for path in record.rows["pathway"] if path["episode_id"] == row["spell_id"]):
        lasted = f" in {path['days']:,} days" if path["days"] is not None else ", still open"
        yield f"came to: {RUNGS.get(path['rung'], plain(path['rung']))}{lasted}"
        steps = ("assessment", "cin_plan", "section_47", "conference", "cp_plan", "care")
        names = (
            "assessment",
            "child in need plan",
            "section 47 enquiry",
            "conference",
            "child protection plan",
            "care",
        )
        had = [name for step, name in zip(steps, names, strict=True) if path[f"has_{step}"]]
        if had:
            yield f"in it: {', '.join(had)}"


def say_assessment(row: Row, record: Record, catalogue: Catalogue) -> Iterator[str]:
    """Say the category of demand of an assessment, the day it was authorised, and the factors that were recorded."""
    for known in (known for known in record.rows["class_of"] if known["assessment_id"] == row["spell_id"]):
        yield f"{plain(known['name'])} (probability {known['probability']:.2f})"
    delivery = record.deliveries.get(row["delivery_id"] or 0, {})
    if row["ends_on"]:
        yield f"authorised {write_day(row['ends_on'] - DAY).strip()}"  # its last day: the spell ends on the next
    codes = sorted({factor["code"] for factor in record.rows["factor"] if factor["assessment_id"] == row["spell_id"] and factor["code"]})  # fmt: skip
    said = [label(catalogue, delivery.get("return_name", ""), "assessment_factors", c, row["collection_year"]) for c in codes]  # fmt: skip
    if said:
        yield f"factors: {plain('; '.join(said))}"
    elif row["ends_on"]:  # factors are those identified at its end
        yield "no factor recorded"


def say_placement(row: Row, record: Record, catalogue: Catalogue) -> Iterator[str]:
    """Say which placement a stretch belongs to, and why it was left, as recorded at its end."""
    stays = sorted({(s["starts_on"], s["spell_id"]) for s in record.rows["spell"] if s["kind"] == "placement" and s["starts_on"]})  # fmt: skip
    place = next((n for n, (_, stay) in enumerate(stays, start=1) if stay == row["within_id"]), None)
    if place:
        yield f"placement {place} of {len(stays)}"
    return_name = record.deliveries.get(row["delivery_id"] or 0, {}).get("return_name", "")
    for episode in record.rows["care_episode"]:
        if row["ends_on"] and episode["ends_on"] == row["ends_on"] and episode["change_reason"]:
            why = label(catalogue, return_name, "reason_place_change", episode["change_reason"], row["collection_year"])
            yield plain(f"left: {why}")


def cost_rows(lines: list[Row]) -> Iterator[CostRow]:
    """Add cost lines up by process. A night has support and a fee: nights are counted once."""
    for (number, name), same in groupby(sorted(lines, key=lambda r: r["process"]), lambda r: (r["process"], r["process_name"])):  # fmt: skip
        rows = list(same)
        by_kind = {kind: [row for row in rows if (row["kind"] == "fee") == (kind == "fee")] for kind in ("fee", "work")}
        nights = max(sum(r["quantity"] for r in part if r["basis"] == "night") for part in by_kind.values())
        events = sum(row["quantity"] for row in rows if row["basis"] == "event")
        imputed = sum(row["quantity"] for row in rows if row["basis"] == "event" and row["is_imputed"])
        times = [f"{nights:,.0f} nights"] if nights else []
        times += [f"{events:,.0f} ({imputed:,.0f} by rule)" if imputed else f"{events:,.0f}"] if events else []
        work, fees = (sum(float(row["subtotal"]) for row in by_kind[kind]) for kind in ("work", "fee"))
        yield CostRow(f"{number} {plain(name)}", ", ".join(times), work, fees)


def cost_lane(within: Study, costs: tuple[CostRow, ...]) -> Iterator[Lane]:
    """One bar over the days that costs are of, for the drawing; the table of costs tells the same."""
    if costs:
        total = f"£{sum(row.case_management + row.fees for row in costs):,.0f}"
        told = tuple(f"{row.process} £{row.case_management + row.fees:,.0f}" for row in costs)
        yield Lane("Costs", (Line(within.cost_first_day, within.cost_end_day, total, (total, *told)),), is_told=False)


def cost_words(within: Study, lines: list[Row]) -> str:
    last = within.cost_end_day - dt.timedelta(days=1)
    window = (
        f"{say_day(within.cost_first_day)} to {say_day(last)}" if last >= within.cost_first_day else "no day at all"
    )
    if not lines:
        return f"Nothing is costed for this child in the study's cost window, {window}."
    priced = sorted({f"{row['standing']} prices of {row['price_year']}" for row in lines})
    return f"Care from {window}, by process, at {plain(' and '.join(priced))}."


def files(record: Record) -> Iterator[str]:
    """Name the deliveries that rows of the page were read from."""
    used = {row["delivery_id"] for name in ("spell", "event", "care_episode") for row in record.rows[name]}
    for number in sorted(used & set(record.deliveries)):
        row = record.deliveries[number]
        year = f" {row['collection_year']}" if row["collection_year"] else ""
        yield plain(f"[{number}] {row['file_name']}: {row['return_name']}{year}, authority {row['la']}")


def plain(words: str) -> str:
    """Keep only what can be printed: no end of line, nothing that steers a screen, no half of a character."""
    return "".join(letter if letter.isprintable() else "?" for letter in words)
