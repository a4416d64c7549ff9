"""What was paid for a child's placement: the child's own recorded fee, or an average of its kind."""

from careloom.core import Ledger
from careloom.costs.needs import age_cases
from careloom.engine import Engine, with_names

FOREVER = "DATE '9999-12-31'"
FEWEST_CHILDREN = 5
"""An average of recorded fees rests on so many children at least."""
PER_NIGHT = """CASE f.per WHEN 'night' THEN f.amount WHEN 'week' THEN CAST(f.amount AS DOUBLE) / 7 WHEN '4 weeks' THEN CAST(f.amount AS DOUBLE) / 28
                  WHEN 'month' THEN CAST(f.amount AS DOUBLE) * 12 / 365.25 WHEN 'year' THEN CAST(f.amount AS DOUBLE) / 365.25 END"""

# Payments side by side are parts of one fee (allowance, carer's fee, agency charge) or corrections: they add up.
STRETCHES = {
    "paid": f"""
        SELECT f.person_id, f.starts_on, coalesce(f.ends_on, {FOREVER}) AS ends_on,
               CAST({PER_NIGHT} AS DECIMAL(18, 6)) AS per_night
        FROM fee AS f""",
    "day": "SELECT person_id, starts_on AS on_day FROM paid UNION SELECT person_id, ends_on AS on_day FROM paid",
    "stretch": """
        SELECT person_id, on_day AS starts_on, lead(on_day) OVER (PARTITION BY person_id ORDER BY on_day) AS ends_on FROM day""",
    "together": """
        SELECT s.person_id, s.starts_on, s.ends_on, CAST(sum(p.per_night) AS DECIMAL(18, 6)) AS per_night
        FROM stretch AS s
        JOIN paid AS p ON p.person_id = s.person_id AND p.starts_on <= s.starts_on AND p.ends_on > s.starts_on
        WHERE s.ends_on IS NOT NULL
        GROUP BY s.person_id, s.starts_on, s.ends_on""",
}


def find_fees(engine: Engine, *, is_used: bool) -> Ledger:
    """Make `fee_stretch` from `fee`: what a night of a child's placement cost, for stretches that never overlap.

    A total below 0 is no fee: corrections outweigh what they correct. Such a stretch is set aside, and an average used.
    """
    made = engine.make("fee_paid", with_names(STRETCHES, "SELECT * FROM together"))
    kept = engine.make("fee_stretch", f"SELECT * FROM fee_paid WHERE per_night >= 0 AND {int(is_used)} = 1")
    ledger = Ledger()
    ledger.note(
        "add up recorded fees",
        "stretches of recorded fees",
        "fee_stretch",
        made,
        kept,
        {"the total is negative" if is_used else "the study takes the sheet's fees": made - kept},
    )
    return ledger


# Nights for which a fee is recorded and the placement is known; the child's age is that of the first of them.
PAID_NIGHTS = f"""
SELECT s.la, s.person_id, s.placement_code, coalesce(s.provider, '') AS provider, coalesce(s.area, '') AS area,
       CASE {{ages}} ELSE '' END AS age_band, f.per_night,
       days_between(greatest(s.starts_on, f.starts_on), least(coalesce(s.ends_on, f.ends_on), f.ends_on)) AS nights
FROM costed_segment AS s
JOIN fee_stretch AS f
  ON f.person_id = s.person_id AND f.starts_on < coalesce(s.ends_on, {FOREVER}) AND f.ends_on > s.starts_on
LEFT JOIN person AS c ON c.person_id = s.person_id
WHERE coalesce(s.ends_on, f.ends_on) < {FOREVER}
"""
AVERAGE = """
SELECT {keys}, CAST(CAST(sum(per_night * nights) AS DOUBLE) / sum(nights) AS DECIMAL(18, 6)) AS per_night
FROM fee_night GROUP BY {keys} HAVING count(DISTINCT person_id) >= {fewest}
"""


def find_averages(engine: Engine) -> None:
    """Make `fee_average_2`, by authority, type, provider, area and age, and `fee_average_3`, by authority and type.

    They are of all nights on record, not of the window's, so that adjacent windows add up.
    """
    engine.make("fee_night", PAID_NIGHTS.format(ages=age_cases("greatest(s.starts_on, f.starts_on)")))
    for level, keys in ((2, "la, placement_code, provider, area, age_band"), (3, "la, placement_code")):
        engine.make(f"fee_average_{level}", AVERAGE.format(keys=keys, fewest=FEWEST_CHILDREN))
