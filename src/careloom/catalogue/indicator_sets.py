"""Indicator sets: which factor codes make which yes/no item of the typology. A set may be told by what differs from another."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from careloom.core import CatalogueError, Keys, nearest, read_toml


@dataclass(frozen=True)
class Indicator:
    """One yes/no item of the typology: 1 when any of its codes is recorded; missing before its first year."""

    name: str
    label: str
    codes: tuple[str, ...]
    first_year: int | None


@dataclass(frozen=True)
class IndicatorSet:
    """A named, versioned set of indicators, harmonised across years. `ignored` codes say nothing beside others.

    `items` are the items of returns that it needs (`cin_census Assessments.AssessmentActualStartDate`); alternatives
    stand in one text, parted by ` | `. Outcomes and processes say theirs alike. `least_prevalence` is the share of
    assessments that must record an indicator for it to be used (0: all are). `extends` names the set it was made from.
    """

    name: str
    version: int
    why: str
    source: str
    indicators: tuple[Indicator, ...]
    ignored: tuple[str, ...]
    items: tuple[str, ...]
    least_prevalence: float = 0.0
    extends: str | None = None
    examples: str = ""

    @property
    def fingerprint(self) -> str:
        """What the set is made of, in 16 letters and digits: two sets that read factors alike have the same."""
        said = [f"{i.name} {'+'.join(i.codes)} {i.first_year or ''}" for i in self.indicators]
        said += [f"ignored {'+'.join(self.ignored)}", f"least {self.least_prevalence}"]
        return hashlib.sha256("\n".join(said).encode()).hexdigest()[:16]

    def only(self, names: Iterable[str]) -> "IndicatorSet":
        """The same set with fewer indicators."""
        kept = set(names)
        return replace(self, indicators=tuple(i for i in self.indicators if i.name in kept))


def read_indicator_sets(folder: Path) -> list[IndicatorSet]:
    """Read every set of a folder. Raises CatalogueError naming file and key."""
    return [read_indicator_set(path) for path in sorted(folder.glob("*.toml"))]


def read_indicator_set(path: Path) -> IndicatorSet:
    """Read one set; one that `extends` another, of the same folder, takes from it whatever it does not say itself."""
    keys = read_toml(path, CatalogueError)
    base = _base(keys, path)
    made = IndicatorSet(
        name=path.stem,
        version=keys.whole("version"),
        why=keys.text("why"),
        source=keys.text("source"),
        indicators=_indicators(keys, base),
        ignored=keys.texts("ignored", base.ignored) if base else keys.texts("ignored"),
        items=keys.texts("items", base.items) if base else keys.texts("items"),
        least_prevalence=keys.number("least_prevalence", 0),
        extends=base.name if base else None,
        examples=keys.text("examples"),
    )
    keys.done()
    _check(keys.where, made)
    return made


def _base(keys: Keys, path: Path) -> IndicatorSet | None:
    name = keys.text("extends", None)
    if name is None:
        return None
    known = {other.stem: other for other in path.parent.glob("*.toml") if other != path}
    if name not in known:
        raise CatalogueError(f'{keys.where}: "extends": there is no set "{name}"{nearest(name, known)}')
    base = read_indicator_set(known[name])
    if base.extends:
        raise CatalogueError(f'{keys.where}: "extends": {name} extends another set itself; extend {base.extends}')
    return base


def _indicators(keys: Keys, base: IndicatorSet | None) -> tuple[Indicator, ...]:
    """The indicators: those of the base less `without`, some of them taken `together` as one, and the set's own."""
    of_base = {each.name: each for each in base.indicators} if base else {}
    together = [_together(each, of_base) for each in keys.tables("together", [])] if base else []
    gone = [*(keys.texts("without", ()) if base else ()), *(name for _, names in together for name in names)]
    for name in gone:
        if name not in of_base:
            raise CatalogueError(f'{keys.where}: there is no indicator "{name}" to leave out{nearest(name, of_base)}')
    own = []
    for item in keys.tables("indicator", []) if base else keys.tables("indicator"):
        own.append(
            Indicator(item.text("name"), item.text("label"), item.texts("codes"), item.whole("first_year", None))
        )
        item.done()
    kept = [each for name, each in of_base.items() if name not in gone]
    return (*(each for each, _ in together), *kept, *own)


def _together(keys: Keys, of_base: Mapping[str, Indicator]) -> tuple[Indicator, tuple[str, ...]]:
    """Several indicators of the base as one: recorded when any of them is."""
    names = keys.texts("of")
    codes = tuple(code for name in names if name in of_base for code in of_base[name].codes)
    years = {of_base[name].first_year for name in names if name in of_base}
    if len(years) > 1:
        raise CatalogueError(f'{keys.where}: "of": indicators that begin in different years cannot be one')
    made = Indicator(keys.text("name"), keys.text("label"), codes, years.pop() if years else None)
    keys.done()
    return made, names


def _check(where: str, made: IndicatorSet) -> None:
    for what, said in (
        ("name", [i.name for i in made.indicators]),
        ("label", [i.label for i in made.indicators]),
        ("code", [code for i in made.indicators for code in i.codes] + list(made.ignored)),
    ):
        twice = sorted({one for one in said if said.count(one) > 1})
        if twice:
            raise CatalogueError(f'{where}: the {what} "{twice[0]}" stands in two indicators')
    if not 0 <= made.least_prevalence < 1:
        raise CatalogueError(f'{where}: "least_prevalence" should be a share, from 0 to less than 1')
