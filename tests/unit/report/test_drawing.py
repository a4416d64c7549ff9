"""What every figure is drawn with: places are cut short, what a reader reads is not."""

import re

import altair as alt
import pytest

from careloom.report.drawing import LOOK, data, names_axis, svg


def test_labels_keep_their_digits_while_places_are_cut_to_a_hundredth() -> None:
    """Ticks at 0.001 and 0.125 and a text of 3.14159 > 2 are written as they are; no place has three digits."""
    across = alt.X(
        "at:Q", scale=alt.Scale(domain=[0.001, 1], type="log"), axis=alt.Axis(values=[0.001, 0.125, 1], format="~g")
    )
    points = alt.Chart(data([{"at": 0.33, "text": "3.14159 > 2"}])).encode(x=across)
    drawn = svg((points.mark_point() + points.mark_text().encode(text="text:N")).properties(width=333))
    said = re.findall(r">([^<>]+)</text>", drawn)
    assert {"0.001", "0.125", "1", "3.14159 &gt; 2"} <= set(said)
    places = re.findall(r"\d+\.\d+", "".join(re.findall(r"<[^>]*>", drawn)))
    assert places
    assert all(len(place.partition(".")[2]) <= 2 for place in places)


def test_a_name_of_one_line_stands_at_its_bar_and_one_of_two_is_lifted_by_half_a_line() -> None:
    """Bars in steps of 44 pixels: their middles lie at 22 and 66."""
    rows = [{"label": "Neglect", "value": 1}, {"label": "Abuse of|a parent", "value": 2}]
    down = alt.Y("label:N", sort=None, title=None, axis=names_axis())
    drawn = svg(alt.Chart(data(rows)).mark_bar().encode(x="value:Q", y=down).properties(height=alt.Step(44)))
    one, two = (
        float(re.findall(rf"translate\([-\d.]+,([\d.]+)\)[^>]*>(?:<tspan>)?{name}", drawn)[0])
        for name in ("Neglect", "Abuse of")
    )
    assert one - 22 == pytest.approx(two + 7 - 66, abs=0.1)
    assert one == pytest.approx(22 + 4, abs=1)  # the foot of its letters, of 12 pixels, is 4 below their middle


def test_the_look_is_in_the_words_of_vega_lite() -> None:
    """Altair, which knows all the words, takes it as it is."""
    chart = alt.Chart(data([{"a": 1}])).mark_bar().encode(x="a:Q")
    assert chart.configure(**LOOK).to_dict()["config"] == LOOK
