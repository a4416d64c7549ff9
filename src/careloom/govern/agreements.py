"""Agreements as data: who gives which items of whose records, to whom, for what and until when; one TOML file each."""

import datetime as dt
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from careloom.catalogue import Return
from careloom.core import Keys, StudyError, nearest, read_toml

SERVICE = "service "
"""Begins a sensitive entry that is a kind of service, and not an item of a return."""

MOST_MONTHS = 1200


@dataclass(frozen=True)
class Agreement:
    """One agreement. `expires_on` and `keep_until` are the last days on which it holds and on which data may be kept.

    `allowed`, `excluded` and `sensitive` are items: `ssda903`, `ssda903 header`, `ssda903 header.UPN`, or `ssda903 *.UPN` for the
    column in every table. `sensitive` may also name kinds of service (`service counselling`). `smallest_number` is the smallest
    count, but 0, that may be shown. `authority` is whose records they are, as a delivery names it; `owner` who gives them.
    """

    file: str
    sha256: str
    name: str
    owner: str
    authority: str
    recipients: tuple[str, ...]
    purposes: tuple[str, ...]
    lawful_basis: str
    starts_on: dt.date
    expires_on: dt.date
    keep_until: dt.date
    smallest_number: int
    allowed: tuple[str, ...]
    excluded: tuple[str, ...]
    sensitive: tuple[str, ...]
    may_link_with: tuple[str, ...]

    def covers(self, item: str) -> bool:
        """Is this item (`return table.column`) allowed, and not excluded? What is excluded is, whatever else is allowed."""
        return is_among(item, self.allowed) and not is_among(item, self.excluded)

    def gives_of(self, return_name: str | None) -> bool:
        """Does it allow anything of this return? With None, of any."""
        return return_name is None or any(entry.split(" ")[0] == return_name for entry in self.allowed)

    def why_not(self, purpose: str, today: dt.date) -> str:
        """Why it does not hold today for this purpose; blank when it does."""
        if today < self.starts_on:
            return f"{self.file} holds from {self.starts_on} only"
        if today > min(self.expires_on, self.keep_until):
            return f"{self.file} expired on {min(self.expires_on, self.keep_until)}"
        if plain(purpose) not in map(plain, self.purposes):
            return f"{self.file} is for another purpose"
        return ""

    @property
    def sensitive_services(self) -> tuple[str, ...]:
        return tuple(entry.removeprefix(SERVICE) for entry in self.sensitive if entry.startswith(SERVICE))


def plain(text: str) -> str:
    """A text as it is compared: in small letters, with single spaces."""
    return " ".join(text.casefold().split())


def item_of(return_name: str, table: str, column: str) -> str:
    return f"{return_name} {table}.{column}"


def is_among(item: str, entries: tuple[str, ...]) -> bool:
    """Is this item one of those that the entries name?"""
    return any(fnmatchcase(item, pattern) for entry in entries for pattern in (entry, f"{entry} *", f"{entry}.*"))


def read_agreements(folder: Path, returns: Mapping[str, Return], services: tuple[str, ...]) -> tuple[Agreement, ...]:
    """Read every agreement of a folder, by file name; none when there is no such folder. Raises StudyError naming file and key."""
    return tuple(read_agreement(path, returns, services) for path in sorted(folder.glob("*.toml")))


def read_agreement(path: Path, returns: Mapping[str, Return], services: tuple[str, ...]) -> Agreement:
    """Read one agreement. Raises StudyError naming the key at fault, also where a text is still to be filled in."""
    keys = read_toml(path, StudyError)
    keys.where = f"{path.parent.name}/{path.name}"
    owner = filled(keys, "owner")
    starts_on, expires_on = keys.day("starts_on"), keys.day("expires_on")
    agreement = Agreement(
        file=path.name,
        sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        name=filled(keys, "name"),
        owner=owner,
        authority=filled(keys, "authority", owner),
        recipients=several(keys, "recipients"),
        purposes=several(keys, "purposes"),
        lawful_basis=filled(keys, "lawful_basis"),
        starts_on=starts_on,
        expires_on=expires_on,
        keep_until=keep_until(keys, starts_on, expires_on),
        smallest_number=keys.whole("smallest_number", 1),
        allowed=items(keys, "allowed", returns),
        excluded=items(keys, "excluded", returns),
        sensitive=items(keys, "sensitive", returns, services),
        may_link_with=keys.texts("may_link_with", []),
    )
    keys.done()
    if expires_on < starts_on:
        raise StudyError(f'{keys.where}: "expires_on" is before "starts_on"')
    if not agreement.allowed:
        raise StudyError(f'{keys.where}: "allowed" is empty, so it allows nothing; name returns, tables or columns')
    return agreement


def filled(keys: Keys, key: str, default: str | None = None) -> str:
    """A text that somebody has filled in."""
    text = str(keys.text(key, default) if default is not None else keys.text(key)).strip()
    if not text or text.startswith("<"):
        raise StudyError(f'{keys.where}: "{key}" is still to be filled in')
    return text


def several(keys: Keys, key: str) -> tuple[str, ...]:
    texts: tuple[str, ...] = keys.texts(key)
    if not texts or any(not text.strip() or text.strip().startswith("<") for text in texts):
        raise StudyError(f'{keys.where}: "{key}" is still to be filled in')
    return texts


def keep_until(keys: Keys, starts_on: dt.date, expires_on: dt.date) -> dt.date:
    """The last day on which what came of it may be kept: said as a day or in months after it starts; else the day it expires."""
    asked = keys.day("keep_until") if "keep_until" in keys.values else None
    months = keys.whole("keep_months", None)
    if asked and months:
        raise StudyError(f'{keys.where}: say "keep_until" or "keep_months", not both')
    if months is not None and not 1 <= months <= MOST_MONTHS:
        raise StudyError(f'{keys.where}: "keep_months" should be 1 to {MOST_MONTHS}')
    last = asked or (months_after(starts_on, months) if months else expires_on)
    if last < starts_on:
        raise StudyError(f'{keys.where}: "keep_until" is before "starts_on"')
    return last


def months_after(first: dt.date, months: int) -> dt.date:
    """The day before the same day of the month so many months later, or before the first of the next where there is none."""
    year, month = divmod(first.year * 12 + first.month - 1 + months, 12)
    if year > dt.MAXYEAR - 1:
        return dt.date.max
    try:
        same = dt.date(year, month + 1, first.day)
    except ValueError:
        same = dt.date(year + (month + 1) // 12, (month + 1) % 12 + 1, 1)
    return same - dt.timedelta(days=1)


def items(keys: Keys, key: str, returns: Mapping[str, Return], services: tuple[str, ...] = ()) -> tuple[str, ...]:
    """A list of items, each of which is something that the catalogue declares."""
    entries = tuple(" ".join(entry.split()) for entry in keys.texts(key, []))
    known = [item_of(r.name, t.name, c) for r in returns.values() for t in r.tables.values() for c in t.column_names]
    for entry in entries:
        kind = entry.removeprefix(SERVICE)
        if services and kind != entry:
            if kind not in services:
                raise StudyError(
                    f'{keys.where}: "{key}": there is no kind of service "{kind}"{nearest(kind, services)}'
                )
        elif not any(is_among(item, (entry,)) for item in known):
            return_name, _, rest = entry.partition(" ")
            near = (
                nearest(return_name, returns)
                if return_name not in returns
                else nearest(rest.split(".")[0], returns[return_name].tables)
            )
            raise StudyError(f'{keys.where}: "{key}": nothing is called "{entry}"{near}')
    return entries
