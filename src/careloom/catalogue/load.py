"""Read the catalogue from its folders and complain well: the file, the key, and what to write."""

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import TypeVar

from careloom.catalogue.care_states import read_care_states
from careloom.catalogue.checklists import read_checklist
from careloom.catalogue.costing import Need, Process, read_need, read_placement_codes, read_process
from careloom.catalogue.indicator_sets import IndicatorSet, read_indicator_set
from careloom.catalogue.items import check_items
from careloom.catalogue.nouns import (
    Catalogue,
    Measure,
    Outcome,
    Page,
    Repair,
    Return,
    Service,
    Sign,
)
from careloom.catalogue.population import read_population
from careloom.catalogue.prices import read_prices
from careloom.catalogue.read_outcomes import read_outcome
from careloom.catalogue.read_profiles import described, read_flow, read_profile
from careloom.catalogue.read_returns import each, read_declaration, read_return, read_tables
from careloom.catalogue.read_typologies import read_typology
from careloom.catalogue.recordings import read_recording
from careloom.catalogue.targets import read_targets
from careloom.core import CatalogueError, Code, CodeSet, Years, read_toml

OURS = Path(__file__).parent
Asked = TypeVar("Asked", IndicatorSet, Need, Outcome, Process)


@cache
def load_catalogue(folder: Path = OURS) -> Catalogue:
    """Read every declaration under `folder`. Raises CatalogueError naming the file and key at fault."""
    services = tuple(each(folder / "services", read_service))
    shared = {"services": spoken(services)}
    returns = {path.name: read_return(path, shared) for path in folders(folder / "returns")}
    profiles = {p.name: p for p in each(folder / "profiles", read_profile)}
    return Catalogue(
        folder=folder,
        tables=read_tables(folder / "tables.toml") | described(profiles),
        returns=returns,
        services=services,
        indicator_sets={s.name: s for s in asking(folder / "indicators", read_indicator_set, returns)},
        typologies={t.name: t for t in each(folder / "typologies", read_typology)},
        outcomes={o.name: o for o in asking(folder / "outcomes", read_outcome, returns)},
        processes=tuple(
            sorted(asking(folder / "processes", read_process, returns), key=lambda p: (p.system, p.number))
        ),
        needs=tuple(sorted(asking(folder / "needs", read_need, returns), key=lambda need: need.position)),
        price_sheets={s.name: s for s in map(read_prices, sorted((folder / "prices").glob("*.csv")))},
        placement_codes=read_placement_codes(folder / "placement_codes.csv"),
        care_states=read_care_states(folder / "care_states.csv"),
        repairs=tuple(sorted(each(folder / "repairs", read_repair), key=lambda repair: repair.position)),
        spells=tuple(each(folder / "spells", read_declaration)),
        signs=tuple(each(folder / "plausibility", read_sign)),
        measures=tuple(sorted(each(folder / "measures", read_measure), key=lambda m: m.position)),
        profiles=profiles,
        flows=tuple(each(folder / "flows", read_flow)),
        checklists=tuple(sorted(each(folder / "checklists", read_checklist), key=lambda c: c.position)),
        populations={p.name: p for p in each(folder / "populations", read_population)},
        recordings={r.name: r for r in each(folder / "recording", read_recording)},
        targets=read_targets(folder / "national" / "targets.csv"),
        pages=tuple(sorted(map(read_page, (folder / "pages").glob("*.md")), key=lambda page: page.order)),
    )


def folders(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if (path / "return.toml").exists())


def spoken(services: tuple[Service, ...]) -> CodeSet:
    """Return the services as a code set that a column of any return may name."""
    return CodeSet("services", tuple(Code(s.name, s.title, Years(), s.group, s.source, also=s.also) for s in services))


def read_service(path: Path) -> Service:
    keys = read_toml(path, CatalogueError)
    service = Service(
        name=path.stem,
        title=keys.text("title"),
        group=keys.one_of("group", ("core", "additional")),
        why=keys.text("why"),
        source=keys.text("source"),
        also=keys.texts("also"),
    )
    keys.done()
    return service


# --- what is asked of the common tables ------------------------------------------------------------------------------


def asking(folder: Path, read: Callable[[Path], Asked], returns: Mapping[str, Return]) -> list[Asked]:
    """Read every question of a folder; each says which items of the returns it needs, and they must be declared."""
    found = [(path, read(path)) for path in sorted(folder.glob("*.toml"))]
    # What extends another takes its items from there: the other one is told of first.
    for path, asked in sorted(found, key=lambda each: bool(getattr(each[1], "extends", None))):
        check_items(path.name, asked.items, returns)
    return [asked for _, asked in found]


def read_repair(path: Path) -> Repair:
    keys = read_toml(path, CatalogueError)
    repair = Repair(
        name=path.stem,
        position=keys.whole("position"),
        title=keys.text("title"),
        why=keys.text("why"),
        source=keys.text("source"),
        of=keys.texts("of"),
        select=keys.text("select"),
        examples=keys.text("examples"),
    )
    keys.done()
    return repair


def read_sign(path: Path) -> Sign:
    keys = read_toml(path, CatalogueError)
    sign = Sign(path.stem, keys.text("meaning"), keys.text("source"), keys.text("select"))
    keys.done()
    return sign


def read_measure(path: Path) -> Measure:
    keys = read_toml(path, CatalogueError)
    measure = Measure(
        name=path.stem,
        position=keys.whole("position"),
        title=keys.text("title"),
        unit=keys.text("unit"),
        why=keys.text("why"),
        source=keys.text("source"),
        needs=keys.texts("needs"),
        earlier_years=keys.whole("earlier_years", 0),
        select=keys.text("select"),
        examples=keys.text("examples"),
    )
    keys.done()
    return measure


def read_page(path: Path) -> Page:
    """Read a report page: the first line is its title (`# ...`), its order is the number its file name begins with."""
    title, _, text = path.read_text(encoding="utf-8").partition("\n")
    order, _, name = path.stem.partition("_")
    if not order.isdigit() or not title.startswith("# "):
        raise CatalogueError(f"{path.name}: a page is named like 20_outcomes.md and begins with a line '# Title'")
    return Page(name, title[2:].strip(), int(order), text)
