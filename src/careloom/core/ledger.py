"""The ledger: at every step, rows in, rows out, and rows set aside with the reason. It balances, or says so."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Step:
    """One step's account: rows read from table `reads`, rows handed on as table `makes`, the rest set aside by reason.

    `changed` are rows among those handed on that are not as they came, by what was done to them.
    """

    step: str
    reads: str
    makes: str
    rows_in: int
    rows_out: int
    set_aside: tuple[tuple[str, int], ...] = ()
    changed: tuple[tuple[str, int], ...] = ()

    @property
    def rows_set_aside(self) -> int:
        return sum(rows for _, rows in self.set_aside)

    @property
    def balances(self) -> bool:
        return self.rows_in == self.rows_out + self.rows_set_aside


@dataclass
class Ledger:
    """Steps in the order they were taken. Each room returns its own; the study adds them up."""

    steps: list[Step] = field(default_factory=list)

    def note(
        self,
        step: str,
        reads: str,
        makes: str,
        rows_in: int,
        rows_out: int,
        set_aside: Mapping[str, int] = {},
        *,
        changed: Mapping[str, int] = {},
    ) -> None:
        """Write one step down; reasons with no rows are left out."""
        aside, otherwise = (tuple((why, rows) for why, rows in of.items() if rows) for of in (set_aside, changed))
        self.steps.append(Step(step, reads, makes, rows_in, rows_out, aside, otherwise))

    def extend(self, other: "Ledger") -> None:
        self.steps.extend(other.steps)

    def faults(self) -> list[str]:
        """Name every step that does not add up, and every table that changed size between being made and being read."""
        faults, made = [], dict[str, int]()
        for s in self.steps:
            if not s.balances:
                faults.append(
                    f"{s.step}: {s.rows_in} rows of {s.reads} in, {s.rows_out} out, {s.rows_set_aside} set aside"
                )
            if made.get(s.reads, s.rows_in) != s.rows_in:
                faults.append(f"{s.step}: {s.rows_in} rows of {s.reads} in, but {made[s.reads]} were made")
            made[s.makes] = s.rows_out
        return faults

    @property
    def balances(self) -> bool:
        return not self.faults()
