"""[costs] of the study file: the window, at which prices, and which conventions of the method are taken otherwise."""

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from careloom.catalogue import Catalogue, PriceSheet, read_price_base, read_prices
from careloom.core import CatalogueError, Keys, RequestError, StudyError, nearest
from careloom.costs import CostChoices, NeedChoices, check_prices

SHEET = "unit_costs.csv"
"""The price sheet of a folder; staff.csv, regions.csv and indices.csv may stand beside it."""
ASSESSMENT_MODELS = ("single", "initial_plus_core")
"""See CostChoices.assessment_model."""


@dataclass(frozen=True)
class AskedOfCosts:
    """At which prices, by which conventions, and whether each cost line is written into a file of its own."""

    prices: PriceSheet
    choices: CostChoices
    with_lines: bool


def read_asked_of_costs(keys: Keys, home: Path, catalogue: Catalogue) -> AskedOfCosts:
    """Read what [costs] asks beside its window. Raises StudyError naming the key at fault, CatalogueError the line of a sheet."""
    usual = CostChoices()
    share = keys.number("family_share", float(usual.family_share))
    if not 0 < share <= 1:
        raise StudyError(f'{keys.where}: "family_share" should be above 0 and at most 1 (each child bears all of it)')
    days = int(keys.whole("cin_review_days", usual.cin_review_days))
    if days < 7:
        raise StudyError(f'{keys.where}: "cin_review_days" should be 7 or more')
    choices = CostChoices(
        family_share=Decimal(str(share)),
        with_recorded_fees=keys.one_of("fees", ("recorded", "sheet"), "recorded") == "recorded",
        assessment_model=keys.one_of("assessment_model", ASSESSMENT_MODELS, usual.assessment_model),
        cin_review_days=days,
        needs=read_needs(keys.table("needs", {}), catalogue),
    )
    return AskedOfCosts(read_price_sheet(keys, home, catalogue), choices, keys.flag("lines"))


def read_needs(keys: Keys, catalogue: Catalogue) -> NeedChoices:
    """Read [costs.needs]: `uasc = false` tells that need not apart, `ebd = { sdq_score = 20 }` has its rule count otherwise."""
    off, numbers = [], []
    for name, value in keys.values.items():
        if isinstance(value, bool):
            if not keys.flag(name):
                off.append(name)
            continue
        of_need = keys.table(name)
        numbers += [(name, number, int(of_need.whole(number))) for number in of_need.values]
        of_need.done()
    keys.done()
    choices = NeedChoices(tuple(off), tuple(numbers))
    try:
        choices.of(catalogue.needs)
    except RequestError as fault:
        raise StudyError(f"{keys.where}: {fault}") from None
    return choices


def read_price_sheet(keys: Keys, home: Path, catalogue: Catalogue) -> PriceSheet:
    """Return the shipped price sheet of that name, or read the authority's own: a CSV file, or a folder with unit_costs.csv."""
    name = str(keys.text("prices", "illustrative"))
    price_year, region = str(keys.text("price_year", "")), str(keys.text("region", ""))
    path = home / name
    if name in catalogue.price_sheets:
        return shipped(keys, catalogue.price_sheets[name], price_year, region)
    if not name.endswith(".csv"):
        if not path.is_dir():
            hint = nearest(name, catalogue.price_sheets)
            raise StudyError(
                f'{keys.where}: there is no price sheet "{name}"{hint}; or name a file, prices = "ours.csv"'
            )
        path = path / SHEET
    sheet = read_prices(path, read_price_base(path.parent, price_year, region))
    check_prices(sheet, catalogue.processes, catalogue.needs, catalogue.placement_codes)
    return sheet


def shipped(keys: Keys, sheet: PriceSheet, price_year: str, region: str) -> PriceSheet:
    """A sheet that comes with Careloom is as it is: no index and no multiplier comes with it."""
    if region or price_year not in ("", sheet.price_year):
        raise CatalogueError(
            f"{keys.where}: the {sheet.name} prices are of {sheet.price_year} and of no region, and Careloom brings no index "
            'and no multiplier; for others, write a sheet of your own ("careloom new prices") with indices.csv or regions.csv'
        )
    return sheet
