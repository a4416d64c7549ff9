"""The study file: deliveries, period and questions, read strictly from TOML."""

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

from careloom.catalogue import Catalogue, PriceSheet
from careloom.core import Keys, StudyError, nearest, read_toml
from careloom.costs import CostChoices
from careloom.disclose import USUAL, profile_names, read_profile
from careloom.disclose import Profile as Disclosure
from careloom.engine import Cluster, Scratch
from careloom.ingest import Delivery
from careloom.outcomes import AskedOfOutcomes
from careloom.pathways import DISTANCES, EPISODE_CLASS_RULES, INTERACTIONS, groupings
from careloom.study.agreements import Governed, read_governed
from careloom.study.asked_of_costs import read_asked_of_costs
from careloom.study.asked_of_engine import read_engine
from careloom.study.asked_of_links import AskedOfLinks, read_asked_of_links
from careloom.study.asked_of_outcomes import Mask, read_asked
from careloom.study.asked_of_report import AskedOfReport, check_report, read_asked_of_report
from careloom.study.demand import Demand, number_of_classes, read_demand
from careloom.study.residents import Residents, read_residents
from careloom.study.vault import AskedOfVault, read_asked_of_vault

GLOB = "*?["
FIRST_YEAR, LAST_YEAR = 1900, 2199


@dataclass(frozen=True)
class AskedOfPathways:
    """What is crossed in the models of the pathway, which assessment decides the class of an episode, and how far histories lie apart."""

    interactions: tuple[str, ...]
    episode_class: str
    distance: str


@dataclass(frozen=True)
class Study:
    """What one run is asked: windows are [first day, end day), so an end day is the first day not in it."""

    file: Path
    name: str
    governed: Governed
    vault: AskedOfVault | None
    first_day: dt.date
    end_day: dt.date
    out: Path
    key: Path
    recognised: Path
    scratch: Scratch | None
    engine: str
    cluster: Cluster
    kept_as: str
    disclosure: Disclosure
    deliveries: tuple[Delivery, ...]
    common: Path | None
    residents: tuple[Residents, ...]
    links: AskedOfLinks
    repairs_off: tuple[str, ...]
    demand: Demand
    most_classes: int
    starts: int
    seed: int
    profiles_by: tuple[str, ...]
    pathways: AskedOfPathways
    outcomes: tuple[str, ...]
    asked_of_outcomes: AskedOfOutcomes
    masks: tuple[Mask, ...]
    cost_first_day: dt.date
    cost_end_day: dt.date
    is_cost_window_asked: bool
    prices: PriceSheet
    cost_choices: CostChoices
    with_cost_lines: bool
    report: AskedOfReport

    @property
    def indicators(self) -> str:
        """The indicator set that categories of demand are found from."""
        return self.demand.indicators


SECTIONS = ("typology", "pathways", "outcomes", "costs")


def read_study(path: Path, catalogue: Catalogue) -> Study:
    """Read a study file. Raises StudyError naming the key that is wrong and the nearest right one.

    Paths in it are relative to the file. [link], [typology], [pathways], [outcomes], [costs] and [report] may be left out: every outcome is asked
    then, and costs are for the last twelve months that study and returns reach, at illustrative prices.
    """
    keys = keys_of(path)
    words, typology, pathways, outcomes, costs = keys.table("study"), *(keys.table(name, {}) for name in SECTIONS)
    home, (first_day, end_day) = path.resolve().parent, window(words)
    check_catalogue(words, path, catalogue)
    followed, asked_of_costs = read_asked(outcomes, catalogue), read_asked_of_costs(costs, home, catalogue)
    cost_first_day, cost_end_day = window(costs, (year_before(end_day), end_day))
    study = Study(
        file=path.resolve(),
        name=words.text("name"),
        governed=read_governed(words, home, catalogue),
        vault=read_asked_of_vault(words, home, path.stem),
        first_day=first_day,
        end_day=end_day,
        out=home / words.text("out"),
        key=home / words.text("key", f"{path.stem}.key"),
        recognised=home / words.text("recognised", "recognised.csv"),
        **read_engine(words, keys.table("spark", {}), home),
        disclosure=read_profile(words.one_of("disclosure", profile_names(), USUAL)),
        deliveries=tuple(read_delivery(delivery, home, catalogue) for delivery in keys.tables("delivery", [])),
        residents=read_residents(home / words.text("residents")) if "residents" in words.values else (),
        links=read_asked_of_links(keys.table("link", {}), home),
        repairs_off=switched_off(keys.table("repairs", {}), catalogue),
        demand=read_demand(typology, home, catalogue),
        most_classes=number_of_classes(typology, "most_classes", 8) or 8,
        starts=at_least_one(typology, "starts", 20),
        seed=typology.whole("seed", 1),
        profiles_by=profiles_by(keys.table("profiles", {}), catalogue),
        pathways=read_pathways(pathways),
        outcomes=questions(outcomes, catalogue),
        asked_of_outcomes=followed[0],
        masks=followed[1],
        cost_first_day=cost_first_day,
        cost_end_day=cost_end_day,
        is_cost_window_asked=bool({"from", "to"} & set(costs.values)),
        prices=asked_of_costs.prices,
        cost_choices=asked_of_costs.choices,
        with_cost_lines=asked_of_costs.with_lines,
        report=read_asked_of_report(keys.table("report", {}), home),
    )
    return checked(study, words, typology, pathways, outcomes, costs, keys)


def checked(study: Study, words: Keys, *others: Keys) -> Study:
    """Return the study. Raises StudyError for a key that nobody asked for, or a file in a wrong place."""
    for table in (words, *others):
        table.done()
    check_places(study, words.where)
    check_report(study.report, [delivery.la for delivery in study.deliveries], study.disclosure, words.where)
    return study


def check_catalogue(words: Keys, path: Path, catalogue: Catalogue) -> None:
    """Raise StudyError when the study's own declarations are not those that were loaded."""
    if (own := own_folder(words, path)) != catalogue.own:
        raise StudyError(f'{words.where}: "catalogue" names {own}, and another catalogue was given: use catalogue_of')


def own_folder(words: Keys, study_file: Path) -> Path | None:
    """The folder of declarations of the study's own, if it names one."""
    named = words.text("catalogue", "")
    return study_file.resolve().parent / named if named else None


def keys_of(path: Path) -> Keys:
    """The keys of a study file. Raises StudyError, saying what it is, for another kind of file."""
    if path.is_file() and path.suffix != ".toml":
        raise StudyError(f"{path}: this is no study file, which is a .toml file")
    keys = read_toml(path, StudyError)
    if "probabilities" in keys.values:
        raise StudyError(f"{path}: this is a saved typology, not a study file; name it with --with, --from or use =")
    return keys


def check_places(study: Study, where: str) -> None:
    """Raise StudyError without a delivery, or when a file that must last lies in the folder that every run replaces."""
    if not study.deliveries and not study.common:
        raise StudyError(f"{where}: there is no [[delivery]]; name at least one return with its files")
    if study.deliveries and study.common:
        raise StudyError(f'{where}: "common" stands in place of deliveries; leave it or every [[delivery]] out')
    if study.common and study.governed.agreements:
        why = "agreements say which columns of returns may be read, and nobody can see that of common tables"
        raise StudyError(f'{where}: "common" cannot stand beside agreements: {why}; name the files as [[delivery]]')
    more = [("vault", study.vault.path)] if study.vault else []
    more += [("common", study.common)] if study.common else []
    for name, kept in ("key", study.key), ("recognised", study.recognised), *more:
        if kept.resolve().is_relative_to(study.out.resolve()):
            raise StudyError(f'{where}: "{name}" lies inside "out", which every run replaces whole; keep it elsewhere')


def window(keys: Keys, default: tuple[dt.date, dt.date] | None = None) -> tuple[dt.date, dt.date]:
    """Read from and to, both included, as a half-open window."""
    if default and not {"from", "to"} & set(keys.values):
        keys.asked |= {"from", "to"}
        return default
    first, last = keys.day("from"), keys.day("to")
    if last < first:
        raise StudyError(f'{keys.where}: "to" is before "from"')
    if first.year < FIRST_YEAR or last.year > LAST_YEAR:
        raise StudyError(f'{keys.where}: "from" and "to" should be of the years {FIRST_YEAR} to {LAST_YEAR}')
    return first, last + dt.timedelta(days=1)


def year_before(end_day: dt.date) -> dt.date:
    return dt.date(end_day.year - 1, end_day.month, min(end_day.day, 28) if end_day.month == 2 else end_day.day)


def read_delivery(keys: Keys, home: Path, catalogue: Catalogue) -> Delivery:
    """Read one [[delivery]]; without return = or year =, they are told from the files."""
    mapping = keys.text("mapping", None)
    delivery = Delivery(
        la=str(keys.text("authority")),
        files=tuple(find_files(keys, home)),
        return_name=keys.one_of("return", tuple(catalogue.returns)) if "return" in keys.values else None,
        year=keys.whole("year", None),
        mapping=home / mapping if mapping else None,
    )
    keys.done()
    return delivery


def find_files(keys: Keys, home: Path) -> list[Path]:
    """Return the files that the patterns name, in order. A pattern that matches nothing is the study's fault."""
    found: list[Path] = []
    for pattern in keys.texts("files"):
        place = Path(pattern)
        if not any(mark in pattern for mark in GLOB):
            found.append(home / place)
            continue
        base = Path(place.anchor) if place.is_absolute() else home
        matches = sorted(base.glob(str(place.relative_to(place.anchor)) if place.is_absolute() else pattern))
        if not matches:
            raise StudyError(f'{keys.where}: no file matches files = "{pattern}"; it is looked for from {base}')
        found.extend(matches)
    return list(dict.fromkeys(found))


def switched_off(keys: Keys, catalogue: Catalogue) -> tuple[str, ...]:
    """Name the repairs that [repairs] sets to false."""
    known = [repair.name for repair in catalogue.repairs]
    for name in keys.values:
        if name not in known:
            raise StudyError(f'{keys.where}: there is no repair "{name}"{nearest(name, known)}')
    off = tuple(name for name in keys.values if not keys.flag(name))
    keys.done()
    return off


def profiles_by(keys: Keys, catalogue: Catalogue) -> tuple[str, ...]:
    """Name the columns by which profiles are told apart; each profile is by those of them that it has."""
    known = {name for profile in catalogue.profiles.values() for name in groupings(profile, catalogue.tables)}
    by = tuple(keys.texts("by", ["category", "la", "year"]))
    for name in by:
        if name not in known:
            raise StudyError(f'{keys.where}: profiles cannot be by "{name}"{nearest(name, known)}')
    keys.done()
    return by


def read_pathways(keys: Keys) -> AskedOfPathways:
    """Read [pathways]."""
    interactions = tuple(keys.texts("interactions", []))
    for name in interactions:
        if name not in INTERACTIONS:
            raise StudyError(f'{keys.where}: there is no interaction "{name}"{nearest(name, INTERACTIONS)}')
    episode_class = keys.one_of("episode_class", EPISODE_CLASS_RULES, EPISODE_CLASS_RULES[0])
    return AskedOfPathways(interactions, episode_class, keys.one_of("distance", DISTANCES, DISTANCES[0]))


def at_least_one(keys: Keys, key: str, default: int) -> int:
    value = int(keys.whole(key, default))
    if value < 1:
        raise StudyError(f'{keys.where}: "{key}" should be 1 or more')
    return value


def questions(keys: Keys, catalogue: Catalogue) -> tuple[str, ...]:
    asked = keys.texts("questions", list(catalogue.outcomes))
    for name in asked:
        if name not in catalogue.outcomes:
            raise StudyError(f'{keys.where}: there is no outcome "{name}"{nearest(name, catalogue.outcomes)}')
    return asked
