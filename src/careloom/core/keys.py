"""Read a TOML table strictly: every key is asked for, of the right kind, and none is left over."""

import datetime as dt
import sys
import tomllib
from collections.abc import Collection
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from careloom.core.errors import CareloomError, nearest

KINDS = {
    str: "text in quotes",
    int: "a whole number",
    bool: "true or false",
    dt.date: "a date such as 2021-03-31",
    list: "a list",
    dict: "a table",
    object: "a number",
}
_MISSING = object()


class Keys:
    """The keys of one TOML table. `where` names the file and table in messages; `error` is the kind raised."""

    def __init__(self, values: dict[str, Any], where: str, error: type[CareloomError]) -> None:
        self.values, self.where, self.error = values, where, error
        self.asked: set[str] = set()

    def _take(self, key: str, kind: type, default: Any) -> Any:
        self.asked.add(key)
        if key not in self.values:
            if default is _MISSING:
                raise self.error(f'{self.where}: "{key}" is missing; write {key} = {KINDS[kind]}{self._misspelt(key)}')
            return default
        value = self.values[key]
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise self.error(f'{self.where}: "{key}" should be {KINDS[kind]}')
        if any(isinstance(each, str) and "\0" in each for each in (value if isinstance(value, list) else [value])):
            raise self.error(f'{self.where}: "{key}" holds a sign (NUL) that no text has; was the file damaged?')
        return value

    def _misspelt(self, key: str) -> str:
        """Name the key that was written in its place, if one looks like it."""
        close = get_close_matches(key, self.values.keys() - self.asked, n=1)
        return f' (there is "{close[0]}": is it meant to be "{key}"?)' if close else ""

    def text(self, key: str, default: Any = _MISSING) -> Any:
        return self._take(key, str, default)

    def one_of(self, key: str, known: Collection[str], default: Any = _MISSING) -> str:
        """A text that must be one of `known`."""
        value = str(self.text(key, default))
        if value not in known:
            raise self.error(f'{self.where}: {key} = "{value}" is not known{nearest(value, known)}')
        return value

    def whole(self, key: str, default: Any = _MISSING) -> Any:
        return self._take(key, int, default)

    def flag(self, key: str, default: bool = False) -> bool:
        return bool(self._take(key, bool, default))

    def day(self, key: str, default: Any = _MISSING) -> Any:
        """A day, also where it was written with a time of day."""
        told = self._take(key, dt.date, default)
        return told.date() if isinstance(told, dt.datetime) else told

    def texts(self, key: str, default: Any = _MISSING) -> tuple[str, ...]:
        values = self._take(key, list, default)
        if any(not isinstance(value, str) for value in values):
            raise self.error(f'{self.where}: "{key}" should be a list of texts in quotes')
        return tuple(values)

    def number(self, key: str, default: Any = _MISSING) -> Any:
        return _number(self._take(key, object, default), f'{self.where}: "{key}"', self.error)

    def numbers(self, key: str) -> tuple[float, ...]:
        return tuple(_number(value, f'{self.where}: "{key}"', self.error) for value in self._take(key, list, _MISSING))

    def numbers_by_name(self) -> dict[str, float]:
        """Every key of this table, each with a number."""
        self.asked.update(self.values)
        return {key: _number(value, f'{self.where}: "{key}"', self.error) for key, value in self.values.items()}

    def table(self, key: str, default: Any = _MISSING) -> "Keys":
        return Keys(self._take(key, dict, default), f"{self.where} [{key}]", self.error)

    def tables(self, key: str, default: Any = _MISSING) -> list["Keys"]:
        values = self._take(key, list, default)
        if any(not isinstance(value, dict) for value in values):
            raise self.error(f'{self.where}: "{key}" should be tables, each under a heading [[{key}]]')
        return [
            Keys(value, f"{self.where} [[{key}]] number {n}", self.error) for n, value in enumerate(values, start=1)
        ]

    def done(self) -> None:
        """Raise for a key nobody asked for, naming the nearest one that is known."""
        for key in self.values:
            if key not in self.asked:
                raise self.error(f'{self.where}: there is no key "{key}"{nearest(key, self.asked)}')


def _number(value: Any, where: str, error: type[CareloomError]) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise error(f"{where} should be a number")
    if not abs(value) <= sys.float_info.max:
        raise error(f"{where} should be a number that is finite")
    return float(value)


def read_toml(path: Path, error: type[CareloomError]) -> Keys:
    """Read a TOML file into Keys. Raises `error` when it is absent or is not TOML, with the line."""
    try:
        return Keys(tomllib.loads(path.read_text(encoding="utf-8-sig")), path.name, error)
    except FileNotFoundError:
        raise error(f"{path}: there is no such file") from None
    except IsADirectoryError:
        raise error(f"{path}: this is a folder; name the .toml file in it") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
        raise error(
            f"{path}: this is not valid TOML: {fault}. Texts stand in quotes, dates as 2021-03-31 without"
        ) from None
    except (ValueError, RecursionError):  # a number of thousands of digits, or brackets within thousands of others
        raise error(f"{path}: this is not TOML that can be read: a number too long, or lists too deep") from None
    except OSError as fault:
        raise error(f"{path}: this file cannot be read ({fault.strerror})") from None
