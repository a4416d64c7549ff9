"""Forest plots and tests of proportional hazards as drawn: places worked out by hand, and what is left empty."""

import re
from math import log
from typing import Any

import pytest

from careloom.report.figures import draw
from careloom.report.hazard_figures import PLOT, draw_by_model, draw_by_period, draw_hazards, draw_tests
from careloom.report.question import Answer

Row = dict[str, Any]
DOTS = r'translate\(([\d.]+),[\d.]+\)" d="[^"]+" fill="#12436d"'
RULES = r'<line transform="translate\(([\d.]+),[\d.]+\)" x2="([-\d.]+)" y2="0" stroke="#12436d"'


def ratio(level: str, *numbers: float, withheld: str | None = None, **more: str) -> Row:
    """A row with a ratio and limits; with one number it is what others are compared with, with none it has no ratio."""
    hazard_ratio, lower, upper = (*numbers, None, None, None)[:3]
    about = {"term": "Category", "reference": "1. One", "level": level, "withheld": withheld, **more}
    return {**about, "hazard_ratio": hazard_ratio, "lower": lower, "upper": upper}


def place(value: float, low: float, high: float) -> float:
    return PLOT * log(value / low) / log(high / low)


def texts(svg: str) -> list[str]:
    return re.findall(r">([^<>]+)</t(?:ext|span)>", svg)


def test_dots_and_intervals_stand_where_the_numbers_say() -> None:
    """The axis goes from a little below the least limit, 0.25, to a little above 4."""
    figure = draw_hazards([ratio("1. One", 1), ratio("2. Two", 2, 1, 4), ratio("3. Three", 0.5, 0.25, 1)])
    assert figure is not None
    low, high = 0.95 * 0.25, 1.05 * 4
    dots = [float(x) for x in re.findall(DOTS, figure.svg)]
    assert dots == pytest.approx([place(2, low, high), place(0.5, low, high)], abs=0.01)
    (start, length), *_ = [(float(x), float(to)) for x, to in re.findall(RULES, figure.svg)]
    assert (start, start + length) == pytest.approx((place(1, low, high), place(4, low, high)), abs=0.02)


def test_numbers_stand_beside_and_what_is_withheld_or_unknown_is_marked() -> None:
    rows = [
        ratio("1. One", 1),
        ratio("2. Two", 1.234, 1, 4),
        ratio("3. Few", withheld="hazard_ratio,lower"),
        ratio("4. None"),
    ]
    figure = draw_hazards([*rows, ratio("Female", 3, 2, 4, term="Sex")])
    assert figure is not None
    said = texts(figure.svg)
    assert {"1. One", "2. Two", "3. Few", "4. None"} <= set(said)
    beside = [text for text in said if text in ("c", "\u2013") or "(" in text]
    assert beside == ["Hazard ratio (log scale)", "1 (compared with)", "1.23 (1.00 to 4.00)", "c", "\u2013"]
    assert len(re.findall(DOTS, figure.svg)) == 1
    assert "Female" not in figure.svg + figure.words
    assert figure.words == (
        "Hazard ratios with 95% intervals, compared with 1. One. "
        "2. Two: 1.23 (1.00 to 4.00); 3. Few: withheld; 4. None: not estimated."
    )
    assert (
        figure.note
        == "Hollow: what the others are compared with. Where nothing is drawn: withheld (c), or not estimated (\u2013)."
    )


def test_very_long_intervals_are_cut_and_said_to_be() -> None:
    figure = draw_hazards([ratio("2. Two", 2, 0.0, 400.0), ratio("3. Three", 0.0, 0.0, 0.5)])
    assert figure is not None
    assert "nan" not in figure.svg.lower()
    assert "inf" not in figure.svg.lower()
    low, high = 0.95 * 0.01, 1.05 * 10  # the second dot lies at 0.00: as far as two digits can tell
    assert [float(x) for x in re.findall(DOTS, figure.svg)] == pytest.approx(
        [place(2, low, high), place(0.01, low, high)], abs=0.01
    )
    (start, length), *_ = [(float(x), float(to)) for x, to in re.findall(RULES, figure.svg)]
    assert start + length == pytest.approx(PLOT, abs=0.02)
    assert figure.note == "A line that reaches the edge goes on beyond it."
    assert "2. Two: 2.00 (0.00 to 400.00)" in figure.words


def test_models_stand_one_below_the_other_and_the_reference_once() -> None:
    rows = [ratio("1. One", 1, model=f"M{k}") for k in range(4)]
    rows += [ratio("2. Two", 2 - k / 10, 1, 3, model=f"M{k}") for k in range(3)] + [ratio("2. Two", model="M3")]
    figure = draw_by_model(rows)
    assert figure is not None
    said = texts(figure.svg)
    assert said.count("1. One") == said.count("2. Two") == 1
    assert [text for text in said if text.startswith("M")] == [
        "M0: category alone",
        "M1: and who the child is",
        "M2: and what came before",
        "M3: and pathway or care",
    ]
    heights = re.findall(
        r'<line transform="translate\([\d.]+,([\d.]+)\)" x2="[\d.]+" y2="0" stroke="#(\w+)"', figure.svg
    )
    drawn = [(float(y), colour) for y, colour in heights if colour in ("12436d", "28a197", "801650", "f46a25")]
    assert [colour for _, colour in sorted(drawn)] == ["12436d", "28a197", "801650"]
    assert len(re.findall(r'fill="#ffffff" stroke="#505a5f"', figure.svg)) == 1
    assert figure.words.endswith(
        "2. Two: M0 2.00 (1.00 to 3.00), M1 1.90 (1.00 to 3.00), M2 1.80 (1.00 to 3.00), M3 not estimated."
    )
    assert "Where nothing is drawn" in figure.note


def test_a_category_without_any_ratio_has_its_mark_and_is_said_once() -> None:
    rows = [ratio("1. One", 1, model=f"M{k}") for k in range(2)] + [ratio("2. Two", 2, 1, 3, model="M0")]
    rows += [ratio("3. Few", model="M0"), ratio("3. Few", model="M1", withheld="hazard_ratio")]
    figure = draw_by_model([*rows, ratio("4. None", model="M0"), ratio("4. None", model="M1")])
    assert figure is not None
    assert [text for text in texts(figure.svg) if text in ("c", "\u2013")] == ["c", "\u2013"]
    assert figure.words.endswith("2. Two: M0 2.00 (1.00 to 3.00); 3. Few: withheld; 4. None: not estimated.")


def test_what_is_compared_with_is_not_said_to_be_withheld_where_its_children_are_few() -> None:
    periods = ("First 12 months", "After 12 months")
    rows = [ratio("1. One", 1, period=periods[0]), ratio("1. One", period=periods[1], withheld="hazard_ratio")]
    figure = draw_by_period([*rows, *(ratio("2. Two", 2, 1, 3, period=period) for period in periods)])
    assert figure is not None
    assert "c" not in texts(figure.svg)
    assert "withheld" not in figure.words


def test_names_alike_to_the_last_word_have_lines_of_their_own() -> None:
    """Both names are cut to the same three lines."""
    names = [f"{'A name of a category that goes on and on, ' * 4}and ends with {end}" for end in ("one", "two")]
    figure = draw_hazards([ratio(names[0], 2, 1, 4), ratio(names[1], 3, 2, 4)])
    assert figure is not None
    heights = re.findall(r'translate\([\d.]+,([\d.]+)\)" d="[^"]+" fill="#12436d"', figure.svg)
    assert len(set(heights)) == 2


def test_periods_name_the_term_and_the_last_of_very_many_levels_are_not_drawn() -> None:
    periods = ("First 12 months", "After 12 months")
    rows = [ratio(f"L{k}", 2, 1, 3, term="Year", period=period) for k in range(26) for period in periods]
    figure = draw_by_period([ratio("1. One", 2, 1, 3, period=periods[0]), *rows])
    assert figure is not None
    said = texts(figure.svg)
    assert {"1. One", "Year: L0", "Year: L22", *periods} <= set(said)
    assert "Year: L23" not in said
    assert figure.note == "Not drawn here, 3, but in the table below: Year: L23; Year: L24; Year: L25."


def test_nothing_to_draw_without_an_interval() -> None:
    assert draw_hazards([ratio("1. One", 1), ratio("2. Two", withheld="hazard_ratio")]) is None
    assert draw_hazards([ratio("Female", 3, 2, 4, term="Sex")]) is None


def test_p_values_stand_on_a_log_axis_the_least_at_its_end() -> None:
    figure = draw_tests(
        [{"term": "Age", "p_value": 0.0}, {"term": "Sex", "p_value": 0.05}, {"term": "Year", "p_value": 1.0}]
    )
    assert figure is not None
    dots = [float(x) for x in re.findall(DOTS, figure.svg)]
    assert dots == pytest.approx([place(p, 0.0008, 1) for p in (0.001, 0.05, 1)], abs=0.01)
    assert {"&lt;0.001", "0.01", "0.05", "0.2", "1"} <= set(texts(figure.svg))
    assert figure.words.endswith("Age <0.001; Sex 0.050; Year 1.000.")


def test_every_figure_is_drawn_from_what_was_released(answers: dict[str, Answer]) -> None:
    """Made up: the ratio of the sex that is not known rests on 2 children with the event: 3.21 is nowhere."""
    outcome = next(row["outcome"] for row in answers["hazard_ratios"].rows)
    for name in ("hazard_ratios", "hazard_by_model", "hazard_by_period", "ph_tests"):
        figure = draw(name, answers[name], outcome)
        assert figure is not None, name
        assert "3.21" not in figure.svg + figure.words
    hazards = draw("hazard_ratios", answers["hazard_ratios"], outcome)
    assert hazards is not None
    assert "1.42 (1.01 to 1.99)" in hazards.svg
