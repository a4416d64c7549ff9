"""An empty folder of prices for an authority to fill in: every element of every process, and what each column means."""

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

from careloom.catalogue import MORE_COLUMNS, PRICE_KEYS, Catalogue, Element, Process
from careloom.catalogue.price_base import STAFF
from careloom.catalogue.staff import STAFF_COLUMNS, STAFF_MORE
from careloom.core import OutputError
from careloom.study.asked_of_costs import SHEET

MODEL = "illustrative"
"""The shipped sheet whose rows show by which keys the price of an element is told apart."""
HEADING = ("standing", "price_year", "process", "element", *PRICE_KEYS, "unit", *MORE_COLUMNS, "source")
KINDS_OF_STAFF = (
    "social worker",
    "team manager",
    "supervising social worker",
    "independent reviewing officer",
    "administrator",
)
"""To begin with; any other name will do."""
ABOUT = """# Prices of {processes} processes, to be filled in

`{sheet}` has {rows} rows, one for each price that a study may ask for. None has a figure yet, and a row without one is refused:
take out the rows of work that you do not cost, and write 0 in `fixed` where something costs nothing. Then name this folder in
the study file:

    [costs]
    prices = "{folder}"

## Columns of {sheet}

- `standing`: `local`, your own prices. Anything but `illustrative`, which marks every table and figure as not your own.
- `price_year`: the financial year of the prices, as 2023/24. One year for all, or an `indices.csv` beside it (below).
- `process`, `element`: what is priced; listed below. Leave them as they are.
- `placement_code`, `provider`, `need_group`, `variation`, `area`, `age_band`: by what the price differs. Blank fits anything; the row
  with the most keys filled in counts. `area` is inside (the authority), outside, or outside_over_20_miles, where SSDA903 files say
  PL_LOCATION. Add rows where your prices differ, as for a need group; two rows may not fit equally well.
- `unit`: what the amount is for: an event, or a night, week, month or year.
- `component`: pay, fees, allowances or other: which index and which regional multiplier apply. Blank: pay for hours, else fees.
- `staff`, `hours`: who does it and for how long, travel, recording and meetings included. Several kinds of staff: a row each; they add up.
- `hours_low`, `hours_high`: how far the hours range, if known; or `low` and `high`, how far the amount in GBP does.
- `hours_basis`: `working hour` when the hours include indirect work, `client hour` when they are of direct work alone. One for the
  whole sheet.
- `hourly_rate`: GBP per hour; blank where {staff} has the staff.
- `fixed`: GBP beside the hours: fees, panels, courts.
- `source`: where the figure comes from. Every row needs one.

`careloom time-use` makes rows of hours from a focus group or a diary.

## Columns of {staff}

GBP a year for one full post: `salary`, `employer_ni`, `superannuation`, `direct_overheads`, `indirect_overheads`, `capital`. Time:
`weeks_per_year` (52), `hours_per_week` (37), and days not worked: `leave_days`, `statutory_days`, `sick_days`, `training_days`.
`client_share` is the share of the hours worked that is direct work with and for clients (only for client hours). An hour costs the sum
of the year over the hours worked. Rows left empty are passed over.

## Beside them, if you need them

- `regions.csv` (region, component, multiplier, source), with `region = "London"` in [costs].
- `indices.csv` (component, price_year, index, source), with `price_year = "2024/25"` in [costs]: a price is multiplied by the index of
  that year over the index of its own. Careloom brings no index: name the one you use in `source`.

## What is priced

{listed}
"""


def write_new_prices(folder: Path, catalogue: Catalogue) -> int:
    """Write an empty price sheet, a staff sheet and what they mean; return how many rows wait. Raises OutputError, and writes over nothing."""
    rows = list(sheet_rows(catalogue))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise OutputError(f"{folder}: this folder is not empty, and nothing is written over; name another")
        write_rows(folder / SHEET, HEADING, rows)
        write_rows(folder / STAFF, (*STAFF_COLUMNS, *STAFF_MORE), [{"staff": name} for name in KINDS_OF_STAFF])
        (folder / "README.md").write_text(about(folder, catalogue, len(rows)), encoding="utf-8")
    except OSError as fault:
        raise OutputError(f"{folder}: the sheets cannot be written there ({fault.strerror})") from None
    return len(rows)


def write_price_rows(path: Path, rows: Sequence[dict[str, str]]) -> None:
    """Write rows of a price sheet into a new file. Raises OutputError."""
    try:
        write_rows(path, HEADING, rows)
    except FileExistsError:
        raise OutputError(f"{path}: this is there already, perhaps filled in by hand; name another file") from None
    except OSError as fault:
        raise OutputError(f"{path}: the rows cannot be written there ({fault.strerror})") from None


def write_rows(path: Path, heading: Sequence[str], rows: Sequence[dict[str, str]]) -> None:
    """Write a CSV that Excel opens with its letters right, hence the mark at its head; cells that a row leaves out are blank."""
    with path.open("x", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, heading, restval="")
        writer.writeheader()
        writer.writerows(rows)


def sheet_rows(catalogue: Catalogue) -> Iterator[dict[str, str]]:
    """A row for each element, and for each of the keys that the illustrative sheet tells it apart by; no figures."""
    model = catalogue.price_sheets[MODEL]
    for process in catalogue.processes:
        for element in process.elements:
            same = [price for price in model.prices if (price.process, price.element) == (process.key, element.name)]
            for keys, unit in [(price.keys, price.unit) for price in same] or [((), usual_unit(element))]:
                yield new_row(process, element, unit) | dict(keys)


def new_row(process: Process, element: Element, unit: str) -> dict[str, str]:
    row = {"standing": "local", "process": process.key, "element": element.name, "unit": unit}
    is_time = element.kind == "case_management"
    return row | {"component": element.component} | ({"hours_basis": "working hour"} if is_time else {})


def usual_unit(element: Element) -> str:
    return "week" if element.basis == "night" else element.basis


def about(folder: Path, catalogue: Catalogue, rows: int) -> str:
    listed = "\n".join(
        f"- **{process.key} {process.name}**. {process.why}\n"
        + "\n".join(
            f"  - {element.name}: by the {element.basis}, {element.kind.replace('_', ' ')}"
            for element in process.elements
        )
        for process in catalogue.processes
    )
    return ABOUT.format(
        processes=len(catalogue.processes), rows=rows, sheet=SHEET, staff=STAFF, folder=folder.name, listed=listed
    )
