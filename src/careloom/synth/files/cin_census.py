"""The CIN census as XML: each year holds every child referred or open in it, as known on 31 March."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa

from careloom.catalogue.recordings import Recording
from careloom.synth.days import NEVER, Flags, iso, year_ends, year_starts
from careloom.synth.files.blocks import (
    Column,
    codes,
    dates,
    element,
    escaped,
    gathered,
    holding,
    write_blocks,
)
from careloom.synth.files.cin_parts import Census, assessments, enquiries, protection_plans, support
from careloom.synth.life.cases import NFA
from careloom.synth.life.children import DISABILITIES
from careloom.synth.who.identity import Homes, Identities
from careloom.synth.who.recording import Returned, returned
from careloom.synth.world import Rows, Texts, World

_PLANS_FROM, _SEX_FROM = 2022, 2025


def write_cin_census(
    folder: Path, world: World, identities: Identities, homes: Homes, recording: Recording, seed: int
) -> None:
    """Write cin_census/cin_YEAR.xml for each of the world's years, children in the order of their identifiers."""
    by_identifier = np.empty(len(world.people), dtype=np.int64)
    by_identifier[np.argsort(identities.child_id, kind="stable")] = np.arange(len(world.people))
    order = np.argsort(by_identifier[world.referrals.child], kind="stable")
    for year in range(world.years[0], world.years[1] + 1):
        census = _census(world, year, order)
        of_case = world.referrals.child[census.cases]
        is_first = np.diff(of_case, prepend=-1) != 0
        child = of_case[is_first]
        told = returned(year, child, world.people, identities, recording, seed)
        blocks = holding(
            2,
            "Child",
            _identifiers(year, identities.child_id[child], told),
            _characteristics(told, world.people.disabilities[child]),
            gathered(_details(census), np.cumsum(is_first) - 1, len(child)),
        )
        path = folder / "cin_census" / f"cin_{year}.xml"
        write_blocks(path, _head(world, year), blocks, "  </Children>\n</Message>\n")


def _census(world: World, year: int, order: Rows) -> Census:
    """The cases that belong to a year: referred or open in it; one without further action in its own year only."""
    table = world.referrals
    is_over = np.where(table.path == NFA, table.starts_on, table.closes_on) < year_starts(year)
    seen = (table.starts_on <= year_ends(year)) & ~is_over
    cases = order[seen[order]]
    place = np.full(len(seen), -1)
    place[cases] = np.arange(len(cases))
    return Census(world, year, cases, place)


def _head(world: World, year: int) -> str:
    return f"""<?xml version='1.0' encoding='utf-8'?>
<Message>
  <Header>
    <CollectionDetails>
      <Collection>CIN</Collection>
      <Year>{year}</Year>
      <ReferenceDate>{iso(year_ends(year))}</ReferenceDate>
    </CollectionDetails>
    <Source>
      <SourceLevel>L</SourceLevel>
      <LEA>{world.authority.code}</LEA>
      <SoftwareCode>Careloom synth</SoftwareCode>
      <Release>made-up children</Release>
      <SerialNo>001</SerialNo>
      <DateTime>{year}-06-30T12:00:00</DateTime>
    </Source>
  </Header>
  <Children>
"""


def _identifiers(year: int, child_id: Texts, told: Returned) -> Column:
    """Who the children are, as recorded by 31 March: an unborn child has an expected date of birth and no sex."""
    return holding(
        3,
        "ChildIdentifiers",
        element(4, "LAchildID", escaped(child_id)),
        element(4, "UPN", escaped(told.upn)),
        element(4, "UPNunknown", codes(told.upn_unknown)),
        element(4, "PersonBirthDate", dates(np.where(told.is_expected, NEVER, told.born_on))),
        element(4, "ExpectedPersonBirthDate", dates(np.where(told.is_expected, told.born_on, NEVER))),
        _sex(told.sex, year),
    )


def _sex(sex: Texts, year: int) -> Column:
    if year >= _SEX_FROM:
        return element(4, "Sex", codes(sex))
    return element(4, "GenderCurrent", codes(np.select([sex == "M", sex == "F"], ["1", "2"], "0")))


def _characteristics(told: Returned, disabilities: Flags) -> Column:
    """Ethnic group, and one disability code or more: NONE for children without, nothing before birth."""
    flags = disabilities & ~told.is_expected[:, None]
    none = ~flags.any(axis=1) & ~told.is_expected
    of, which = np.nonzero(np.column_stack([flags, none]))
    lines = element(5, "Disability", pa.array([*DISABILITIES, "NONE"]).take(pa.array(which)))
    return holding(
        3,
        "ChildCharacteristics",
        element(4, "Ethnicity", codes(told.ethnicity)),
        holding(4, "Disabilities", gathered(lines, of, len(flags))),
    )


def _details(census: Census) -> Column:
    """One CINdetails a case, its elements in the order of the schema."""
    table, cases = census.world.referrals, census.cases
    nfa = table.path[cases] == NFA
    closed = ~nfa & (table.closes_on[cases] <= census.ends_on)
    return holding(
        3,
        "CINdetails",
        element(4, "CINreferralDate", dates(table.starts_on[cases])),
        element(4, "ReferralSource", codes(table.source[cases])),
        element(4, "PrimaryNeedCode", codes(np.where(nfa, "", table.need[cases]))),
        element(4, "CINclosureDate", dates(np.where(closed, table.closes_on[cases], NEVER))),
        element(4, "ReasonForClosure", codes(np.where(closed, table.reason[cases], ""))),
        assessments(census),
        *([support(census)] if census.year >= _PLANS_FROM else []),
        enquiries(census),
        element(4, "ReferralNFA", codes(np.where(nfa, "1", "0"))),
        protection_plans(census),
    )
