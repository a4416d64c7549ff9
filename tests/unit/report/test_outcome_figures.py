"""Curves as drawn: where lines, bands and numbers stand, worked out by hand, and what is not drawn."""

import re
from itertools import pairwise
from typing import Any

import pytest

from careloom.report.figures import draw
from careloom.report.outcome_figures import BAND, GREY, HEIGHT, draw_curves, draw_incidence
from careloom.report.question import Answer

Row = dict[str, Any]
LONG = "Domestic abuse of a parent, parent's alcohol misuse, emotional abuse and being a young carer"
WIDE = 570
"""Pixels: a panel that has the row for itself, of 620 less 50."""


def point(month: int, share: float, *limits: float, at_risk: int | None = 100, category: str = "All children") -> Row:
    lower, upper = limits or (None, None)
    return {"category": category, "month": month, "at_risk": at_risk, "share": share, "lower": lower, "upper": upper}


def path_of(svg: str, colour: str) -> str:
    """The one path of that colour."""
    (found,) = re.findall(rf'<path d="([^"]+)" (?:fill|stroke)="{colour}"', svg)
    return str(found)


def texts(svg: str) -> list[str]:
    """The lines of every text."""
    return re.findall(r">([^<>]+)</t(?:ext|span)>", svg)


def test_line_and_band_stand_where_the_numbers_say() -> None:
    """50% (40% to 60%) after 12 months, of an axis to 60%: five sixths, four sixths and six sixths of 96 pixels up."""
    figure = draw_curves([point(0, 0.0), point(12, 0.5, 0.4, 0.6)])
    assert figure is not None
    assert HEIGHT == 96
    assert path_of(figure.svg, "#12436d") == f"M0,96L{WIDE},16"
    assert path_of(figure.svg, BAND) == f"M0,96L{WIDE},32L{WIDE},0L0,96Z"
    assert "60%" in texts(figure.svg)


def test_a_band_begins_where_its_limits_are_known() -> None:
    rows = [point(0, 0.0), point(3, 0.0), point(12, 0.5, 0.4, 0.6), point(24, 0.5, 0.4, 0.6)]
    figure = draw_curves(rows)
    assert figure is not None
    middle = WIDE // 2
    assert path_of(figure.svg, BAND) == f"M{middle},32L{WIDE},32L{WIDE},0L{middle},0Z"
    without = draw_curves([point(0, 0.0), point(12, 0.5)])
    assert without is not None
    assert BAND not in without.svg
    assert "All children: 50% by month 12." in without.words


def under(svg: str, *months: str) -> list[str]:
    """What stands below each of these months, panel after panel."""
    return [text for month, text in pairwise(texts(svg)) if month in months]


def test_under_each_month_stands_how_many_are_followed() -> None:
    """Below month 12, of which the category has no row, stands c; month 6 is in no row at all, and not on the axis."""
    rows = [point(0, 0.0, at_risk=1230), point(12, 0.2, 0.1, 0.3, at_risk=None), point(18, 0.3, 0.2, 0.4, at_risk=15)]
    few = [point(0, 0.0, at_risk=65, category="1. Few"), point(18, 0.3, at_risk=10, category="1. Few")]
    figure = draw_curves([*few, *rows])
    assert figure is not None
    assert under(figure.svg, "0", "12", "18") == ["65", "c", "10", "1,230", "c", "15"]
    assert "6" not in texts(figure.svg)
    assert "c: withheld" in figure.note


@pytest.mark.parametrize(("at_risk", "months"), [(995_000, ["0", "24", "48", "72"]), (9_950_000, ["0", "36", "72"])])
def test_large_numbers_stand_under_fewer_months_the_same_in_each_panel(at_risk: int, months: list[str]) -> None:
    """Three panels in a row are 156 pixels wide; two years are 52, enough for a number of 7 letters, not of 9."""
    names = ("1. One", "2. Two", "3. Three")
    years = (0, 12, 24, 36, 48, 60, 72)
    rows = [point(month, month / 100, at_risk=at_risk, category=name) for name in names for month in years]
    figure = draw_curves(rows)
    assert figure is not None
    said = texts(figure.svg)
    assert [text for text in said if text.isdigit() and int(text) in years] == months * 3
    assert said.count(f"{at_risk:,}") == len(months) * 3


def test_all_children_are_dashed_in_the_panel_of_a_category() -> None:
    rows = [point(12, 0.5), point(12, 0.25, category="1. One")]
    figure = draw_curves(rows)
    assert figure is not None
    assert path_of(figure.svg, GREY).endswith(",16")  # 50% of 60%; in the panel of the category alone
    assert figure.words == (
        "Rising curves, a panel for each group. 1. One: 25% by month 12; All children: 50% by month 12."
    )


def test_a_curve_of_less_than_three_months_is_named_and_not_drawn() -> None:
    rows = [point(0, 0.0, category="1. Few"), point(2, 0.0, category="1. Few"), point(0, 0.0), point(12, 0.5)]
    figure = draw_curves(rows)
    assert figure is not None
    assert "1. Few" not in figure.svg
    assert figure.note.endswith("Not drawn here, 1, but in the table below: 1. Few.")
    assert draw_curves(rows[:3]) is None


def test_a_key_tells_two_lines_apart_and_is_left_out_of_one_alone() -> None:
    alone = draw_curves([point(12, 0.5)])
    both = draw_curves([point(12, 0.5), point(12, 0.25, category="1. One")])
    assert alone is not None
    assert both is not None
    assert "This category" not in alone.svg
    assert {"This category", "All children"} <= set(texts(both.svg))


def test_short_names_stand_as_low_as_long_ones() -> None:
    """A line without a letter takes no room in a browser: the lines above a short name have one, of no width."""
    names = (f"1. {LONG}", "2. Neglect")
    figure = draw_curves([point(month, 0.25, category=name) for name in names for month in (0, 12)])
    assert figure is not None
    assert not re.findall(r"<tspan[^>]*/>", figure.svg)
    (above,) = re.findall(r"<text[^>]*>((?:<tspan[^>]*>\u200b</tspan>)+)<tspan[^>]*>2. Neglect", figure.svg)
    (long,) = re.findall(r"<text[^>]*>(<tspan[^>]*>1\. .*?)</text>", figure.svg)
    assert above.count("</tspan>") + 1 == long.count("</tspan>") > 2


def test_twelve_categories_with_long_names_fit_the_page() -> None:
    rows = [point(month, month / 100, category=f"{k}. {LONG}") for k in range(1, 13) for month in (0, 12, 72)]
    figure = draw_curves([*rows, point(0, 0.0), point(72, 0.72)])
    assert figure is not None
    width = float(re.findall(r'width="([\d.]+)"', figure.svg)[0])
    assert width < 655  # of the 620 asked for, and half a number on either side
    # every word of every name
    assert " ".join(texts(figure.svg)).count("being a young carer") == 12
    assert "..." not in figure.svg


def test_the_incidence_is_the_line_and_kaplan_meier_is_dashed() -> None:
    rows = [
        {
            **point(12, 0.6, 0.5, 0.7),
            "of_whom": whom,
            "incidence": share,
            "incidence_lower": 0.3,
            "incidence_upper": 0.5,
        }
        for whom, share in (("All children", 0.4), ("Children too young to turn 18 before", 0.1))
    ]
    figure = draw_incidence(rows)
    assert figure is not None
    assert path_of(figure.svg, "#12436d") == f"M0,96L{WIDE},32"  # 40% of 60%
    assert path_of(figure.svg, GREY) == f"M0,96L{WIDE},0"
    assert path_of(figure.svg, BAND) == f"M0,96L{WIDE},48L{WIDE},16L0,96Z"
    assert figure.words.endswith("All children: 40% (30 to 50) by month 12 (1 - Kaplan-Meier: 60%).")
    assert draw_incidence(rows[1:]) is None


def test_what_the_table_has_is_drawn_and_nothing_else(answers: dict[str, Answer]) -> None:
    """Every month under an axis has the number of its row, or c where the door kept the row back."""
    for name in ("curves", "incidence"):
        for outcome in dict.fromkeys(row["outcome"] for row in answers[name].rows):
            figure = draw(name, answers[name], outcome)
            rows = [row for row in answers[name].rows if row["outcome"] == outcome]
            assert figure is not None
            said = texts(figure.svg)
            shown = {text for month, text in pairwise(said) if month in ("24", "12") and text != "c"}
            assert shown
            assert shown <= {f"{row['at_risk']:,}" for row in rows if row["at_risk"]}
