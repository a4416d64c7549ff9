"""Read one XML file of a return, child by child, in little memory. A file with a DOCTYPE is refused unread."""

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from lxml import etree

from careloom.core import DeliveryError, Table
from careloom.ingest.raw import RawFile, RawTable

CHILD = "Child"
CAUTIOUS = {
    "resolve_entities": False,
    "no_network": True,
    "load_dtd": False,
    "huge_tree": False,
    "remove_comments": True,
    "remove_pis": True,
}


@dataclass(frozen=True)
class Place:
    """An element being read: its simple items by tag, and which of its kind it is within its parent, from 1."""

    items: dict[str, str | None]
    ordinal: int


def read_xml(path: Path, tables: dict[str, Table], root: str, collection: str | None) -> RawFile:
    """Read every table of an XML return. Raises DeliveryError when it is empty, broken off, or another kind of file."""
    check_start(path)
    by_path = {tuple(str(table.path).split("/")): RawTable(table) for table in tables.values()}
    year = la = None
    try:
        with path.open("rb") as file:
            walker = etree.iterparse(file, events=("start", "end"), **CAUTIOUS)
            for happening, element in walker:
                if happening == "start" and element.getparent() is None:
                    check_root(path, element, root)
                elif happening == "end" and element.tag == "Header":
                    check_collection(path, element, collection)
                    year, la = year_of(element), element.findtext("Source/LEA")
                elif happening == "end" and element.tag == CHILD:
                    take(element, (CHILD,), Place({}, 1), {}, by_path)
                    forget(element)
    except etree.XMLSyntaxError as fault:
        where = f"{path.name} line {fault.lineno}"
        raise DeliveryError(f"{where}: this is not well-formed XML; was the file cut short?") from None
    return RawFile(tuple(by_path.values()), walker.root.getroottree().docinfo.encoding or "utf-8", year, la)


def forget(element: etree._Element) -> None:
    """Let go of an element that was taken, and of those before it, so that a national file needs little memory."""
    element.clear()
    while element.getprevious() is not None:
        del element.getparent()[0]


def check_start(path: Path) -> None:
    with path.open("rb") as file:
        start = file.read(64)
    if not start.strip():
        raise DeliveryError(f"{path.name}: the file is empty")
    if b"<" not in start:
        raise DeliveryError(f"{path.name}: this is not XML, which begins with <; name the return's XML file")


def check_collection(path: Path, header: etree._Element, collection: str | None) -> None:
    """Refuse a file that says it is of another collection."""
    said = (header.findtext("CollectionDetails/Collection") or "").strip()
    if collection and said and said.upper() != collection:
        raise DeliveryError(f"{path.name}: the file says it is of another collection; {collection} is expected here")


def check_root(path: Path, element: etree._Element, root: str) -> None:
    if element.getroottree().docinfo.doctype:
        raise DeliveryError(f"{path.name}: the file has a DOCTYPE, which a return never has; it is refused unread")
    if element.tag != root:
        raise DeliveryError(
            f"{path.name} line {element.sourceline}: the outermost element should be <{root}>; this is another kind of file"
        )


def year_of(header: etree._Element) -> int | None:
    """Return the collection year that the header states, or that of its reference date."""
    for name in ("Year", "ReferenceDate"):
        found = re.match(r"\s*(\d{4})", header.findtext(f"CollectionDetails/{name}") or "")
        if found:
            return int(found.group(1))
    return None


def take(
    element: etree._Element,
    here: tuple[str, ...],
    place: Place,
    around: dict[str, Place],
    by_path: dict[tuple[str, ...], RawTable],
) -> None:
    """Make this element's row, if its path is a table's, then go down into the elements inside it."""
    if here in by_path:
        place = Place(items_of(element, here, by_path), place.ordinal)
        around = {**around, here[-1]: place}
        by_path[here].add(element.sourceline, row_of(by_path[here].table, place, around))
    seen = Counter[str]()
    for inner in element:
        seen[inner.tag] += 1
        if any(path[: len(here) + 1] == (*here, inner.tag) for path in by_path):
            take(inner, (*here, inner.tag), Place({}, seen[inner.tag]), around, by_path)


def items_of(
    element: etree._Element, here: tuple[str, ...], by_path: dict[tuple[str, ...], RawTable]
) -> dict[str, str | None]:
    """Return the texts inside an element by tag, also those in blocks that are no table of their own."""
    if not len(element):
        return {element.tag: text_of(element)}
    items: dict[str, str | None] = {}
    for inner in element:
        if not len(inner):
            items.setdefault(inner.tag, text_of(inner))
        elif (*here, inner.tag) not in by_path:
            items.update({leaf.tag: text_of(leaf) for leaf in inner if not len(leaf)})
    return items


def text_of(element: etree._Element) -> str | None:
    return (element.text or "").strip() or None


def row_of(table: Table, place: Place, around: dict[str, Place]) -> dict[str, str | None]:
    row: dict[str, str | None] = {}
    for column in table.columns:
        source = around.get(column.of, place) if column.of else place
        row[column.name] = str(source.ordinal) if column.type == "ordinal" else source.items.get(column.name)
    return row
