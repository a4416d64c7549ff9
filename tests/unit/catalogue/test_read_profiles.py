"""Profiles and flows are read strictly, and a profile declares its own table."""

from pathlib import Path

import pytest

from careloom.catalogue import load_catalogue
from careloom.catalogue.read_profiles import read_profile
from careloom.core import CatalogueError

GOOD = """
title = "Plans"
unit = "plan"
why = "To see."
source = "Made up."
select = "SELECT 1 AS one"
items = [
  { name = "colour", title = "Colour", kind = "level", levels = ["red"] },
  { name = "size", title = "Size", kind = "amount" },
]
examples = ""
"""


def read(folder: Path, text: str) -> None:
    (folder / "plans.toml").write_text(text)
    read_profile(folder / "plans.toml")


def test_a_profile_makes_a_common_table(tmp_path: Path) -> None:
    (tmp_path / "plans.toml").write_text(GOOD)
    table = read_profile(tmp_path / "plans.toml").table
    assert table.name == "plans_described"
    assert table.column_names[-3:] == ("category", "colour", "size")
    assert (table.column("colour").type, table.column("size").type, table.key) == ("text", "number", ("unit_id",))
    tables = load_catalogue().tables
    assert {"assessments_described", "episodes_described"} <= set(tables)


WRONG = {
    "an unknown kind": (('"amount"', '"amuont"'), r'kind = "amuont" is not known; did you mean "amount"\?'),
    "levels of an amount": (('kind = "amount"', 'kind = "amount", levels = ["1"]'), r'an amount has no "levels"'),
    "a name that is there already": (('"size"', '"la"'), r'an item cannot be called "la"'),
    "the same name twice": (('"size"', '"colour"'), r'an item cannot be called "colour"'),
    "an unknown key": (("why", "wyh"), r'"why" is missing; .*"wyh"'),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_named(case: str, tmp_path: Path) -> None:
    (old, new), message = WRONG[case]
    with pytest.raises(CatalogueError, match=message):
        read(tmp_path, GOOD.replace(old, new))


def test_everything_of_a_flow_and_a_profile_says_why_and_where_from() -> None:
    catalogue = load_catalogue()
    told = [(p.name, p.why, p.source) for p in catalogue.profiles.values()]
    told += [(flow.name, flow.why, flow.source) for flow in catalogue.flows]
    for name, why, source in told:
        assert len(why.split()) > 10, name
        assert "tudy method" in source, name
