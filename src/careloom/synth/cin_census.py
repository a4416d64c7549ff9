"""The CIN census as XML: each year holds every child referred or open in it, as known on 31 March.

A completed assessment, plan or conference is returned in the year it ended, an open one in each year it is open.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from careloom.synth.days import NEVER, Days, collection_year, iso, working_days_after, year_ends, year_starts
from careloom.synth.lives import NFA, Lives
from careloom.synth.paperwork import Paperwork
from careloom.synth.people import People
from careloom.synth.plan import CLASSES, DISABILITIES
from careloom.synth.ssda903 import started_school, upn_at

_PLANS_FROM, _SEX_FROM, _EARLY_HELP_SOURCE_FROM = 2022, 2025, 2023
_SOURCES = ("6", "2A", "1A", "3B", "3E", "5A", "5C", "7", "8", "9", "3A", "2B", "4", "5B", "1D", "10")
_SOURCE_SHARES = (0.29, 0.19, 0.09, 0.05, 0.06, 0.06, 0.02, 0.03, 0.06, 0.03, 0.03, 0.03, 0.02, 0.02, 0.01, 0.01)
_TARGET_DAYS = 15


@dataclass(frozen=True)
class _Case:
    """One referral with all its parts, as whole numbers and text, ready for any year's census."""

    row: int
    child: int
    starts_on: int
    closes_on: int
    source: str
    is_nfa: bool
    reason: str
    assessments: list[tuple[int, int, tuple[str, ...]]]
    support: list[tuple[int, int]]
    enquiries: list[tuple[int, int, int]]  # start, target, conference
    plans: list[
        tuple[int, int, str, str, int, list[int]]
    ]  # start, end, first and latest category, earlier plans, reviews


def gather(people: People, lives: Lives, papers: Paperwork, rng: np.random.Generator) -> list[_Case]:
    """All cases with their parts, ordered by child identifier and referral date."""
    cases, count = lives.referrals, lives.referrals.child.size
    sources = rng.choice(_SOURCES, size=count, p=_SOURCE_SHARES)
    early_help = (collection_year(cases.starts_on) >= _EARLY_HELP_SOURCE_FROM) & (rng.random(count) < 0.05)
    sources = np.where(early_help, "5D", sources)
    parts = [
        _by_case(
            count,
            papers.assessments.referral,
            papers.assessments.starts_on,
            papers.assessments.ends_on,
            papers.assessments.codes,
        ),
        _by_case(count, *papers.support),
        _by_case(count, *_with_target(papers)),
        _by_case(count, lives.plans.referral, *_plan_columns(people, lives, rng)),
    ]
    made = [
        _Case(i, child, start, end, source, nfa, reason, *(part[i] for part in parts))
        for i, (child, start, end, source, nfa, reason) in enumerate(
            zip(
                cases.child.tolist(),
                cases.starts_on.tolist(),
                cases.closes_on.tolist(),
                sources.tolist(),
                (cases.path == NFA).tolist(),
                papers.closure.tolist(),
                strict=True,
            )
        )
    ]
    return sorted(made, key=lambda case: (str(people.child_id[case.child]), case.starts_on))


def _by_case(count: int, row: Days, *columns: Days | list) -> list[list[tuple]]:  # type: ignore[type-arg]
    """Rows of a part table, as tuples, in a list per case."""
    parts: list[list[tuple]] = [[] for _ in range(count)]  # type: ignore[type-arg]
    plain = [column.tolist() if isinstance(column, np.ndarray) else column for column in columns]
    for case, *values in zip(row.tolist(), *plain, strict=True):
        parts[case].append(tuple(values))
    for part in parts:
        part.sort()
    return parts


def _with_target(papers: Paperwork) -> tuple[Days, Days, Days, Days]:
    enquiries = papers.enquiries
    return (
        enquiries.referral,
        enquiries.starts_on,
        working_days_after(enquiries.starts_on, _TARGET_DAYS),
        enquiries.conference_on,
    )


def _plan_columns(people: People, lives: Lives, rng: np.random.Generator) -> tuple[Days | list, ...]:  # type: ignore[type-arg]
    """Start, end, categories, number of earlier plans and reviews of each protection plan."""
    plans = lives.plans
    usual = np.array([c.abuse for c in CLASSES])[people.need[plans.child]]
    other = rng.choice(["NEG", "EMO", "PHY", "SAB", "MUL"], size=usual.size, p=[0.4, 0.35, 0.12, 0.06, 0.07])
    first = np.where(rng.random(usual.size) < 0.75, usual, other)
    latest = np.where(rng.random(usual.size) < 0.9, first, other)
    reviews = [_plan_reviews(s, e, rng) for s, e in zip(plans.starts_on.tolist(), plans.ends_on.tolist(), strict=True)]
    return plans.starts_on, plans.ends_on, first, latest, _earlier(plans.child, plans.starts_on), reviews


def _earlier(child: Days, starts: Days) -> Days:
    """How many plans the same child had before each."""
    order = np.lexsort((starts, child))
    of_child = child[order]
    first = np.searchsorted(of_child, of_child, side="left")
    count = np.empty_like(child)
    count[order] = np.arange(child.size) - first
    return count


def _plan_reviews(starts_on: int, ends_on: int, rng: np.random.Generator) -> list[int]:
    """Review conferences: the first within 3 months, then within every 6 months."""
    days, on = [], starts_on + int(rng.integers(70, 92))
    while on <= ends_on:
        days.append(on)
        on += int(rng.integers(150, 183))
    return days


def write_census(path: Path, year: int, authority: str, people: People, cases: list[_Case]) -> None:
    """Write one year's census; `cases` come from `gather`."""
    starts, ends = year_starts(year), year_ends(year)
    lines = list(_head(year, authority))
    schooled, before = started_school(people), -1
    for case in cases:
        if case.starts_on <= ends and case.closes_on >= starts and not (case.is_nfa and case.starts_on < starts):
            if case.child != before:
                if before >= 0:
                    lines.append("    </Child>")
                lines.extend(_child(people, case.child, schooled, year))
                before = case.child
            lines.extend(_details(people, case, year))
    lines.extend(["    </Child>"] if before >= 0 else [])
    lines.extend(["  </Children>", "</Message>", ""])
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines), encoding="utf-8", newline="\n")


def _tag(depth: int, name: str, text: object) -> str:
    return f"{'  ' * depth}<{name}>{text}</{name}>"


def _block(depth: int, name: str, lines: Iterable[str]) -> list[str]:
    return ["  " * depth + f"<{name}>", *lines, "  " * depth + f"</{name}>"]


def _head(year: int, authority: str) -> Iterable[str]:
    yield "<?xml version='1.0' encoding='utf-8'?>"
    yield "<Message>"
    details = [("Collection", "CIN"), ("Year", year), ("ReferenceDate", iso(year_ends(year)))]
    source = [
        ("SourceLevel", "L"),
        ("LEA", authority),
        ("SoftwareCode", "Careloom synth"),
        ("Release", "made-up children"),
        ("SerialNo", "001"),
        ("DateTime", f"{year}-06-30T12:00:00"),
    ]
    inner = _block(2, "CollectionDetails", [_tag(3, *item) for item in details])
    inner += _block(2, "Source", [_tag(3, *item) for item in source])
    yield from _block(1, "Header", inner)
    yield "  <Children>"


def _child(people: People, child: int, schooled: Days, year: int) -> list[str]:
    """Who the child is, as known on 31 March: an unborn child has an expected date of birth and no sex."""
    ends = year_ends(year)
    unborn = int(people.born[child]) > ends
    known = [_tag(4, "LAchildID", people.child_id[child]), *_upn(people, child, schooled, ends)]
    known.append(
        _tag(4, "ExpectedPersonBirthDate", iso(int(people.due[child])))
        if unborn
        else _tag(4, "PersonBirthDate", iso(int(people.born[child])))
    )
    male = bool(people.is_male[child])
    if year >= _SEX_FROM:
        known.append(_tag(4, "Sex", "U" if unborn else "M" if male else "F"))
    else:
        known.append(_tag(4, "GenderCurrent", "0" if unborn else "1" if male else "2"))
    traits = [_tag(4, "Ethnicity", "NOBT" if unborn else people.ethnicity[child])]
    if not unborn:
        codes = [DISABILITIES[i] for i in np.flatnonzero(people.disabilities[child])] or ["NONE"]
        traits += _block(4, "Disabilities", [_tag(5, "Disability", code) for code in codes])
    return ["    <Child>", *_block(3, "ChildIdentifiers", known), *_block(3, "ChildCharacteristics", traits)]


def _upn(people: People, child: int, schooled: Days, ends: int) -> list[str]:
    upn = upn_at(people, child, schooled, ends)
    return [_tag(4, "UPNunknown" if upn.startswith("UN") and len(upn) == 3 else "UPN", upn)]


def _details(people: People, case: _Case, year: int) -> list[str]:
    """One CINdetails, its elements in the order of the schema."""
    starts, ends = year_starts(year), year_ends(year)
    lines = [_tag(4, "CINreferralDate", iso(case.starts_on)), _tag(4, "ReferralSource", case.source)]
    if not case.is_nfa:
        lines.append(_tag(4, "PrimaryNeedCode", CLASSES[people.need[case.child]].need_code))
        if case.closes_on <= ends:
            lines += [_tag(4, "CINclosureDate", iso(case.closes_on)), _tag(4, "ReasonForClosure", case.reason)]
        lines += _assessments(case, starts, ends)
        lines += _support(case, starts, ends) if year >= _PLANS_FROM else []
        lines += _enquiries(case, starts, ends)
    lines.append(_tag(4, "ReferralNFA", "1" if case.is_nfa else "0"))
    lines += _plans(case, starts, ends)
    return _block(3, "CINdetails", lines)


def _assessments(case: _Case, starts: int, ends: int) -> Iterable[str]:
    for begun, done, codes in case.assessments:
        if begun <= ends and done >= starts:
            inner = [_tag(5, "AssessmentActualStartDate", iso(begun))]
            if done <= ends:
                inner.append(_tag(5, "AssessmentAuthorisationDate", iso(done)))
                factors = [_tag(6, "AssessmentFactors", code) for code in codes]
                inner += _block(5, "FactorsIdentifiedAtAssessment", factors) if codes else []
            yield from _block(4, "Assessments", inner)


def _support(case: _Case, starts: int, ends: int) -> Iterable[str]:
    for begun, last in case.support:
        if begun <= ends and last >= starts:
            inner = [_tag(5, "CINPlanStartDate", iso(begun))]
            inner += [_tag(5, "CINPlanEndDate", iso(last))] if last <= ends else []
            yield from _block(4, "CINPlanDates", inner)


def _enquiries(case: _Case, starts: int, ends: int) -> Iterable[str]:
    for begun, target, held in case.enquiries:
        required = held != NEVER
        if begun <= ends and (held if required else begun) >= starts:
            inner = [_tag(5, "S47ActualStartDate", iso(begun))]
            inner += [_tag(5, "InitialCPCtarget", iso(target))] if required else []
            inner += [_tag(5, "DateOfInitialCPC", iso(held))] if held <= ends else []
            yield from _block(4, "Section47", [*inner, _tag(5, "ICPCnotRequired", "0" if required else "1")])


def _plans(case: _Case, starts: int, ends: int) -> Iterable[str]:
    for begun, ended, first, latest, earlier, reviews in case.plans:
        if begun <= ends and ended >= starts:
            inner = [_tag(5, "CPPstartDate", iso(begun))]
            inner += [_tag(5, "CPPendDate", iso(ended))] if ended <= ends else []
            inner += [_tag(5, "InitialCategoryOfAbuse", first), _tag(5, "LatestCategoryOfAbuse", latest)]
            inner.append(_tag(5, "NumberOfPreviousCPP", earlier))
            held = [_tag(6, "CPPreviewDate", iso(on)) for on in reviews if on <= ends]
            inner += _block(5, "Reviews", held) if held else []
            yield from _block(4, "ChildProtectionPlans", inner)
