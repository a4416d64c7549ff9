"""Each need of the catalogue finds the stretches its worked example shows, on every engine; and how groups are named."""

import pytest

from careloom.catalogue import Need, load_catalogue
from careloom.catalogue.costing import read_need
from careloom.catalogue.examples import ISO, typed
from careloom.catalogue.load import OURS
from careloom.core import RequestError, read_examples
from careloom.costs.needs import NeedChoices, find_needs
from careloom.engine import Engine
from careloom.study.try_examples import OF_NEEDS, lay, need_faults

CATALOGUE = load_catalogue()
NEEDS = sorted(map(read_need, (OURS / "needs").glob("*.toml")), key=lambda need: need.position)


@pytest.mark.parametrize("need", NEEDS, ids=lambda need: need.name)
def test_a_need_is_found_as_its_example_shows(engine: Engine, need: Need) -> None:
    assert list(need_faults(engine, CATALOGUE, need)) == []


def test_a_study_may_set_what_a_rule_counts_with(engine: Engine) -> None:
    """Scores of 17 and 16 in the example: at 16 both years count, at 18 neither; of another need, nothing changes."""
    (ebd,) = (need for need in NEEDS if need.name == "ebd")
    lay(engine, CATALOGUE, read_examples(ebd.examples, "spell"), OF_NEEDS)
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
        engine.load(name, typed(CATALOGUE.tables[name], told, ISO))

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
