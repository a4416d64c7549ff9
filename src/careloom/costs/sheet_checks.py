"""Whether a price sheet speaks of what there is: processes, elements, and the keys that prices may differ by."""

from collections.abc import Iterable, Sequence

from careloom.catalogue import Need, PlacementCodes, Price, PriceSheet, Process
from careloom.core import CatalogueError, nearest
from careloom.costs.care import AREAS
from careloom.costs.needs import AGE_BANDS, NO_NEED


def check_prices(
    sheet: PriceSheet, processes: Sequence[Process], needs: Sequence[Need], placement_codes: PlacementCodes
) -> None:
    """Raise CatalogueError, naming the line, for a price that could never be asked for: it would be left unused in silence."""
    elements = {process.key: {e.name: e for e in process.elements} for process in processes}
    known: dict[str, Iterable[str]] = {
        "placement_code": {code for _, _, code in placement_codes.rows},
        "age_band": [band for _, band in AGE_BANDS],
        "area": AREAS,
    }
    titles = [need.title for need in sorted(needs, key=lambda need: need.position)]
    for price in sheet.prices:
        where = f"price sheet {sheet.name} line {price.rows[0].line}"
        if price.process not in elements:
            raise CatalogueError(f'{where}: there is no process "{price.process}"{nearest(price.process, elements)}')
        if price.element not in elements[price.process]:
            hint = nearest(price.element, elements[price.process])
            raise CatalogueError(f'{where}: process {price.process} has no element "{price.element}"{hint}')
        check_unit(where, price, elements[price.process][price.element].basis)
        for name, value in price.keys:
            if name in known and value not in known[name]:
                raise CatalogueError(f'{where}: there is no {name} "{value}"{nearest(value, known[name])}')
            if name == "need_group":
                check_need_group(where, value, titles)


def check_unit(where: str, price: Price, basis: str) -> None:
    if (basis == "event") != (price.unit == "event"):
        other = "event" if basis == "event" else "night, week, month or year"
        raise CatalogueError(f'{where}: "{price.element}" is counted by the {basis}: its price is per {other}')


def check_need_group(where: str, value: str, titles: Sequence[str]) -> None:
    """A group is written as its needs in their order, as "EBD + offending"."""
    named = value.split(" + ")
    if value == NO_NEED or [title for title in titles if title in named] == named:
        return
    for title in named:
        if title not in titles:
            raise CatalogueError(f'{where}: there is no need "{title}"{nearest(title, [NO_NEED, *titles])}')
    ordered = " + ".join(title for title in titles if title in named)
    raise CatalogueError(f'{where}: need_group "{value}" is written "{ordered}"')
