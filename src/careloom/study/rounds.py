"""The lead's side of an exchange: asks one question after the other, and adds up the answers that are there."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from careloom.core import RequestError
from careloom.govern.hidden_sums import add_up
from careloom.govern.messages import fingerprint, is_whole, receive, send
from careloom.study.exchange import Exchange

Question = Mapping[str, Any]
Wait = Callable[[str], None]
"""Is told what is waited for, and returns to look again, or raises WaitingError to stop for now."""


class Rounds:
    """Questions by number, from 1 on. What they ask is not known here, but for two things.

    ``is_same`` says whether two questions ask the same, ``length`` how many numbers the answer to one has.
    """

    def __init__(
        self,
        exchange: Exchange,
        authorities: Sequence[str],
        wait: Wait,
        is_same: Callable[[Question, Question], bool],
        length: Callable[[Question], int],
    ) -> None:
        self.exchange, self.authorities, self.wait = exchange, authorities, wait
        self.is_same, self.length = is_same, length
        self.number = 0

    def ask(self, question: dict[str, Any]) -> NDArray[np.float64]:
        """The sum of all answers to a question that may have been asked before."""
        number = self.number = self.number + 1
        path = self.exchange.question_file(number)
        if path.exists():
            asked = receive(path, self.exchange.key)
            if not self.is_same(asked, question):
                raise RequestError(f"{path}: the climb would ask something else here: begin anew in another folder")
        else:
            send(path, question, self.exchange.key)
            asked = question
        return self.answers(number, asked)

    def answers(self, number: int, asked: dict[str, Any]) -> NDArray[np.float64]:
        files = {name: self.exchange.answer_file(number, name) for name in self.authorities}
        while missing := [name for name, path in files.items() if not is_whole(path)]:
            self.wait(f"question {number} is to be answered by {', '.join(missing)}")
        which, hidden = fingerprint(asked), []
        for name, path in files.items():
            body = receive(path, self.exchange.key)
            if (body.get("kind"), body.get("question"), body.get("authority")) != ("answer", which, name):
                raise RequestError(f"{path}: this answers another question, or is of another authority")
            hidden.append(str(body["hidden"]))
        return np.array(add_up(hidden, self.length(asked)))


def wait_for_all(exchange: Exchange, authorities: Sequence[str], wait: Wait) -> None:
    """Until all have joined."""
    while missing := [name for name in authorities if not is_whole(exchange.joined_file(name))]:
        wait(f"still to join: {', '.join(missing)}")
