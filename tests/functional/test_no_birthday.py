"""What a run keeps gives no child's birthday away: no date, and no date and number of days, falls on it more than by chance."""

from itertools import product
from typing import Any

from careloom.catalogue import load_catalogue
from careloom.catalogue.nouns import Table

DAYS_OF_MONTH = 365.25 / 12

CARE_ENDS = "as returned: care, and a case with it, ends on the 18th birthday"
TOLD = {
    "assessment_seen assessed_on": "as returned: an assessment of a case that ends on the 18th birthday is authorised by then",
    "event happened_on": CARE_ENDS,
    "spell ends_on": CARE_ENDS,
    "care_episode ends_on": CARE_ENDS,
    "timeline ends_on": CARE_ENDS,
    "pathway ends_on": CARE_ENDS,
    "cost ends_on": CARE_ENDS,
    "cost starts_on": CARE_ENDS,
    "need ends_on": CARE_ENDS,
    "pathway starts_on + days": CARE_ENDS,
}
"""What falls on birthdays because the authority's records do, and why. Nothing that Careloom works out belongs here."""


def days_given(table: Table) -> dict[str, str]:
    """Every day that a row gives, by name, as SQL: each date kept, and each date with each number of days after it."""
    kept = [column for column in table.columns if column.privacy != "identifier"]
    dates = [column.name for column in kept if column.type == "date"]
    lengths = [column.name for column in kept if column.name.startswith("days")]
    after = {
        f"{on} + {days}": f"add_days({on}, CAST(floor({days}) AS INTEGER))" for on, days in product(dates, lengths)
    }
    return {name: name for name in dates} | after


def on_birthdays(demonstration: Any, table: str, day: str) -> tuple[int, int]:
    """How many of the days lie in the month of birth of a later year, and how many of those are the birthday.

    The month of birth is kept, so that the day within it is what must not be found out: one in thirty by chance.
    """
    born = "SELECT person_id AS born_id, born_on AS birthday FROM person"
    [(in_month, hits)] = demonstration.engine.rows(f"""
        SELECT count(*) AS in_month, count(*) FILTER (WHERE day(on_day) = day(birthday)) AS hits
        FROM (SELECT {day} AS on_day, birthday FROM {table} JOIN ({born}) AS born ON born_id = person_id) AS given
        WHERE month(on_day) = month(birthday) AND year(on_day) > year(birthday)""")
    return int(in_month), int(hits)


def test_no_day_that_is_kept_is_a_birthday(demonstration: Any) -> None:
    kept = {name: table for name, table in load_catalogue().tables.items() if not table.working}
    of_children = {name: table for name, table in kept.items() if "person_id" in [c.name for c in table.columns]}
    of_returns = {"in_view"}  # its days are those of collection years
    assert {name for name, table in kept.items() if name not in of_children and days_given(table)} == of_returns
    given_away, looked_at = set(), 0
    for name, table in of_children.items():
        for label, day in days_given(table).items():
            if label == "birth_month":
                continue
            in_month, hits = on_birthdays(demonstration, name, day)
            looked_at += in_month
            if hits > 2 * in_month / DAYS_OF_MONTH + 5:
                given_away.add(f"{name} {label}")
    assert looked_at > 5000
    assert "spell ends_on" in given_away, "this test no longer sees even what is there"
    assert given_away <= set(TOLD)


def test_clocks_that_stop_at_18_stop_on_the_first_of_the_month(demonstration: Any) -> None:
    stopped = demonstration.engine.rows("""
        SELECT day(add_days(starts_on, CAST(days AS INTEGER))) AS day_of_month, count(*) AS n
        FROM time_to_event WHERE ended_by = '18th_birthday' GROUP BY day_of_month""")
    assert [day for day, _ in stopped] == [1]
    assert stopped[0][1] > 100
