"""Repairs, care chains, spells, timeline and pathways the slow, obvious way: one person's rows at a time, in plain lists.

Written from the words of the repairs and of the method, before the SQL it judges was read. Rows come in as they lie in
the tables of rows as told (person_of, spell_row, event_row, factor_row, care_episode_row): a mapping of column to value
each, None = missing.
Where the words leave a tie or a bound open, the choice is marked `Words silent`.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

Row = Mapping[str, Any]
ONE_DAY = timedelta(days=1)
NEVER = date(9999, 12, 31)
TEMPORARY = ("T0", "T1", "T2", "T3", "T4")
FLAGS = {
    "is_early_help": "early_help",
    "is_open_case": "cin_episode",
    "is_cin_plan": "cin_plan",
    "is_cp_plan": "cp_plan",
    "is_looked_after": "period_of_care",
    "is_missing": "missing",
}
STATES = ("looked_after", "cp_plan", "cin_plan", "open_case", "early_help", "missing")
EPISODE_CONTENT = (
    "start_reason",
    "end_reason",
    "legal_status",
    "category_of_need",
    "placement_type",
    "placement_provider",
    "change_reason",
)
SPELL_CONTENT = ("start_reason", "end_reason", "code", "detail")


@dataclass(eq=False)
class Told:
    """What every row of a person has: whose it is, from when to when, where it came from, and what was mended."""

    person: str
    la: str
    starts_on: date
    ends_on: date | None
    start_reason: str | None
    end_reason: str | None
    collection_year: int
    repairs: list[str] = field(default_factory=list, kw_only=True)

    @property
    def end(self) -> date:
        return self.ends_on or NEVER


@dataclass(eq=False)
class Episode(Told):
    """An SSDA903 episode of a person."""

    legal_status: str | None
    category_of_need: str | None
    placement_type: str | None
    placement_provider: str | None
    change_reason: str | None

    @property
    def placed(self) -> tuple[str | None, str | None]:
        return self.placement_type, self.placement_provider

    @property
    def is_temporary(self) -> bool:
        return self.placement_type in TEMPORARY


@dataclass(eq=False)
class Spell(Told):
    """A spell of a person, the spell it is part of, and the factors of an assessment."""

    kind: str
    code: str | None
    detail: str | None
    key: str
    within: "Spell | None" = None
    factors: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class Pathway:
    """What the words say of one CIN episode."""

    episode: Spell
    rung: str
    has_assessment: bool
    has_cin_plan: bool
    has_section_47: bool
    has_conference: bool
    has_cp_plan: bool
    has_care: bool
    cp_category: str | None
    care_status: str | None
    care_placement: str | None
    days: int | None


Event = tuple[str, str, str, date, str | None]
"""Whose, which authority, what, on which day, and its code."""


@dataclass
class Lives:
    """Everything that came out: rows of care_episode, spell and event, and how often each repair was needed where."""

    episodes: list[Episode]
    spells: list[Spell]
    events: list[Event]
    changed: Counter[tuple[str, str]]
    merged: Counter[tuple[str, str]]


def lives(tables: Mapping[str, Sequence[Row]], off: Collection[str] = ()) -> Lives:
    """Join rows to persons, mend them, chain the care; `off` names the repairs that are only counted."""
    person = {(row["la"], row["return_name"], row["child_id"]): row["person_id"] for row in tables["person_of"]}

    def whose(row: Row) -> str:
        return str(person[row["la"], row["return_name"], row["child_id"]])

    out = Lives([], [], [], Counter(), Counter())
    out.episodes = mended(care_episodes(tables["care_episode_row"], whose), CARE_REPAIRS, off, out)
    out.spells = mended(spells_as_told(tables, whose), SPELL_REPAIRS, off, out)
    for chain in by_person(out.episodes):
        out.spells += care_spells(chain)
    out.events = told_once(tables["event_row"], whose)
    return out


def told_once(rows: Sequence[Row], whose: Callable[[Row], str]) -> list[Event]:
    """Return events; of those of one person, authority, name and day, the ones that the first identifier tells."""
    found: dict[tuple[str, str, str, date], list[Row]] = {}
    for row in rows:
        found.setdefault((whose(row), row["la"], row["event"], row["happened_on"]), []).append(row)
    events: list[Event] = []
    for key, told in found.items():
        first = min((row["return_name"], row["child_id"]) for row in told)
        events += [(*key, row["code"]) for row in told if (row["return_name"], row["child_id"]) == first]
    return events


def care_episodes(rows: Iterable[Row], whose: Callable[[Row], str]) -> list[Episode]:
    shared = ("la", "starts_on", "ends_on", "start_reason", "end_reason", "collection_year")
    own = ("legal_status", "category_of_need", "placement_type", "placement_provider", "change_reason")
    return [Episode(whose(row), *(row[name] for name in shared + own)) for row in rows]


def spells_as_told(tables: Mapping[str, Sequence[Row]], whose: Callable[[Row], str]) -> list[Spell]:
    shared = ("la", "starts_on", "ends_on", "start_reason", "end_reason", "collection_year")
    keyed: dict[tuple[str, str], Spell] = {}
    for row in tables["spell_row"]:
        keyed[row["return_name"], row["source_key"]] = Spell(
            whose(row), *(row[name] for name in (*shared, "kind", "code", "detail", "source_key"))
        )
    for row in tables["spell_row"]:
        keyed[row["return_name"], row["source_key"]].within = keyed.get((row["return_name"], row["within_key"]))
    for row in tables["factor_row"]:
        keyed[row["return_name"], row["source_key"]].factors.add(row["code"])
    return list(keyed.values())


# --- repairs ---------------------------------------------------------------------------------------------------------

Mend = tuple[list[tuple[Any, dict[str, Any]]], list[tuple[Any, Any]]]
"""What a repair would do: rows with what they are given anew, and rows that become part of another (gone, stays)."""
Repair = Callable[[list[Any]], Mend]


def mended(rows: list[Any], repairs: Mapping[str, Repair], off: Collection[str], out: Lives) -> list[Any]:
    """Make repairs in their order; one that is off is counted all the same, on the rows as they are by then."""
    for name, repair in repairs.items():
        anew, merges = repair(rows)
        touched = {id(row): row for row, _ in anew} | {id(stays): stays for _, stays in merges}
        out.changed.update((name, row.la) for row in touched.values())
        out.merged.update((name, gone.la) for gone, _ in merges)
        if name in off:
            continue
        for row, values in anew:
            for column, value in values.items():
                setattr(row, column, value)
        into = {id(gone): stays for gone, stays in merges}
        for row in rows:
            if isinstance(row, Spell):
                row.within = into.get(id(row.within), row.within)
                into.get(id(row), row).factors.update(row.factors)
        for row in touched.values():
            row.repairs.append(name)
        rows = [row for row in rows if id(row) not in into]
    return rows


def by_person(rows: Iterable[Any], *kinds: str) -> Iterator[list[Any]]:
    """Give the rows (of these kinds) of each person and authority, in order of start.

    Words silent on two that start on one day (which told twice leaves only when it is off): as if it were on, the one
    that would stay comes first.
    """
    found: dict[tuple[str, str], list[Any]] = {}
    for row in rows:
        if not kinds or row.kind in kinds:
            found.setdefault((row.person, row.la), []).append(row)
    for mine in found.values():
        yield sorted(foremost_first(mine), key=lambda row: row.starts_on)


def foremost_first(told: Iterable[Any]) -> list[Any]:
    """Order rows told twice: the first stays. Latest year, later end (open = latest), content, missing as empty.

    Words silent on two spells alike in all this: the one whose case is known, then by key.
    """
    by_key = sorted(told, key=lambda row: row.key if isinstance(row, Spell) else "")
    return sorted(by_key, key=standing, reverse=True)


def standing(row: Told) -> tuple[Any, ...]:
    content = EPISODE_CONTENT if isinstance(row, Episode) else SPELL_CONTENT
    has_case = isinstance(row, Spell) and row.within is not None
    return (row.collection_year, row.end, *(getattr(row, name) or "" for name in content), has_case)


def latest_years(rows: Iterable[Any], *kinds: str) -> dict[tuple[str, str], int]:
    """Return the latest collection year of each (authority, kind) of rows; kind is '' for care episodes."""
    latest: dict[tuple[str, str], int] = {}
    for row in rows:
        key = row.la, getattr(row, "kind", "")
        latest[key] = max(latest.get(key, 0), row.collection_year)
    return {key: year for key, year in latest.items() if not kinds or key[1] in kinds}


def told_twice(filled: Collection[str], *kinds: str) -> Repair:
    """Keep the foremost of rows that start on one day; what it lacks of `filled` is the next's that has it."""

    def repair(rows: list[Any]) -> Mend:
        anew, merges = [], []
        for kind in kinds or ("",):
            for mine in by_person(rows, *([kind] if kind else [])):
                for day in {row.starts_on for row in mine}:
                    told = foremost_first(row for row in mine if row.starts_on == day)
                    if len(told) > 1:
                        anew.append((told[0], {name: first_known(told, name) for name in filled}))
                        merges += [(gone, told[0]) for gone in told[1:]]
        return anew, merges

    return repair


def first_known(rows: Iterable[Any], name: str) -> Any:
    return next((getattr(row, name) for row in rows if getattr(row, name) is not None), None)


def two_open_episodes(rows: list[Episode]) -> Mend:
    return [
        (e, ends_with(e, later))
        for e, later in with_next(rows)
        if e.ends_on is None and later.starts_on <= date(e.collection_year + (later.start_reason != "S"), 4, 1)
    ], []


def next_start_before_last_end(rows: list[Episode]) -> Mend:
    return [(e, ends_with(e, later)) for e, later in with_next(rows) if e.ends_on and e.ends_on > later.starts_on], []


def ends_with(episode: Episode, later: Episode) -> dict[str, Any]:
    """Return the end of an episode that the next cuts short: care goes on (X1), unless the next starts it anew."""
    return {"ends_on": later.starts_on, "end_reason": episode.end_reason if later.start_reason == "S" else "X1"}


def with_next(rows: list[Episode]) -> Iterator[tuple[Episode, Episode]]:
    for mine in by_person(rows):
        for episode in mine:
            later = [other for other in mine if other.starts_on > episode.starts_on]
            if later:
                yield episode, min(later, key=lambda other: other.starts_on)


def not_returned_again(*kinds: str) -> Repair:
    def repair(rows: list[Any]) -> Mend:
        latest = latest_years(rows, *kinds)
        return [
            (row, {"ends_on": not_before_start(row, first_day_unknown(row))})
            for row in rows
            if row.ends_on is None and row.collection_year < latest.get((row.la, getattr(row, "kind", "")), 0)
        ], []

    return repair


def first_day_unknown(row: Told) -> date:
    return date(row.collection_year, 4, 1)


def not_before_start(row: Told, day: date) -> date:
    return max(row.starts_on, day)


def missing_closure(rows: list[Spell]) -> Mend:
    latest = latest_years(rows, "cin_episode")
    anew = []
    for case in rows:
        if case.kind == "cin_episode" and case.ends_on is None:
            is_gone = case.collection_year < latest[case.la, case.kind]
            if case.end_reason or is_gone:
                anew.append((case, {"ends_on": last_authorised(case, rows) or first_day_unknown(case)}))
    return anew, []


def last_authorised(case: Spell, rows: list[Spell]) -> date | None:
    """Return the last day of its last ended assessment, if the case may have been closed then.

    Words silent on an assessment that was over before the referral: the case cannot have ended then.
    """
    parts = [row for row in rows if row.within is case]
    days = [row.ends_on - ONE_DAY for row in parts if row.kind == "assessment" and row.ends_on]
    if not days:
        return None
    day, year = max(days), case.collection_year
    goes_on = any(row.kind in ("cin_plan", "cp_plan") and row.end > day for row in parts)
    is_in_year = date(year - 1, 4, 1) <= day <= date(year, 3, 31)
    return day if is_in_year and not goes_on and day >= case.starts_on else None


def overlapping(kind: str, last_word: str) -> Repair:
    """Merge runs of overlapping spells into their earliest; its end and its last word are those of the one that ends last."""

    def repair(rows: list[Any]) -> Mend:
        anew, merges = [], []
        for mine in by_person(rows, kind):
            for run in runs_that_overlap(longest_first(mine)):
                if len(run) > 1:
                    anew.append((run[0], as_one(run, last_word)))
                    merges += [(gone, run[0]) for gone in run[1:]]
        return anew, merges

    return repair


def longest_first(mine: list[Spell]) -> list[Spell]:
    """Words silent on two that start on one day: they are one told twice, even if one ends that day, so the later end
    comes first, then as for rows told twice."""
    longest = sorted(foremost_first(mine), key=lambda spell: spell.end, reverse=True)
    return sorted(longest, key=lambda spell: spell.starts_on)


def runs_that_overlap(mine: list[Spell]) -> list[list[Spell]]:
    """Cut spells, ordered by their start, into runs; two that start on one day are one told twice, whenever they end."""
    runs: list[list[Spell]] = []
    for spell in mine:
        if runs and (
            spell.starts_on < max(earlier.end for earlier in runs[-1]) or spell.starts_on == runs[-1][-1].starts_on
        ):
            runs[-1].append(spell)
        else:
            runs.append([spell])
    return runs


def as_one(run: list[Spell], last_word: str) -> dict[str, Any]:
    """Return what a run's earliest is given; of those that end on one day, the largest last word, then the earlier, is last."""
    last = run[0]
    for spell in run[1:]:
        if (spell.end, getattr(spell, last_word) or "") > (last.end, getattr(last, last_word) or ""):
            last = spell
    values = {
        "ends_on": last.ends_on,
        last_word: getattr(last, last_word),
        "repairs": list(last.repairs),
        "collection_year": max(spell.collection_year for spell in run),
    }
    if run[0].kind == "cin_episode":
        values["detail"] = "1" if all(spell.detail == "1" for spell in run) else "0"
    return values


def missing_plan_end(rows: list[Spell]) -> Mend:
    latest = latest_years(rows)
    anew = []
    for plan in rows:
        if plan.kind in ("cin_plan", "cp_plan") and plan.ends_on is None:
            if plan.within and plan.within.ends_on:
                anew.append((plan, {"ends_on": not_before_start(plan, plan.within.ends_on)}))
            elif plan.collection_year < latest[plan.la, plan.kind]:
                anew.append((plan, {"ends_on": not_before_start(plan, first_day_unknown(plan))}))
    return anew, []


CARE_REPAIRS: dict[str, Repair] = {
    "care_episode_told_twice": told_twice([name for name in EPISODE_CONTENT if name != "end_reason"]),
    "two_open_episodes": two_open_episodes,
    "next_start_before_last_end": next_start_before_last_end,
    "care_not_returned_again": not_returned_again(),
}
SPELL_REPAIRS: dict[str, Repair] = {
    "told_twice": told_twice(
        ("start_reason", "code", "detail", "within"),
        "cin_episode",
        "assessment",
        "cin_plan",
        "pre_proceedings",
        "missing",
        "short_break",
        "placed_for_adoption",
        "social_worker",
        "deprivation_of_liberty",
    ),
    "missing_closure": missing_closure,
    "overlapping_referrals": overlapping("cin_episode", "end_reason"),
    "missing_plan_end": missing_plan_end,
    "overlapping_plans": overlapping("cp_plan", "detail"),
    "not_returned_again": not_returned_again(
        "missing", "short_break", "placed_for_adoption", "social_worker", "deprivation_of_liberty", "school"
    ),
}


# --- care ------------------------------------------------------------------------------------------------------------


def care_spells(chain: list[Episode]) -> list[Spell]:
    """Return the periods of care, placements, segments and legal statuses of one person's episodes in one authority."""
    spells = []
    for episodes in parted(chain, lambda before, now: not goes_on(before, now)):
        period = spell_of(episodes, "period_of_care", episodes[0].category_of_need, None, None)
        spells.append(period)
        for begins, stay in placements(episodes):
            left = episodes[begins - 1].change_reason if begins else None
            placement = spell_of(stay, "placement", stay[0].placement_type, left, period)
            spells.append(placement)
            for part in segments(stay):
                segment = spell_of(part, "placement_segment", *part[0].placed, placement)
                spells.append(segment)
        for held in parted(episodes, lambda b, n: n.legal_status != b.legal_status):
            spells.append(spell_of(held, "legal_status", held[0].legal_status, None, period))
    return spells


def parted(chain: list[Episode], begins_anew: Callable[[Episode, Episode], bool]) -> list[list[Episode]]:
    """Part a chain wherever an episode does not belong with the one before it."""
    parts = [chain[:1]]
    for before, now in pairwise(chain):
        if begins_anew(before, now):
            parts.append([])
        parts[-1].append(now)
    return parts


def goes_on(before: Episode, now: Episode) -> bool:
    """Say whether an episode belongs to the same period of care as the one before it."""
    is_said = before.end_reason == "X1" or (before.end_reason is None and now.start_reason != "S")
    return now.starts_on == before.ends_on and is_said


def placements(period: list[Episode]) -> list[tuple[int, list[Episode]]]:
    """Return the placements of a period: where each begins in it, and its episodes.

    Words silent on the first lasting episode of a period after only temporary ones: it comes back from nowhere, so its
    RNE decides, as anywhere else.
    """
    stays = [(0, period[:1])]
    lasting = None if period[0].is_temporary else period[0]
    for n, now in enumerate(period[1:], 1):
        if now.is_temporary:
            is_new = False
        elif period[n - 1].is_temporary and lasting:
            is_new = now.placed != lasting.placed
        else:
            is_new = now.start_reason in ("S", "P", "B")
        if is_new:
            stays.append((n, []))
        stays[-1][1].append(now)
        if not now.is_temporary:
            lasting = now
    return stays


def segments(placement: list[Episode]) -> list[list[Episode]]:
    parts = [placement[:1]]
    lasting = None if placement[0].is_temporary else placement[0]
    for now in placement[1:]:
        if not now.is_temporary:
            if lasting is None or now.placed != lasting.placed:
                parts.append([])
            lasting = now
        parts[-1].append(now)
    return parts


def spell_of(part: list[Episode], kind: str, code: str | None, detail: str | None, within: Spell | None) -> Spell:
    first, last = part[0], part[-1]
    ends = [episode.ends_on for episode in part if episode.ends_on]
    return Spell(
        first.person,
        first.la,
        first.starts_on,
        max(ends) if len(ends) == len(part) else None,
        first.start_reason,
        last.end_reason,
        max(episode.collection_year for episode in part),
        kind,
        code,
        detail,
        "",
        within,
        repairs=sorted({name for episode in part for name in episode.repairs}),
    )


# --- timeline and pathways -------------------------------------------------------------------------------------------


def state_on(day: date, mine: Iterable[Spell]) -> tuple[Any, ...] | None:
    """Say a person's flags on a day, in order of FLAGS, and the state; None when there is nothing to say."""
    held = {spell.kind for spell in mine if spell.starts_on <= day < spell.end}
    flags = {flag: kind in held for flag, kind in FLAGS.items()}
    if not any(flags.values()):
        return None
    return (*flags.values(), next(state for state in STATES if flags[f"is_{state}"]))


def pathways(out: Lives) -> list[Pathway]:
    """Walk each CIN episode up the ladder, with what happened to the person in the same authority before the next began."""
    paths = []
    for cases in by_person(out.spells, "cin_episode"):
        whose = cases[0].person, cases[0].la
        mine = [spell for spell in out.spells if (spell.person, spell.la) == whose]
        events = [event for event in out.events if event[:2] == whose]
        for case, later in zip(cases, [*cases[1:], None], strict=True):
            paths.append(pathway(case, later.starts_on if later else NEVER, mine, events))
    return paths


def pathway(case: Spell, next_on: date, mine: list[Spell], events: list[Event]) -> Pathway:
    def is_step(day: date, days_after: int = 0) -> bool:
        last = case.ends_on + timedelta(days=days_after) if case.ends_on else NEVER
        return case.starts_on <= day <= last and day < next_on

    def counted(kind: str, days_after: int = 0) -> list[Spell]:
        return sorted(
            (spell for spell in mine if spell.kind == kind and is_step(spell.starts_on, days_after)),
            key=lambda spell: spell.starts_on,
        )

    happened = {event for _, _, event, day, _ in events if is_step(day)}
    plans, care = counted("cp_plan"), counted("period_of_care", 28)
    plans.sort(key=lambda plan: (plan.starts_on, plan.code or ""))  # words silent on two that start on one day
    entry = {
        spell.kind: spell.code
        for spell in mine
        if care and spell.within is care[0] and spell.starts_on == care[0].starts_on
    }
    steps = {
        "looked_after": bool(care),
        "cp_plan": bool(plans),
        "conference": "conference" in happened,
        "section_47": "section_47" in happened,
        "no_further_action": case.detail == "1",
        "closed_after_assessment": case.end_reason in ("RC8", "RC9"),
        "cin_only": True,
    }
    return Pathway(
        episode=case,
        rung=next(step for step, reached in steps.items() if reached),
        has_assessment=bool(counted("assessment")),
        has_cin_plan=bool(counted("cin_plan")),
        has_section_47=steps["section_47"],
        has_conference=steps["conference"],
        has_cp_plan=steps["cp_plan"],
        has_care=steps["looked_after"],
        cp_category=plans[0].code if plans else None,
        care_status=entry.get("legal_status"),
        care_placement=entry.get("placement"),
        days=(case.ends_on - case.starts_on).days if case.ends_on else None,
    )
