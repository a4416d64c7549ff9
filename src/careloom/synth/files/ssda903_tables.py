"""The tables of one SSDA903 return: every child looked after in the year, and care leavers, as known on 31 March."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from careloom.synth.days import NEVER, Days, birthday, day
from careloom.synth.files.care_outcomes import draw_outcomes
from careloom.synth.files.ssda903_books import Books, Return, open_return
from careloom.synth.files.table import dmy_text
from careloom.synth.world import Rows, Texts

Table: TypeAlias = dict[str, pa.Array | NDArray[Any]]

_LETTERS_FOR_SEX_FROM = 2025
_PERMANENCE_FROM = 2017
_PERMANENCE_OF_STARTS_FROM = day(2016, 4, 1)
_WORKERS_FROM = 2024
FIRST_WORKER = 10000  # of the made-up registration numbers, with 500 for each authority


def tables_of(books: Books, year: int) -> dict[str, Table]:
    """Every table of one year's return by the name of its file, each ordered by child and day."""
    filled = open_return(books, year)
    tables = {
        "header": header(filled),
        "episodes": episodes(filled),
        "reviews": reviews(filled),
        "uasc": uasc(filled),
        "oc2": oc2(filled),
        "oc3": oc3(filled),
        "ad1": ad1(filled),
        "placed_for_adoption": placed_for_adoption(filled),
        "missing": missing(filled),
    }
    if year >= _PERMANENCE_FROM:
        tables["previous_permanence"] = previous_permanence(filled)
    if year >= _WORKERS_FROM:
        tables["sw_episodes"] = social_workers(filled)
    return tables


def _of(filled: Return, child: Rows) -> Table:
    """The first two columns of most tables."""
    return {"CHILD": filled.books.identities.child_id[child], "DOB": dmy_text(filled.born[child])}


def _sorted(filled: Return, rows: Rows, child: Rows, on: Days) -> Rows:
    return rows[np.lexsort((on[rows], filled.books.order[child[rows]]))]


def _sex(filled: Return, is_male: NDArray[np.bool_]) -> Texts:
    male, female = ("M", "F") if filled.year >= _LETTERS_FOR_SEX_FROM else ("1", "2")
    return np.where(is_male, male, female)


def _by(filled: Return, on: Days) -> Days:
    """Days after the end of the year are not yet known."""
    return np.where(on <= filled.ends_on, on, NEVER)


def header(filled: Return) -> Table:
    books, told, child = filled.books, filled.told, filled.child
    known_until = np.full(len(books.world.people), -1)
    np.maximum.at(known_until, books.world.care.child[filled.care], books.world.care.ends_on[filled.care])
    mother_on = books.mother_on[child]
    is_mother = mother_on <= np.minimum(known_until[child], filled.ends_on)
    asked = (told.sex == "F") & (known_until[child] >= 0)
    return {
        "CHILD": books.identities.child_id[child],
        "SEX": _sex(filled, told.sex == "M"),
        "DOB": dmy_text(told.born_on),
        "ETHNIC": told.ethnicity,
        "UPN": np.where(told.upn != "", told.upn, told.upn_unknown),
        "MOTHER": np.where(asked, np.where(is_mother, "1", "0"), ""),
        "MC_DOB": dmy_text(np.where(asked & is_mother, mother_on, NEVER)),
    }


def episodes(filled: Return) -> Table:
    care, table = filled.books.world.care, filled.books.world.episodes
    child = care.child[table.care]
    rows = np.flatnonzero((table.starts_on <= filled.ends_on) & (table.ends_on >= filled.starts_on))
    rows = _sorted(filled, rows, child, table.starts_on)
    over = table.ends_on[rows] <= filled.ends_on
    return {
        "CHILD": filled.books.identities.child_id[child[rows]],
        "DECOM": dmy_text(table.starts_on[rows]),
        "RNE": table.reason_new[rows],
        "LS": table.legal[rows],
        "CIN": care.need[table.care[rows]],
        "PLACE": table.place[rows],
        "PLACE_PROVIDER": table.provider[rows],
        "DEC": dmy_text(_by(filled, table.ends_on[rows])),
        "REC": np.where(over, table.reason_ceased[rows], ""),
        "REASON_PLACE_CHANGE": np.where(over, table.change[rows], ""),
        "HOME_POST": table.home_postcode[rows],
        "PL_POST": table.placement_postcode[rows],
        "URN": table.urn[rows],
    }


def reviews(filled: Return) -> Table:
    table = filled.books.world.care_reviews
    child = filled.books.world.care.child[table.of]
    rows = np.flatnonzero((table.on >= filled.starts_on) & (table.on <= filled.ends_on))
    rows = _sorted(filled, rows, child, table.on)
    small = table.on[rows] < birthday(filled.born[child[rows]], 4)
    return {
        **_of(filled, child[rows]),
        "REVIEW": dmy_text(table.on[rows]),
        "REVIEW_CODE": np.where(small, "PN0", filled.books.takes_part[rows]),
    }


def uasc(filled: Return) -> Table:
    people = filled.books.world.people
    in_care = np.isin(filled.child, filled.books.world.care.child[filled.care])
    at = np.flatnonzero(people.is_uasc[filled.child] & in_care)
    child = filled.child[at]
    return {
        "CHILD": filled.books.identities.child_id[child],
        "SEX": _sex(filled, filled.told.sex[at] == "M"),
        "DOB": dmy_text(filled.born[child]),
        "DUC": dmy_text(_by(filled, birthday(filled.born[child], 18))),
    }


def oc2(filled: Return) -> Table:
    found = draw_outcomes(filled.books.world, filled.year, filled.born, filled.books.seed)
    child = filled.books.world.care.child[found.care]
    rows = np.argsort(filled.books.order[child])
    items = {name.upper(): column[rows] for name, column in vars(found).items() if name != "care"}
    return {**_of(filled, child[rows]), **items}


def oc3(filled: Return) -> Table:
    table = filled.books.leavers
    rows = np.flatnonzero(table.year == filled.year)
    rows = rows[np.argsort(filled.books.order[table.child[rows]])]
    return {
        **_of(filled, table.child[rows]),
        "IN_TOUCH": table.in_touch[rows],
        "ACTIV": table.activity[rows],
        "ACCOM": table.accommodation[rows],
    }


def ad1(filled: Return) -> Table:
    table = filled.books.decisions
    child = filled.books.world.care.child[table.care]
    rows = np.flatnonzero((table.adopted_on >= filled.starts_on) & (table.adopted_on <= filled.ends_on))
    rows = _sorted(filled, rows, child, table.on)
    alone = np.isin(table.adopters[rows], ["M1", "F1"])
    return {
        **_of(filled, child[rows]),
        "DATE_INT": dmy_text(table.on[rows]),
        "DATE_MATCH": dmy_text(table.matched_on[rows]),
        "FOSTER_CARE": np.where(table.by_carer[rows], "1", "0"),
        "NB_ADOPTR": np.where(alone, "1", "2"),
        "SEX_ADOPTR": table.adopters[rows],
        "LS_ADOPTR": table.status[rows],
    }


def placed_for_adoption(filled: Return) -> Table:
    table, care = filled.books.decisions, filled.books.world.care
    child, until = care.child[table.care], care.ends_on[table.care]
    holds = (table.on <= filled.ends_on) & (np.minimum(table.ceased_on, until) >= filled.starts_on)
    rows = _sorted(filled, np.flatnonzero(holds), child, table.on)
    over = table.ceased_on[rows] <= filled.ends_on
    return {
        **_of(filled, child[rows]),
        "DATE_PLACED": dmy_text(table.on[rows]),
        "DATE_PLACED_CEASED": dmy_text(_by(filled, table.ceased_on[rows])),
        "REASON_PLACED_CEASED": np.where(over, table.reason_ceased[rows], ""),
    }


def previous_permanence(filled: Return) -> Table:
    """Of each child's latest period of care in the year."""
    books, care = filled.books, filled.books.world.care
    is_last = np.diff(care.child[filled.care], append=-1) != 0
    rows = filled.care[is_last & (care.starts_on[filled.care] >= _PERMANENCE_OF_STARTS_FROM)]
    rows = _sorted(filled, rows, care.child, care.starts_on)
    return {
        **_of(filled, care.child[rows]),
        "PREV_PERM": books.permanence[rows],
        "LA_PERM": books.permanence_by[rows],
        "DATE_PERM": dmy_text(books.permanence_on[rows]),
    }


def missing(filled: Return) -> Table:
    table = filled.books.world.missing
    child = filled.books.world.care.child[table.care]
    rows = np.flatnonzero((table.starts_on <= filled.ends_on) & (table.ends_on >= filled.starts_on))
    rows = _sorted(filled, rows, child, table.starts_on)
    return {
        **_of(filled, child[rows]),
        "MISSING": table.kind[rows],
        "MIS_START": dmy_text(table.starts_on[rows]),
        "MIS_END": dmy_text(_by(filled, table.ends_on[rows])),
    }


def social_workers(filled: Return) -> Table:
    """Of children in care on 31 March: everyone who held the case in the year, before care too."""
    table, care = filled.books.workers, filled.books.world.care
    in_care = care.child[filled.care[care.ends_on[filled.care] > filled.ends_on]]
    in_year = (table.starts_on <= filled.ends_on) & (table.ends_on >= filled.starts_on)
    rows = np.flatnonzero(in_year & np.isin(table.child, in_care))
    rows = _sorted(filled, rows, table.child, table.starts_on)
    first = FIRST_WORKER + 500 * filled.books.world.authority.position
    return {
        **_of(filled, table.child[rows]),
        "SW_ID": np.char.add("SW", (first + table.worker[rows]).astype(np.str_)),
        "SW_DECOM": dmy_text(table.starts_on[rows]),
        "SW_DEC": dmy_text(_by(filled, table.ends_on[rows])),
        "SW_REASON": table.reason[rows],
    }
