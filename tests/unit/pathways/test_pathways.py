"""Which rung an episode of need reached, and what belongs to nobody."""

import datetime as dt

import pyarrow as pa

from careloom.catalogue import load_catalogue
from careloom.catalogue.examples import load_examples
from careloom.engine import DuckDBEngine, Engine
from careloom.pathways import doubts, make_lives, make_pathways, weigh_plausibility

COMMON = load_catalogue().tables


def draw(engine: Engine, text: str) -> None:
    for name, rows in load_examples(text, "", year=2019, common=COMMON).tables.items():
        engine.load(name, rows)


def test_the_highest_rung_between_referral_and_closure(engine: Engine) -> None:
    draw(
        engine,
        """
spell
spell_id | person_id | kind           | starts_on  | ends_on    | detail
nfa      | a         | cin_episode    | 2018-01-01 | 2018-01-01 | 1
assessed | b         | cin_episode    | 2018-01-01 | 2018-03-01 | 0
x1       | b         | assessment     | 2018-01-02 | 2018-02-01 |
plan     | c         | cin_episode    | 2018-01-01 | 2018-09-01 | 0
x2       | c         | cin_plan       | 2018-02-02 | 2018-08-01 |
later    | c         | cin_episode    | 2019-01-01 |            | 0
x3       | c         | cp_plan        | 2019-02-01 |            |
soon     | d         | cin_episode    | 2018-01-01 | 2018-03-01 | 0
x4       | d         | period_of_care | 2018-03-29 |            |
too_late | e         | cin_episode    | 2018-01-01 | 2018-03-01 | 0
x5       | e         | period_of_care | 2018-03-30 |            |
enquiry  | f         | cin_episode    | 2018-01-01 | 2018-03-01 | 0
met      | g         | cin_episode    | 2018-01-01 | 2018-03-01 | 0
event
person_id | event      | happened_on
f         | section_47 | 2018-01-05
g         | section_47 | 2018-01-05
g         | conference | 2018-01-25
g         | review     | 2018-01-26
""",
    )
    ledger = make_pathways(engine)
    assert ledger.balances
    assert dict(engine.rows("SELECT episode_id, rung FROM pathway")) == {
        "nfa": "no_further_action",
        "assessed": "assessed",
        "plan": "cin_plan",
        "later": "cp_plan",
        "soon": "looked_after",
        "too_late": "assessed",
        "enquiry": "section_47",
        "met": "conference",
    }


def test_rows_of_nobody_are_set_aside_and_parts_know_their_whole(engine: Engine) -> None:
    draw(
        engine,
        """
person_of
la | return_name | child_id | person_id
A  | cin_census  | 1        | p
B  | cin_census  | 1        | q
spell_row
la | return_name | child_id | kind        | starts_on  | source_key | within_key
A  | cin_census  | 1        | assessment  | 2018-03-01 | A1x        | A1
A  | cin_census  | 1        | assessment  | 2018-02-01 | A1y        | A1
A  | cin_census  | 1        | cin_episode | 2018-01-01 | A1         |
B  | cin_census  | 1        | cin_episode | 2018-01-01 | B1         |
A  | cin_census  | 9        | cin_episode | 2018-01-01 | A9         |
event_row
la | return_name | child_id | event  | happened_on
A  | cin_census  | 9        | review | 2018-01-01
factor_row
la | return_name | child_id | source_key | code
A  | cin_census  | 1        | A1y        | 3B
A  | cin_census  | 1        | gone       | 3B
""",
    )
    ledger = make_lives(engine)
    assert ledger.balances
    assert [(step.reads, step.rows_set_aside) for step in ledger.steps] == [
        ("event_row", 1),
        ("spell_row", 1),
        ("factor_row", 1),
    ]
    assert engine.rows("SELECT spell_id, within_id FROM spell ORDER BY spell_id") == [
        ("p:assessment:1", "p:cin_episode:1"),
        ("p:assessment:2", "p:cin_episode:1"),
        ("p:cin_episode:1", None),
        ("q:cin_episode:1", None),
    ]
    assert engine.rows("SELECT assessment_id, code FROM factor") == [("p:assessment:1", "3B")]


def test_records_of_random_dates_are_doubted_and_sound_ones_are_not(duck: DuckDBEngine) -> None:
    def periods(start_reason: str, born: dt.date) -> None:
        n = 10
        common = {"person_id": [str(i) for i in range(n)]}
        duck.load("person", pa.table({**common, "born_on": [born] * n}))
        spell = {
            "kind": ["period_of_care"] * n,
            "spell_id": common["person_id"],
            "starts_on": [dt.date(2018, 1, 1)] * n,
            "ends_on": pa.array([None] * n, pa.date32()),
        }
        flags = {"start_reason": [start_reason] * n, "is_repaired": [False] * n, "detail": [""] * n}
        duck.load("spell", pa.table({**common, **spell, **flags}))
        duck.load("event", pa.table({"person_id": ["0"], "event": ["review"], "happened_on": [dt.date(2018, 2, 1)]}))
        weigh_plausibility(duck, load_catalogue().signs)

    periods("S", dt.date(2010, 1, 1))
    assert doubts(duck) == []
    periods("P", dt.date(2018, 6, 1))
    assert len(doubts(duck)) == 2
