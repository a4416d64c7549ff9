"""Make a country of made-up authorities: every record they keep in its own format, a study file, and the truth aside.

Each authority is made, written and forgotten, so that memory does not grow with their number.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from math import inf
from pathlib import Path

from careloom.catalogue import Catalogue, Population, Recording, load_catalogue
from careloom.core import OutputError, RequestError, nearest
from careloom.synth.aside import Aside
from careloom.synth.calibration.compare import Line, compare, count_authority
from careloom.synth.calibration.counts import Counts
from careloom.synth.defects.plant import plant_defects, write_defects
from careloom.synth.files.annex_a import write_annex_a
from careloom.synth.files.camhs import write_camhs
from careloom.synth.files.cin_census import write_cin_census
from careloom.synth.files.early_help import write_early_help
from careloom.synth.files.education import write_education
from careloom.synth.files.finance import write_finance
from careloom.synth.files.narratives import write_narratives
from careloom.synth.files.people import write_people
from careloom.synth.files.services import write_services
from careloom.synth.files.ssda903 import write_ssda903
from careloom.synth.files.ssda903_xml import write_ssda903_xml
from careloom.synth.files.table import write_csv
from careloom.synth.life.authorities import draw_authorities
from careloom.synth.life.england import make_world
from careloom.synth.study_file import study_text
from careloom.synth.truth import FIRST_WRITTEN, children_in, write_laws, write_truth
from careloom.synth.who.identity import draw_homes, draw_identities
from careloom.synth.world import Authority, World

KNOWN_YEARS = (2015, 2026)
CHILDREN_EACH = 6000  # in the records of an authority, when nobody says how many
FEWEST_MOST_CLASSES = 7  # a search goes this far even where fewer kinds are planted
_PILOT_BIRTHS = 3000
_AGES = 18  # years of age, 0 to 17, each with as many children

WRITERS: dict[str, Callable[..., Aside | None]] = {
    "ssda903": write_ssda903,
    "ssda903_xml": write_ssda903_xml,
    "cin_census": write_cin_census,
    "annex_a": write_annex_a,
    "case_system": write_people,
    "early_help": write_early_help,
    "education": write_education,
    "health": write_camhs,
    "services": write_services,
    "finance": write_finance,
    "narratives": write_narratives,
}
SYSTEMS = tuple(WRITERS)
READ_BY_A_RUN = {"ssda903", "cin_census"}  # by today's ingest


@dataclass(frozen=True)
class Order:
    """What is asked for: the same order writes the same bytes (with the same versions of NumPy and Arrow)."""

    out: Path | None
    population: Population
    recording: Recording
    authorities: tuple[Authority, ...]
    years: tuple[int, int]
    births: float
    seed: int
    systems: tuple[str, ...]
    defects: bool


@dataclass(frozen=True)
class Made:
    """What was made: the study file (None when nothing is written that a run could read), and how it compares with published figures."""

    study: Path | None
    counts: Counts
    calibration: tuple[Line, ...]


def make_england(
    out: Path | str | None,
    *,
    authorities: int = 1,
    children: int | None = None,
    years: tuple[int, int] = (2016, 2024),
    seed: int = 2,
    population: str | Population = "england",
    errors: float = 1.0,
    systems: Sequence[str] = SYSTEMS,
    defects: bool = False,
    processes: int | None = None,
    on_step: Callable[[str, float], None] = lambda step, share: None,
) -> Made:
    """Write the records of made-up authorities under `out`, a study file, and the truth aside in `out`/truth.

    out : a new folder, or one made here before; None writes nothing, to see how what is made compares with published figures
    authorities : 1 to 150; one alone is a typical authority, several differ in size, need, thresholds and recording
    children : about how many appear in the returns of all authorities together (default 6,000 each)
    years : first and last collection year (2015 is April 2014 to March 2015)
    population : a population of the catalogue by name, or one read with `read_population`
    errors : how often systems other than the truth get a name, a date or a number wrong, against the usual; 0 is never
    systems : which records to write, of SYSTEMS; what is written of each is the same whatever else is
    defects : plant breaches of rules and quirks of files in ssda903 and cin_census, listed in truth/CODE/defects.csv
    processes : authorities made side by side (default: as many as there are processors)
    on_step : told what was just made, and the share done

    Raises RequestError for what cannot be asked, and OutputError when `out` cannot be written to or holds files that
    were not made here, which are never written over.
    """
    catalogue, out = load_catalogue(), None if out is None else Path(out)
    _check(children, years, seed, errors)
    _check_systems(systems, defects)
    planted = _planted(population, catalogue)
    country = draw_authorities(planted, authorities, seed)
    births = births_for(planted, children or CHILDREN_EACH * authorities, authorities, years)
    recording = catalogue.recordings["usual"].scaled(errors)
    order = Order(out, planted, recording, country, years, births, seed, tuple(systems), defects)
    try:
        counts, study = _carry_out(order, processes or os.cpu_count() or 1, on_step)
    except OSError as fault:
        raise OutputError(
            f"{out}: this cannot be written to ({fault.strerror}); name another folder with --out"
        ) from None
    return Made(study, counts, compare(counts, catalogue.targets))


def _carry_out(order: Order, processes: int, on_step: Callable[[str, float], None]) -> tuple[Counts, Path | None]:
    """Make everything, and write it where there is somewhere to write; the study file comes last."""
    if order.out is None:
        return _make_all(order, processes, on_step), None
    _clear(order.out)
    write_laws(order.out / "truth", order.population, order.authorities, order.births)
    _write_population(order.out, order)
    counts = _make_all(order, processes, on_step)
    return counts, _write_study(order.out, order) if READ_BY_A_RUN & set(order.systems) else None


def _planted(population: str | Population, catalogue: Catalogue) -> Population:
    if isinstance(population, Population):
        return population
    if population not in catalogue.populations:
        known = tuple(catalogue.populations)
        raise RequestError(f'population: there is no "{population}"{nearest(population, known)}')
    return catalogue.populations[population]


def _write_study(out: Path, order: Order) -> Path:
    many = len(order.authorities)
    name = order.authorities[0].name if many == 1 else f"{order.population.title}: {many} authorities"
    text = study_text(
        name, order.authorities, order.years, max(len(order.population.kinds), FEWEST_MOST_CLASSES), order.systems
    )
    (out / "study.toml").write_text(text, encoding="utf-8", newline="\n")
    return out / "study.toml"


def births_for(population: Population, children: int, authorities: int, years: tuple[int, int]) -> float:
    """Births a year, in an authority of mean size, at which about `children` are seen in all authorities together."""
    typical = draw_authorities(population, 1, 0)[0]
    pilot = make_world(population, typical, years=years, births=_PILOT_BIRTHS, seed=0)
    return _PILOT_BIRTHS * children / authorities / len(pilot.people)


def make_authority(order: Order, position: int) -> Counts:
    """Make one authority of the order, write what it keeps, and count what is in it."""
    authority, world = order.authorities[position], world_of(order, position)
    if order.out is not None:
        _write_authority(order, order.out, world)
    children = children_in(authority, order.births)
    return count_authority(world, dict.fromkeys(range(order.years[0], order.years[1] + 1), children))


def _write_authority(order: Order, out: Path, world: World) -> None:
    folder, truth = out / world.authority.code, out / "truth" / world.authority.code
    truth.mkdir(
        parents=True, exist_ok=True
    )  # before anything of the authority is there, so that all of it is known as ours
    identities = draw_identities(world.people, world.authority, order.seed)
    homes = draw_homes(world.people, order.years, order.seed)
    known = folder, world, identities, homes, order.recording, order.seed
    aside = [WRITERS[system](*known) for system in order.systems]
    write_truth(truth, world, identities, [each for each in aside if each])
    if order.defects:
        write_defects(truth / "defects.csv", plant_defects(folder, seed=order.seed))


def world_of(order: Order, position: int) -> World:
    """Everything the authority at `position` knows; children move from each authority to the next, from the last to the first."""
    several = len(order.authorities) > 1
    return make_world(
        order.population,
        order.authorities[position],
        years=order.years,
        births=order.births,
        seed=order.seed,
        before=order.authorities[position - 1] if several else None,
    )


def _make_all(order: Order, processes: int, on_step: Callable[[str, float], None]) -> Counts:
    """Make every authority, some side by side, and add up what each counts in the order of their codes."""
    many = len(order.authorities)
    work = partial(make_authority, order)
    if processes == 1 or many == 1:
        return _added(map(work, range(many)), order, on_step)
    with ProcessPoolExecutor(min(processes, many)) as pool:
        return _added(pool.map(work, range(many)), order, on_step)


def _added(parts: Iterable[Counts], order: Order, on_step: Callable[[str, float], None]) -> Counts:
    total = None
    for authority, counts in zip(order.authorities, parts, strict=True):
        total = counts if total is None else total + counts
        on_step(f"authority {authority.code}", (authority.position + 1) / len(order.authorities))
    assert total is not None  # there is at least one authority
    return total


def _check(children: int | None, years: tuple[int, int], seed: int, errors: float) -> None:
    if children is not None and children < 1:
        raise RequestError("children: write a number of 1 or more")
    if not KNOWN_YEARS[0] <= years[0] <= years[1] <= KNOWN_YEARS[1]:
        raise RequestError(
            f"years: write a first and a last year from {KNOWN_YEARS[0]} to {KNOWN_YEARS[1]}, the first first"
        )
    if seed < 0:
        raise RequestError("seed: write a whole number of 0 or more")
    if not 0 <= errors < inf:
        raise RequestError("errors: write a number of 0 or more")


def _check_systems(systems: Sequence[str], defects: bool) -> None:
    if isinstance(systems, str) or not systems:
        raise RequestError("systems: write a list of one or more")
    for system in systems:
        if system not in SYSTEMS:
            raise RequestError(f'systems: there is no "{system}"{nearest(system, SYSTEMS)}')
    if defects and not READ_BY_A_RUN & set(systems):
        raise RequestError("defects: they are planted in ssda903 and cin_census, and neither is to be written")


def _clear(out: Path) -> None:
    """Take away what an earlier call made; refuse a folder that holds anything else."""
    if not out.exists() or not any(out.iterdir()):
        return
    if not (out / "truth" / FIRST_WRITTEN).exists():
        raise OutputError(f"{out}: this holds files that synth did not make; name another folder with --out")
    (out / "study.toml").unlink(missing_ok=True)  # first, as it would name what is no longer there
    for code in (path.name for path in (out / "truth").iterdir() if path.is_dir()):
        shutil.rmtree(out / code, ignore_errors=True)
    shutil.rmtree(out / "truth")


def _write_population(out: Path, order: Order) -> None:
    """Children aged 0 to 17 by authority and year, and by single year of age, as the statistics office would publish them."""
    rows = [
        (a.code, year, children_in(a, order.births))
        for a in order.authorities
        for year in range(order.years[0], order.years[1] + 1)
    ]
    columns = zip(("authority", "year", "children_0_17"), zip(*rows, strict=True), strict=True)
    write_csv(out / "population.csv", {name: list(values) for name, values in columns})
    by_age = [(*row[:2], age, round(row[2] / _AGES, 1)) for row in rows for age in range(_AGES)]
    columns = zip(("la", "year", "age", "children"), zip(*by_age, strict=True), strict=True)
    write_csv(out / "residents.csv", {name: list(values) for name, values in columns})
