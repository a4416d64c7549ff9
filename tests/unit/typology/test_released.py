"""What is shown of a saved typology's fit tells no more than rounded counts do, neither by a number nor by a row's place."""

from typing import Any

import numpy as np
import pyarrow as pa

from careloom.engine import DuckDBEngine
from careloom.report.question import Answer, ask, read_questions
from careloom.typology.tables import TABLES, WHEN_ASKED, in_columns

COULD = 63  # a small study: shares to three decimals would tell every count from the rounded one


def shown(engine: DuckDBEngine, recorded: list[int], could: int = COULD) -> Answer:
    """The factors of a saved typology as they are shown, each expected at 0.3, when so many assessments record them."""
    rows = [(n, f"Factor {n:02}", count, count, could, 0.3) for n, count in enumerate(recorded, start=1)]
    engine.load("scored_item", in_columns(rows, WHEN_ASKED["scored_item"]))
    return ask(engine, read_questions()["scored_items"])


def without_names(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "label"}


def test_shares_are_those_of_rounded_counts(duck: DuckDBEngine) -> None:
    """Counts that are shown alike are alike in all that is shown of them: 18 to 22 of 63 are 20 of 65."""
    answer = shown(duck, [18, 19, 20, 21, 22])
    assert len({tuple(without_names(row).items()) for row in answer.rows}) == 1
    [share] = {row["observed"] for row in answer.rows}
    assert share == round(20 / 65, 3)
    same = [shown(duck, [20], could).rows for could in (63, 64, 65, 66, 67)]
    assert all(rows == same[0] for rows in same)


def test_what_lies_far_comes_first_and_what_is_withheld_last(duck: DuckDBEngine) -> None:
    answer = shown(duck, [3, 21, 1, 60, 5, 19, 2])
    assert [row["label"] for row in answer.rows] == [f"Factor {n:02}" for n in (4, 2, 6, 1, 3, 5, 7)]
    for row in answer.rows[3:]:
        assert (row["children"], row["assessments"], row["observed"], row["apart"]) == (None,) * 4


def test_no_order_tells_one_withheld_count_from_another(duck: DuckDBEngine) -> None:
    random = np.random.default_rng(1)
    for _ in range(20):
        counts = random.choice([1, 2, 3, 4, 5, 18, 19, 20, 21, 22], 12).tolist()
        swapped = [{5: 1, 1: 5, 2: 4, 4: 2, 18: 22, 22: 18}.get(n, n) for n in counts]
        assert shown(duck, counts).rows == shown(duck, swapped).rows


def test_pairs_are_in_the_order_of_what_is_shown(duck: DuckDBEngine) -> None:
    pairs = [
        (1, "B", "C", 3, 8.0, 1.0, 50.0, 0.1),
        (2, "A", "C", 40, 40.0, 9.0, 20.4, 0.1),
        (3, "A", "B", 40, 40.0, 9.0, 20.1, 0.1),
    ]
    duck.load("class_residual", in_columns(pairs, TABLES["class_residual"]))
    rows = ask(duck, read_questions()["class_residual"]).rows
    assert [(row["label"], row["other_label"]) for row in rows] == [("A", "B"), ("A", "C"), ("B", "C")]


def test_factors_stand_in_the_order_of_their_shown_share(duck: DuckDBEngine) -> None:
    """Of 63 children factors that 1 to 5 record are withheld; their order is that of their names."""
    profile = TABLES["class_profile"]
    names = {"a": 20, "b": 2, "c": 5, "d": 40, "e": 3}
    duck.load("class_profile", in_columns([(1, n, n, k / 63, 0.1, k / 63) for n, k in names.items()], profile))
    duck.load("demand_class", in_columns([(1, "All of them", 1.0, 0.0, "All of them", None)], TABLES["demand_class"]))
    duck.load("class_of", pa.table({"class_no": [1] * 63, "person_id": [f"p{n}" for n in range(63)]}))
    rows = ask(duck, read_questions()["profile"]).rows
    assert list(dict.fromkeys(row["label"] for row in rows)) == ["d", "a", "b", "c", "e"]
