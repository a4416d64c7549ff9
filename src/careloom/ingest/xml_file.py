"""Read one XML file of a return, child by child, in little memory. A file with a DOCTYPE is refused unread."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.parsers import expat

from lxml import etree

from careloom.catalogue import Return
from careloom.core import DeliveryError
from careloom.ingest.raw import ROWS_A_BATCH, About, Rows
from careloom.ingest.xml_child import Taker
from careloom.ingest.xml_plan import plan_of
from careloom.ingest.xml_rows import rows_of

HEADER = "Header"
CAUTIOUS = {
    "resolve_entities": False,
    "no_network": True,
    "load_dtd": False,
    "huge_tree": False,
    "remove_comments": True,
    "remove_pis": True,
}
BYTES_A_TIME = 65_536
ROWS_AT_ONCE = 2 * ROWS_A_BATCH
"""Rows of all tables that are held before they are handed on."""

UTF_16 = (b"\xff\xfe", b"\xfe\xff")
MAY_COME_FIRST = b"\0\t\r\n \xef\xbb\xbf\xff\xfe"
"""Spaces and byte order marks."""

MOST_BEFORE = 1_000_000
"""Bytes that may stand before the outermost element."""

MOST_BETWEEN = 16_000_000
"""Bytes that may stand between the ends of two children: a child has a few thousand."""

DOCTYPE = "the file has a DOCTYPE, which a return never has; it is refused unread"
BROKEN = "this is not well-formed XML; was the file cut short?"


class Found(Exception):  # noqa: N818
    """Stops the reading of a file's start."""


def root_of(path: Path) -> str:
    """Return the tag of the outermost element, without its namespace.

    Raises DeliveryError when the file is empty, is not XML, begins broken, or has a DOCTYPE, of which nothing is read.
    """
    return outermost(path)[0]


def outermost(path: Path) -> tuple[str, str, int]:
    """Return the tag of the outermost element, its namespace as lxml writes it (`{http://...}`), and its line."""
    with path.open("rb") as file:
        start = file.read(BYTES_A_TIME)
        check_start(path, start)
        parser = expat.ParserCreate(namespace_separator="}")
        parser.StartElementHandler = lambda name, _: stop(name)
        parser.StartDoctypeDeclHandler = lambda *_: stop("")
        try:
            while file.tell() < MOST_BEFORE:
                parser.Parse(start, not start)
                start = file.read(BYTES_A_TIME)
        except Found as found:
            if not found.args[0]:
                raise DeliveryError(f"{path.name}: {DOCTYPE}") from None
            namespace, _, tag = found.args[0].rpartition("}")
            return tag, f"{{{namespace}}}" if namespace else "", parser.CurrentLineNumber
        except (expat.ExpatError, LookupError, ValueError):
            raise DeliveryError(f"{path.name} line {parser.ErrorLineNumber}: {BROKEN}") from None
    raise DeliveryError(f"{path.name}: no element begins within the first {MOST_BEFORE:,} bytes; this is not a return")


def stop(found: str) -> None:
    raise Found(found)


def check_start(path: Path, start: bytes) -> None:
    text = start.strip(MAY_COME_FIRST)
    if not text and len(start) < BYTES_A_TIME:
        raise DeliveryError(f"{path.name}: the file is empty")
    if text and not text.startswith(b"<"):
        raise DeliveryError(f"{path.name}: this is not XML, which begins with <; name the return's XML file")


def read_xml(path: Path, return_: Return, about: About) -> Iterator[Rows]:
    """Yield the rows of every table of a return that has a path, in batches, and say in `about` what the file says.

    Raises DeliveryError when it is not well-formed, has a DOCTYPE, or is another kind of file or of another collection.
    """
    tag, namespace, line = outermost(path)
    if tag != return_.root:
        raise DeliveryError(
            f"{path.name} line {line}: the outermost element should be <{return_.root}>; this is another kind of file"
        )
    yield from children(path, return_, namespace, about)


def children(path: Path, return_: Return, namespace: str, about: About) -> Iterator[Rows]:
    """Yield the rows of many children at a time."""
    plan = plan_of(return_, namespace)
    taker = Taker()
    try:
        for element in elements(path, (namespace + HEADER, plan.child.tag), about):
            if element.tag == plan.child.tag:
                taker.take(element, plan.child, 0)
                if taker.waiting >= ROWS_AT_ONCE:
                    taker.waiting = 0
                    yield from rows_of(plan)
            else:
                read_header(path, element, return_.collection, about)
    except etree.LxmlError as fault:
        raise DeliveryError(f"{path.name} line {getattr(fault, 'lineno', None) or 1}: {BROKEN}") from None
    yield from rows_of(plan)
    about.remarks += taker.remarks()


def elements(path: Path, tags: tuple[str, ...], about: About) -> Iterator[Any]:
    """Yield each element with one of these tags once it is whole, and let go of it afterwards."""
    parser = etree.XMLPullParser(events=("end",), tag=tags, **CAUTIOUS)
    unread = 0
    with path.open("rb") as file:
        while data := file.read(BYTES_A_TIME):
            parser.feed(data)
            unread += len(data)
            for _, element in parser.read_events():
                if next(element.iterancestors(*tags), None) is None:  # in SSDA903 a CHILD may hold an item CHILD
                    yield element
                    forget(element)
                    unread = 0
            if unread > MOST_BETWEEN:
                raise DeliveryError(f"{path.name}: {unread:,} bytes without the end of a child; this is not a return")
        file.seek(0)
        is_utf_16 = file.read(2) in UTF_16
    document = parser.close().getroottree().docinfo
    if document.doctype:
        raise DeliveryError(f"{path.name}: {DOCTYPE}")
    about.encoding = "utf-16" if is_utf_16 else (document.encoding or "utf-8").lower()


def forget(element: Any) -> None:
    """Let go of an element that was taken, and of all before it, so that a national file needs little memory."""
    element.clear()
    while element is not None:
        while element.getprevious() is not None:
            del element.getparent()[0]
        element = element.getparent()


def read_header(path: Path, header: Any, collection: str | None, about: About) -> None:
    """Read year and authority, and refuse a file that says it is of another collection."""
    said = (header.findtext("{*}CollectionDetails/{*}Collection") or "").strip()
    if collection and said and said.upper() != collection:
        raise DeliveryError(f"{path.name}: the file says it is of another collection; {collection} is expected here")
    about.la = (header.findtext("{*}Source/{*}LEA") or "").strip() or None
    for name in ("Year", "ReferenceDate"):
        found = re.match(r"\s*(\d{4})", header.findtext(f"{{*}}CollectionDetails/{{*}}{name}") or "")
        if found:
            about.year = int(found.group(1))
            return
