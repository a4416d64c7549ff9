"""A folder of messages between authorities: one asks, all answer, nobody sends a row.

The folder holds all there is to know of an exchange, so who leads and who answers can stop at any moment and go on
later. Nothing here knows what is asked: a plan, questions and answers are bodies of messages.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from careloom.core import NotFoundError, RequestError, StudyError
from careloom.govern.keys import StudyKey, open_key
from careloom.govern.messages import is_whole, receive

HEX = re.compile("[0-9a-f]{1,600}")
"""A number as messages write it: one of 2,048 bits has 512 digits."""


class WaitingError(Exception):
    """The next message is another's: says whose."""


@dataclass(frozen=True)
class Part:
    """What an authority takes part with: `data`, of which nobody but itself can make the fingerprint that is told; what
    it holds back, to be said to its own people; and the numbers with which it answers a question."""

    data: bytes
    held: str
    numbers: Callable[[dict[str, Any]], list[float]]


@dataclass(frozen=True)
class Exchange:
    """The folder of an exchange, and the key that all its messages are signed with."""

    folder: Path
    key: StudyKey

    @property
    def plan_file(self) -> Path:
        return self.folder / "plan.json"

    @property
    def finished_file(self) -> Path:
        return self.folder / "finished.json"

    def joined_file(self, name: str) -> Path:
        return self.folder / "joined" / f"{name}.json"

    def question_file(self, number: int) -> Path:
        return self.folder / "questions" / f"{number:04}.json"

    def answer_file(self, number: int, name: str) -> Path:
        return self.folder / "answers" / f"{number:04}_{name}.json"

    def open_numbers(self, authorities: Sequence[str], about: str) -> dict[str, int]:
        """What all who take part told when they joined, by name. Raises WaitingError until all have."""
        missing = [name for name in authorities if not is_whole(self.joined_file(name))]
        if missing:
            raise WaitingError(f"still to join: {', '.join(missing)}")
        return {name: int(self.joined(name, about)["open_number"], 16) for name in authorities}

    def joined(self, name: str, about: str) -> dict[str, Any]:
        body = receive(self.joined_file(name), self.key)
        if (body.get("kind"), body.get("plan"), body.get("authority")) != ("joined", about, name):
            raise RequestError(f"{self.joined_file(name)}: this is of another exchange, or another authority")
        if not all(isinstance(told := body.get(name), str) and HEX.fullmatch(told) for name in ("open_number", "data")):
            raise RequestError(
                f"{self.joined_file(name)}: this says no open number, or nothing of the data; join again"
            )
        return body

    def finished(self, about: str) -> dict[str, Any] | None:
        """What the lead said in the end; None as long as it goes on. Raises RequestError for one that the lead did not write."""
        if not is_whole(self.finished_file):
            return None
        body = receive(self.finished_file, self.key)
        if (body.get("kind"), body.get("plan")) != ("finished", about):
            raise RequestError(f"{self.finished_file}: this is the end of another exchange")
        return body

    @property
    def last_question(self) -> int:
        """The number of the newest question that is there whole; 0 without any."""
        there = (self.folder / "questions").glob("[0-9][0-9][0-9][0-9].json")
        return max((int(path.stem) for path in there if is_whole(path)), default=0)


def open_exchange(folder: Path, key: Path, *, make: bool = False) -> Exchange:
    """Open an exchange. The key never lies in its folder. Raises RequestError and NotFoundError."""
    if key.resolve().is_relative_to(folder.resolve()):
        raise RequestError(f"{key}: the key must not lie in the folder that the messages go to: keep it elsewhere")
    if not make and not key.exists():
        raise NotFoundError(
            f"{key}: there is no such key; who leads has made it, and gives it to you, not by this folder"
        )
    try:
        return Exchange(folder, open_key(key))
    except StudyError:
        raise RequestError(
            f"{key}: this is not a key that careloom federate lead has made, or others may read it, too (chmod 600 {key.name})"
        ) from None
