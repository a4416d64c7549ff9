"""Who a child is to the prices: need group, the combination of needs that the record shows for a day, and age band."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from careloom.catalogue import Need
from careloom.core import Ledger, RequestError, nearest
from careloom.engine import Engine, text, with_names

NO_NEED = "no additional needs"
AGE_BANDS = ((3, "0-2"), (5, "3-4"), (11, "5-10"), (16, "11-15"), (18, "16-17"))
"""As the national minimum fostering allowance has them, which tells babies and the years before school apart: below, band."""
EMPTY = "SELECT CAST(NULL AS VARCHAR) AS person_id, CAST(NULL AS VARCHAR) AS need, CAST(NULL AS DATE) AS starts_on, CAST(NULL AS DATE) AS ends_on FROM (SELECT 1 AS one) AS none WHERE one = 0"

# The days on which a need begins or ends cut a child's time into stretches; in each, the needs that hold are its group.
STRETCHES = {
    "closed": "SELECT person_id, need, starts_on, coalesce(ends_on, DATE '9999-12-31') AS ends_on FROM need",
    "day": "SELECT person_id, starts_on AS on_day FROM closed UNION SELECT person_id, ends_on AS on_day FROM closed",
    "stretch": """
        SELECT person_id, on_day AS starts_on, lead(on_day) OVER (PARTITION BY person_id ORDER BY on_day) AS ends_on
        FROM day""",
}


@dataclass(frozen=True)
class NeedChoices:
    """Which needs a study tells apart, and what their rules count with, where it is not as the catalogue has it."""

    off: tuple[str, ...] = ()
    numbers: tuple[tuple[str, str, int], ...] = ()
    """The need, the number's name, and the number."""

    def of(self, needs: Sequence[Need]) -> list[Need]:
        """Return the needs as the study has them. Raises RequestError for a need, or a number of it, that there is not."""
        known = {need.name: need for need in needs}
        for name in (*self.off, *(name for name, _, _ in self.numbers)):
            if name not in known:
                raise RequestError(f'there is no need "{name}"{nearest(name, known)}')
        for name, number, value in self.numbers:
            own = dict(known[name].numbers)
            if number not in own:
                raise RequestError(f'the need "{name}" counts with no "{number}"{nearest(number, own)}')
            known[name] = replace(known[name], numbers=tuple((own | {number: value}).items()))
        return [need for need in known.values() if need.name not in self.off]

    def said(self) -> str:
        """What is otherwise than the catalogue has it, in words; blank when nothing is."""
        told = [f"{name}: {number.replace('_', ' ')} {value}" for name, number, value in self.numbers]
        return "; ".join([*told, *(f"{name} is not told apart" for name in self.off)])


def find_needs(engine: Engine, needs: Sequence[Need]) -> Ledger:
    """Make `need`, stretches for which the record shows a need, and `need_stretch`, the group of each stretch of days.

    Stretches of `need_stretch` of one person never overlap; where none holds, the child has no additional needs that the
    record knows of.
    """
    parts = [
        f"SELECT person_id, {text(need.name)} AS need, starts_on, ends_on FROM ({with_numbers(need)}) AS found WHERE ends_on IS NULL OR ends_on > starts_on"
        for need in needs
    ]
    found = engine.make("need", " UNION ALL ".join([EMPTY, *parts]))
    engine.make("need_stretch", with_names(STRETCHES, groups(needs)))
    ledger = Ledger()
    ledger.note("tell need groups", "need", "need", found, found)
    return ledger


def with_numbers(need: Need) -> str:
    """The SELECT of a need, which finds its numbers in the one row of `number`."""
    numbers = ", ".join(f"{value} AS {name}" for name, value in need.numbers)
    return with_names({"number": f"SELECT {numbers}"} if numbers else {}, need.select)


def groups(needs: Sequence[Need]) -> str:
    """The group of each stretch: the titles of its needs in their order, as "EBD + offending"."""
    holds = ", ".join(f"max(CASE WHEN c.need = {text(n.name)} THEN 1 ELSE 0 END) AS has_{n.name}" for n in needs)
    said = " || ".join(f"CASE WHEN has_{n.name} = 1 THEN {text(f' + {n.title}')} ELSE '' END" for n in needs)
    return f"""
        SELECT person_id, starts_on, ends_on, substr({said or "''"}, 4) AS need_group
        FROM (
          SELECT s.person_id, s.starts_on, s.ends_on{", " + holds if holds else ""}
          FROM stretch AS s
          JOIN closed AS c ON c.person_id = s.person_id AND c.starts_on <= s.starts_on AND c.ends_on > s.starts_on
          WHERE s.ends_on IS NOT NULL
          GROUP BY s.person_id, s.starts_on, s.ends_on) AS held"""


def age_cases(on_day: str) -> str:
    """The WHENs of a CASE that give the age band on a day of person `c`; ages change with the month of birth."""
    return " ".join(
        f"WHEN {on_day} < birthday(month_of(c.born_on), {age}) THEN {text(band)}" for age, band in AGE_BANDS
    )
