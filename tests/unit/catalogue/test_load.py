"""A declaration that is not complete does not load, and the message says which file, which key, and what to write."""

from pathlib import Path

import pytest

from careloom.catalogue import Rule, load_catalogue
from careloom.catalogue.load import OURS
from careloom.catalogue.read_returns import read_rule, read_tables
from careloom.core import CatalogueError, Years

RULE = '''
code = "9"
table = "header"
fields = ["DOB"]
why = "Every child has a date of birth."
source = "a guide"

[[version]]
years = "..2024"
message = "The date of birth is missing."
fails = "DOB IS NULL"
examples = """
CHILD | DOB        | fails
A     | 04/05/2010 | no
B     |            | yes
"""
'''
TABLES = read_tables(OURS / "returns" / "ssda903" / "tables.toml")


def read(folder: Path, text: str) -> Rule:
    path = folder / "9.toml"
    path.write_text(text, encoding="utf-8")
    return read_rule(path, "ssda903", TABLES)


def without(key: str) -> str:
    return "\n".join(line for line in RULE.splitlines() if not line.startswith(f"{key} ="))


def test_a_whole_rule_loads(tmp_path: Path) -> None:
    rule = read(tmp_path, RULE)
    assert (rule.id, rule.needs, rule.versions[0].years) == ("ssda903 9", (), Years(None, 2024))


@pytest.mark.parametrize("key", ["code", "table", "fields", "why", "source", "years", "message", "fails"])
def test_a_key_left_out_is_named_with_its_file(tmp_path: Path, key: str) -> None:
    with pytest.raises(CatalogueError, match=rf'^9\.toml.*"{key}" is missing; write {key} = '):
        read(tmp_path, without(key))


def test_a_rule_without_examples_does_not_load(tmp_path: Path) -> None:
    text = RULE[: RULE.index("examples")]
    with pytest.raises(
        CatalogueError, match=r'^9\.toml \[\[version\]\] number 1: "examples" is missing; write examples = '
    ):
        read(tmp_path, text)


@pytest.mark.parametrize("verdict", ["yes", "no"])
def test_examples_that_only_pass_or_only_fail_do_not_load(tmp_path: Path, verdict: str) -> None:
    text = "\n".join(line for line in RULE.splitlines() if not line.endswith(f"| {verdict}"))
    with pytest.raises(CatalogueError, match=rf'^9\.toml .*"examples" needs a row that ends in \| {verdict}'):
        read(tmp_path, text)


def test_a_key_that_is_not_known_is_named_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match=r'^9\.toml: there is no key "sauce"; did you mean "source"\?'):
        read(tmp_path, 'sauce = "a guide"\n' + RULE)


def test_a_table_that_the_return_lacks_is_named_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match=r'^9\.toml: table = "heading" is not known; did you mean "header"\?'):
        read(tmp_path, RULE.replace('"header"', '"heading"'))


def test_a_key_of_the_wrong_kind_is_named(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match=r'^9\.toml: "fields" should be a list'):
        read(tmp_path, RULE.replace('["DOB"]', '"DOB"'))


def test_what_is_not_toml_is_named_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match=r"9\.toml: this is not valid TOML: .*line 2"):
        read(tmp_path, RULE.replace('code = "9"', "code = 9 9"))


def test_ten_rules_are_in_the_catalogue_and_each_says_where_it_comes_from() -> None:
    rules = [rule for return_ in load_catalogue().returns.values() for rule in return_.rules]
    assert len(rules) >= 10
    assert len({rule.id for rule in rules}) == len(rules)
    assert all(rule.source.strip() and rule.why.strip() for rule in rules)
