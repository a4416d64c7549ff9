"""How one child's page is laid out: the chart, the lines, the drawing."""

import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from datetime import date

import pytest

from careloom.report.child import ChildPage, CostRow, Lane, Line, draw_child, write_child

SEEN = ("Looked at on 1 May 2022, 09:00 UTC, by ann: audit", "Access 1 of access.jsonl, fingerprint 0123456789abcdef")


def stretch(first: str, end: str | None, label: str = "", *words: str, short: str = "") -> Line:
    return Line(date.fromisoformat(first), date.fromisoformat(end) if end else None, label, words, short, "[1] line 2")


def page(*lanes: Lane) -> ChildPage:
    return ChildPage(
        person_id="a" * 26,
        study="Anyshire",
        facts=("Born May 2012, female, ethnic group White",),
        birth_month=date(2012, 5, 1),
        last_day=date(2022, 3, 31),
        brief=(),
        lanes=lanes,
        costs=(),
        cost_words="Nothing is costed.",
        files=("[1] file.csv",),
    )


def charted(made: ChildPage) -> dict[str, str]:
    """The rows of the chart in text, by the name of the lane."""
    chart = next(part for part in write_child(made, SEEN).split("\n\n") if part.startswith("| begins"))
    return {row[:22].strip(): row[23:] for row in chart.splitlines()[1:]}


def bars(svg: str) -> list[tuple[float, float, float]]:
    """Left, right and top of each bar that is drawn."""
    found = []
    for points in re.findall(r'<polygon points="([^"]+)"', svg):
        corners = [tuple(map(float, corner.split(","))) for corner in points.split()]
        found.append((min(x for x, _ in corners), max(x for x, _ in corners), min(y for _, y in corners)))
    return found


def test_a_year_takes_its_share_of_the_chart_and_a_stretch_its_days() -> None:
    made = page(Lane("Plan", (stretch("2019-01-01", "2020-01-01"), stretch("2021-01-01", None))))
    rows = charted(made)
    assert rows[""].split() == ["2019", "2020", "2021", "2022"]
    assert rows["Age on 1 January"].split() == ["6", "7", "8", "9"]
    assert rows["Plan"] == "|" + "=" * 18 + " " * 19 + "|" + "=" * 22 + ">"  # 76 characters are four years
    (first, second) = bars(draw_child(made, SEEN))
    assert first[1] - first[0] == pytest.approx(918 / 4, abs=0.5)
    assert second[0] - first[1] == pytest.approx(918 / 4, abs=1)


def test_what_follows_on_the_same_day_shares_a_row_and_what_overlaps_does_not() -> None:
    follows = Lane("Placements", (stretch("2019-01-01", "2019-06-01"), stretch("2019-06-01", "2020-01-01")))
    overlaps = Lane(
        "Plans", (stretch("2019-01-01", None), stretch("2019-06-01", "2019-09-01"), stretch("2019-10-01", None))
    )
    tops = [top for *_, top in bars(draw_child(page(follows, overlaps), SEEN))]
    assert tops[0] == tops[1] < tops[2] < tops[3] == tops[4]
    assert charted(page(follows))["Placements"].count("|") == 2


def test_one_day_and_no_length_are_still_seen() -> None:
    made = page(Lane("Missing", (stretch("2012-05-01", "2012-05-01"), stretch("2021-05-01", "2021-05-02"))))
    assert charted(made)["Missing"].replace(" ", "") == "||"
    assert all(right - left >= 2 for left, right, _ in bars(draw_child(made, SEEN)))


def test_an_event_is_a_mark_on_its_day() -> None:
    made = page(
        Lane("Reviews", (stretch("2020-01-01", "2020-01-01"), stretch("2022-12-31", "2022-12-31")), is_event=True)
    )
    row = charted(made)["Reviews"]
    assert (row[0], row[75], row.count("o")) == ("o", "o", 2)
    assert draw_child(made, SEEN).count("<path") == 2


def test_a_slip_of_the_pen_does_not_stretch_the_axis() -> None:
    odd = Lane(
        "Plan", (stretch("1900-01-01", "1901-01-01"), stretch("2020-01-01", None), stretch("2210-01-01", "2999-01-01"))
    )
    assert charted(page(odd))[""].split() == ["2020", "2021", "2022"]
    assert "1 Jan 1900" in write_child(page(odd), SEEN)


def test_a_long_life_keeps_every_year_apart() -> None:
    rows = charted(page(Lane("Looked after", (stretch("1996-01-01", None),))))
    years, ages = rows[""].split(), rows["Age on 1 January"].split()
    assert [len(year) for year in years] == [4] * len(years)
    assert ages == sorted(ages, key=int)
    drawn = draw_child(page(Lane("Looked after", (stretch("1996-01-01", None),))), SEEN)
    assert all(f">{year % 100:02}<" in drawn or f">{year}<" in drawn for year in range(1996, 2023))


@pytest.mark.parametrize(
    ("end", "shown"), [("2022-01-01", "Foster placement"), ("2019-03-01", "U6"), ("2019-01-02", None)]
)
def test_a_bar_carries_its_words_or_its_code_or_nothing(end: str, shown: str | None) -> None:
    made = page(Lane("Placements", (stretch("2019-01-01", end, "Foster placement", short="U6"),)))
    drawn = re.sub("<(title|desc).*?</(title|desc)>", "", draw_child(made, SEEN))
    assert [word for word in ("Foster placement", "U6") if f">{word}<" in drawn] == ([shown] if shown else [])


def test_no_line_is_wider_than_a_hundred_whatever_it_says() -> None:
    long = stretch("2020-01-01", None, "x", "w" * 400, "many words " * 30)
    made = replace(
        page(Lane("A lane with a name that is far too long for its column", (long,))),
        study="s" * 300,
        files=("[1] " + "f" * 300 + ".csv",),
        costs=(CostRow("3 " + "p" * 100, "36,500 nights, 1,000 (1,000 by rule)", 1e6, 1e6),),
        cost_words="c" * 300,
    )
    words = write_child(made, ("purpose " * 40,))
    assert max(map(len, words.splitlines())) <= 100
    assert all(ord(letter) < 128 for letter in words)


def test_what_is_written_in_a_record_cannot_become_part_of_the_drawing() -> None:
    made = page(Lane("<script>alert(1)</script>", (stretch("2020-01-01", None, '"><b>', "</title><script/>"),)))
    drawn = draw_child(made, ('by <ann> & "co"',))
    assert "<script" not in drawn
    assert {element.tag.rpartition("}")[2] for element in ET.fromstring(drawn).iter()} <= {
        *("svg", "title", "desc", "rect", "line", "text", "g", "polygon", "path")
    }
