"""Linkage review: pairs of records in doubt, side by side. Personal data is shown here and nowhere else, and every view is written down."""

from dataclasses import dataclass

from careloom.app.sitting import Sitting
from careloom.app.words import Answered, Asked, Desk, GoTo, Page
from careloom.core import RequestError

AGAIN_SECONDS = 2
ANSWERS = {
    "s": "the same child",
    "d": "different children",
    "k": "leave it open for now",
    "u": "go back to the pair before",
    "q": "stop here",
}
"""What a reviewer can answer, as `careloom review` calls it."""


@dataclass
class Review:
    """The page, and the sitting that goes on, if one does."""

    sitting: Sitting | None = None

    def page(self, desk: Desk, asked: Asked) -> Answered:
        """Begin a sitting, show its pair, or take an answer."""
        if asked.is_sent:
            self.take(desk, asked)
            return GoTo("/review?again=yes" if asked.form.get("do") == "begin" else "/review")
        now = self.sitting.now if self.sitting else None
        is_linking = now is not None and not now.pair and not now.ended
        words = {
            "title": "Linkage review",
            "study": desk.study,
            "now": now,
            "is_linking": is_linking,
            "is_watched": is_linking and "again" in asked.query,
            "answers": ANSWERS,
            "command": desk.command("review", "--purpose", self.sitting.purpose if self.sitting else "..."),
        }
        return Page(
            "review.html",
            words,
            again=AGAIN_SECONDS if words["is_watched"] else None,
            is_personal=bool(now and now.pair),
        )

    def take(self, desk: Desk, asked: Asked) -> None:
        """Begin a sitting, or hand an answer to the one that goes on."""
        if asked.form.get("do") == "begin":
            purpose = asked.form.get("purpose", "").strip()
            if not purpose:
                raise RequestError("say why you look; it is written down with who you are and which records you saw")
            if self.sitting is None or self.sitting.now.ended:
                self.sitting = Sitting(desk, purpose)
            return
        if asked.form.get("do") == "stop":
            self.put_away()
            return
        answer, turn = asked.form.get("answer", ""), asked.form.get("turn", "")
        if self.sitting is None or answer not in ANSWERS or not turn.isdigit():
            raise RequestError("choose one of the answers")
        self.sitting.answer(int(turn), answer, asked.form.get("why", ""))

    def put_away(self) -> None:
        if self.sitting:
            self.sitting.close()
