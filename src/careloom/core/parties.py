"""Who may take part in an exchange between authorities."""

import re
from collections.abc import Mapping, Sequence

from careloom.core.errors import RequestError

FEWEST_AUTHORITIES = 3
NAME = re.compile("[A-Za-z0-9][A-Za-z0-9_-]{0,39}")


def check_kinds(words: Mapping[str, object], texts: Sequence[str], whole_numbers: Sequence[str]) -> None:
    """Raise TypeError for a message in which one of these is of another kind: whoever wrote it may have meant harm."""
    for names, kind in ((texts, str), (whole_numbers, int)):
        for name in names:
            if type(words[name]) is not kind:
                raise TypeError(name)


def check_parties(name: str, authorities: Sequence[str]) -> None:
    """Refuse an exchange of too few, or with names that cannot be those of files. Raises RequestError."""
    if len(set(map(str, authorities))) < max(FEWEST_AUTHORITIES, len(authorities)):
        raise RequestError(
            f"at least {FEWEST_AUTHORITIES} authorities must take part, each named once: of a sum of two, each knows the other"
        )
    if not all(isinstance(each, str) and NAME.fullmatch(each) for each in (name, *authorities)):
        raise RequestError("names of the exchange and of authorities are of letters, digits, - and _, at most 40")
