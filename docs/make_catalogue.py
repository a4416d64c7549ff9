"""Make docs/catalogue.md from the catalogue: every declaration with its reason, its source and its worked examples.

The examples are the ones that the tests run, so the page shows what is true: python docs/make_catalogue.py.
"""

import datetime as dt
from collections.abc import Iterable
from pathlib import Path

from careloom.catalogue import (
    SYSTEMS,
    Catalogue,
    Declaration,
    Drop,
    Flow,
    IndicatorSet,
    Measure,
    Need,
    Outcome,
    Population,
    PriceSheet,
    Process,
    Profile,
    Recording,
    Repair,
    Return,
    Rule,
    load_catalogue,
)
from careloom.catalogue.checklists import Checklist
from careloom.catalogue.outturn import load_outturn_lines
from careloom.catalogue.scenarios import load_scenarios, load_switches
from careloom.core import Column, Table, Years

PAGE = Path(__file__).with_name("catalogue.md")

HEAD = """# The catalogue

Made by `make map` from `src/careloom/catalogue`; do not edit. A test fails when it is out of date. The worked examples
below are the ones that the tests run, on every engine.
"""


REPAIRS = """Made after children are linked, person by person and authority by authority, in this order. Each can be switched off
in the study file (`[repairs]`, name = false); every row mended carries the repair's name in `repairs`, and `repair` and the
ledger count them."""


def main() -> None:
    PAGE.write_text(make_page(), encoding="utf-8", newline="\n")


def make_page() -> str:
    """Return the text of docs/catalogue.md."""
    catalogue = load_catalogue()
    parts = [HEAD, *(line for return_ in catalogue.returns.values() for line in say_return(return_))]
    parts += say_services(catalogue)
    parts += ["## Repairs", "", REPAIRS, "", *(line for repair in catalogue.repairs for line in say_repair(repair))]
    parts += [
        "## Spells made of episodes of care",
        "",
        *(line for spell in catalogue.spells for line in say_declaration(spell)),
    ]
    parts += ["## Outcomes", "", *(line for outcome in catalogue.outcomes.values() for line in say_outcome(outcome))]
    parts += ["## Official measures", "", *(line for measure in catalogue.measures for line in say_measure(measure))]
    parts += ["## Profiles", "", *(line for profile in catalogue.profiles.values() for line in say_profile(profile))]
    parts += ["## Flows", "", *(line for flow in catalogue.flows for line in say_flow(flow))]
    parts += ["## Checklists", "", *(line for each in catalogue.checklists for line in say_checklist(each))]
    for system, title in SYSTEMS.items():
        own = (process for process in catalogue.processes if process.system == system)
        parts += [f"## Processes: {title.lower()} ({system})", "", *(line for p in own for line in say_process(p))]
    parts += ["## Needs", "", *(line for need in catalogue.needs for line in say_need(need))]
    parts += ["## Price sheets", "", *(line for sheet in catalogue.price_sheets.values() for line in say_sheet(sheet))]
    parts += say_what_ifs()
    parts += ["## Indicator sets", ""]
    parts += [line for each in catalogue.indicator_sets.values() for line in say_indicator_set(each)]
    parts += say_signs(catalogue)
    parts += [
        "## Made-up populations",
        "",
        *(line for p in catalogue.populations.values() for line in say_population(p)),
    ]
    parts += [line for recording in catalogue.recordings.values() for line in say_recording(recording)]
    return "\n".join(parts).rstrip() + "\n"


def table(heading: str, rows: Iterable[tuple[str, ...]]) -> list[str]:
    """Return a Markdown table; a bar inside a cell would end it."""
    ruling = "|".join(" --- " for _ in heading.split("|"))
    lines = (" | ".join(" ".join(cell.replace("|", "\\|").split()) for cell in row) for row in rows)
    return [f"| {heading} |", f"|{ruling}|", *(f"| {line} |" for line in lines), ""]


def fenced(text: str, kind: str = "text") -> list[str]:
    return [f"```{kind}", *(line.rstrip() for line in text.strip().splitlines()), "```", ""]


def say_years(years: Years) -> str:
    if years.first is None and years.last is None:
        return "all years"
    if years.first == years.last:
        return str(years.first)
    return f"{years.first or ''} to {years.last}" if years.last else f"from {years.first}"


def say_drops(drops: Iterable[Drop]) -> list[str]:
    lines = [f"- {drop.reason}" for drop in drops]
    return ["Set aside, the first that holds:", "", *lines, ""] if lines else []


# --- returns ---------------------------------------------------------------------------------------------------------


def say_return(return_: Return) -> list[str]:
    years, written = return_.years, dt.date(2021, 3, 31)
    dates = " or ".join(written.strftime(form) for form in return_.date_formats)
    lines = [f"## {return_.title} (`{return_.name}`)", ""]
    lines += [
        f"Comes as {' or '.join(return_.layouts)}; collection years {say_years(years)}; dates written like {dates}.",
        "",
    ]
    lines += [f"- `{s.id}`: {s.title}. {s.where}. {s.licence}." for s in return_.sources]
    lines += ["", "### Tables", "", *(line for each in return_.tables.values() for line in say_table(each))]
    lines += ["### Code sets", ""]
    sets = return_.codes.values()
    lines += table("code set | codes", ((f"`{s.name}`", ", ".join(unique(c.code for c in s.codes))) for s in sets))
    if return_.rules:
        lines += ["### Rules", "", *(line for rule in return_.rules for line in say_rule(rule))]
    if return_.declarations:
        lines += ["### Said in the common tables", ""]
        lines += [line for said in return_.declarations for line in say_declaration(said)]
    return lines


def unique(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))


def say_table(of: Table) -> list[str]:
    rows = (
        (f"`{c.name}`", c.type, said_of(c), f"`{c.codes}`" if c.codes else "", c.privacy, say_years(c.years))
        for c in of.columns
    )
    key = ", ".join(f"`{name}`" for name in of.key) or "none"
    heading = "column | type | what it is | code set | privacy | collection years"
    return [
        f"#### `{of.name}`",
        "",
        f"{of.row}. Key: {key}. Collection years: {say_years(of.years)}."
        + (" Each row tells of its own year only." if of.each_year else ""),
        "",
        *table(heading, rows),
    ]


def said_of(column: Column) -> str:
    """What a column is, what its blank means, and by which other headings it goes."""
    blank = f" Blank: {column.blank}." if column.blank else ""
    also = f" Also headed: {'; '.join(column.also)}." if column.also else ""
    return f"{column.label}.{blank}{also}" if blank or also else column.label


def say_rule(rule: Rule) -> list[str]:
    lines = [
        f"#### {rule.code}",
        "",
        rule.why,
        "",
        f"Table `{rule.table}`{', all years together' if rule.across else ''}; source: {rule.source}",
        "",
    ]
    for version in rule.versions:
        lines += [f"{say_years(version.years)}: **{version.message}** A row fails when", ""]
        lines += [*fenced(version.fails, "sql"), "Example:", "", *fenced(version.examples)]
    return lines


def say_repair(repair: Repair) -> list[str]:
    lines = [f"### {repair.position}. `{repair.name}`", "", f"**{repair.title}.** {repair.why}", ""]
    lines += [f"Mends {', '.join(f'`{kind}`' for kind in repair.of)}; source: {repair.source}", ""]
    return [*lines, "Example:", "", *fenced(repair.examples)]


def say_declaration(said: Declaration) -> list[str]:
    makes = "a step on the way" if said.makes == "step" else f"rows of `{said.makes}`"
    lines = [f"#### {said.name}", "", said.why, "", f"Makes {makes} from `{said.reads}`; source: {said.source}", ""]
    return [*lines, *say_drops(said.drops), "Example:", "", *fenced(said.examples)]


# --- what is asked of the common tables ------------------------------------------------------------------------------


def say_services(catalogue: Catalogue) -> list[str]:
    """What a description of a service may mean, and the ways it is written."""
    rows = ((f"`{s.name}`", s.title, s.group, s.why, "; ".join(s.also), s.source) for s in catalogue.services)
    lines = ["## Services", "", "The code set `services`, for descriptions in any words.", ""]
    return [*lines, *table("kind | called | group | what it is | also written | source", rows)]


def say_items(items: Iterable[str]) -> str:
    return f"- items it needs: {', '.join(f'`{item}`' for item in items)}"


def say_outcome(outcome: Outcome) -> list[str]:
    lines = [f"### {outcome.title} (`{outcome.name}`)", "", outcome.why, "", f"Source: {outcome.source}", ""]
    within = f", within {outcome.class_within_days} days" if outcome.class_within_days is not None else ""
    lines += [f"- time zero: the {outcome.after_day} of `{outcome.after}`"]
    lines += [
        f"- the event: the next {outcome.until_day} of `{outcome.until}` where `{outcome.until_when}`, {outcome.min_gap_days} days later at the earliest"
    ]
    lines += [
        f"- {each.name}, instead: the {each.day} of `{each.kind}` where `{each.when.strip()}`"
        for each in outcome.competing
    ]
    lines += [f"- followed while these can be read: {', '.join(outcome.seen_in)}"]
    lines += [f"- the class that counts: {outcome.class_from}{within}"]
    lines += [f"- adjusted for from M{each.model}: {each.title.lower()}" for each in outcome.covariates]
    lines += [f"- read off after {', '.join(map(str, outcome.horizons_days))} days", say_items(outcome.items), ""]
    return [*lines, *say_drops(outcome.drops), "Example:", "", *fenced(outcome.examples)]


def say_measure(measure: Measure) -> list[str]:
    back = f", also for {measure.earlier_years} earlier years" if measure.earlier_years > 1 else ""
    back = ", also for the year before" if measure.earlier_years == 1 else back
    needed = ", ".join(f"`{name}`" for name in measure.needs)
    lines = [f"### {measure.title} (`{measure.name}`)", "", measure.why, "", f"Source: {measure.source}", ""]
    lines += [f"- counts {measure.unit}", f"- must have been read: {needed}{back}", ""]
    return [*lines, "Example:", "", *fenced(measure.examples)]


def say_profile(profile: Profile) -> list[str]:
    lines = [
        f"### {profile.title} (`{profile.name}`)",
        "",
        profile.why,
        "",
        f"One row is {profile.unit}; source: {profile.source}",
        "",
    ]
    rows = ((f"`{item.name}`", item.title, item.kind, ", ".join(item.levels)) for item in profile.items)
    return [*lines, *table("item | what it is | kind | levels", rows), "Example:", "", *fenced(profile.examples)]


def say_flow(flow: Flow) -> list[str]:
    lines = [
        f"### {flow.title} (`{flow.name}`)",
        "",
        flow.why,
        "",
        f"From {flow.begin} to {flow.end}; source: {flow.source}",
        "",
    ]
    return [*lines, *say_drops(flow.drops), "Example:", "", *fenced(flow.examples)]


def say_checklist(checklist: Checklist) -> list[str]:
    lines = [f"### {checklist.title} (`{checklist.name}`)", "", f"Source: {checklist.source}", ""]
    rows = ((item.item, item.asked, item.said) for item in checklist.items)
    return [*lines, *table("item | what is asked | the answer; each run fills the braces", rows), ""]


def say_process(process: Process) -> list[str]:
    lines = [f"### {process.key} {process.name}", "", process.why, "", f"Source: {process.source}", ""]
    rows = ((f"`{e.name}`", e.kind, e.perspective, e.basis, "yes" if e.is_shared else "") for e in process.elements)
    lines += table("element | kind | borne by | basis | shared by a family", rows)
    lines += [say_items(process.items), ""]
    return [*lines, "Example:", "", *fenced(process.examples)]


def say_sheet(sheet: PriceSheet) -> list[str]:
    """Every price, with where it comes from."""
    rows = (
        (
            p.process,
            f"`{p.element}`",
            ", ".join(value for _, value in p.keys),
            p.unit,
            f"{p.amount:.2f}",
            p.rows[0].source,
        )
        for p in sheet.prices
    )
    lines = [f"### Price sheet `{sheet.name}`: {sheet.standing}, {sheet.price_year}", ""]
    return [*lines, *table("process | element | only | unit | GBP | source", rows)]


def say_need(need: Need) -> list[str]:
    lines = [f"### {need.title} (`{need.name}`)", "", need.why, "", f"Source: {need.source}", ""]
    return [*lines, say_items(need.items), "", "Example:", "", *fenced(need.examples)]


def say_what_ifs() -> list[str]:
    """What-ifs that ship with Careloom, the switches of the method, and the lines of spending that costs are held against."""
    lines = ["## What-ifs", ""]
    for title, found in (
        ("Scenarios", load_scenarios().values()),
        ("Switches of the method", load_switches().values()),
    ):
        rows = ((f"`{each.name}`", each.title, each.why, each.source) for each in found)
        lines += [f"### {title}", "", *table("name | what | why | source", rows)]
    rows = (
        (f"`{each.name}`", each.title, each.basis, each.denominator, each.source)
        for each in load_outturn_lines().values()
    )
    return [
        *lines,
        "### Lines of the section 251 outturn",
        "",
        *table("line | what | divided by | which is | source", rows),
    ]


def say_indicator_set(each: IndicatorSet) -> list[str]:
    lines = [f"### Indicator set `{each.name}`, version {each.version}", "", each.why, "", f"Source: {each.source}", ""]
    rows = ((f"`{i.name}`", i.label, ", ".join(i.codes), str(i.first_year or "")) for i in each.indicators)
    lines += table("indicator | what it is | codes | first year", rows)
    lines += [f"Codes that say nothing beside others: {', '.join(each.ignored)}.", "", say_items(each.items), ""]
    return [*lines, "Example:", "", *fenced(each.examples)] if each.examples.strip() else lines


def say_signs(catalogue: Catalogue) -> list[str]:
    rows = ((f"`{sign.name}`", sign.meaning, sign.source) for sign in catalogue.signs)
    return ["## Signs that records may not be of real children", "", *table("sign | what it looks for | source", rows)]


# --- made-up children ------------------------------------------------------------------------------------------------


def say_population(population: Population) -> list[str]:
    """The planted kinds of need: who comes, what is decided, what follows, and what their factors are."""
    lines = [
        f"### {population.title} (`{population.name}`)",
        "",
        population.why,
        "",
        f"Source: {population.source}",
        "",
    ]
    decided = ("not_in_need", "section_47", "conference", "plan", "care", "disabled")
    rows = (
        (f"`{k.key}`", k.name, f"{k.share:.3f}", f"{k.male:.2f}", *(f"{getattr(k, name):.3f}" for name in decided))
        for k in population.kinds
    )
    lines += table(f"kind | what it is | share | boys | {' | '.join(decided)}", rows)
    effects = (
        (
            f"`{k.key}`",
            *(f"{value:+.2f}" for value in k.hazards.values()),
            *(f"{value:g}" for value in (k.placement_moves, k.residential, k.weekly_fee)),
        )
        for k in population.kinds
    )
    names = " | ".join(population.clocks)
    lines += [f"Log hazard ratios against `{population.reference}`, and cost intensities as ratios to the usual:", ""]
    lines += table(f"kind | {names} | moves | residential | fee", effects)
    lines += ["Probability of each factor, where it is not at the background's:", ""]
    pictures = ((f"`{k.key}`", ", ".join(f"{f} {p:g}" for f, p in k.factors.items())) for k in population.kinds)
    return [*lines, *table("kind | factors", pictures)]


def say_recording(recording: Recording) -> list[str]:
    """How often each system writes each part of a child's identity down wrongly, and for whom more often."""
    lines = [
        f"### {recording.title} (recording `{recording.name}`)",
        "",
        recording.why,
        "",
        f"Source: {recording.source}",
        "",
    ]
    systems = list(recording.rekeyed)
    rows = ((f"`{e}`", *(f"{rates[system]:g}" for system in systems)) for e, rates in recording.rates.items())
    lines += table(f"error | {' | '.join(systems)}", rows)
    parts = list(next(iter(recording.differs.values())))
    odds = ((f"`{who}`", *(f"{times[part]:g}" for part in parts)) for who, times in recording.differs.items())
    return [*lines, "Odds of an error are multiplied:", "", *table(f"for | {' | '.join(parts)}", odds)]


if __name__ == "__main__":
    main()
