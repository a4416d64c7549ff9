"""One child's costs in the layout of the Cost Calculator: by placement, (a) unit cost x (b) number, by process."""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from careloom.report.child import PlacementCosts, UnitRow, write_day

Row = dict[str, Any]
LEVELS = {1: "the child's own fee", 2: "average, level 2", 3: "average, level 3"}
ALIKE = ("process", "process_name", "element", "variation", "unit_cost", "basis", "is_imputed", "fee_level")
LAST = dt.date.max


def placement_costs(lines: Sequence[Row], spells: Sequence[Row]) -> Iterator[PlacementCosts]:
    """Cost lines by the stretch of placement they fall in, first days in order; then what falls in none.

    Lines that differ in their days only are added up.
    """
    stretches = {row["spell_id"]: row for row in spells if row["kind"] == "placement_segment"}
    held: dict[str | None, list[Row]] = {}
    for line in lines:
        held.setdefault(line["placement_id"], []).append(line)
    for place in sorted(held, key=lambda place: (stretches.get(place or "", {}).get("starts_on") or LAST, place or "")):
        yield PlacementCosts(title(held[place][0], stretches.get(place or "", {})), tuple(unit_rows(held[place])))


def title(line: Row, stretch: Mapping[str, Any]) -> str:
    if not line["placement_id"]:
        return "Not in a placement"
    kind = printable((line["placement_code"] or "placement").replace("_", " "))
    first, end = stretch.get("starts_on"), stretch.get("ends_on")
    if not first:
        return kind
    until = f"to {write_day(end).strip()}" if end else "still open"
    return f"{kind}, provider {printable(line['provider'] or 'not recorded')}, {write_day(first).strip()} {until}"


def unit_rows(lines: Sequence[Row]) -> Iterator[UnitRow]:
    """One row for each process, element and unit cost, in the order of processes."""
    alike: dict[tuple[Any, ...], list[Row]] = {}
    for line in sorted(lines, key=lambda line: (line["process"], line["starts_on"] or LAST)):
        alike.setdefault(tuple(line[name] for name in ALIKE), []).append(line)
    for same in alike.values():
        line = same[0]
        notes = [
            line["variation"] or "",
            LEVELS.get(line["fee_level"] or 0, ""),
            "by rule" if line["is_imputed"] else "",
        ]
        told = ", ".join(note for note in notes if note)
        yield UnitRow(
            process=f"{line['process']} {printable(line['process_name'])}",
            element=printable(f"{line['element']} ({told})" if told else line["element"] or ""),
            unit_cost=float(line["unit_cost"] or 0),
            number=float(sum((row["quantity"] for row in same), Decimal(0))),
            basis=line["basis"],
            subtotal=float(sum((row["subtotal"] for row in same), Decimal(0))),
        )


def printable(words: str) -> str:
    """Keep only what can be printed: no end of line, nothing that steers a screen."""
    return "".join(letter if letter.isprintable() else "?" for letter in words)
