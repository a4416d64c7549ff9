"""What every figure is drawn with: places are cut short, what a reader reads is not."""

import re

import altair as alt

from careloom.report.drawing import data, svg


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
