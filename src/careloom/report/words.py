"""What the study says about itself, for the report to repeat."""

from dataclasses import dataclass
from datetime import date

from careloom.disclose import DEFAULT, Profile
from careloom.report.beside import Pooled


@dataclass(frozen=True)
class StudyWords:
    """The study's own words. `last_day` and `cost_last_day` are inclusive; `notes` are what to know first.

    `disclosure` is the rule by which numbers are withheld and rounded. `authorities` are those with a profile of their
    own, beside `pooled`, what another study said of its own together; none named are all, where they are few.
    """

    title: str
    first_day: date
    last_day: date
    cost_first_day: date
    cost_last_day: date
    made_on: date
    prices_standing: str
    careloom_version: str
    notes: tuple[str, ...] = ()
    disclosure: Profile = DEFAULT
    authorities: tuple[str, ...] = ()
    pooled: Pooled | None = None

    @property
    def period(self) -> str:
        return f"{say_day(self.first_day)} to {say_day(self.last_day)}"

    @property
    def has_cost_period(self) -> bool:
        """Is any day costed? None is when the returns of care end before the period asked about."""
        return self.cost_first_day <= self.cost_last_day

    @property
    def cost_period(self) -> str:
        if not self.has_cost_period:
            return "no day at all: the returns of care end before the period asked about"
        return f"{say_day(self.cost_first_day)} to {say_day(self.cost_last_day)}"


def say_day(day: date) -> str:
    """Write a day as people do: 1 April 2020."""
    return f"{day.day} {day:%B %Y}"
