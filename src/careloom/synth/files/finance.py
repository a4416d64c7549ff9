"""What the finance system pays for placements, and the authority's sheet of unit costs."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from careloom.catalogue import load_catalogue
from careloom.catalogue.recordings import Recording
from careloom.synth import draws
from careloom.synth.aside import Aside, Trace
from careloom.synth.days import NEVER, year_ends
from careloom.synth.files.ledger import COVERAGE, PARTS, SPLIT, Stays, ledger, paid_stays, position_of
from careloom.synth.files.spoken import Vocabulary, carelessly, rows_of, vocabulary, words_of
from careloom.synth.files.table import dmy_text, write_csv
from careloom.synth.who.identity import Homes, Identities
from careloom.synth.who.recording import MISSING, record
from careloom.synth.world import Rows, Texts, World

SHEET = "illustrative"  # whose rows the authority's own sheet takes up
MONEY = ("hourly_rate", "fixed", "low", "high")
FACTOR_SPREAD = 0.12  # standard deviation of the log of an authority's costs against that sheet
FOUR_WEEKLY = 0.25  # share of stays paid every four weeks; the amount is then of four weeks
BY_CHILD_ID = 0.35  # share of lines that name the child by the authority's identifier as well
SMALL_LETTERS, CAPITALS, SLIP = 0.10, 0.10, 0.04
AGENCIES = 15


def write_finance(
    folder: Path, world: World, identities: Identities, homes: Homes, recording: Recording, seed: int
) -> Aside:
    """Write finance/weekly_fees.csv and finance/unit_costs.csv. Aside: whose each payment is."""
    write_unit_costs(folder, world, seed)
    rng = draws.generator(seed, world.authority.position, "finance")
    paid = paid_stays(world, rng)
    lines = ledger(paid, world, rng)
    many, last = len(lines.stay), year_ends(world.years[1])
    stay, child = lines.stay, paid.child[lines.stay]
    yes = np.ones(many, dtype=bool)  # all are looked after
    seen = record("finance", child, lines.starts_on, world.people, identities, homes, recording, seed, yes)
    monthly = (rng.random(len(paid.child)) < FOUR_WEEKLY)[stay]
    client = rng.permutation(len(world.people))[child]
    reference = numbered("P", np.arange(1, many + 1), 7)
    columns = {
        "payment_ref": reference,
        "client_no": numbered("C", 100_000 + client, 6),
        "initials": initials(seen.first_name, seen.surname),
        "date_of_birth": dmy_text(np.where(seen.born_on == MISSING, NEVER, seen.born_on)),
        "child_id": pc.if_else(pa.array(rng.random(many) < BY_CHILD_ID), pa.array(identities.child_id[child]), None),
        "supplier_ref": suppliers(paid, seed).take(pa.array(stay)),
        "placement_type": wording().say(position_of(paid.code)[stay], rng.random(len(paid.child))[stay]),
        "from": dmy_text(lines.starts_on),
        "to": dmy_text(np.where(lines.ends_on > last, NEVER, lines.ends_on - 1)),
        "component": pa.array(PARTS).take(pa.array(lines.part)),
        "amount_gbp": pounds(lines.pence * np.where(monthly, 4, 1)),
        "per": pc.if_else(pa.array(monthly), "4 weeks", "week"),
    }
    write_csv(folder / "finance" / "weekly_fees.csv", columns)
    return Aside((Trace("finance", np.array(reference.to_pylist(), dtype=str), world.people.person[child]),))


@cache
def wording() -> Vocabulary:
    """Finance's words for each of COVERAGE."""
    words = words_of(rows_of("services_spoken", "placements"), "placement_code", "spelling")
    return vocabulary(carelessly(words, small=SMALL_LETTERS, capital=CAPITALS, slip=SLIP), list(COVERAGE))


def suppliers(paid: Stays, seed: int) -> pa.StringArray:
    """Whom each stay is paid to: the authority's own carer or home, or the agency behind the carer."""
    own = np.isin(paid.code, [*SPLIT, "kin_foster"])
    agency = draws.bits(seed, paid.carer, "agency").astype(np.int64) % AGENCIES
    return pc.if_else(pa.array(own), numbered("FC", paid.carer, 6), numbered("AG", agency + 1, 3))


def initials(first_name: Texts, surname: Texts) -> pa.StringArray:
    letters = (pc.utf8_slice_codeunits(pa.array(name), 0, 1) for name in (first_name, surname))
    return pc.binary_join_element_wise(*letters, "")


def numbered(prefix: str, number: Rows, digits: int) -> pa.StringArray:
    return pc.binary_join_element_wise(prefix, pc.utf8_lpad(pa.array(number).cast(pa.string()), digits, "0"), "")


def pounds(pence: Rows) -> pa.StringArray:
    """Pence as GBP with two decimals."""
    rest = pc.utf8_lpad(pa.array(pence % 100).cast(pa.string()), 2, "0")
    return pc.binary_join_element_wise(pa.array(pence // 100).cast(pa.string()), rest, ".")


# --- unit costs ------------------------------------------------------------------------------------------------------


def write_unit_costs(folder: Path, world: World, seed: int) -> None:
    """The authority's price sheet: the illustrative one, each rate and amount times a factor of the authority's own."""
    rng = draws.generator(seed, world.authority.position, "unit_costs")
    factor = float(np.exp(rng.normal(0, FACTOR_SPREAD)))
    with (load_catalogue().folder / "prices" / f"{SHEET}.csv").open(encoding="utf-8", newline="") as file:
        rows = [priced(row, factor) for row in csv.DictReader(file)]
    write_csv(folder / "finance" / "unit_costs.csv", {name: [row[name] for row in rows] for name in rows[0]})


def priced(row: dict[str, str], factor: float) -> dict[str, str]:
    """One row of the sheet at the authority's prices; it stays illustrative, for nobody ever paid them."""
    amounts = {key: f"{float(row[key]) * factor:.2f}" for key in MONEY if row.get(key)}
    return row | amounts | {"source": f"made up for a made-up authority; {row['source']}"}
