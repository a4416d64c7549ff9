"""How small a number may be shown and how finely: a named profile."""

from dataclasses import dataclass
from math import ceil, floor


@dataclass(frozen=True)
class Profile:
    """Counts from 1 to `threshold` - 1 are withheld; 0 is shown; all others are rounded to the nearest `base`.

    A number below the threshold is never shown, so a count that would round to one goes up to the next multiple of
    `base`: with 6 and 5, counts of 6 and 7 are shown as 10. That costs at most 4 and leaves no doubt that a shown
    number is not a small one.
    """

    name: str = "suppress 1 to 5, round to 5"
    threshold: int = 6
    base: int = 5

    def is_small(self, count: int) -> bool:
        """Is this count one that may not be shown?"""
        return 0 < count < self.threshold

    @property
    def smallest(self) -> int:
        """The smallest number above 0 that is ever shown."""
        return self.base * ceil(self.threshold / self.base)

    def shown(self, count: int) -> int | None:
        """The count as it is shown; None when it is withheld."""
        if self.is_small(count):
            return None
        return max(self.smallest, nearest_multiple(count, self.base)) if count else 0

    def could_be(self, shown: int | None) -> tuple[int, int]:
        """The least and the greatest count that a reader who knows the rules can take a shown number for."""
        if shown is None:
            return 1, self.threshold - 1
        if shown == 0:
            return 0, 0
        least = self.threshold if shown == self.smallest else ceil(shown - self.base / 2)
        return least, ceil(shown + self.base / 2) - 1


def nearest_multiple(value: float, base: int) -> int:
    """Round to the nearest multiple of `base`, halves upwards."""
    return base * floor(float(value) / base + 0.5)


DEFAULT = Profile()
