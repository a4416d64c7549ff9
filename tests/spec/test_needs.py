"""Each need of the catalogue finds the stretches its worked example shows, on every engine; and how groups are named."""

import pytest

from careloom.catalogue import Need
from careloom.catalogue.costing import read_need
from careloom.catalogue.examples import ISO, typed, write_cell
from careloom.catalogue.load import OURS, read_tables
from careloom.core import RequestError, read_examples
from careloom.costs.needs import NeedChoices, find_needs
from careloom.engine import Engine

TABLES = read_tables(OURS / "tables.toml")
NEEDS = sorted(map(read_need, (OURS / "needs").glob("*.toml")), key=lambda need: need.position)
READ = ("spell", "event", "person", "care_episode")
"""The common tables that needs read; those an example does not draw are empty."""


def lay(engine: Engine, need: Need) -> list[dict[str, str | None]]:
    """Load the tables that the example of a need draws; return the stretches it expects."""
    examples = read_examples(need.examples, "spell")
    for name in READ:
        engine.load(name, typed(TABLES[name], examples[name].rows if name in examples else (), ISO))
    return list(examples["expected"].rows)


@pytest.mark.parametrize("need", NEEDS, ids=lambda need: need.name)
def test_a_need_is_found_as_its_example_shows(engine: Engine, need: Need) -> None:
    expected = lay(engine, need)
    ledger = find_needs(engine, [need])
    found = engine.rows(f"SELECT person_id, starts_on, ends_on FROM need WHERE need = '{need.name}'")
    assert sorted(str([write_cell(cell) for cell in row]) for row in found) == sorted(
        str(list(row.values())) for row in expected
    )
    assert ledger.faults() == []


def test_a_study_may_set_what_a_rule_counts_with(engine: Engine) -> None:
    """Scores of 17 and 16 in the example: at 16 both years count, at 18 neither; of another need, nothing changes."""
    (ebd,) = (need for need in NEEDS if need.name == "ebd")
    lay(engine, ebd)
    for score, years in ((16, [2019, 2020]), (17, [2019]), (18, [])):
        find_needs(engine, NeedChoices(numbers=(("ebd", "sdq_score", score),)).of([ebd]))
        found = engine.rows("SELECT year(starts_on) AS year FROM need WHERE person_id = 'score' ORDER BY starts_on")
        assert [year for (year,) in found] == years


def test_a_need_may_be_left_out_and_what_there_is_not_is_refused() -> None:
    assert [need.name for need in NeedChoices(off=("uasc", "ebd")).of(NEEDS)] == ["cwd", "offending"]
    assert NeedChoices().of(NEEDS) == NEEDS
    with pytest.raises(RequestError, match='no need "ebt"; did you mean "ebd"'):
        NeedChoices(off=("ebt",)).of(NEEDS)
    with pytest.raises(RequestError, match='"ebd" counts with no "sdq_scores"; did you mean "sdq_score"'):
        NeedChoices(numbers=(("ebd", "sdq_scores", 3),)).of(NEEDS)


def test_groups_are_named_by_their_needs_in_order(engine: Engine) -> None:
    """Of a child with every need in turn: what holds together is one group, and stretches never overlap."""
    spells = [
        ("s0", "cin_episode", "2019-05-01", None, None),
        ("s1", "uasc", "2019-05-01", "2019-07-01", None),
        ("s2", "camhs", "2019-06-01", "2019-09-01", None),
        ("s3", "youth_justice_intervention", "2019-08-01", "2019-10-01", "supervision"),
    ]
    names = ("spell_id", "kind", "starts_on", "ends_on", "code")
    rows = [{"person_id": "one", "la": "A", **dict(zip(names, spell, strict=True))} for spell in spells]
    people: list[dict[str, str | None]] = [{"person_id": "one", "is_disabled": "true"}]
    for name, told in (("spell", rows), ("event", []), ("person", people), ("care_episode", [])):
        engine.load(name, typed(TABLES[name], told, ISO))

    find_needs(engine, NEEDS)

    found = engine.rows("SELECT starts_on, ends_on, need_group FROM need_stretch ORDER BY starts_on")
    assert [(str(starts), str(ends), group) for starts, ends, group in found] == [
        ("2019-05-01", "2019-06-01", "CWD + UASC"),
        ("2019-06-01", "2019-07-01", "CWD + EBD + UASC"),
        ("2019-07-01", "2019-08-01", "CWD + EBD"),
        ("2019-08-01", "2019-09-01", "CWD + EBD + offending"),
        ("2019-09-01", "2019-10-01", "CWD + offending"),
        ("2019-10-01", "9999-12-31", "CWD"),
    ]


def test_the_needs_are_those_published() -> None:
    assert [(need.position, need.title) for need in NEEDS] == [(1, "CWD"), (2, "EBD"), (3, "offending"), (4, "UASC")]
    for need in NEEDS:
        assert "Too few" in need.source, "what a rule misses is said"
