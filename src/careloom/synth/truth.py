"""What was planted, kept aside from every record: never an input to any analysis."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from careloom.catalogue import Population
from careloom.catalogue.population import AGE_BANDS, PlantedClock
from careloom.synth.aside import Aside
from careloom.synth.care.exits import EXITS
from careloom.synth.files.table import Column, iso_text, write_csv
from careloom.synth.life.cases import PATHS
from careloom.synth.life.factors import chances
from careloom.synth.who.identity import Identities
from careloom.synth.world import Authority, Care, Plans, Rows, World

FIRST_WRITTEN = "classes.csv"  # its being there says that a folder was made here, even if not to the end


def write_truth(folder: Path, world: World, identities: Identities, aside: Iterable[Aside]) -> None:
    """Write one authority's person, referral, assessment, plan, care and record into `folder`; days run to the true end."""
    people, cases = world.people, world.referrals
    keys, child_id = np.array([k.key for k in world.population.kinds]), identities.child_id
    write_csv(
        folder / "person.csv",
        {
            "child_id": child_id,
            "person_id": people.person,
            "family_id": people.family,
            "identity": people.identity,
            "born_on": iso_text(people.born),
            "is_uasc": people.is_uasc.astype(np.int64),
            "twin_child_id": np.where(people.twin_of >= 0, child_id[people.twin_of], ""),
        },
    )
    kind = keys[cases.kind]

    def of(referral: Rows, **columns: Column) -> dict[str, Column]:
        """Columns of things that lie in referrals, with the child, the day of the referral and its class."""
        known = {"child_id": child_id[cases.child[referral]], "referral_on": iso_text(cases.starts_on[referral])}
        return known | columns | {"class": kind[referral]}

    each_case = np.arange(cases.child.size)
    path = np.array(PATHS)[cases.path]
    write_csv(folder / "referral.csv", of(each_case, closes_on=iso_text(cases.closes_on), path=path))
    papers, plans, care = world.assessments, world.plans, world.care
    write_csv(folder / "assessment.csv", of(papers.referral, assessment_starts_on=iso_text(papers.starts_on)))
    write_csv(folder / "plan.csv", of(plans.referral, **_days_of(plans)))
    write_csv(folder / "care.csv", of(care.referral, **_days_of(care), exit=np.array(EXITS)[care.exit]))
    for each in aside:
        for trace in each.traces:
            rows = {"record": trace.record_id, "person_id": trace.person}
            write_csv(folder / "records" / f"{trace.system}.csv", rows)
        for name, columns in each.tables.items():
            write_csv(folder / f"{name}.csv", columns)


def _days_of(spells: Plans | Care) -> dict[str, Column]:
    return {"starts_on": iso_text(spells.starts_on), "ends_on": iso_text(spells.ends_on)}


def write_laws(folder: Path, population: Population, authorities: tuple[Authority, ...], births: float) -> None:
    """Write what holds for the whole country: classes, hazards, baseline, authorities.

    `hazards` gives the log hazard ratio of every level, with the reference level (0) named; `baseline` the hazard of a
    girl of the reference class and age band in the typical authority, in events per year.
    """
    _write(folder / FIRST_WRITTEN, "class name share factor probability recorded", _class_rows(population))
    _write(
        folder / "hazards.csv", "outcome term level log_hazard_ratio reference", _hazard_rows(population, authorities)
    )
    _write(folder / "baseline.csv", "outcome from_day to_day per_year", _baseline_rows(population))
    names = list(authorities[0].effects)
    rows = ((a.code, a.name, children_in(a, births), *(round(a.effects[n], 4) for n in names)) for a in authorities)
    _write(folder / "authorities.csv", f"authority name children_0_17 {' '.join(names)}", rows)


def children_in(authority: Authority, births: float) -> int:
    """Children aged 0 to 17 of the authority, known to services or not, the same in every year."""
    return round(18 * births * authority.size)


def _write(path: Path, header: str, rows: Iterable[tuple[object, ...]]) -> None:
    columns = zip(*rows, strict=True)
    write_csv(path, {name: list(column) for name, column in zip(header.split(), columns, strict=True)})


def _class_rows(population: Population) -> Iterable[tuple[object, ...]]:
    """`recorded` is the share among assessments that record anything at all, in the typical authority."""
    planted = chances(population)
    recorded = planted / (1 - np.prod(1 - planted, axis=1, keepdims=True))
    for kind, mine, shown in zip(population.kinds, planted.tolist(), recorded.round(6).tolist(), strict=True):
        for factor, chance, seen in zip(population.background, mine, shown, strict=True):
            yield kind.key, kind.name, kind.share, factor, chance, seen


def _hazard_rows(population: Population, authorities: tuple[Authority, ...]) -> Iterable[tuple[object, ...]]:
    for name, clock in population.clocks.items():
        for kind in population.kinds:
            yield name, "class", kind.key, kind.hazards[name], population.reference
        for band in AGE_BANDS:
            yield name, "age_band", band, clock.by_age[band], _reference_age(clock)
        yield name, "sex", "female", 0.0, "female"
        yield name, "sex", "male", clock.male, "female"
        for year, effect in clock.by_year.items():
            yield name, "year", str(year), effect, "any other"
    for authority in authorities:
        yield "re_referral", "authority", authority.code, round(authority.effects["re_referral"], 6), "typical"


def _reference_age(clock: PlantedClock) -> str:
    return next(band for band in AGE_BANDS if clock.by_age[band] == 0)


def _baseline_rows(population: Population) -> Iterable[tuple[object, ...]]:
    for name, clock in population.clocks.items():
        for start, end, rate in zip(clock.from_day, (*clock.from_day[1:], None), clock.per_year, strict=True):
            yield name, start, end, rate
