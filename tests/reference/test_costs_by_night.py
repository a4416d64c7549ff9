"""Each night of each child, one at a time: charged once, in the right need group and age band, at the fee that was paid."""

import random
import sys
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from careloom.catalogue import Need
from careloom.catalogue.examples import ISO, typed
from careloom.costs import cost_children
from careloom.engine import DuckDBEngine, Engine

sys.path.append(str(Path(__file__).parent))
from test_costs import END_DAY, FIRST_DAY, PLACEMENT_CODES, PROCESSES, SHEET, TABLES, Child, load, make_child

ONE_DAY = timedelta(days=1)
PER_NIGHT = {"week": Decimal(7), "4 weeks": Decimal(28), "night": Decimal(1)}
NEEDS = tuple(
    Need(
        name,
        title,
        position,
        "",
        "",
        f"SELECT person_id, starts_on, ends_on FROM event_of_need WHERE need = '{name}'",
        (),
        "",
    )
    for position, (name, title) in enumerate((("cwd", "CWD"), ("ebd", "EBD")), start=1)
)
BANDS = ((3, "0-2"), (5, "3-4"), (11, "5-10"), (16, "11-15"), (18, "16-17"))
Row = dict[str, Any]


class Made:
    """Children with stretches of need and rates of fees, some side by side, some negative, some still paid."""

    def __init__(self, children: int, seed: int) -> None:
        chance = random.Random(seed)
        self.children = [make_child(chance.choice, f"child{n}") for n in range(children)]
        self.needs, self.fees = [], []
        for child in self.children:
            for _ in range(chance.randrange(4)):
                start = date(2019, 6, 1) + timedelta(days=chance.randrange(700))
                end = chance.choice([None, start + timedelta(days=chance.randrange(1, 300))])
                need = chance.choice(["cwd", "ebd"])
                self.needs.append({"person_id": child.person_id, "need": need, "starts_on": start, "ends_on": end})
            for _ in range(chance.randrange(4)):
                start = date(2020, 1, 1) + timedelta(days=chance.randrange(400))
                end = chance.choice([None, start + timedelta(days=chance.randrange(1, 200))])
                amount, per = chance.choice([700, 350, 1234, -900]), chance.choice(["week", "4 weeks", "night"])
                fee = {"person_id": child.person_id, "la": child.la, "starts_on": start, "ends_on": end}
                self.fees.append(fee | {"amount": amount, "per": per})

    def need_group(self, person_id: str, night: date) -> str:
        held = {row["need"] for row in self.needs if row["person_id"] == person_id and holds(row, night)}
        return " + ".join(need.title for need in NEEDS if need.name in held) or "no additional needs"

    def fee(self, person_id: str, night: date) -> Decimal | None:
        """What was paid for a night: all rates side by side; None when there is none, or they come to less than nothing."""
        paid = [row for row in self.fees if row["person_id"] == person_id and holds(row, night)]
        each = [(Decimal(row["amount"]) / PER_NIGHT[row["per"]]).quantize(Decimal("0.000001")) for row in paid]
        return sum(each) if each and sum(each) >= 0 else None


def holds(row: Row, night: date) -> bool:
    return bool(row["starts_on"] <= night and (row["ends_on"] is None or night < row["ends_on"]))


def age_band(child: Child, night: date) -> str | None:
    months = (night.year - child.born_on.year) * 12 + night.month - child.born_on.month
    return next((band for age, band in BANDS if months < age * 12), None)


def cost(engine: Engine, made: Made, first_day: date = FIRST_DAY, end_day: date = END_DAY) -> list[Row]:
    load(engine, made.children)
    rows = [{name: value if value is None else str(value) for name, value in row.items()} for row in made.fees]
    engine.load("fee", typed(TABLES["fee"], rows, ISO))
    needs = [{name: value if value is None else str(value) for name, value in row.items()} for row in made.needs]
    engine.load("event_of_need", typed(TABLES["need"], needs, ISO))
    ledger = cost_children(
        engine,
        PROCESSES,
        needs=NEEDS,
        sheet=SHEET,
        placement_codes=PLACEMENT_CODES,
        first_day=first_day,
        end_day=end_day,
    )
    assert not ledger.faults()
    return list(engine.arrow("SELECT * FROM cost").to_pylist())


def by_night(lines: list[Row]) -> Iterator[tuple[Row, date]]:
    for line in lines:
        if line["basis"] == "night":
            nights = (line["ends_on"] - line["starts_on"]).days
            assert line["quantity"] == nights > 0
            yield from ((line, line["starts_on"] + n * ONE_DAY) for n in range(nights))


def test_every_night_is_charged_once_and_as_it_was(engine: Engine) -> None:
    made = Made(150, seed=5)
    children = {child.person_id: child for child in made.children}
    lines = cost(engine, made)
    charged: defaultdict[tuple[str, date], list[str]] = defaultdict(list)
    levels = set()
    for line, night in by_night(lines):
        charged[line["person_id"], night].append(line["element"])
        assert line["need_group"] == made.need_group(line["person_id"], night)
        assert line["age_band"] == age_band(children[line["person_id"]], night)
        if line["kind"] == "fee":
            recorded = made.fee(line["person_id"], night)
            levels.add(line["fee_level"])
            assert (line["fee_level"] == 1) == (recorded is not None)
            assert recorded is None or line["unit_cost"] == recorded
    for elements in charged.values():
        assert sorted(elements)[0] == "placement fee"
        assert len(elements) == 2  # and one of the two kinds of support
    assert levels == {1, 2, 3}, "these children should call for every level"
    assert all(line["subtotal"] == line["quantity"] * line["unit_cost"] for line in lines)


def test_averages_are_of_all_nights_of_their_kind(duck: DuckDBEngine) -> None:
    """Night by night over all the record, not the window's; kinds that fewer than five children were paid for have none."""
    made = Made(60, seed=8)
    made.fees = [
        row for row in made.fees if row["ends_on"]
    ]  # an open rate of an open placement has no number of nights
    cost(duck, made)
    paid: defaultdict[tuple[str, str], list[tuple[str, Decimal]]] = defaultdict(list)
    for row in duck.arrow("SELECT * FROM costed_segment").to_pylist():
        night, last = row["starts_on"], row["ends_on"] or date(2023, 1, 1)
        while night < last:
            if (fee := made.fee(row["person_id"], night)) is not None:
                paid[row["la"], row["placement_code"]].append((row["person_id"], fee))
            night += ONE_DAY
    mean = {
        kind: sum(fee for _, fee in found) / len(found)
        for kind, found in paid.items()
        if len({who for who, _ in found}) >= 5
    }
    averages = {
        (row["la"], row["placement_code"]): row["per_night"]
        for row in duck.arrow("SELECT * FROM fee_average_3").to_pylist()
    }
    assert averages.keys() == mean.keys() != set()
    # Kept to a millionth of a pound; the engine divides in doubles, good to 1e-13 of hundreds of pounds.
    assert averages == {kind: pytest.approx(per_night, abs=Decimal("0.000001")) for kind, per_night in mean.items()}


@pytest.mark.parametrize("seed", range(6))
def test_adjacent_windows_add_up_to_the_millionth_of_a_pound(duck: DuckDBEngine, seed: int) -> None:
    made = Made(15, seed)
    middle = FIRST_DAY + timedelta(days=random.Random(seed).randrange(1, 364))
    parts = [
        sum(row["subtotal"] for row in cost(duck, made, *window)) for window in ((FIRST_DAY, middle), (middle, END_DAY))
    ]
    assert sum(parts) == sum(row["subtotal"] for row in cost(duck, made))
