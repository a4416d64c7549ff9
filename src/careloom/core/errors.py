"""What can go wrong, in words a user can act on. Each kind has its own exit code; no message holds a row's value."""

from collections.abc import Iterable
from difflib import get_close_matches

LONGEST = 2_000
"""Letters of one line of a message: it may repeat a word of a file, and somebody may have put a book there."""


class CareloomError(Exception):
    """A fault that the user can mend: says what, where, what was expected and what to try.

    Its text is one that any screen can show: nothing in it steers a terminal, and no line is longer than LONGEST.
    """

    exit_code = 1

    def __str__(self) -> str:
        return "\n".join(map(fit_to_show, super().__str__().split("\n")))


def fit_to_show(line: str) -> str:
    """A line without signs that nobody sees, such as those that steer a terminal, and cut in its middle when it is very long."""
    if len(line) > LONGEST:
        line = f"{line[: LONGEST // 2]} ... {line[-LONGEST // 2 :]}"
    return line if line.isprintable() else "".join(each if each.isprintable() else "?" for each in line)


class RequestError(CareloomError, ValueError):
    """What was asked for cannot be: names the argument and what to write."""

    exit_code = 2


class StudyError(CareloomError):
    """The study file is wrong: names the key and the nearest right one."""

    exit_code = 3


class DeliveryError(CareloomError):
    """One delivered file cannot be read; the others still can."""

    exit_code = 4


class NothingToRunError(CareloomError):
    """No delivery could be read, so there is nothing to report."""

    exit_code = 5


class OutputError(CareloomError):
    """The output folder cannot be written, or is not ours to replace."""

    exit_code = 6


class CatalogueError(CareloomError):
    """A declaration does not load: names the file, the key and what to write."""

    exit_code = 7


class NotFoundError(CareloomError):
    """What was asked for is not there: the results of a run, or a child in them."""

    exit_code = 8


class AuditError(CareloomError):
    """An access could not be written down, so nothing was shown; or the log of accesses does not hold together."""

    exit_code = 9


class VaultError(CareloomError):
    """The identity vault cannot be opened or written: no key, another key, a key that others may read, or a changed file."""

    exit_code = 11


def nearest(word: str, known: Iterable[str]) -> str:
    """Return `; did you mean "x"?` for the known word closest to `word`, or the list of known words."""
    known = sorted(known)
    close = get_close_matches(word, known, n=1, cutoff=0.5)
    return f'; did you mean "{close[0]}"?' if close else f"; known here: {', '.join(known)}"
