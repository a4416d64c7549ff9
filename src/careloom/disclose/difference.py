"""What two releases of one table tell together: how much each number changed, as far as a reader can know."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from careloom.disclose.columns import Amount, Column, Count, Label
from careloom.disclose.profile import Profile
from careloom.disclose.release import WITHHELD


@dataclass(frozen=True)
class Told:
    """One column of a table in two releases: numbers in either, those shown otherwise, and those whose change tells of few."""

    column: str
    numbers: int
    changed: int
    telling: int


def told_between(
    before: pa.Table, after: pa.Table, columns: Sequence[Column], profiles: tuple[Profile, Profile]
) -> list[Told]:
    """What each count and amount of a table tells by having changed; rows are the same where their labels are.

    A count tells of few when its change is surely not nought, and surely of fewer than the threshold. An amount does when it
    is shown otherwise, and the count it rests on could have changed by so few: the change may be their money. A row that is
    in one release only counts as nought in the other. `profiles` are the rules that the two were released by.
    """
    names = [column.name for column in columns if isinstance(column, Label)]
    rows = [{tuple(row[name] for name in names): row for row in table.to_pylist()} for table in (before, after)]
    both = [(rows[0].get(key), rows[1].get(key)) for key in dict.fromkeys((*rows[0], *rows[1]))]
    found = []
    for column in columns:
        if isinstance(column, Count | Amount):
            pairs = [pair for pair in both if any(is_told(row, column.name) for row in pair)]
            changed = [pair for pair in pairs if shown(pair[0], column.name) != shown(pair[1], column.name)]
            on = column.name if isinstance(column, Count) else column.on
            most = max(profile.threshold for profile in profiles) - 1
            changes = [change(pair, on, profiles) for pair in changed]
            if isinstance(column, Count):
                telling = sum(0 < low <= high <= most or -most <= low <= high < 0 for low, high in changes)
            else:
                telling = sum(low <= most and high >= -most for low, high in changes)
            found.append(Told(column.name, len(pairs), len(changed), telling))
    return found


Row = Mapping[str, Any] | None


def shown(row: Row, name: str) -> object:
    """A number as it is shown: nought where there is no row, a mark where it is withheld."""
    if row is None:
        return 0
    return "withheld" if name in (row[WITHHELD] or "").split(",") else row[name]


def is_told(row: Row, name: str) -> bool:
    """Is anything said there? A blank says nothing."""
    return row is not None and shown(row, name) is not None


def change(pair: tuple[Row, Row], name: str, profiles: tuple[Profile, Profile]) -> tuple[int, int]:
    """The least and the most by which a count can have grown, for all that its two releases tell."""
    (low, high), (after_low, after_high) = (
        profile.could_be(None if said in ("withheld", None) else int(str(said)))
        for said, profile in ((shown(row, name), profile) for row, profile in zip(pair, profiles, strict=True))
    )
    return after_low - high, after_high - low
