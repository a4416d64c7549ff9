"""Services, fees and narratives of one made-up authority, read back and held against what truly happened."""

import csv
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path

import numpy as np
import pytest

from careloom.catalogue import Price, load_catalogue, read_prices
from careloom.catalogue.recordings import Recording, read_recording
from careloom.synth.aside import Aside
from careloom.synth.days import NEVER, year_ends, year_starts
from careloom.synth.files import finance, ledger, narratives, services
from careloom.synth.files.deliveries import STAGES, answered, deliveries, stages
from careloom.synth.files.spoken import rows_of
from careloom.synth.life.authorities import draw_authorities
from careloom.synth.life.england import make_world
from careloom.synth.who.identity import Homes, Identities, draw_homes, draw_identities
from careloom.synth.world import Texts, World

SEED, YEARS = 11, (2019, 2024)
DELIVERIES, FEES, TEXTS = "services/deliveries.csv", "finance/weekly_fees.csv", "narratives/assessments.csv"
CATALOGUE = load_catalogue()
POPULATION = CATALOGUE.populations["england"]


@dataclass(frozen=True)
class Written:
    folder: Path
    world: World
    identities: Identities
    homes: Homes
    recording: Recording
    services: Aside
    finance: Aside
    narratives: Aside

    def rows(self, name: str) -> list[dict[str, str]]:
        with (self.folder / name).open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    def person_of(self) -> dict[str, int]:
        return dict(zip(self.identities.child_id.tolist(), self.world.people.person.tolist(), strict=True))


def write(folder: Path, world: World) -> Written:
    identities = draw_identities(world.people, world.authority, SEED)
    homes = draw_homes(world.people, YEARS, SEED)
    recording = read_recording(CATALOGUE.folder / "recording" / "usual.toml")
    given = (folder, world, identities, homes, recording, SEED)
    made = services.write_services(*given), finance.write_finance(*given), narratives.write_narratives(*given)
    return Written(folder, world, identities, homes, recording, *made)


@pytest.fixture(scope="module")
def world() -> World:
    first, second = draw_authorities(POPULATION, 2, SEED)
    return make_world(POPULATION, second, years=YEARS, births=2000, seed=SEED, before=first)


@pytest.fixture(scope="module")
def written(world: World, tmp_path_factory: pytest.TempPathFactory) -> Written:
    return write(tmp_path_factory.mktemp("written"), world)


def day_of(text: str) -> int:
    parsed = datetime.strptime(text, "%d/%m/%Y").date() if "/" in text else date.fromisoformat(text)
    return (parsed - date(1970, 1, 1)).days


def within(share: float, expected: float, of: int) -> bool:
    """Whether a share of `of` draws is within four standard errors: by chance it is not once in 16,000 times."""
    return bool(abs(share - expected) <= 4 * np.sqrt(expected * (1 - expected) / of))


# --- all three -------------------------------------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_bytes(written: Written, world: World, tmp_path: Path) -> None:
    again = write(tmp_path, world)
    names = [path.relative_to(tmp_path) for path in sorted(tmp_path.rglob("*.csv"))]
    assert [str(name) for name in names] == [
        "finance/unit_costs.csv",
        "finance/weekly_fees.csv",
        "narratives/assessments.csv",
        "services/deliveries.csv",
    ]
    assert all((again.folder / name).read_bytes() == (written.folder / name).read_bytes() for name in names)
    assert not any(b"\r" in (again.folder / name).read_bytes() for name in names)


def test_no_number_of_a_true_person_is_in_a_file(written: Written) -> None:
    """Those of the second authority have eight digits, so that none is met by chance in a count or an amount."""
    persons = set(written.world.people.person.astype(str))
    text = " ".join(path.read_text(encoding="utf-8") for path in written.folder.rglob("*.csv"))
    assert set(re.findall(r"\d{8,}", text)) & persons == set()
    assert any(len(person) >= 8 for person in persons)


def test_traces_name_every_record_once_and_truly(written: Written) -> None:
    person_of = written.person_of()
    for trace, key, rows in (
        (written.services.traces[0], "delivery_id", written.rows(DELIVERIES)),
        (written.finance.traces[0], "payment_ref", written.rows(FEES)),
        (written.narratives.traces[0], "assessment_ref", written.rows(TEXTS)),
    ):
        assert trace.record_id.tolist() == [row[key] for row in rows]
        assert len(set(trace.record_id)) == len(rows) > 300
        told = [
            (person_of[row["child_id"]], true) for row, true in zip(rows, trace.person, strict=True) if row["child_id"]
        ]
        assert told
        assert all(a == b for a, b in told)


def test_nothing_is_dated_outside_the_years(written: Written) -> None:
    first, last = year_starts(YEARS[0]), year_ends(YEARS[1])
    for row in written.rows(DELIVERIES):
        ends = day_of(row["end_date"]) if row["end_date"] else last
        assert day_of(row["start_date"]) <= ends <= last
        assert ends >= first
    for row in written.rows(FEES):
        ends = day_of(row["to"]) if row["to"] else last
        assert first <= day_of(row["from"]) <= ends <= last
    assert all(first <= day_of(row["authorised_on"]) <= last for row in written.rows(TEXTS))


# --- services --------------------------------------------------------------------------------------------------------


def test_each_description_is_of_one_service_and_each_service_has_many(written: Written) -> None:
    meant, ways = defaultdict(set), defaultdict(set)
    for row, service in zip(
        written.rows(DELIVERIES), written.services.tables["service"]["service"].tolist(), strict=True
    ):
        meant[row["service_description"]].add(service)
        ways[service].add(row["service_description"])
    assert "" not in meant
    assert all(len(services) == 1 for services in meant.values())
    common = Counter(written.services.tables["service"]["service"].tolist())
    assert len(common) >= 25
    assert all(len(ways[service]) >= 10 for service, many in common.items() if many >= 50)


def test_what_is_written_can_seldom_be_looked_up_as_it_stands(written: Written) -> None:
    spelled = {row["spelling"] for row in rows_of("services_spoken", "spellings")}
    exact = np.mean([row["service_description"] in spelled for row in written.rows(DELIVERIES)])
    # Small letters, capitals and slips, and then a quantity, a provider or a note behind it; slips spare initials
    least = (1 - services.SMALL_LETTERS - services.CAPITALS - services.SLIP) * np.prod(
        [1 - share for share in (services.TIMES, services.BY_PROVIDER, services.NOTED)]
    )
    assert least - 0.02 < exact < least + 0.12


def test_who_it_was_for_is_an_identifier_or_a_name_and_a_date(written: Written) -> None:
    rows = written.rows(DELIVERIES)
    by_id = [bool(row["child_id"]) for row in rows]
    assert within(float(np.mean(by_id)), services.BY_CHILD_ID, len(rows))
    unnamed = [row for row in rows if not row["child_id"] and not row["surname"]]
    assert unnamed == []
    dated = [bool(row["date_of_birth"]) for row in rows if not row["child_id"]]
    assert 0.75 < np.mean(dated) < 1  # some are not held at all


def test_costs_and_units_are_written_in_many_ways(written: Written) -> None:
    costs = [row["cost"] for row in written.rows(DELIVERIES)]
    assert within(costs.count("") / len(costs), services.COST_BLANK, len(costs))
    assert any(cost.startswith("£") for cost in costs)
    assert any(re.fullmatch(r"\d+,\d{3}", cost) for cost in costs)
    assert all(re.fullmatch(r"|£?\d{1,3}(,\d{3})*(\.\d\d)?|\d+\.\d\d", cost) for cost in costs)
    assert {"", "session", "hrs", "wk"} <= {row["unit"] for row in written.rows(DELIVERIES)}


def test_a_service_is_given_at_the_ages_it_is_for(world: World) -> None:
    given = deliveries(world, np.random.default_rng(1))
    age = (given.starts_on - world.people.born[given.child]) / 365.25
    oldest = np.array([float(row["to_age"]) for row in rows_of("services_spoken", "services")])[given.service]
    youngest = np.array([float(row["from_age"]) for row in rows_of("services_spoken", "services")])[given.service]
    # a package agreed anew may begin after the last birthday on which the service itself could
    assert (age >= youngest).all()
    assert (age < 18.1).all()
    assert np.mean(age < oldest + 1) > 0.95


def test_what_is_given_goes_with_the_factors_of_the_kind_and_the_stage(world: World) -> None:
    """Of children known for one kind of need only, those of the kind that most needs a service get it most often."""
    names = [row["service"] for row in rows_of("services_spoken", "services")]
    during = stages(world, year_starts(YEARS[0]), year_ends(YEARS[1]))
    given = deliveries(world, np.random.default_rng(2))
    at = names.index("domestic_abuse_programme")
    needs = answered(POPULATION)[:, at]
    kinds = defaultdict(set)
    for child, kind in zip(during.child.tolist(), during.kind.tolist(), strict=True):
        kinds[child].add(kind)
    got = set(given.child[given.service == at].tolist())
    share = [np.mean([c in got for c, k in kinds.items() if k == {kind}]) for kind in (needs.argmax(), needs.argmin())]
    assert needs.max() > 3 * needs.min()
    assert share[0] > 2 * share[1]  # less than 3, for some wait longer than their case lasts
    seen_in_care = given.stage[given.service == names.index("contact_supervision")] == STAGES.index("care")
    assert seen_in_care.mean() > 0.8


def test_the_name_of_a_kind_decides_nothing(world: World) -> None:
    renamed = replace(POPULATION, kinds=tuple(replace(k, key=f"k{i}", name="") for i, k in enumerate(POPULATION.kinds)))
    a = deliveries(world, np.random.default_rng(3))
    b = deliveries(replace(world, population=renamed), np.random.default_rng(3))
    assert np.array_equal(a.service, b.service)
    assert np.array_equal(a.child, b.child)


# --- fees ------------------------------------------------------------------------------------------------------------


def weekly(row: dict[str, str]) -> int:
    """Pence of a week."""
    return round(100 * float(row["amount_gbp"])) // (4 if row["per"] == "4 weeks" else 1)


def spans(written: Written) -> Iterator[tuple[int, tuple[int, int], int]]:
    """Person, days and pence of a week of each span that the ledger pays, all its components together."""
    spans: dict[tuple[str, ...], int] = defaultdict(int)
    (paid,) = written.finance.traces
    person = dict(zip(paid.record_id.tolist(), paid.person.tolist(), strict=True))
    whose = {}
    for row in written.rows(FEES):
        key = tuple(row[name] for name in ("client_no", "supplier_ref", "from", "to"))
        spans[key] += weekly(row)
        whose[key] = person[row["payment_ref"]]
    for key, pence in spans.items():
        yield whose[key], (day_of(key[2]), day_of(key[3]) + 1 if key[3] else NEVER), pence


def test_components_add_up_to_the_true_fee_of_a_stay_at_that_time(written: Written) -> None:
    told, world = written.world.episodes, written.world
    episodes = defaultdict(list)
    for care, starts, ends, fee in zip(told.care, told.starts_on, told.ends_on, told.weekly_fee, strict=True):
        episodes[int(world.people.person[world.care.child[care]])].append((starts, ends, round(100 * fee)))
    for person, (starts, ends), pence in spans(written):
        slip = ledger.SLIP_DAYS
        near = {fee for begins, over, fee in episodes[person] if begins - slip < ends and starts < over + slip}
        assert pence in near


def test_about_85_percent_of_stays_with_a_fee_are_known_and_none_with_kin_or_parents(written: Written) -> None:
    every = ledger.stays(written.world)
    inside = (every.starts_on <= year_ends(YEARS[1])) & (every.ends_on > year_starts(YEARS[0]))
    payable = inside & (every.fee > 0) & ~np.isin(every.code, ["kin_foster"])
    paid = ledger.paid_stays(written.world, np.random.default_rng(4))
    assert 0.81 < len(paid.child) / payable.sum() < 0.89  # 0.85 give or take three standard errors of 900 stays
    assert set(paid.code.tolist()).isdisjoint({"kin_foster", "with_parents", "placed_for_adoption"})
    share = {
        code: (paid.code == code).sum() / (payable & (every.code == code)).sum()
        for code in ("ifa_foster", "childrens_home_own")
    }
    assert share["ifa_foster"] > share["childrens_home_own"]
    assert not any("onnected" in row["placement_type"] for row in written.rows(FEES))


def test_a_few_payments_begin_or_end_on_other_days_than_the_stay(written: Written) -> None:
    every = ledger.stays(written.world)
    first = year_starts(YEARS[0])
    true = {(int(c), int(s)) for c, s in zip(every.child, every.starts_on, strict=True)}
    paid = ledger.paid_stays(written.world, np.random.default_rng(5))
    later = paid.starts_on > first
    on_the_day = np.mean(
        [(int(c), int(s)) in true for c, s in zip(paid.child[later], paid.starts_on[later], strict=True)]
    )
    # Newborn children cannot be paid for early, and a slipped day may by chance be the start of another stay.
    assert abs(on_the_day - (1 - ledger.LATE_START - ledger.EARLY_START)) < 0.03
    drawn = ledger.slips(0.05, 0.03, 40_000, np.random.default_rng(6))
    assert within(float(np.mean(drawn > 0)), 0.05, 40_000)
    assert within(float(np.mean(drawn < 0)), 0.03, 40_000)
    assert abs(drawn).max() == ledger.SLIP_DAYS


def test_the_fee_goes_on_while_a_child_is_elsewhere_for_some_days(world: World) -> None:
    told = world.episodes
    away = np.flatnonzero(np.char.startswith(told.place, "T"))
    away = away[(away > 0) & (away < len(told.place) - 1)]
    back = away[(told.carer[away - 1] == told.carer[away + 1]) & (told.place[away - 1] == told.place[away + 1])]
    every = ledger.stays(world)
    assert back.size > 20
    for row in back.tolist():
        mine = every.child == world.care.child[told.care[row]]
        assert (mine & (every.starts_on < told.starts_on[row]) & (every.ends_on > told.ends_on[row])).sum() == 1


def test_finance_has_its_own_numbers_of_children(written: Written) -> None:
    (paid,) = written.finance.traces
    person = dict(zip(paid.record_id.tolist(), paid.person.tolist(), strict=True))
    whose = defaultdict(set)
    for row in written.rows(FEES):
        whose[row["client_no"]].add(person[row["payment_ref"]])
        assert len(row["initials"]) in (0, 1, 2)
    assert all(len(persons) == 1 for persons in whose.values())
    in_order = [whose[client] for client in sorted(whose)]
    assert in_order != sorted(in_order, key=min)  # they say nothing of the order of children
    by_id = np.mean([bool(row["child_id"]) for row in written.rows(FEES)])
    assert within(float(by_id), finance.BY_CHILD_ID, len(written.rows(FEES)))


def test_lines_end_with_the_financial_year(written: Written) -> None:
    """No line runs over a 1 April, and one that stops on 31 March goes on the next day unless the stay ended."""
    years = {
        (day.year - (day.month < 4))
        for row in written.rows(FEES)
        for day in [datetime.strptime(row["from"], "%d/%m/%Y")]
    }
    assert years == set(range(YEARS[0] - 1, YEARS[1]))
    for row in written.rows(FEES):
        begins = datetime.strptime(row["from"], "%d/%m/%Y")
        over = datetime.strptime(row["to"], "%d/%m/%Y") if row["to"] else datetime(YEARS[1], 3, 31)
        assert begins.year - (begins.month < 4) == over.year - (over.month < 4)
    assert 0.15 < np.mean([row["per"] == "4 weeks" for row in written.rows(FEES)]) < 0.35


def asked_for(price: Price) -> tuple[object, ...]:
    return price.process, price.element, price.keys, price.unit, [(row.staff, row.hours) for row in price.rows]


def test_the_sheet_of_unit_costs_is_a_price_sheet_at_one_factor(written: Written) -> None:
    ours = CATALOGUE.price_sheets[finance.SHEET]
    sheet = read_prices(written.folder / "finance" / "unit_costs.csv")
    assert (sheet.standing, sheet.price_year) == (ours.standing, ours.price_year)
    assert [asked_for(price) for price in sheet.prices] == [asked_for(price) for price in ours.prices]
    ratios = [float(a.amount / b.amount) for a, b in zip(sheet.prices, ours.prices, strict=True) if b.amount]
    assert max(ratios) - min(ratios) < 0.001  # rates are rounded to the penny, 1 in 4,000 of GBP 40
    assert min(ratios) != pytest.approx(1, abs=0.001)


# --- narratives ------------------------------------------------------------------------------------------------------


def told_of(texts: Texts) -> list[list[str]]:
    return [text.split(";") if text else [] for text in texts.tolist()]


def test_a_sample_of_assessments_has_a_text_of_two_to_six_sentences(written: Written) -> None:
    ends = written.world.assessments.ends_on
    able = ((ends >= year_starts(YEARS[0])) & (ends <= year_ends(YEARS[1]))).sum()
    assert len(written.rows(TEXTS)) == min(round(narratives.SHARE * able), narratives.AT_MOST)
    made = written.narratives.tables["narrative"]
    for row, mentioned, negated in zip(
        written.rows(TEXTS), told_of(made["mentioned"]), told_of(made["negated"]), strict=True
    ):
        sentences = re.findall(r"[A-Z][^.]*\.(?: |$)", row["text"])
        assert "".join(sentences) == row["text"]
        assert len(sentences) == 2 + len(mentioned) + len(negated) <= 6
        assert not set(mentioned) & set(negated)


def test_each_factor_told_stands_in_the_text_in_words_of_its_own(written: Written) -> None:
    ways: dict[tuple[str, str], list[str]] = defaultdict(list)
    for stance in ("present", "absent"):
        for row in rows_of("phrases", stance):
            ways[stance, row["factor"]].append(row["phrase"].lower())
    made = written.narratives.tables["narrative"]
    for row, present, absent in zip(
        written.rows(TEXTS), told_of(made["mentioned"]), told_of(made["negated"]), strict=True
    ):
        text = row["text"].lower()
        assert all(any(way in text for way in ways["present", factor]) for factor in present)
        assert all(any(way in text for way in ways["absent", factor]) for factor in absent)


def test_what_is_mentioned_is_not_quite_what_is_identified(monkeypatch: pytest.MonkeyPatch) -> None:
    """With one factor identified, few others likely and nothing ruled out, hardly a text is cut short."""
    monkeypatch.setattr(narratives, "RULED_OUT", 0.0)
    names, many = list(POPULATION.background), 30_000
    identified = np.zeros((many, len(names)), dtype=bool)
    identified[:, names.index("3B")] = True
    told = narratives.tell(identified, np.zeros(many, dtype=np.int64), POPULATION, np.random.default_rng(7))
    assert within(told.present[:, names.index("3B")].mean(), narratives.MENTIONED, many)
    likely = POPULATION.kinds[0].factors["3A"]
    assert within(told.present[:, names.index("3A")].mean(), narratives.UNCODED * likely, many)
    assert not told.absent.any()


def test_a_search_for_words_alone_errs(written: Written) -> None:
    made, pattern = written.narratives.tables["narrative"], re.compile("substance misuse")
    found = [bool(pattern.search(row["text"])) for row in written.rows(TEXTS)]
    there = [bool({"2B", "1B"} & set(factors)) for factors in told_of(made["mentioned"])]
    precision = np.mean([b for a, b in zip(found, there, strict=True) if a])
    recall = np.mean([a for a, b in zip(found, there, strict=True) if b])
    assert precision < 0.5
    assert recall < 0.5
    assert any(not made["mentioned"][i] for i in range(len(made["mentioned"])))


def test_no_child_is_named_in_a_text(written: Written) -> None:
    names = set(written.identities.first_name.tolist()) | set(written.identities.surname.tolist())
    words = {word for row in written.rows(TEXTS) for word in re.findall(r"\w+", row["text"]) if word[0].isupper()}
    assert words & names == set()
