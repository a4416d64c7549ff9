"""Which assessment decides the class of an episode, by each of the study's rules."""

import pytest

from careloom.catalogue import load_catalogue
from careloom.catalogue.examples import load_examples
from careloom.engine import Engine
from careloom.pathways import EPISODE_CLASS_RULES, choose_classes

COMMON = load_catalogue().tables
# Ann's second assessment is the surest. Ben's two of one day are equally sure. Cat's lies in no episode.
CLASS_OF = """
class_of
assessment_id | person_id | la | episode_id | assessed_on | class_no | probability
a2            | ann       | A  | ann-1      | 2018-06-01  | 2        | 0.9
a1            | ann       | A  | ann-1      | 2018-05-01  | 1        | 0.6
a3            | ann       | A  | ann-1      | 2018-07-01  | 3        | 0.8
a4            | ann       | A  | ann-2      | 2020-07-01  | 1        | 0.7
b2            | ben       | A  | ben-1      | 2018-05-01  | 2        | 0.5
b1            | ben       | A  | ben-1      | 2018-05-01  | 1        | 0.5
c1            | cat       | A  |            | 2018-05-01  | 1        | 0.5
"""
DECIDES = {
    "first": [("ann-1", "a1", 1), ("ann-2", "a4", 1), ("ben-1", "b1", 1)],
    "last": [("ann-1", "a3", 3), ("ann-2", "a4", 1), ("ben-1", "b2", 2)],
    "highest_posterior": [("ann-1", "a2", 2), ("ann-2", "a4", 1), ("ben-1", "b1", 1)],
}


@pytest.mark.parametrize("rule", EPISODE_CLASS_RULES)
def test_one_assessment_decides(engine: Engine, rule: str) -> None:
    for name, rows in load_examples(CLASS_OF, "", year=2021, common=COMMON).tables.items():
        engine.load(name, rows)
    ledger = choose_classes(engine, rule)
    found = engine.rows("SELECT episode_id, assessment_id, class_no FROM episode_class ORDER BY episode_id")
    assert found == DECIDES[rule]
    assert tuple(engine.columns("episode_class")) == COMMON["episode_class"].column_names
    assert ledger.balances, ledger.faults()
    (step,) = ledger.steps
    assert (step.rows_in, step.rows_out) == (7, 3)
    assert dict(step.set_aside) == {
        "another assessment of the episode decides": 3,
        "the assessment lies in no episode": 1,
    }


def test_the_rules_are_those_of_the_method() -> None:
    assert EPISODE_CLASS_RULES == ("first", "last", "highest_posterior")
