"""What schools, early help, health, services and finance tell lands on the right child, or on nobody that the returns know.

How many rows find their child is printed; it rests on who records which number, and will grow as children are linked by
name and date of birth.
"""

import csv
import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from careloom.catalogue import load_catalogue
from careloom.engine import DuckDBEngine
from careloom.ingest import Delivery
from careloom.study import read_study
from careloom.study.run import stages
from careloom.synth import make_england
from careloom.synth.files.ledger import SLIP_DAYS

EXTRACTS = ("annex_a", "case_system", "early_help", "education", "health", "services", "finance")
KNOWN = ("ssda903", "cin_census", "case_system", "annex_a")
"""Returns that call a child by the authority's own number, which truth/person.csv knows."""


@dataclass(frozen=True)
class Told:
    """Rows of one kind that one extract told: its table and the column that truth/records names a row by."""

    made: str
    table: str
    record: str
    truth: str


TOLD = {
    "early_help": Told("spell", "early_help_assessments", "case_number", "early_help"),
    "school": Told("spell", "education_pupil_roll", "student_id", "education"),
    "camhs": Told("spell", "health_camhs_referrals", "patient_id", "health"),
    "service": Told("spell", "services_deliveries", "service_ref", "services"),
    "early_help_assessment": Told("event", "early_help_assessments", "case_number", "early_help"),
    "camhs_first_seen": Told("event", "health_camhs_referrals", "patient_id", "health"),
    "fee": Told("fee", "finance_weekly_fees", "payment_ref", "finance"),
}
NAMED_BY = {"spell": "kind", "event": "event"}


@dataclass(frozen=True)
class Lives:
    """An authority's records as far as spells and events, and where the truth lies."""

    engine: DuckDBEngine
    truth: Path

    def read(self, name: str) -> list[dict[str, str]]:
        with (self.truth / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    def true_persons(self) -> dict[str, set[str]]:
        """Return, of each person found, the true ones: those whose numbers became it."""
        true = {row["child_id"]: row["person_id"] for row in self.read("person")}
        names = ", ".join(f"'{name}'" for name in KNOWN)
        found: dict[str, set[str]] = {}
        for person, child in self.engine.rows(
            f"SELECT person_id, child_id FROM person_of WHERE return_name IN ({names})"
        ):
            if child in true:
                found.setdefault(person, set()).add(true[child])
        return found

    def whose(self, kind: str) -> list[tuple[str, str]]:
        """Return, of each row of a kind, the person found and the true person of the record that told it."""
        told = TOLD[kind]
        true = {row["record"]: row["person_id"] for row in self.read(f"records/{told.truth}")}
        name = NAMED_BY.get(told.made)
        rows = self.engine.rows(
            f"""SELECT made.person_id, row_told.{told.record} AS record FROM {told.made} AS made
            JOIN {told.table} AS row_told ON row_told.delivery_id = made.delivery_id AND row_told.line = made.line
            {f"WHERE made.{name} = '{kind}'" if name else ""}"""
        )
        return [(person, true[record]) for person, record in rows]


@pytest.fixture(scope="module")
def lives(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lives]:
    folder = tmp_path_factory.mktemp("extracts")
    make_england(folder, children=1200, years=(2020, 2022), systems=("ssda903", "cin_census", *EXTRACTS), processes=1)
    catalogue = load_catalogue()
    study = read_study(folder / "study.toml", catalogue)
    files = tuple(
        path for name in EXTRACTS for path in sorted((folder / "501" / name).iterdir()) if path.stem != "unit_costs"
    )
    study = replace(study, deliveries=(*study.deliveries, Delivery("501", files)))
    engine = DuckDBEngine()
    for step, work in stages(study, catalogue, engine, accept=True):
        assert work().faults() == []
        if step == "building their histories":
            break
    yield Lives(engine, folder / "truth" / "501")
    engine.close()


def test_every_extract_tells_its_events_and_spells(lives: Lives) -> None:
    spells = dict(lives.engine.rows("SELECT kind, count(*) AS n FROM spell GROUP BY kind"))
    events = dict(lives.engine.rows("SELECT event, count(*) AS n FROM event GROUP BY event"))
    print(spells, events)
    assert set(TOLD) <= {*spells, *events, "fee"}
    assert {"early_help", "school", "camhs", "service", "missing", "placed_for_adoption"} <= set(spells)
    assert {"sdq", "convicted", "camhs_first_seen"} <= set(events)
    assert {
        *("referral", "exclusion", "contact", "care_leaver", "leaving_care", "care_leaver_activity"),
        *("care_leaver_accommodation", "adoption_decision", "matched", "previous_permanence", "early_help_assessment"),
    } <= set(events)
    rows = lives.engine.rows("SELECT count(*) AS n FROM spell WHERE ends_on < starts_on OR starts_on IS NULL")
    assert rows == [(0,)]


def test_the_events_of_care_leavers_lie_in_their_collection_year(lives: Lives) -> None:
    outside = lives.engine.rows(
        """SELECT event, count(*) AS n FROM event JOIN delivery USING (delivery_id)
        WHERE event IN ('leaving_care', 'care_leaver_activity', 'care_leaver_accommodation')
          AND year_ending(happened_on) <> collection_year GROUP BY event"""
    )
    assert outside == []


@pytest.mark.parametrize("kind", TOLD)
def test_a_row_belongs_to_its_child_or_to_nobody_else(lives: Lives, kind: str) -> None:
    true_of = lives.true_persons()
    in_returns = {person for persons in true_of.values() for person in persons}
    rows = lives.whose(kind)
    found = [(true_of[person], true) for person, true in rows if person in true_of]
    wrong = sum(true not in persons for persons, true in found)
    could = sum(true in in_returns for _, true in rows)
    print(f"{kind}: {len(rows)} rows, {could} of children in the returns, {len(found)} joined to one, {wrong} wrongly")
    assert len(rows) > 20
    assert wrong <= 0.002 * len(rows)


def test_a_rate_lies_in_a_true_placement_of_its_child_and_is_what_was_written(lives: Lives) -> None:
    """The last day of the file is the last day paid; finance begins and stops some days too early or too late for some."""
    person_of = {row["child_id"]: row["person_id"] for row in lives.read("person")}
    stays: dict[str, list[tuple[dt.date, dt.date]]] = {}
    for row in lives.read("placement"):
        days = (dt.date.fromisoformat(row["starts_on"]), dt.date.fromisoformat(row["ends_on"]))
        stays.setdefault(person_of[row["child_id"]], []).append(days)
    true = {row["record"]: row["person_id"] for row in lives.read("records/finance")}
    rows = lives.engine.rows(
        """SELECT told.payment_ref, fee.starts_on, fee.ends_on, fee.amount, told.amount AS written, fee.per, told.per AS period
        FROM fee JOIN finance_weekly_fees AS told ON told.delivery_id = fee.delivery_id AND told.line = fee.line"""
    )
    assert len(rows) > 100
    assert {(per, period) for *_, per, period in rows} == {("week", "week"), ("4 weeks", "four_weeks")}
    assert all(amount == written for *_, amount, written, _, _ in rows)
    beyond = []
    for record, starts_on, ends_on, *_ in rows:
        last = ends_on or starts_on
        beyond.append(min(max((start - starts_on).days, (last - end).days, 0) for start, end in stays[true[record]]))
    print(f"{len(beyond)} rates, {sum(days > 0 for days in beyond)} beyond the placement by {max(beyond)} days at most")
    assert max(beyond) <= SLIP_DAYS
    assert sum(days > 0 for days in beyond) < 0.15 * len(beyond)


def test_no_child_becomes_many_and_no_two_become_one(lives: Lives) -> None:
    """Extracts join the persons of the yearly returns: they neither part them nor put two together."""
    persons = lives.true_persons()
    several = sum(len(true) > 1 for true in persons.values())
    parts = sum(map(len, persons.values())) - len({true for each in persons.values() for true in each})
    pupils = lives.engine.rows(
        "SELECT count(*) AS n, count(DISTINCT person_id) AS persons FROM person_of WHERE return_name = 'education'"
    )[0]
    print(
        f"{len(persons)} persons of children known, {several} of several children, {parts} children in two; pupils {pupils}"
    )
    assert several <= 0.005 * len(persons)
    assert parts <= 0.02 * len(persons)
    assert pupils[0] >= pupils[1] > 0.99 * pupils[0]
