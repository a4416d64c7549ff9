"""First contacts by age in a made-up authority are those of its truth: exactly for children born in view."""

import csv
import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from careloom.catalogue import load_catalogue
from careloom.engine import DuckDBEngine
from careloom.study import Study, read_study
from careloom.study.run import stages
from careloom.synth import make_england

YEARS = (2015, 2023)
TRUE = {
    "referral": ("referral", "referral_on"),
    "assessment": ("assessment", "assessment_starts_on"),
    "cp_plan": ("plan", "starts_on"),
    "care": ("care", "starts_on"),
}
KNOWN_BEFORE_BIRTH = dt.timedelta(days=200)  # no referral comes earlier than 180 days before birth
NEEDED = {
    "reading the deliveries",
    "saying them in common terms",
    "linking children",
    "building their histories",
    "stacking birth cohorts",
}


@dataclass(frozen=True)
class Authority:
    """A made-up authority, and the working tables of a run over it as far as they are needed."""

    folder: Path
    study: Study
    engine: DuckDBEngine


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Authority]:
    folder, catalogue = tmp_path_factory.mktemp("cohorts"), load_catalogue()
    make_england(folder, children=9000, years=YEARS, systems=("ssda903", "cin_census"))
    study, engine = read_study(folder / "study.toml", catalogue), DuckDBEngine()
    for name, work in stages(study, catalogue, engine):
        if name in NEEDED:
            assert work().faults() == []
    yield Authority(folder, study, engine)
    engine.close()


def read(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def true_firsts(authority: Authority, contact: str) -> dict[str, tuple[dt.date, dt.date]]:
    """Day of birth, and of the first contact ever, of each child by the authority's own identifier."""
    aside, (name, column) = authority.folder / "truth" / "501", TRUE[contact]
    born = {row["child_id"]: dt.date.fromisoformat(row["born_on"]) for row in read(aside / "person.csv")}
    first: dict[str, dt.date] = {}
    for row in read(aside / f"{name}.csv"):
        day = dt.date.fromisoformat(row[column])
        first[row["child_id"]] = min(day, first.get(row["child_id"], day))
    return {child: (born[child], day) for child, day in first.items()}


def age_on(born: dt.date, on: dt.date) -> int:
    """Age last birthday; before birth, 0."""
    return max(0, on.year - born.year - ((on.month, on.day) < (born.month, born.day)))


@pytest.mark.parametrize("contact", TRUE)
def test_of_children_born_in_view_the_first_contact_is_found_exactly(authority: Authority, contact: str) -> None:
    """Child by child and to the day. By the true day of birth, as for some the returns know an expected one only."""
    first, end = authority.study.first_day + KNOWN_BEFORE_BIRTH, authority.study.end_day
    firsts = true_firsts(authority, contact)
    true = {child: on for child, (born, on) in firsts.items() if born >= first and on < end}
    found = authority.engine.rows(f"""
        SELECT DISTINCT o.child_id, c.starts_on FROM contact_in_order AS c JOIN person_of AS o ON o.person_id = c.person_id
        WHERE c.contact = '{contact}' AND c.place = '' AND c.is_contact AND c.quiet_since IS NULL""")
    assert {child: on for child, on in found if firsts[child][0] >= first} == true
    assert len(true) > 50


@pytest.mark.parametrize("contact", ["referral", "cp_plan", "care"])
def test_the_share_by_each_age_is_that_of_the_truth(authority: Authority, contact: str) -> None:
    """The truth keeps cases, plans and care from before the returns begin, but not the assessments in those cases."""
    firsts = true_firsts(authority, contact)
    window = authority.study.first_day, authority.study.end_day
    many = Counter(age_on(born, on) for born, on in firsts.values() if window[0] <= on < window[1])
    children: dict[int, float] = defaultdict(float)
    for row in read(authority.folder / "residents.csv"):
        children[int(row["age"])] += float(row["children"])
    rows = authority.engine.rows(f"""
        SELECT age, cumulative, lower, upper, cumulative_unadjusted FROM first_by_age
        WHERE la = '501' AND contact = '{contact}' ORDER BY age""")
    assert len(rows) == 18
    true = 0.0
    for age, adjusted, lower, upper, unadjusted in rows:
        true += many[age] / children[age]
        # three standard errors; rates in this country do change a little over the years
        assert abs(adjusted - true) < 3 * (upper - lower) / 2 / 1.96, age
        assert unadjusted > true - 1e-9, age
    if contact == "referral":
        assert unadjusted > true + 0.1
    if contact == "cp_plan":  # the plans themselves say how many came before
        assert adjusted == pytest.approx(true)


def test_each_authority_alone_and_all_together_are_the_same_when_there_is_one(authority: Authority) -> None:
    columns = "contact, age, at_risk, contacts, first_contacts, cumulative, lower, upper"
    alone, together = (
        authority.engine.rows(f"SELECT {columns} FROM first_by_age WHERE la = '{la}' ORDER BY contact, age")
        for la in ("501", "")
    )
    assert alone == together
    assert len(alone) == 4 * 18
