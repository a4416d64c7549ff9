"""Pages made from the catalogue: every declaration has its own, with its reason, years, source and worked examples."""

from collections.abc import Iterable, Iterator

from make_catalogue import (
    fenced,
    say_checklist,
    say_declaration,
    say_flow,
    say_indicator_set,
    say_measure,
    say_need,
    say_outcome,
    say_population,
    say_process,
    say_profile,
    say_recording,
    say_repair,
    say_rule,
    say_services,
    say_sheet,
    say_signs,
    say_table,
    say_what_ifs,
    say_years,
    table,
)

from careloom.catalogue import Catalogue, Return, SavedTypology
from careloom.core import CodeSet
from website.pages import Page, made_page


def reference_pages(catalogue: Catalogue) -> Iterator[Page]:
    """Make every page of the catalogue."""
    for return_ in catalogue.returns.values():
        yield from return_pages(return_)
    yield from question_pages(catalogue)
    yield from cost_pages(catalogue)
    yield from history_pages(catalogue)
    yield from made_up_pages(catalogue)


def declared(lines: Iterable[str], file: str) -> list[str]:
    """Lines about a declaration, and the file that it is declared in."""
    return [*lines, "", f"Declared in `src/careloom/catalogue/{file}`.", ""]


# --- returns ---------------------------------------------------------------------------------------------------------


def return_pages(of: Return) -> Iterator[Page]:
    """A page for the return and one for each of its tables, code sets, rules and declarations."""
    home = f"returns/{of.name}"
    yield made_page(home, "Returns", declared(say_return_in_brief(of), f"{home}/return.toml"))
    for each in of.tables.values():
        yield made_page(
            f"{home}/tables/{each.name}",
            "Tables of returns",
            declared([*say_table(each), *part_of(of)], f"{home}/tables.toml"),
        )
    for codes in of.codes.values():
        if codes.name != "services":  # one set for all returns, with a page of its own
            yield made_page(
                f"{home}/codes/{codes.name}",
                "Code sets",
                declared([*say_codes(of, codes), *part_of(of)], f"{home}/codes/{codes.name}.csv"),
            )
    for rule in of.rules:
        lines = [f"# Rule {rule.code} of {of.title}", *say_rule(rule)[1:], *part_of(of)]
        yield made_page(f"{home}/rules/{rule.code}", "Rules", declared(lines, f"{home}/rules/{rule.code}.toml"))
    for said in of.declarations:
        lines = [f"# {of.title}: {said.name}", *say_declaration(said)[1:], *part_of(of)]
        yield made_page(
            f"{home}/common/{said.name}",
            "How returns are said in common tables",
            declared(lines, f"{home}/common/{said.name}.toml"),
        )


def part_of(of: Return) -> list[str]:
    return ["", f"Part of [{of.title}](../../{of.name}.md)."]


def say_return_in_brief(of: Return) -> list[str]:
    """What the return is, where that is known from, and links to its parts."""
    lines = [f"# {of.title}", "", f"Comes as {' or '.join(of.layouts)}; collection years {say_years(of.years)}.", ""]
    lines += [f"- `{s.id}`: {s.title}. {s.where}. {s.licence}." for s in of.sources]
    parts = {
        "Tables": ("tables", list(of.tables)),
        "Code sets": ("codes", [name for name in of.codes if name != "services"]),
        "Rules": ("rules", [rule.code for rule in of.rules]),
        "Said in the common tables": ("common", [said.name for said in of.declarations]),
    }
    for title, (folder, names) in parts.items():
        if names:
            links = [f"- [{name}]({of.name}/{folder}/{name}.md)" for name in names]
            lines += ["", f"## {title}", "", *links]
    return lines


def say_codes(of: Return, codes: CodeSet) -> list[str]:
    rows = ((f"`{c.code}`", c.label, say_years(c.years), c.group, "; ".join(c.also), c.source) for c in codes.codes)
    lines = [
        f"# {of.title}: codes of {codes.name.replace('_', ' ')}",
        "",
        "Each code with the collection years in which it is valid.",
        "",
    ]
    return [*lines, *table("code | what it means | years | group | also written | source", rows)]


# --- questions -------------------------------------------------------------------------------------------------------


def question_pages(catalogue: Catalogue) -> Iterator[Page]:
    """Outcomes, measures, profiles, flows, checklists, indicator sets and saved typologies."""
    for name, outcome in catalogue.outcomes.items():
        yield made_page(f"outcomes/{name}", "Outcomes", declared(say_outcome(outcome), f"outcomes/{name}.toml"))
    for measure in catalogue.measures:
        lines = declared(say_measure(measure), f"measures/{measure.name}.toml")
        yield made_page(f"measures/{measure.name}", "Official measures", lines)
    for name, profile in catalogue.profiles.items():
        yield made_page(f"profiles/{name}", "Profiles", declared(say_profile(profile), f"profiles/{name}.toml"))
    for flow in catalogue.flows:
        yield made_page(f"flows/{flow.name}", "Flows", declared(say_flow(flow), f"flows/{flow.name}.toml"))
    for checklist in catalogue.checklists:
        lines = declared(say_checklist(checklist), f"checklists/{checklist.name}.toml")
        yield made_page(f"checklists/{checklist.name}", "Checklists", lines)
    for name, each in catalogue.indicator_sets.items():
        yield made_page(
            f"indicators/{name}", "Indicator sets", declared(say_indicator_set(each), f"indicators/{name}.toml")
        )
    for name, saved in catalogue.typologies.items():
        yield made_page(f"typologies/{name}", "Saved typologies", declared(say_saved(saved), f"typologies/{name}.toml"))


def say_saved(saved: SavedTypology) -> list[str]:
    lines = [
        f"# Saved typology `{saved.name}`, version {saved.version}",
        "",
        saved.why,
        "",
        f"Source: {saved.source}",
        "",
    ]
    rows = ((str(number), each.name, f"{each.share:.3f}") for number, each in enumerate(saved.classes, start=1))
    lines += [f"Made by {saved.made_by} from about {saved.assessments:,} assessments.", ""]
    return [*lines, *table("class | name | share", rows), "Example:", "", *fenced(saved.examples)]


# --- costs -----------------------------------------------------------------------------------------------------------


def cost_pages(catalogue: Catalogue) -> Iterator[Page]:
    """Processes, needs, price sheets, services, what-ifs and the lines of spending."""
    for process in catalogue.processes:
        name = f"{process.system.lower()}_{process.number}"
        yield made_page(f"processes/{name}", "Processes", declared(say_process(process), f"processes/{name}_*.toml"))
    for need in catalogue.needs:
        yield made_page(f"needs/{need.name}", "Needs", declared(say_need(need), f"needs/{need.name}.toml"))
    for name, sheet in catalogue.price_sheets.items():
        yield made_page(f"prices/{name}", "Price sheets", declared(say_sheet(sheet), f"prices/{name}.csv"))
    yield made_page("services", "Services", declared(say_services(catalogue), "services/*.toml"))
    yield made_page("what_ifs", "What-ifs", say_what_ifs())


# --- histories, and made-up children ---------------------------------------------------------------------------------


def history_pages(catalogue: Catalogue) -> Iterator[Page]:
    """Repairs, spells made of episodes, common tables, placement histories and signs of made-up records."""
    for repair in catalogue.repairs:
        yield made_page(
            f"repairs/{repair.name}", "Repairs", declared(say_repair(repair), f"repairs/{repair.name}.toml")
        )
    for spell in catalogue.spells:
        yield made_page(f"spells/{spell.name}", "Spells", declared(say_declaration(spell), f"spells/{spell.name}.toml"))
    for each in catalogue.tables.values():
        yield made_page(f"tables/{each.name}", "Common tables", declared(say_table(each), "tables.toml"))
    states = ((f"`{s.state}`", s.label, s.kind, s.code, s.provider, s.source) for s in catalogue.care_states)
    lines = [
        "# States of placement histories",
        "",
        *table("state | what it is | of a | code | provider | source", states),
    ]
    yield made_page("care_states", "Spells", declared(lines, "care_states.csv"))
    yield made_page("signs", "Signs of made-up records", declared(say_signs(catalogue), "plausibility/*.toml"))


def made_up_pages(catalogue: Catalogue) -> Iterator[Page]:
    """Made-up populations, how systems record who a child is, and the national figures they are held against."""
    for name, population in catalogue.populations.items():
        lines = declared(say_population(population), f"populations/{name}.toml")
        yield made_page(f"populations/{name}", "Made-up children", lines)
    for name, recording in catalogue.recordings.items():
        lines = declared(say_recording(recording), f"recording/{name}.toml")
        yield made_page(f"recordings/{name}", "Made-up children", lines)
