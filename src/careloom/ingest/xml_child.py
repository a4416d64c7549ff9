"""Take the elements of one child after another, and lay their rows down at the places of the plan."""

from typing import Any

from careloom.ingest.xml_plan import Place

LINES_KEPT = 65_534
"""The last line that libxml2 keeps with an element; beyond, it tells the line on which the text inside it ends."""

MOST_TAGS = 1_000
"""Tags that are not declared are remembered, but not without end: a file may be made up of nothing else."""


class Taker:
    """Finds rows and their items in children's elements, and counts what could not be used; `waiting` are rows found."""

    def __init__(self) -> None:
        self.waiting = 0
        self.unused: set[str] = set()
        self.repeated = 0
        self.stray = 0

    def remarks(self) -> list[str]:
        """Say what was left unused, in numbers."""
        said = (
            (len(self.unused), "kinds of element that are not known and were not used: {:,}"),
            (self.repeated, "items that stand twice in one row with another value, of which the first was used: {:,}"),
            (self.stray, "texts between elements, which were not used: {:,}"),
        )
        return [remark.format(number) for number, remark in said if number]

    def take(self, element: Any, place: Place, parent: int) -> None:
        """Lay down the row of an element, and those of the elements inside it."""
        line: int = element.sourceline
        if line > LINES_KEPT:
            line -= lines_inside(element)
        place.lines.append(line)
        place.parents.append(parent)
        self.waiting += 1
        row = len(place.lines) - 1
        if len(element):
            self.gather(element, place, row)
        elif place.tag in place.items:
            self.lay_down(place.items[place.tag], element.text, row)
        elif is_text(element.text):
            self.stray += 1

    def gather(self, element: Any, place: Place, row: int) -> None:
        """Read the items of a row inside an element, and take the elements inside it that make rows of their own.

        An item directly in the element comes before one in a block, and the first before the next.
        """
        known, inside = place.items, place.inside
        blocks = []
        text = element.text
        if text and not text.isspace():
            self.stray += 1
        for each in element:
            tag, tail = each.tag, each.tail
            if tail and not tail.isspace():
                self.stray += 1
            texts = known.get(tag)
            if texts is not None and not len(each):
                if len(texts) == row:  # as mostly: a call for every item would take a while
                    texts.append(each.text)
                else:
                    self.lay_down(texts, each.text, row)
                continue
            there = inside.get(tag) or self.meet(tag, place)
            if there.makes_rows:
                self.take(each, there, row)
            elif len(each):
                blocks.append((each, there))
            elif is_text(each.text) and len(self.unused) < MOST_TAGS:
                self.unused.add(tag)
        for block, there in blocks:
            self.gather(block, there, row)

    def lay_down(self, texts: list[str | None], text: str | None, row: int) -> None:
        """Put the text of an item at its row: rows before that had none are blank.

        When the item was there before, of two values the first is used, but a blank is no value.
        """
        if len(texts) <= row:
            texts.extend([None] * (row - len(texts)))
            texts.append(text)
            return
        first = (texts[row] or "").strip()
        if not first:
            texts[row] = text
        elif is_text(text) and str(text).strip() != first:
            self.repeated += 1

    def meet(self, tag: str, place: Place) -> Place:
        """Return a place for a tag that is not declared here: a block, whose items belong to the row around it."""
        there = Place(tag, None, items=place.items)
        if len(place.inside) < MOST_TAGS:
            place.inside[tag] = there
        return there


def is_text(text: str | None) -> bool:
    return bool(text) and not str(text).isspace()


def lines_inside(element: Any) -> int:
    """Return how many lines an element goes on before the text that its line was taken from ends."""
    text: str = element.text or ("" if len(element) else element.tail) or ""
    return text.count("\n")
