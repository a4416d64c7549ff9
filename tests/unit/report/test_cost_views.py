"""The views of costs: worked by hand, and against slow sums of the same lines."""

from collections import defaultdict
from datetime import date, timedelta
from statistics import mean
from typing import Any

import pyarrow as pa
import pytest

from careloom.disclose import WITHHELD
from careloom.engine import DuckDBEngine
from careloom.report.asking import cost_years
from careloom.report.cost_figures import draw_categories, draw_concentration
from careloom.report.costs_said import bands, say_concentration
from careloom.report.figures import draw
from careloom.report.question import FOLDER, Answer, ask, read_question

WINDOW = (date(2021, 10, 1), date(2023, 4, 1))
LINE: dict[str, Any] = {
    "la": "North",
    "process": "LAC 3",
    "process_name": "maintaining the placement",
    "element": "fee",
    "kind": "fee",
    "perspective": "CSC",
    "need_group": "no additional needs",
    "age_band": "5-10",
    "placement_id": "S",
    "placement_code": "la_foster",
    "basis": "night",
    "is_imputed": False,
    "fee_level": 3,
    "standing": "local",
    "price_year": "2022-23",
    "starts_on": date(2022, 5, 1),
    "ends_on": date(2022, 5, 11),
}


def lines(*told: dict[str, Any]) -> pa.Table:
    rows = []
    for one in told:
        line = {**LINE, **one}
        nights = (line["ends_on"] - line["starts_on"]).days
        rows.append({"quantity": float(nights), **line})
    return pa.Table.from_pylist(rows)


def children(number: int, cost: float, **more: Any) -> list[dict[str, Any]]:
    name = more.pop("name", "child")
    return [{"person_id": f"{name}{n:03}", "subtotal": cost, **more} for n in range(number)]


def answer(engine: DuckDBEngine, name: str, cost: pa.Table) -> Answer:
    engine.load("cost", cost)
    engine.load("cost_year", cost_years(*WINDOW))
    engine.load("study_window", pa.table({"cost_first_day": [WINDOW[0]], "cost_end_day": [WINDOW[1]]}))
    return ask(engine, read_question(FOLDER / f"{name}.toml"))


def test_years_are_financial_and_one_that_is_cut_is_not_whole() -> None:
    years = cost_years(*WINDOW).to_pylist()
    assert [(y["year"], y["starts_on"], y["end_day"], y["is_whole"]) for y in years] == [
        ("2021-22", date(2021, 4, 1), date(2022, 4, 1), False),
        ("2022-23", date(2022, 4, 1), date(2023, 4, 1), True),
    ]
    assert cost_years(date(2022, 4, 1), date(2022, 4, 1)).num_rows == 0  # no day is costed
    assert [y["year"] for y in cost_years(date(1999, 4, 1), date(2000, 4, 1)).to_pylist()] == ["1999-00"]


def test_a_stretch_past_31_march_is_shared_between_years_by_its_nights(duck: DuckDBEngine) -> None:
    # 40 nights from 22 March 2022: 10 in the first year, 30 in the second; 400 each for 10 children
    cut = children(10, 400.0, starts_on=date(2022, 3, 22), ends_on=date(2022, 5, 1))
    event = children(
        10, 90.0, process="LAC 6", kind="case_management", starts_on=date(2022, 3, 31), ends_on=date(2022, 4, 1)
    )
    spell = [
        {
            "person_id": f"child{n:03}",
            "la": "North",
            "kind": "period_of_care",
            "starts_on": date(2021, 1, 1),
            "ends_on": end,
        }
        for n, end in enumerate([None] * 25 + [date(2023, 4, 1)] * 5 + [date(2023, 3, 31)] * 9)
    ]
    duck.load("spell", pa.Table.from_pylist(spell))
    first, second = answer(duck, "cost_by_year", lines(*cut, *event)).rows
    assert (first["year"], first["cost"], first["nights"]) == ("2021-22", 10 * 100 + 900, 100)
    assert (second["year"], second["cost"], second["nights"]) == ("2022-23", 3000, 300)
    assert (first["per_week"], second["per_week"]) == (133, 70)
    # 30 children were there at the end of 31 March 2023; of a year that is not costed whole nothing is said
    assert (first["in_march"], second["in_march"]) == (None, 30)
    assert second["per_week_in_march"] == round(3000 / 30 / 365 * 7)


def test_both_conventions_agree_when_everyone_is_there_all_year(duck: DuckDBEngine) -> None:
    """30 children for all 365 nights: care days and 31 March then divide by the same."""
    year = {"starts_on": date(2022, 4, 1), "ends_on": date(2023, 4, 1)}
    period = {"la": "North", "kind": "period_of_care", "starts_on": date(2021, 1, 1), "ends_on": date(2024, 1, 1)}
    duck.load("spell", pa.Table.from_pylist([{"person_id": f"child{n:03}", **period} for n in range(30)]))
    (row,) = answer(duck, "cost_by_year", lines(*children(30, 36_500.0, **year))).rows
    assert row["per_week"] == row["per_week_in_march"] == 700


@pytest.mark.parametrize(
    ("number", "edges"),
    [(29, None), (30, [20]), (59, [20]), (60, [10, 20]), (120, [5, 10, 20]), (599, [5, 10, 20]), (600, [1, 5, 10, 20])],
)
def test_the_dearest_are_told_apart_where_they_are_enough(
    duck: DuckDBEngine, number: int, edges: list[int] | None
) -> None:
    costs = [1000.0 + 7 * n for n in range(number)]
    table = lines(*({"person_id": f"{n:03}", "subtotal": cost} for n, cost in enumerate(costs)))
    rows = answer(duck, "cost_concentration", table).rows
    if edges is None:
        assert not rows
        return
    found = bands(rows)
    assert [edge for edge, _ in found] == edges
    for edge, share in found:  # the slow way: a share of children rounded up
        top = sorted(costs, reverse=True)[: -(-number * edge // 100)]
        assert len(top) >= 6
        assert share == pytest.approx(sum(top) / sum(costs), abs=0.002)  # shares of bands to a thousandth, four of them


def test_one_child_who_bears_nearly_all_of_a_band_is_not_told(duck: DuckDBEngine) -> None:
    dear = [{"person_id": "dear", "subtotal": 900_000.0}, *children(79, 1000.0)]
    rows = {row["band"]: row for row in answer(duck, "cost_concentration", lines(*dear)).rows}
    assert rows["The dearest 10%"]["cost"] is None
    assert "cost" in rows["The dearest 10%"][WITHHELD]
    assert [row["cost"] for row in rows.values()].count(None) >= 2


def test_sentences_on_concentration(duck: DuckDBEngine) -> None:
    table = lines(*children(12, 9000.0, name="dear"), *children(108, 1000.0))
    (said,) = say_concentration({"cost_concentration": answer(duck, "cost_concentration", table)})
    assert said == (
        "Looked-after children: the dearest 5% of children have 25%, the dearest 10% of children have 50%, the dearest 20% "
        "of children have 56% of the cost. A child costs about £1,800 on average; without the dearest 5% about £1,473."
    )  # from what is shown: 6 children are shown as 10, so the last is (216,000 - 54,000) / 110; in truth it is 1,421


def test_coverage_is_the_share_of_nights_at_each_level(duck: DuckDBEngine) -> None:
    told = [
        *children(10, 1000.0, fee_level=1, name="a"),
        *children(10, 1000.0, fee_level=2, name="b", ends_on=date(2022, 5, 6)),
        *children(20, 1000.0, fee_level=3, name="c", ends_on=date(2022, 5, 6), placement_code="kin_foster"),
        *children(40, 5.0, kind="case_management", fee_level=None, name="d"),
    ]
    rows = {(r["placement"], r["level"][:1]): r for r in answer(duck, "fee_coverage", lines(*told)).rows}
    assert [rows["All placements", level]["coverage"] for level in "123A"] == [0.4, 0.2, 0.4, 1.0]
    assert rows["All placements", "A"]["nights"] == 250
    own = "Foster care, the authority's own"
    assert [rows[own, level]["coverage"] for level in "12"] == [0.667, 0.333]


def test_the_total_of_all_agencies_is_partial_until_all_are_there(duck: DuckDBEngine) -> None:
    others = [("NHS", "SV 2"), ("education", "SV 3"), ("youth justice", "SV 4")]
    told = children(10, 1000.0)
    for number, (agency, process) in enumerate(others):
        (row,) = (r for r in answer(duck, "cost_by_agency", lines(*told)).rows if r["agency"] == "All agencies")
        assert row["completeness"].startswith("partial: nothing of ")
        assert row["completeness"].count(",") == 2 - number
        told += children(10, 500.0, process=process, kind="other_agency", perspective=agency)
    rows = answer(duck, "cost_by_agency", lines(*told)).rows
    assert [(row["agency"], row["cost"]) for row in rows] == [
        ("Children's social care", 10_000),
        ("NHS", 5_000),
        ("Education", 5_000),
        ("Youth justice", 5_000),
        ("All agencies", 25_000),
    ]
    assert rows[-1]["completeness"] == "of all four agencies"


def test_lists_of_processes_add_up(duck: DuckDBEngine) -> None:
    told = [*children(10, 1000.0), *children(20, 300.0, process="CIN 5"), *children(6, 50.0, process="CIN 10")]
    rows = answer(duck, "cost_by_process", lines(*told)).rows
    assert [(row["list"], row["process_name"][:3], row["cost"]) for row in rows] == [
        ("Looked-after children", "3. ", 10_000),
        ("Looked-after children", "All", 10_000),
        ("Children in need", "5. ", 6_000),
        ("Children in need", "10.", 300),
        ("Children in need", "All", 6_300),
        ("All lists", "All", 16_300),
    ]
    assert rows[-1]["children"] == 20  # the same children


def test_needs_and_placements_add_up_both_ways(duck: DuckDBEngine) -> None:
    told = [
        *children(10, 1000.0, name="a"),
        *children(20, 500.0, name="b", need_group="EBD"),
        *children(8, 4000.0, name="c", need_group="EBD", placement_code="childrens_home_agency"),
        *children(9, 100.0, name="d", placement_code="childrens_home_agency"),
    ]
    rows = {(r["need_group"], r["placement"]): r for r in answer(duck, "cost_by_need", lines(*told)).rows}
    home, foster = "Children's home, private or voluntary", "Foster care, the authority's own"
    sums: dict[tuple[str, str], float] = defaultdict(float)
    for one in told:
        need = one.get("need_group", "no additional needs")
        place = home if "placement_code" in one else foster
        for key in ((need, place), (need, "All placements"), ("All needs", place), ("All needs", "All placements")):
            sums[key] += one["subtotal"]
    assert {key: row["cost"] for key, row in rows.items()} == sums
    assert rows["EBD", home]["share"] == round(32_000 / 42_000, 3)
    assert rows["EBD", home]["per_week"] == 2800


def test_without_any_need_there_is_no_table_of_needs(duck: DuckDBEngine) -> None:
    assert answer(duck, "cost_by_need", lines(*children(30, 1000.0))).released is None


# --- what followed ---------------------------------------------------------------------------------------------------


def followed(
    engine: DuckDBEngine, stretches: list[dict[str, Any]], events: list[dict[str, Any]], cost: pa.Table
) -> list[dict[str, Any]]:
    engine.load("time_to_event", pa.Table.from_pylist([{"outcome": "re_referral", **s} for s in stretches]))
    kinds = pa.schema(
        [("person_id", pa.string()), ("event", pa.string()), ("happened_on", pa.date32()), ("code", pa.string())]
    )
    engine.load("event", pa.Table.from_pylist(events, schema=kinds))
    engine.load("report_label", pa.table({"kind": ["outcome"], "name": ["re_referral"], "label": ["Referred again"]}))
    return answer(engine, "cost_by_outcome", cost).rows


def test_an_outcome_is_counted_from_the_end_of_the_period_only(duck: DuckDBEngine) -> None:
    """Window to 31 March 2023. Time zero is 100 days before its end: what happened within them is not what followed."""
    zero = WINDOW[1] - timedelta(days=100)
    kinds = {
        "before": (99.0, "event", 7),  # already over: not followed
        "yes": (100.0, "event", 8),  # on the day after the period
        "late": (464.0, "event", 9),  # on the last of the 365 days
        "no": (465.0, "event", 10),  # a day later
        "other": (300.0, "18th_birthday", 12),
        "short": (300.0, "end_of_follow_up", 13),
    }
    stretches = [
        {"unit_id": f"{name}{n}", "person_id": f"{name}{n:03}", "starts_on": zero, "days": days, "ended_by": by}
        for name, (days, by, number) in kinds.items()
        for n in range(number)
    ]
    # an earlier stretch of the same child, still at risk too, does not count beside the later one
    stretches += [
        {
            "unit_id": "z",
            "person_id": "yes000",
            "starts_on": zero - timedelta(days=9),
            "days": 900.0,
            "ended_by": "end_of_follow_up",
        }
    ]
    cost = lines(*(one for name, (_, _, number) in kinds.items() for one in children(number, 1000.0, name=name)))
    rows = followed(duck, stretches, [], cost)
    assert [(row["level"].split(",")[0], row["cost"]) for row in rows] == [
        ("Yes", 17_000),
        ("No", 10_000),
        ("It could no longer happen: turned 18", 12_000),
        ("Not followed for 12 months", 13_000),
        ("All", 52_000),
    ]


def test_nobody_followed_for_so_long_is_said(duck: DuckDBEngine) -> None:
    zero = WINDOW[1] - timedelta(days=100)
    stretches = [
        {
            "unit_id": f"{n}",
            "person_id": f"child{n:03}",
            "starts_on": zero,
            "days": 120.0,
            "ended_by": "end_of_follow_up",
        }
        for n in range(30)
    ]
    assert followed(duck, stretches, [], lines(*children(30, 1000.0))) == []


def test_care_leavers_by_what_was_last_recorded_and_middle_costs_of_several_children(duck: DuckDBEngine) -> None:
    """31 children at costs that rise: the median is the mean of the 7 around the 16th, and never one child's own."""
    events = [
        {"person_id": f"{n:03}", "event": event, "happened_on": day, "code": code}
        for n in range(31)
        for event, day, code in (
            ("care_leaver_activity", date(2022, 5, 1), "G5"),  # in the period: not what followed
            ("care_leaver_activity", date(2023, 5, 1), "G5"),
            ("care_leaver_activity", date(2023, 6, 1), "F2"),
        )
    ]
    costs = [1000.0 * (1 + n) ** 1.5 for n in range(31)]
    cost = lines(*({"person_id": f"{n:03}", "subtotal": amount} for n, amount in enumerate(costs)))
    zero = [{"unit_id": "u", "person_id": "x", "starts_on": date(2030, 1, 1), "days": 1.0, "ended_by": "event"}]
    level, whole = followed(duck, zero, events, cost)
    assert level["level"] == "In education, employment or training"
    for row in (level, whole):
        assert row["median"] == round(mean(costs[12:19]), -2)
        # positions 8.5 and 23.5 of 31: the 6 children nearest each
        assert row["lower_quartile"] == round(mean(costs[5:11]), -2)
        assert row["upper_quartile"] == round(mean(costs[20:26]), -2)
    assert not {level["median"], level["lower_quartile"], level["upper_quartile"]} & {round(c, -2) for c in costs}


# --- figures ---------------------------------------------------------------------------------------------------------


def test_every_view_of_the_made_up_study_is_drawn(duck: DuckDBEngine, made_up: dict[str, Any]) -> None:
    made_up["make_up"](duck)
    duck.load("study_window", pa.table({"cost_first_day": [date(2020, 4, 1)], "cost_end_day": [date(2021, 4, 1)]}))
    for name in ("cost_by_placement", "cost_by_category", "cost_concentration"):
        figure = draw(name, ask(duck, read_question(FOLDER / f"{name}.toml")))
        assert figure is not None
        assert figure.svg.startswith("<svg")
        assert len(figure.words) > 30


def test_a_category_that_is_withheld_is_named_and_not_drawn() -> None:
    known = {
        "costs_of": "Looking after children",
        "category": "1. One",
        "per_child": 100.0,
        "lower": 50.0,
        "upper": 300.0,
    }
    withheld = {**known, "category": "2. Two", "per_child": None}
    figure = draw_categories([known, withheld])
    assert figure is not None
    assert "2. Two" in figure.note
    assert "2. Two" not in figure.svg
    assert draw_categories([withheld]) is None


def test_a_share_that_is_withheld_comes_from_what_is_left() -> None:
    shares = {"The dearest 10%": None, "The next, to 20%": None, "The other 80%": 0.5, "All": 1.0}
    rows = [{"list": "Services", "band": band, "share": share} for band, share in shares.items()]
    assert bands(rows) == [(20, 0.5)]
    figure = draw_concentration(rows)
    assert figure is not None
    assert figure.words == "Services: the dearest 20% of children have 50% of the cost."
    assert draw_concentration([{**row, "share": None} for row in rows]) is None
