"""How small a number may be shown and how finely: named profiles, a file each in `profiles/`."""

from dataclasses import dataclass
from math import ceil, floor
from pathlib import Path

from careloom.core import CatalogueError, nearest, read_toml

FOLDER = Path(__file__).parent / "profiles"


@dataclass(frozen=True)
class Profile:
    """Counts from 1 to `threshold` - 1 are withheld; 0 is shown; all others are rounded to the nearest `base`.

    A number below the threshold is never shown, so a count that would round to one goes up to the next multiple of
    `base`: with 6 and 5, counts of 6 and 7 are shown as 10. That costs at most 4 and leaves no doubt that a shown
    number is not a small one.
    """

    name: str
    threshold: int
    base: int

    @property
    def in_words(self) -> str:
        """The rule as a reader is told it; `c` is the mark of a number withheld."""
        withheld = f"Counts of fewer than {self.threshold} are withheld (c)"
        if self.base == 1:
            return f"{withheld}, and others where they would give one away; all others are exact."
        up = [n for n in range(self.threshold, self.smallest) if nearest_multiple(n, self.base) != self.smallest]
        lifted = f"; {' and '.join(map(str, up))} are shown as {self.smallest}" if up else ""
        return f"{withheld} and all others rounded to the nearest {self.base}{lifted}."

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


def read_profile(name: str) -> Profile:
    """Read a named profile. Raises CatalogueError for a name that there is not, or a profile without source or examples."""
    known = profile_names()
    if name not in known:
        raise CatalogueError(f'disclosure: there is no profile "{name}"{nearest(name, known)}')
    keys = read_toml(FOLDER / f"{name}.toml", CatalogueError)
    profile = Profile(keys.text("title"), keys.whole("threshold"), keys.whole("base"))
    for text in ("note", "source"):
        keys.text(text)
    keys.asked.add("examples")
    for count, shown in keys.values.get("examples", ()):
        if (said := profile.shown(count)) != (None if shown == "c" else int(shown)):
            raise CatalogueError(f"{keys.where}: the example of {count} is shown as {said}")
    keys.done()
    return profile


def profile_names() -> tuple[str, ...]:
    return tuple(sorted(path.stem for path in FOLDER.glob("*.toml")))


USUAL = "suppress_and_round"
DEFAULT = read_profile(USUAL)
