"""Which rung an episode of need reached, and what belongs to nobody."""

import datetime as dt

import pyarrow as pa

from careloom.catalogue import load_catalogue
from careloom.catalogue.examples import load_examples
from careloom.engine import DuckDBEngine, Engine
from careloom.pathways import doubts, make_lives, make_pathways, weigh_plausibility

CATALOGUE = load_catalogue()
COMMON = CATALOGUE.tables


def draw(engine: Engine, text: str) -> None:
    for name, rows in load_examples(text, "", year=2019, common=COMMON).tables.items():
        engine.load(name, rows)


def test_the_highest_rung_between_referral_and_closure(engine: Engine) -> None:
    draw(
        engine,
        """
spell
spell_id | person_id | la | kind           | starts_on  | ends_on    | end_reason | code | detail | within_id
nfa      | a         | A  | cin_episode    | 2018-01-01 | 2018-01-01 |            | N1   | 1      |
assessed | b         | A  | cin_episode    | 2018-01-01 | 2018-03-01 | RC8        | N1   | 0      |
x1       | b         | A  | assessment     | 2018-01-02 | 2018-02-01 |            |      |        |
plan     | c         | A  | cin_episode    | 2018-01-01 | 2018-09-01 | RC7        | N1   | 0      |
x2       | c         | A  | cin_plan       | 2018-02-02 | 2018-08-01 |            |      |        |
later    | c         | A  | cin_episode    | 2019-01-01 |            |            | N1   | 0      |
x3       | c         | A  | cp_plan        | 2019-02-01 |            |            | NEG  |        |
x3b      | c         | A  | cp_plan        | 2020-02-01 |            |            | EMO  |        |
soon     | d         | A  | cin_episode    | 2018-01-01 | 2018-03-01 | RC7        | N1   | 0      |
x4       | d         | A  | period_of_care | 2018-03-29 |            |            | N1   |        |
x4s      | d         | A  | legal_status   | 2018-03-29 | 2018-04-29 |            | L1   |        | x4
x4t      | d         | A  | legal_status   | 2018-04-29 |            |            | C1   |        | x4
x4p      | d         | A  | placement      | 2018-03-29 |            |            | U6   |        | x4
too_late | e         | A  | cin_episode    | 2018-01-01 | 2018-03-01 | RC9        | N1   | 0      |
x5       | e         | A  | period_of_care | 2018-03-30 |            |            | N1   |        |
enquiry  | f         | A  | cin_episode    | 2018-01-01 | 2018-03-01 | RC8        | N1   | 0      |
met      | g         | A  | cin_episode    | 2018-01-01 | 2018-03-01 | RC7        | N1   | 0      |
away     | h         | A  | cin_episode    | 2018-01-01 | 2018-03-01 | RC7        | N1   | 0      |
x6       | h         | B  | cp_plan        | 2018-02-01 |            |            | NEG  |        |
event
person_id | la | event      | happened_on
f         | A  | section_47 | 2018-01-05
g         | A  | section_47 | 2018-01-05
g         | A  | conference | 2018-01-25
g         | A  | review     | 2018-01-26
""",
    )
    ledger = make_pathways(engine)
    assert ledger.balances
    assert dict(engine.rows("SELECT episode_id, rung FROM pathway")) == {
        "nfa": "no_further_action",
        "assessed": "closed_after_assessment",
        "plan": "cin_only",
        "later": "cp_plan",
        "soon": "looked_after",
        "too_late": "closed_after_assessment",
        "enquiry": "section_47",
        "met": "conference",
        "away": "cin_only",
    }
    told = "SELECT has_assessment, has_cin_plan, has_section_47, cp_category, care_status, care_placement, days FROM pathway"
    assert engine.rows(f"{told} WHERE episode_id = 'soon'") == [(False, False, False, None, "L1", "U6", 59)]
    assert engine.rows(f"{told} WHERE episode_id = 'later'") == [(False, False, False, "NEG", None, None, None)]
    assert engine.rows(f"{told} WHERE episode_id = 'plan'") == [(False, True, False, None, None, None, 243)]
    assert engine.rows(f"{told} WHERE episode_id = 'enquiry'") == [(False, False, True, None, None, None, 59)]


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
care_episode_row
la | return_name | child_id | starts_on
""",
    )
    ledger = make_lives(engine, [], CATALOGUE.spells)
    assert ledger.balances
    assert [(step.reads, step.rows_set_aside) for step in ledger.steps if step.step == "join to persons"] == [
        ("event_row", 1),
        ("care_episode_row", 0),
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
    def periods(start_reason: str, born: dt.date, first_return: int = 2018) -> None:
        n = 10
        common = {"person_id": [str(i) for i in range(n)]}
        duck.load("person", pa.table({**common, "born_on": [born] * n}))
        spell = {
            "kind": ["period_of_care"] * n,
            "spell_id": common["person_id"],
            "la": ["A"] * n,
            "starts_on": [dt.date(2018, 1, 1)] * n,
            "ends_on": pa.array([None] * n, pa.date32()),
        }
        flags = {"start_reason": [start_reason] * n, "repairs": pa.array([None] * n, pa.string()), "detail": [""] * n}
        duck.load("spell", pa.table({**common, **spell, **flags}))
        duck.load("care_episode", pa.table({"la": ["A"], "collection_year": [first_return]}))
        duck.load("event", pa.table({"person_id": ["0"], "event": ["review"], "happened_on": [dt.date(2018, 2, 1)]}))
        weigh_plausibility(duck, CATALOGUE.signs)

    periods("S", dt.date(2010, 1, 1))
    assert doubts(duck) == []
    periods("P", dt.date(2018, 6, 1))
    assert len(doubts(duck)) == 2
    periods("P", dt.date(2010, 1, 1), first_return=2019)
    assert doubts(duck) == []  # what began before the first return is told mid-way by any authority
