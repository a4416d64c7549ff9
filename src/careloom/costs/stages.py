"""Stages: days of the window on which nothing changes about a child that a price may ask."""

from collections.abc import Iterator
from datetime import date
from itertools import pairwise

from careloom.costs.needs import AGE_BANDS
from careloom.costs.prices import price_key
from careloom.engine import with_names

NEEDS = """
SELECT p.person_no, n.starts_on, n.ends_on, g.need_no
FROM need_stretch AS n
JOIN cost_person AS p ON p.person_id = n.person_id
JOIN cost_need_group AS g ON g.need_group = n.need_group"""
FEES = """
SELECT p.person_no, f.starts_on, f.ends_on, f.per_night
FROM fee_stretch AS f
JOIN cost_person AS p ON p.person_id = f.person_id"""
# Days between stretches, before the first and after the last of them: a child of whom anything is said has the window filled.
FILLED = """
SELECT person_no, {column}, greatest(starts_on, DATE '{first_day}') AS starts_on, least(ends_on, DATE '{end_day}') AS ends_on
FROM (
  SELECT person_no, {column}, starts_on, ends_on FROM {told}
  UNION ALL
  SELECT person_no, {blank} AS {column}, ends_on AS starts_on,
         coalesce(lead(starts_on) OVER (PARTITION BY person_no ORDER BY starts_on), DATE '{end_day}') AS ends_on
  FROM {told}
  UNION ALL
  SELECT person_no, {blank} AS {column}, DATE '{first_day}' AS starts_on, min(starts_on) AS ends_on FROM {told} GROUP BY person_no) AS day
WHERE starts_on < ends_on AND starts_on < DATE '{end_day}' AND ends_on > DATE '{first_day}'"""
OF_NEEDS = f"""
SELECT a.person_no, {price_key(need_no="coalesce(n.need_no, 0)", age_no="a.age_no")} AS price_key,
       greatest(a.starts_on, coalesce(n.starts_on, a.starts_on)) AS starts_on, least(a.ends_on, coalesce(n.ends_on, a.ends_on)) AS ends_on
FROM of_age AS a
LEFT JOIN need_day AS n ON n.person_no = a.person_no AND n.starts_on < a.ends_on AND n.ends_on > a.starts_on"""
STAGES = """
SELECT person_no AS child_no, price_key, starts_on, ends_on, CAST(NULL AS DECIMAL(18, 6)) AS recorded FROM of_needs
UNION ALL
SELECT -s.person_no AS child_no, s.price_key, greatest(s.starts_on, f.starts_on) AS starts_on, least(s.ends_on, f.ends_on) AS ends_on,
       f.per_night AS recorded
FROM of_needs AS s
JOIN fee_day AS f ON f.person_no = s.person_no AND f.starts_on < s.ends_on AND f.ends_on > s.starts_on
"""


def stages(first_day: date, end_day: date) -> str:
    """Return the SELECT of stages: child_no, starts_on, ends_on, the key of need group and age band, and the recorded fee.

    child_no is the person's number; its stages as to fees are known by minus that number, where any fee is recorded. Ages
    change on the first day of the month of birth, so that no line of costs tells a birthday.
    """
    window = {"first_day": first_day.isoformat(), "end_day": end_day.isoformat()}
    return with_names(
        {
            "need_told": NEEDS,
            "need_day": FILLED.format(told="need_told", column="need_no", blank="0", **window),
            "fee_told": FEES,
            "fee_day": FILLED.format(
                told="fee_told", column="per_night", blank="CAST(NULL AS DECIMAL(18, 6))", **window
            ),
            "of_age": " UNION ALL ".join(of_age(**window)),
            "of_needs": OF_NEEDS,
        },
        STAGES,
    )


def of_age(first_day: str, end_day: str) -> Iterator[str]:
    """The days of the window on which each child is in an age band; 0 is 18 or over, or that the month of birth is not known."""
    bounds = [f"DATE '{first_day}'", *(f"birthday(birth_month, {age})" for age, _ in AGE_BANDS), f"DATE '{end_day}'"]
    for place, (starts, ends) in enumerate(pairwise(bounds), start=1):
        yield f"""
            SELECT person_no, {place if place <= len(AGE_BANDS) else 0} AS age_no, greatest({starts}, DATE '{first_day}') AS starts_on, least({ends}, DATE '{end_day}') AS ends_on
            FROM cost_person WHERE birth_month IS NOT NULL AND {starts} < DATE '{end_day}' AND {ends} > DATE '{first_day}'"""
    yield f"""
        SELECT person_no, 0 AS age_no, DATE '{first_day}' AS starts_on, DATE '{end_day}' AS ends_on
        FROM cost_person WHERE birth_month IS NULL"""


def age_number(months: str) -> str:
    """Which of AGE_BANDS, from 1, a child of so many months is in; 0 when 18 or over, or the month of birth is not known."""
    cases = " ".join(f"WHEN {months} < {12 * age} THEN {number}" for number, (age, _) in enumerate(AGE_BANDS, start=1))
    return f"CASE {cases} ELSE 0 END"
