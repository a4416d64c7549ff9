"""A sitting of clerical review: the same conversation as `careloom review` has, held through pages instead of a terminal."""

from dataclasses import dataclass
from queue import Queue
from threading import Condition, Thread

from careloom.app.words import Desk
from careloom.core import CareloomError, RequestError
from careloom.study import Talk, review_links
from careloom.study.review import HOW

QUIT = "q"
CLOSED = "The sitting was stopped. What was decided is kept."
SECONDS = 20
"""How long a page waits for the next pair."""


@dataclass(frozen=True)
class Moment:
    """Where a sitting is: linking (`step`, `percent`), showing a pair (`pair`, the `turn`-th page), or at its end (`ended`)."""

    step: str = "starting"
    percent: int = 0
    pair: str = ""
    turn: int = 0
    ended: str = ""
    is_trouble: bool = False


class Sitting:
    """One sitting. It ends with the last pair, when the reviewer stops it, or when the app locks."""

    def __init__(self, desk: Desk, purpose: str) -> None:
        self.purpose = purpose
        self.now = Moment()
        self._replies: Queue[str] = Queue()
        self._changed = Condition()
        self._is_closed = False
        self._thread = Thread(target=self._hold, args=(desk,), daemon=True)
        self._thread.start()

    def _hold(self, desk: Desk) -> None:
        """Talk until the end; what went wrong ends the sitting, a fault of Careloom's own by its kind alone."""
        try:
            decided = review_links(
                desk.study,
                desk.catalogue,
                study_file=desk.study_file,
                purpose=self.purpose,
                talk=Talk(self._ask, self._show),
                on_step=self._step,
            )
            ended = Moment(
                ended=f"{decided} decided in this sitting. There is no other pair for you to look at, or you stopped."
            )
        except CareloomError as fault:
            ended = Moment(ended=str(fault), is_trouble=True)
        except Exception as fault:
            ended = Moment(ended=f"A fault in Careloom itself: {type(fault).__name__}.", is_trouble=True)
        self._become(ended)

    def _step(self, step: str, share: float) -> None:
        """Say how far linking is; once the sitting is closed, go no further."""
        if self._is_closed:
            raise RequestError(CLOSED)
        self._become(Moment(step, round(100 * share)))

    def _become(self, moment: Moment) -> None:
        with self._changed:
            self.now = moment
            self._changed.notify_all()

    def _show(self, page: str) -> None:
        if not self._is_closed:
            self._become(Moment(pair=page, turn=self.now.turn + 1))

    def _ask(self, question: str) -> str:
        """Wait for the reviewer. Why it was decided comes with the decision."""
        return QUIT if self._is_closed and question == HOW else self._replies.get()

    def answer(self, turn: int, decision: str, why: str) -> None:
        """Give the answer to the page of that turn, and wait for the next; an answer to an earlier page is let go."""
        with self._changed:
            if turn != self.now.turn or self.now.ended:
                return
            self._replies.put(decision)
            if decision in ("s", "d"):
                self._replies.put(why)
            self._changed.wait_for(lambda: self.now.turn != turn or bool(self.now.ended), SECONDS)

    def close(self) -> None:
        """End the sitting, and forget what is shown; what was decided is kept."""
        self._is_closed = True
        self._replies.put(QUIT)
        self._become(Moment(ended=CLOSED))
