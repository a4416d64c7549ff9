"""Service deliveries as a spreadsheet of many hands has them: free text for what was given, and half of it costed."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from careloom.catalogue.recordings import Recording
from careloom.synth import draws
from careloom.synth.aside import Aside, Trace
from careloom.synth.days import NEVER, Flags, year_ends
from careloom.synth.files.deliveries import STAGES, Deliveries, column, deliveries
from careloom.synth.files.spoken import Vocabulary, Words, carelessly, rows_of, vocabulary, words_of
from careloom.synth.files.table import dmy_text, write_csv
from careloom.synth.who.identity import Homes, Identities
from careloom.synth.who.recording import MISSING, record
from careloom.synth.world import Rows, Texts, World

# How the sheet is kept: shares of lines
BY_CHILD_ID = 0.62  # the rest say who it was for by name and date of birth only
NAMED_AS_WELL = 0.35  # of those with a child id
PROVIDER_BLANK, QUANTITY_BLANK, COST_BLANK = 0.18, 0.08, 0.28
SMALL_LETTERS, CAPITALS, SLIP = 0.14, 0.06, 0.09
TIMES, BY_PROVIDER, NOTED = 0.12, 0.10, 0.08  # descriptions that also hold the quantity, the provider, a note
COST_STYLES = (0.55, 0.25, 0.20)  # 1234.50, £1,234.50, 1,234
PRICE_SPREAD = 0.15  # standard deviation of the log of what a unit costs
_NOTES = (" (ongoing)", " - ref'd", " tbc", " ?", " - 2nd block", " (see notes)", " - agreed at panel")
_TEAMS = (  # by stage
    ("Assessment 1", "Assessment 2", "Early Help", "MASH"),
    ("CIN North", "CIN South", "CIN nth", "Family Help"),
    ("CP & Court", "CIN North", "CIN South", "Safeguarding"),
    ("CLA", "LAC team", "Children Looked After", "CP & Court"),
)


def write_services(
    folder: Path, world: World, identities: Identities, homes: Homes, recording: Recording, seed: int
) -> Aside:
    """Write services/deliveries.csv: every delivery that ran in the years of the world. Aside: the service each truly was."""
    rng = draws.generator(seed, world.authority.position, "services")
    given = deliveries(world, rng)
    many, last = len(given.child), year_ends(world.years[1])
    provider = words("providers").say(given.service, rng.random(many))
    quantity = quantities(given, last, rng)
    by_id = rng.random(many) < BY_CHILD_ID
    named = ~by_id | (rng.random(many) < NAMED_AS_WELL)
    in_care = given.stage == STAGES.index("care")
    seen = record("services", given.child, given.starts_on, world.people, identities, homes, recording, seed, in_care)
    number = pc.utf8_lpad(pa.array(np.arange(1, many + 1)).cast(pa.string()), 6, "0")
    reference = pc.binary_join_element_wise("D", number, "")
    columns = {
        "delivery_id": reference,
        "child_id": blank(identities.child_id[given.child], ~by_id),
        "first_name": blank(seen.first_name, ~named),
        "surname": blank(seen.surname, ~named),
        "date_of_birth": blank(dmy_text(np.where(seen.born_on == MISSING, NEVER, seen.born_on)), ~named),
        "service_description": descriptions(given.service, quantity, provider, rng),
        "provider": blank(provider, rng.random(many) < PROVIDER_BLANK),
        "start_date": dmy_text(given.starts_on),
        "end_date": blank(dmy_text(given.ends_on - 1), given.ends_on > last),
        "quantity": blank(pa.array(quantity), rng.random(many) < QUANTITY_BLANK),
        "unit": words("units").say(given.service, rng.random(many)),
        "cost": costs(given.service, quantity, rng),
        "team": teams(given.stage, rng),
    }
    write_csv(folder / "services" / "deliveries.csv", columns)
    ids = np.array(reference.to_pylist(), dtype=str)
    keys = np.array([row["service"] for row in rows_of("services_spoken", "services")])
    trace = Trace("services", ids, world.people.person[given.child])
    return Aside((trace,), {"service": {"delivery_id": ids, "service": keys[given.service]}})


@cache
def words(about: str) -> Vocabulary:
    """Spellings, providers or units by service."""
    services = rows_of("services_spoken", "services")
    return vocabulary(written(about), [row["service"] for row in services])


def written(about: str) -> Words:
    rows = rows_of("services_spoken", about)
    if about == "spellings":
        spelled = words_of(rows, "service", "spelling")
        return carelessly(spelled, small=SMALL_LETTERS, capital=CAPITALS, slip=SLIP)
    if about == "providers":
        return [(key, float(row["weight"]), row["provider"]) for row in rows for key in row["services"].split(";")]
    spelled = words_of(rows, "unit", "spelling")
    services = rows_of("services_spoken", "services")
    return [(row["service"], weight, text) for row in services for unit, weight, text in spelled if unit == row["unit"]]


def descriptions(service: Rows, quantity: Rows, provider: pa.Array, rng: np.random.Generator) -> pa.Array:
    """What the sheet calls each delivery: a spelling, at times with the quantity, the provider or a note behind it."""
    many = service.size
    said = words("spellings").say(service, rng.random(many))
    times = blank(
        pc.binary_join_element_wise(" x", pa.array(quantity).cast(pa.string()), ""), rng.random(many) >= TIMES
    )
    by = blank(pc.binary_join_element_wise(" - ", provider, ""), rng.random(many) >= BY_PROVIDER)
    note = blank(pa.array(_NOTES).take(pa.array(rng.integers(len(_NOTES), size=many))), rng.random(many) >= NOTED)
    return pc.binary_join_element_wise(said, times, by, note, "", null_handling="skip")


def quantities(given: Deliveries, last: int, rng: np.random.Generator) -> Rows:
    """Units given up to the last day, a few of those meant being missed; one at least."""
    weeks = (np.minimum(given.ends_on, last + 1) - given.starts_on) / 7
    came = rng.uniform(0.75, 1.0, given.child.size)
    return np.maximum(np.rint(column("a_week")[given.service] * weeks * came), 1).astype(np.int64)


def costs(service: Rows, quantity: Rows, rng: np.random.Generator) -> pa.Array:
    """GBP of each delivery in one of three styles, or blank."""
    pounds = quantity * column("price")[service] * np.exp(rng.normal(0, PRICE_SPREAD, service.size))
    pence = np.rint(pounds * 2).astype(np.int64) * 50
    style = rng.choice(len(COST_STYLES), size=service.size, p=COST_STYLES)
    whole, rest = pa.array(pence // 100).cast(pa.string()), np.where(pence % 100 == 0, ".00", ".50")
    grouped = pc.replace_substring_regex(whole, r"^(\d+)(\d{3})$", r"\1,\2")
    plain, exact = (pc.binary_join_element_wise(number, pa.array(rest), "") for number in (whole, grouped))
    styles = (plain, pc.binary_join_element_wise("£", exact, ""), grouped)
    return blank(pc.choose(pa.array(style), *styles), rng.random(service.size) < COST_BLANK)


def teams(stage: Rows, rng: np.random.Generator) -> pa.Array:
    """The team of the worker who keeps the line."""
    position = len(_TEAMS[0]) * stage + rng.integers(len(_TEAMS[0]), size=stage.size)
    return pa.array([team for names in _TEAMS for team in names]).take(pa.array(position))


def blank(values: pa.Array | Texts, where: Flags) -> pa.Array:
    """The values with blanks where told."""
    return pc.if_else(pa.array(where), None, pa.array(values))
