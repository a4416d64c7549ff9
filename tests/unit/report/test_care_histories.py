"""Placement histories in the report: what fewer than ten children lived is not told apart, nor can it be worked out."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from careloom.catalogue import OUT_OF_SIGHT, load_catalogue
from careloom.engine import DuckDBEngine
from careloom.report.care_figures import CARE_COLOURS, draw_months
from careloom.report.figures import draw
from careloom.report.grid import lay_out
from careloom.report.question import FOLDER, Answer, ask, read_question

NAMES = ("care_followed", "care_careers", "care_months", "care_histories", "care_transitions")


def asked(engine: DuckDBEngine) -> dict[str, Answer]:
    return {name: ask(engine, read_question(FOLDER / f"{name}.toml")) for name in NAMES}


@pytest.fixture
def answers(duck: DuckDBEngine, made_up: dict[str, Any]) -> dict[str, Answer]:
    made_up["make_up"](duck, children=60)
    return asked(duck)


def test_states_are_called_as_the_catalogue_calls_them(duck: DuckDBEngine) -> None:
    told = duck.rows((Path(FOLDER) / "names" / "care_state.sql").read_text(encoding="utf-8") + " ORDER BY state_no")
    declared = {s.state: s.label for s in load_catalogue().care_states if s.state != OUT_OF_SIGHT}
    assert {state: label for state, label, _ in told} == declared
    assert [state for state, _, _ in told] == list(declared)  # and in its order
    assert set(CARE_COLOURS) == set(declared.values())
    assert len(set(CARE_COLOURS.values())) == len(CARE_COLOURS)


def test_careers_are_counted_and_described(answers: dict[str, Answer]) -> None:
    """46 and 38 children; months in care: (30 x 6 + 12 x 7 + 4 x 5) / 46 = 6.2, and 24."""
    rows = {row["career"]: row for row in answers["care_careers"].rows}
    assert list(rows) == ["1. Kinship foster care, then returned home", "2. Residential care", "All careers"]
    assert [row["children"] for row in rows.values()] == [45, 40, 85]
    assert [row["months_in_care"] for row in rows.values()] == [6.0, 24.0, 14.0]
    assert [row["share"] for row in rows.values()] == [0.53, 0.47, 1.0]


def test_how_many_could_be_followed(answers: dict[str, Answer]) -> None:
    assert [(row["how"], row["children"]) for row in answers["care_followed"].rows] == [
        ("Followed for all 24 months", 85),
        ("Followed for fewer", 45),
        ("All", 125),
    ]


def test_a_state_of_three_children_is_withheld_in_its_months(answers: dict[str, Answer]) -> None:
    secure = [row for row in answers["care_months"].rows if row["state"] == "Secure home or custody"]
    assert [(row["career"], row["month"], row["children"], row["share"]) for row in secure] == [
        (career, month, None, None) for career in ("2. Residential care", "All careers") for month in range(21, 25)
    ]
    grid = lay_out(answers["care_months"])
    assert grid.headings[:4] == ("Care career", "Where", "Month 1", "Month 2")


def test_only_histories_of_ten_children_are_shown_and_the_rest_is_never_small(answers: dict[str, Answer]) -> None:
    """Of the first career 30, 12 and 4: the rest would be 4, so the 12 join them. Of the second 25, 10 and 3 alike."""
    told = [
        (row["career"][0], row["history"], row["state"], row["from_month"], row["to_month"], row["children"])
        for row in answers["care_histories"].rows
    ]
    assert told == [
        ("1", "1", "Kinship foster care", 1, 6, 30),
        ("1", "1", "Returned home", 7, 24, None),
        ("1", "Others", "Histories that are not shown", None, None, 15),
        ("2", "1", "Residential care", 1, 24, 25),
        ("2", "Others", "Histories that are not shown", None, None, 15),
    ]
    assert not any(row["withheld"] for row in answers["care_histories"].rows)


@pytest.mark.parametrize(
    ("rare", "shown", "others"), [(0, [30, 10], []), (5, [30], [15]), (10, [30, 10], [10]), (20, [30, 10], [20])]
)
def test_what_is_left_is_nought_or_ten_at_least(
    duck: DuckDBEngine, made_up: dict[str, Any], rare: int, shown: list[int], others: list[int]
) -> None:
    """30 and 10 children of two histories, and `rare` children of as many others."""
    made_up["make_up"](duck, children=60)
    lived = [f"SELECT {n} AS n, '{'K' * 24}' AS states" for n in range(30)]
    lived += [f"SELECT {n} AS n, '{'K' * 23}h' AS states" for n in range(30, 40)]
    lived += [f"SELECT {n} AS n, '{'K' * (n - 39)}{'h' * (63 - n)}' AS states" for n in range(40, 40 + rare)]
    rows = f"SELECT concat('p', CAST(n AS VARCHAR)) AS person_id, * FROM ({' UNION ALL '.join(lived)})"
    duck.make(
        "care_history", f"SELECT person_id AS period_id, person_id, 24 AS months, states, 1 AS career_no FROM ({rows})"
    )
    told = asked(duck)["care_histories"].rows
    assert [row["children"] for row in told if row["history"] != "Others" and row["children"]] == shown
    assert [row["children"] for row in told if row["history"] == "Others"] == others


def test_rare_changes_are_told_together(answers: dict[str, Answer]) -> None:
    """From residential care 10 children go to foster care and 3 to a secure home: both are others. 38 x 23 - 9 months."""
    rows = {(row["from_state"], row["to_state"]): row for row in answers["care_transitions"].rows}
    residential = {to: row["children"] for (start, to), row in rows.items() if start == "4. Residential care"}
    assert residential == {"4. Residential care": 40, "Others": 15}
    assert rows["4. Residential care", "Others"]["share"] == round(15 / 865, 3)
    assert not any(start == "5. Secure home or custody" for start, _ in rows)  # 6 children, 21 months
    assert lay_out(answers["care_transitions"]).headings[1:] == (
        "1. Foster care by the authority",
        "3. Kinship foster care",
        "4. Residential care",
        "10. Returned home",
        "Others",
    )
    everything = [row for row in rows.values() if row["children"] is not None]
    assert all(row["children"] >= 10 for row in everything)


@pytest.mark.parametrize(("leave", "stay"), [(0, 990), (1, 990), (4, 990), (5, 980), (9, 980)])
def test_who_stays_is_told_though_few_leave_and_who_leaves_cannot_be_worked_out(
    duck: DuckDBEngine, made_up: dict[str, Any], leave: int, stay: int
) -> None:
    """43 children in kinship care for 24 months, of whom `leave` go to foster care in the last: 989 months in all."""
    (row,) = transitions(duck, made_up, [("K" * 23 + "F", leave), ("K" * 24, 43 - leave)])
    assert (row["from_state"], row["to_state"]) == ("3. Kinship foster care",) * 2
    # 990 stands for 985 to 994, 980 for 975 to 984: between the two lie 0 to 9 months, or 1 to 19
    assert (row["children"], row["of_children"], row["months"], row["of_months"]) == (40, 40, stay, 990)
    assert row["share"] == round(row["months"] / 990, 3)


def test_who_stays_is_never_among_the_others(duck: DuckDBEngine, made_up: dict[str, Any]) -> None:
    """12 children stay, 30 go to one place and 4 to another: the 30 and the 4 are told together, not the 12 and the 4."""
    told = transitions(duck, made_up, [("K" * 24, 12), ("KF", 30), ("KR", 4)])
    assert [(row["to_state"][0], row["children"], row["months"]) for row in told] == [("3", 10, 275), ("O", 35, 35)]


def test_a_state_in_which_few_stay_has_no_row(duck: DuckDBEngine, made_up: dict[str, Any]) -> None:
    """9 children stay: with the 50 who leave, and the months of all, they could be worked out."""
    assert transitions(duck, made_up, [("K" * 24, 9), ("KF", 50)]) == []


def transitions(duck: DuckDBEngine, made_up: dict[str, Any], lived: list[tuple[str, int]]) -> list[dict[str, Any]]:
    """What is told of changes when so many children each lived these months."""
    made_up["make_up"](duck, children=60)
    all_lived = [states for states, children in lived for _ in range(children)]
    rows = " UNION ALL ".join(f"SELECT 'p{n}' AS person_id, '{states}' AS states" for n, states in enumerate(all_lived))
    duck.make(
        "care_history", f"SELECT person_id AS period_id, *, length(states) AS months, 1 AS career_no FROM ({rows})"
    )
    changes = [(n, *change) for n, states in enumerate(all_lived) for change in pairwise(states)]
    rows = " UNION ALL ".join(f"SELECT {n} AS n, '{a}' AS from_state, '{b}' AS to_state" for n, a, b in changes)
    told = "SELECT from_state, to_state, count(*) AS months, count(DISTINCT n) AS children, 0.0 AS share"
    duck.make("care_transition", f"{told} FROM ({rows}) GROUP BY from_state, to_state")
    return asked(duck)["care_transitions"].rows


def test_a_career_without_a_panel_is_named(answers: dict[str, Answer]) -> None:
    rows = [
        row | {"share": None if row["career"].startswith("2") else row["share"]} for row in answers["care_months"].rows
    ]
    figure = draw_months(rows)
    assert figure is not None
    assert figure.note.endswith("Not drawn here, 1, but in the table below: 2. Residential care.")
    assert draw_months([row | {"share": None} for row in rows]) is None


def test_figures_say_in_words_what_they_show_and_what_they_leave_out(answers: dict[str, Answer]) -> None:
    months, histories = (draw(name, answers[name]) for name in ("care_months", "care_histories"))
    assert months is not None
    assert histories is not None
    assert "2. Residential care: residential care" in months.words
    assert histories.note == (
        "Children whose histories are not drawn, about: 1. Kinship foster care, then returned home: 15; 2. Residential care: 15."
    )
    assert "Secure" not in months.svg + histories.svg  # 3 children: not even in the legend


def test_each_career_has_a_panel_with_its_name_above(answers: dict[str, Answer]) -> None:
    for name in ("care_months", "care_histories"):
        figure = draw(name, answers[name])
        assert figure is not None
        for career in dict.fromkeys(row["career"] for row in answers[name].rows):
            assert career[:20] in figure.svg, (name, career)
        assert "undefined" not in figure.svg


def test_a_career_of_few_children_is_not_named(duck: DuckDBEngine, made_up: dict[str, Any]) -> None:
    """Ten histories of fewer children: the name would tell of them."""
    made_up["make_up"](duck, children=60)
    duck.make(
        "care_career",
        "SELECT * REPLACE (CASE WHEN career_no = 2 THEN 4 ELSE children END AS children) FROM care_career",
    )
    rows = asked(duck)["care_careers"].rows
    assert [row["career"] for row in rows][1] == "2. A career of few children"
    assert (rows[1]["children"], rows[1]["months_in_care"], rows[1]["silhouette"]) == (None, None, None)


def test_without_careers_all_histories_are_shown_together(duck: DuckDBEngine, made_up: dict[str, Any]) -> None:
    made_up["make_up"](duck, children=60)
    duck.make("care_career", "SELECT * FROM care_career WHERE 1 = 0")
    duck.make("care_month", "SELECT * FROM care_month WHERE career_no = 0")
    duck.make("care_history", "SELECT * REPLACE (CAST(NULL AS INTEGER) AS career_no) FROM care_history")
    told = asked(duck)
    assert told["care_careers"].released is None
    assert {row["career"] for name in ("care_months", "care_histories") for row in told[name].rows} == {"All careers"}
    duck.make("care_month", "SELECT * FROM care_month WHERE 1 = 0")  # and when nobody could be followed to the end
    told = asked(duck)
    assert [row["children"] for row in told["care_followed"].rows] == [125, 125]
    assert {name for name, answer in told.items() if answer.released} == {"care_followed"}
