"""What was planted, kept aside from every record: never an input to any analysis."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from careloom.catalogue import Population
from careloom.catalogue.population import AGE_BANDS, PlantedClock
from careloom.synth.aside import Aside
from careloom.synth.care.exits import EXITS
from careloom.synth.care.moves import GROUPS
from careloom.synth.files.table import Column, iso_text, write_csv
from careloom.synth.life.cases import PATHS
from careloom.synth.life.factors import chances
from careloom.synth.who.identity import Identities
from careloom.synth.world import Authority, Care, Missing, Placed, Plans, Rows, Texts, World

FIRST_WRITTEN = "classes.csv"  # its being there says that a folder was made here, even if not to the end
PROVIDED_BY = {
    "PR0": "parents", "PR1": "own", "PR2": "another_authority", "PR3": "other_public", "PR4": "private", "PR5": "voluntary",
}  # fmt: skip


def write_truth(folder: Path, world: World, identities: Identities, aside: Iterable[Aside]) -> None:
    """Write who one authority's children are, all that happened to them and whose each record is; days run to the true end."""
    people = world.people
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
    for name, table in (_of_cases(world, child_id, keys) | _of_care(world, child_id)).items():
        write_csv(folder / f"{name}.csv", table)
    for each in aside:
        for trace in each.traces:
            rows = {"record": trace.record_id, "person_id": trace.person}
            write_csv(folder / "records" / f"{trace.system}.csv", rows)
        for name, columns in each.tables.items():
            write_csv(folder / f"{name}.csv", columns)


def _of_cases(world: World, child_id: Texts, keys: Texts) -> dict[str, dict[str, Column]]:
    """What lies in referrals, table by table. An enquiry without a conference has no day of one."""
    cases = world.referrals
    kind = keys[cases.kind]

    def of(referral: Rows, **columns: Column) -> dict[str, Column]:
        """Columns of things that lie in referrals, with the child, the day of the referral and its class."""
        known = {"child_id": child_id[cases.child[referral]], "referral_on": iso_text(cases.starts_on[referral])}
        return known | columns | {"class": kind[referral]}

    each_case = np.arange(cases.child.size)
    papers, enquiries, plans = world.assessments, world.enquiries, world.plans
    authorised = {"assessment_starts_on": iso_text(papers.starts_on), "authorised_on": iso_text(papers.ends_on)}
    asked = {"starts_on": iso_text(enquiries.starts_on), "conference_on": iso_text(enquiries.conference_on)}
    return {
        "referral": of(each_case, closes_on=iso_text(cases.closes_on), path=np.array(PATHS)[cases.path]),
        "assessment": of(papers.referral, **authorised),
        "enquiry": of(enquiries.referral, **asked),
        "plan": of(plans.referral, **_days_of(plans)),
        "care": of(world.care.referral, **_days_of(world.care), exit=np.array(EXITS)[world.care.exit], left=world.left),
    }


def _of_care(world: World, child_id: Texts) -> dict[str, dict[str, Column]]:
    """What lies in periods of care, table by table; a child is back on the day a missing incident ends."""
    care, placed, missing = world.care, world.placed, world.missing

    def of(row: Rows, **columns: Column) -> dict[str, Column]:
        """Columns of things that lie in periods of care, with the child and the day the period starts."""
        return {"child_id": child_id[care.child[row]], "care_starts_on": iso_text(care.starts_on[row])} | columns

    where = {"type": np.array(GROUPS)[placed.group], "provider": _provided(placed.provider), "carer": placed.carer}
    what = np.where(missing.kind == "M", "missing", "away")
    return {
        "placement": of(placed.care, **_days_of(placed), **where),
        "missing": of(missing.care, **_days_of(missing), kind=what),
    }


def _provided(provider: Texts) -> Texts:
    """Who provides each placement, in words; "" where nobody does."""
    return np.select([provider == code for code in PROVIDED_BY], list(PROVIDED_BY.values()), "")


def _days_of(spells: Plans | Care | Placed | Missing) -> dict[str, Column]:
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
