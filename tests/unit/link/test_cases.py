"""The cases that linkage gets wrong if nobody thinks of them: family, adoption, fillers, and children who cannot be."""

from collections.abc import Sequence

import pytest

from careloom.catalogue import load_catalogue
from careloom.catalogue.examples import load_examples
from careloom.engine import DuckDBEngine, Engine
from careloom.link import LINK_MODES, link_persons

RECORD = "record\nla | return_name | child_id | collection_year | upn | born_on | is_expected_birth | sex | delivery_id | line\n"
CARE = "care_episode_row\nla | return_name | child_id | starts_on | ends_on | collection_year\n"
SPELLS = "spell_row\nla | return_name | child_id | starts_on | ends_on | collection_year\n"
EVENTS = "event_row\nla | return_name | child_id | event | happened_on\n"


def link(
    engine: Engine,
    rows: str,
    *,
    mode: str = "both",
    care: str = "",
    events: str = "",
    spells: str = "",
    extracts: Sequence[str] = (),
) -> list[list[str]]:
    """Return the groups of identifiers that became one person, as `la/return/child_id`."""
    common = load_catalogue().tables
    numbered = "".join(f"{row.strip()} | 1 | {n}\n" for n, row in enumerate(rows.strip().splitlines(), start=1))
    told = {"record": RECORD + numbered}
    told |= {"care_episode_row": CARE + care} if care else {}
    told |= {"event_row": EVENTS + events} if events else {}
    told |= {"spell_row": SPELLS + spells} if spells else {}
    for name, text in told.items():
        engine.load(name, load_examples(text, name, year=2019, common=common).tables[name])
    ledger = link_persons(engine, lambda names: [f"p{name}" for name in names], extracts=extracts, mode=mode)
    assert ledger.balances
    groups: dict[str, list[str]] = {}
    for person, one in engine.rows(
        "SELECT person_id, concat(la, '/', return_name, '/', child_id) AS one FROM person_of ORDER BY one"
    ):
        groups.setdefault(person, []).append(one)
    return sorted(groups.values())


def broken(engine: Engine) -> list[tuple[str, str]]:
    return engine.rows("SELECT link_rule, why FROM link_broken ORDER BY link_rule, why")


CHAIN = """
A | cin  | 1 | 2019 | U1 | 2010-01-01 | false | M
A | s903 | 1 | 2019 |    | 2010-01-01 | false | M
B | cin  | 7 | 2019 | U1 | 2010-01-01 | false | M
"""
BY_MODE = {
    "within_authority": [["A/cin/1", "A/s903/1"], ["B/cin/7"]],
    "pupil_number": [["A/cin/1", "B/cin/7"], ["A/s903/1"]],
    "both": [["A/cin/1", "A/s903/1", "B/cin/7"]],
    "probabilistic": [["A/cin/1", "A/s903/1", "B/cin/7"]],
}


@pytest.mark.parametrize("mode", LINK_MODES)
def test_the_mode_says_which_keys_join(mode: str, duck: DuckDBEngine) -> None:
    assert link(duck, CHAIN, mode=mode) == BY_MODE[mode]


FAMILY = {
    "siblings are two, though all but the birthday is alike": (
        "A | cin | 1 | 2019 | U1 | 2010-01-01 | false | M\nA | cin | 2 | 2019 | U2 | 2012-01-01 | false | M",
        [["A/cin/1"], ["A/cin/2"]],
    ),
    "a sibling's UPN copied down joins nobody": (
        "A | cin | 1 | 2019 | U1 | 2010-01-01 | false | M\nA | cin | 2 | 2019 | U1 | 2012-01-01 | false | M",
        [["A/cin/1"], ["A/cin/2"]],
    ),
    "twins of one day and sex are two": (
        "A | cin | 1 | 2019 | U1 | 2010-01-01 | false | M\nA | cin | 2 | 2019 | U2 | 2010-01-01 | false | M",
        [["A/cin/1"], ["A/cin/2"]],
    ),
    "a boy and a girl with the UPN of one of them are two": (
        "A | cin | 1 | 2019 | U1 | 2010-01-01 | false | M\nB | cin | 2 | 2019 | U1 | 2010-01-01 | false | F",
        [["A/cin/1"], ["B/cin/2"]],
    ),
    "unborn, then born: the number stays, sex and day become known": (
        "A | cin | 1 | 2018 | | 2019-05-01 | true | U\nA | cin | 1 | 2019 | | 2019-05-20 | false | F\nA | s903 | 1 | 2019 | | 2019-05-20 | false | F",
        [["A/cin/1", "A/s903/1"]],
    ),
    "unborn in one return, born in the other": (
        "A | cin | 1 | 2018 | | 2019-05-01 | true | U\nA | s903 | 1 | 2019 | | 2019-04-02 | false | F",
        [["A/cin/1", "A/s903/1"]],
    ),
    "adopted: a new number, a new UPN, and no link to who the child was": (
        "A | s903 | 1 | 2018 | U1 | 2012-01-01 | false | F\nA | cin | 9 | 2021 | U9 | 2012-01-01 | false | F",
        [["A/cin/9"], ["A/s903/1"]],
    ),
}


# Cases of keys are told on DuckDB alone; that links are the same on Spark, the tests of persons show, and some below.
@pytest.mark.parametrize("case", FAMILY)
@pytest.mark.parametrize("mode", ["both", "pupil_number", "within_authority"])
def test_families(case: str, mode: str, duck: DuckDBEngine) -> None:
    rows, expected = FAMILY[case]
    if mode == "pupil_number" and "unborn" in case:
        expected = [["A/cin/1"], ["A/s903/1"]]  # no child has a UPN before school
    assert link(duck, rows, mode=mode) == expected


FILLERS = ("UN1", "UN5", "A000000000000", "X999999999999", "0000000000000")


@pytest.mark.parametrize("filler", FILLERS)
def test_what_stands_for_no_pupil_number_joins_nobody(filler: str, duck: DuckDBEngine) -> None:
    rows = f"A | cin | 1 | 2019 | {filler} | 2010-01-01 | false | M\nB | cin | 2 | 2019 | {filler} | 2010-01-01 | false | M"
    assert link(duck, rows) == [["A/cin/1"], ["B/cin/2"]]


def test_a_number_that_everyone_has_joins_nobody_but_the_authoritys_own_still_does(engine: Engine) -> None:
    rows = "".join(f"A | {r} | {n} | 2019 | U5 | | false | U\n" for n in range(10, 40) for r in ("cin", "s903"))
    groups = link(engine, rows)
    assert len(groups) == 30
    assert {len(group) for group in groups} == {2}


OTHER_NUMBER = "B | school | s | 2019 | U1 | 2010-01-01 | false | M"


@pytest.mark.parametrize(
    "newest", ["A | cin | 1 | 2019 | U2 | 2010-01-01 | false | M", "A | cin | 1 | 2019 | | 2010-01-01 | false | M"]
)
def test_a_pupil_number_of_an_earlier_year_still_joins(newest: str, engine: Engine) -> None:
    rows = f"A | cin | 1 | 2018 | U1 | 2010-01-01 | false | M\n{newest}\n{OTHER_NUMBER}"
    assert link(engine, rows) == [["A/cin/1", "B/school/s"]]
    assert link(engine, rows, extracts=["school"]) == [["A/cin/1", "B/school/s"]]


def test_a_former_pupil_number_joins_and_not_against_what_is_known(duck: DuckDBEngine) -> None:
    """Its former number is the other child's, and is not believed where the birthday says so."""
    former = "former_upn_row\nla | return_name | child_id | upn\nA | cin | 1 | U1\nA | cin | 3 | A000000000000\n"
    duck.load(
        "former_upn_row",
        load_examples(former, "former_upn_row", year=2019, common=load_catalogue().tables).tables["former_upn_row"],
    )
    rows = f"A | cin | 1 | 2019 | U2 | {{day}} | false | M\nA | cin | 3 | 2019 | A000000000000 | 2010-01-01 | false | M\n{OTHER_NUMBER}"
    assert link(duck, rows.format(day="2010-01-01")) == [["A/cin/1", "B/school/s"], ["A/cin/3"]]
    assert link(duck, rows.format(day="2012-01-01")) == [["A/cin/1"], ["A/cin/3"], ["B/school/s"]]
    assert broken(duck) == [("upn", "births more than 31 days apart")]


def test_a_giant_is_cut_at_its_weakest_links_and_listed(engine: Engine) -> None:
    """Thirty authorities, one after the other: a pupil number joins each to the next."""
    rows = "".join(
        f"L{n:02d} | cin | {n} | 2019 | U{n // 2} | | false | U\nL{n:02d} | s903 | {n} | 2019 | V{(n + 1) // 2} | | false | U\n"
        for n in range(30)
    )
    groups = link(engine, rows)
    assert max(len(group) for group in groups) <= 20
    assert sum(len(group) for group in groups) == 60
    by_authority = {member.split("/")[0]: number for number, group in enumerate(groups) for member in group}
    assert all(by_authority[m.split("/")[0]] == n for n, group in enumerate(groups) for m in group)  # own numbers hold
    assert set(broken(engine)) == {("upn", "too many identifiers for one child")}


def test_a_contradiction_between_the_ends_of_a_chain_breaks_the_weaker_link(engine: Engine) -> None:
    """The middle one says no sex: each of its neighbours fits it, and they do not fit each other."""
    rows = """
        A | cin  | 1 | 2019 |    | 2010-01-01 | false | M
        A | s903 | 1 | 2019 | U1 | 2010-01-01 | false | U
        B | cin  | 7 | 2019 | U1 | 2010-01-01 | false | F"""
    assert link(engine, rows) == [["A/cin/1", "A/s903/1"], ["B/cin/7"]]
    assert broken(engine) == [("upn", "two sexes")]


MOVED = "A | s903 | 1 | 2019 | U1 | 2010-01-01 | false | M\nB | s903 | 7 | 2019 | U1 | 2010-01-01 | false | M"


@pytest.mark.parametrize(
    ("second", "persons"),
    [
        ("B | s903 | 7 | 2019-03-05 | | 2019", 1),  # a handover of five nights
        ("B | s903 | 7 | 2018-12-01 | | 2019", 2),
        ("B | s903 | 7 | 2019-03-01 | | 2019", 2),  # nine nights
    ],
)
def test_care_in_two_authorities_at_once_is_two_children(second: str, persons: int, duck: DuckDBEngine) -> None:
    groups = link(duck, MOVED, care=f"A | s903 | 1 | 2018-06-01 | 2019-03-10 | 2019\n{second}\n")
    assert len(groups) == persons
    assert broken(duck) == ([("upn", "in care in two authorities at once")] if persons == 2 else [])


def test_open_care_is_sure_only_until_its_last_return(engine: Engine) -> None:
    care = "A | s903 | 1 | 2015-06-01 | | 2016\nB | s903 | 7 | 2018-06-01 | | 2019\n"
    assert len(link(engine, MOVED, care=care)) == 1


@pytest.mark.parametrize(("day", "persons"), [("2009-03-01", 2), ("2009-04-01", 1)])
def test_nothing_happens_to_a_child_before_conception(day: str, persons: int, duck: DuckDBEngine) -> None:
    """294 days before 1 January 2010 is 13 March 2009. The same number was given to an earlier pregnancy."""
    rows = "A | cin | 1 | 2019 | | | false | U\nA | s903 | 1 | 2019 | | 2010-01-01 | false | M"
    assert len(link(duck, rows, events=f"A | cin | 1 | referral | {day}\n")) == persons
    assert broken(duck) == ([("la_child_id", "events before conception")] if persons == 2 else [])


def test_an_early_event_of_a_child_whose_birth_agrees_breaks_nothing(engine: Engine) -> None:
    rows = "A | cin | 1 | 2019 | | 2010-01-01 | false | M\nA | s903 | 1 | 2019 | | 2010-01-01 | false | M"
    assert len(link(engine, rows, events="A | cin | 1 | referral | 2001-01-01\n")) == 1


def test_extracts_among_themselves_are_broken_alike(engine: Engine) -> None:
    rows = "A | list | 1 | 2019 | | 2010-01-01 | false | M\nA | school | 1 | 2019 | | 2010-01-01 | false | F"
    assert link(engine, rows, extracts=["list", "school"]) == [["A/list/1"], ["A/school/1"]]
    assert broken(engine) == [("la_child_id", "two sexes")]


BORN = """
A | cin  | 1  | 2019 | | 2010-03-04 | false | M
A | s903 | x1 | 2019 | | 2010-03-04 | false | M
A | cin  | 2  | 2019 | | 2012-03-04 | false | M"""
DATES = "A | cin | 1 | 2018-06-01 | 2018-12-01 | 2019\nA | cin | 2 | 2018-06-01 | | 2019\n"
IN_CARE = "A | s903 | x1 | 2018-11-01 | | 2019\n"
JOINED, APART = [["A/cin/1", "A/s903/x1"], ["A/cin/2"]], [["A/cin/1"], ["A/cin/2"], ["A/s903/x1"]]
BY_BIRTH = {
    "nobody else fits": ("", "", IN_CARE, JOINED),
    "a twin fits as well": ("A | cin | 3 | 2019 | | 2010-03-04 | false | M", "A | cin | 3 | 2018-06-01 | | 2019", IN_CARE, None),
    "a twin in care fits as well": ("A | s903 | x3 | 2019 | | 2010-03-04 | false | M", "", f"{IN_CARE}A | s903 | x3 | 2018-07-01 | | 2019", None),
    "a twin of the other sex does not fit": ("A | cin | 3 | 2019 | | 2010-03-04 | false | F", "A | cin | 3 | 2018-06-01 | | 2019", IN_CARE, [JOINED[0], ["A/cin/2"], ["A/cin/3"]]),
    "another authority does not fit": ("B | cin | 3 | 2019 | | 2010-03-04 | false | M", "B | cin | 3 | 2018-06-01 | | 2019", IN_CARE, [JOINED[0], ["A/cin/2"], ["B/cin/3"]]),
    "at other times": ("", "", "A | s903 | x1 | 2019-01-01 | | 2019", APART),
    "open care is sure until its last return": ("", "", "A | s903 | x1 | 2015-01-01 | | 2016", APART),
    "the record has a key to another already": ("A | s903 | 1 | 2019 | | 2010-03-04 | false | M", "", f"{IN_CARE}A | s903 | 1 | 2016-01-01 | 2016-02-01 | 2016", [["A/cin/1", "A/s903/1"], ["A/cin/2"], ["A/s903/x1"]]),
}  # fmt: skip


@pytest.mark.parametrize("case", BY_BIRTH)
@pytest.mark.parametrize("mode", ["both", "within_authority"])
def test_children_without_a_shared_key_are_one_by_birthday_and_dates_where_nobody_else_fits(
    case: str, mode: str, duck: DuckDBEngine
) -> None:
    """Source: study method section 3, specification 3. One key alone joins by nothing else."""
    more, spells, care, expected = BY_BIRTH[case]
    groups = link(duck, f"{BORN}\n{more}", mode=mode, care=care, spells=f"{DATES}{spells}\n")
    if expected and mode == "both":
        assert groups == expected
    else:
        assert not [group for group in groups if "A/s903/x1" in group and len(group) > 1]
    rules = {rule for (rule,) in duck.rows("SELECT link_rule FROM person_of WHERE child_id = 'x1'")}
    assert rules == (
        {"birth_and_dates"} if mode == "both" and expected and ["A/cin/1", "A/s903/x1"] in expected else {"alone"}
    )


def test_who_has_no_day_or_sex_is_joined_to_nobody_by_birthday(engine: Engine) -> None:
    for told in ("2010-03-04 | true | M", "2010-03-04 | false | U", " | false | M"):
        rows = f"A | cin | 1 | 2019 | | {told}\nA | s903 | x1 | 2019 | | {told}"
        assert len(link(engine, rows, care=IN_CARE, spells=DATES)) == 2
