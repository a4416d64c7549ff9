"""Every validation rule does what its worked examples say, in each of its versions, on each engine."""

import pytest

from careloom.catalogue import Return, Rule, RuleVersion, load_catalogue
from careloom.check.rules import names_in, tables_of
from careloom.engine import Engine
from careloom.study.try_examples import rule_faults

CATALOGUE = load_catalogue()
RULES = [(return_, rule) for return_ in CATALOGUE.returns.values() for rule in return_.rules]
VERSIONS = [(return_, rule, version) for return_, rule in RULES for version in rule.versions]


def named(return_: Return, rule: Rule, version: RuleVersion | None = None) -> str:
    years = f" {version.years.first or ''}..{version.years.last or ''}" if version else ""
    return f"{rule.id}{years}"


@pytest.mark.parametrize(("return_", "rule", "version"), VERSIONS, ids=[named(*each) for each in VERSIONS])
def test_the_rows_marked_yes_are_the_findings(
    engine: Engine, return_: Return, rule: Rule, version: RuleVersion
) -> None:
    assert list(rule_faults(engine, CATALOGUE, return_, rule, version)) == []


@pytest.mark.parametrize(("return_", "rule"), RULES, ids=[named(*each) for each in RULES])
def test_a_rule_says_what_it_needs_and_its_versions_do_not_overlap(return_: Return, rule: Rule) -> None:
    assert set(tables_of(return_, rule)) == {rule.table, *rule.needs}
    assert set(rule.fields) <= set(return_.tables[rule.table].column_names)
    for year in range(return_.years.first, return_.years.last + 1):
        assert sum(year in version.years for version in rule.versions) <= 1


def test_no_named_idea_of_the_rules_lies_idle() -> None:
    for return_ in CATALOGUE.returns.values():
        told = [version.fails for rule in return_.rules for version in rule.versions]
        told += [f"{each.reads} {each.select}" for each in return_.declarations]
        told += [drop.when for each in return_.declarations for drop in each.drops]
        used = {name for sql in told for name in names_in(return_, sql)}
        assert set(return_.views) <= used
