"""The flow chart says what its table says, and no more."""

from typing import Any

import lxml.etree

from careloom.report.flow_chart import draw_flow

COLUMNS = ("step", "rows_dropped", "rows_left", "children_left")


def rows(*told: tuple[Any, ...]) -> list[dict[str, Any]]:
    return [dict(zip(COLUMNS, row, strict=True)) for row in told]


def texts(svg: str) -> list[str]:
    return [str(text) for text in lxml.etree.fromstring(svg.encode()).xpath("//*[local-name()='text']/text()")]


def test_boxes_for_what_is_left_and_side_boxes_for_what_was_dropped() -> None:
    told = rows(
        ("CIN episodes handed over", 0, 1250, 400),
        ("Closed <before> it opened", None, 1245, 400),
        ("Twice", 0, 1245, 400),
        ("Aged 18", 1240, None, None),
        ("Episodes described", 0, None, None),
    )
    figure = draw_flow(told)
    assert figure
    assert texts(figure.svg) == [
        "1,250 CIN episodes handed over",
        "400 children",
        "Closed <before> it opened",
        "(withheld) dropped",
        "1,245 left",
        "400 children",
        "Aged 18",
        "1,240 dropped",
        "(withheld) episodes described",
        "(withheld) children",
    ]
    assert "Closed <before> it opened: (withheld); Aged 18: 1,240." in figure.words
    assert "Twice" not in figure.words


def test_boxes_never_overlap_and_lie_within_the_drawing() -> None:
    long = "a reason that takes a great many words to say, more than one line of the box can hold"
    figure = draw_flow(rows(("In", 0, 90, 50), (long, 10, 80, 45), ("b", 20, 60, 40), ("Out", 0, 60, 40)))
    assert figure
    tree = lxml.etree.fromstring(figure.svg.encode())
    boxes = [[float(b.get(k)) for k in ("x", "y", "width", "height")] for b in tree.xpath("//*[local-name()='rect']")]
    assert len(boxes) == 5
    for at, (x, y, width, height) in enumerate(boxes):
        assert x + width <= float(tree.get("width"))
        assert y + height <= float(tree.get("height"))
        for x2, y2, width2, height2 in boxes[at + 1 :]:
            assert x + width <= x2 or x2 + width2 <= x or y + height <= y2 or y2 + height2 <= y


def test_when_nothing_was_dropped_one_box_says_it() -> None:
    figure = draw_flow(rows(("In", 0, 90, 50), ("Old", 0, 90, 50), ("Out", 0, 90, 50)))
    assert figure
    assert texts(figure.svg) == ["90 in", "50 children"]
    assert "Nothing was dropped" in figure.words
