"""The reviews of children looked after: as recorded, or as the law asks where an authority gave no reviews at all."""

from datetime import date

import pyarrow as pa

from careloom.core import Ledger
from careloom.costs.care import OUTSIDE, OVERLAP
from careloom.engine import Engine, value

# Care Planning, Placement and Case Review (England) Regulations 2010, regulation 33: the first review within 20
# working days, the second within 3 months of it, the others within 6 months of each other. Ours: they take place as
# late as that allows, in whole weeks (4, 13 and 26), without regard to bank holidays.
FIRST_REVIEW, SECOND_REVIEW, LATER_REVIEWS = 28, 91, 182
MOST_REVIEWS = 50  # more than fit between birth and 21st birthday

REVIEWS = """
WITH
period AS (SELECT * FROM costed_care WHERE kind = 'period_of_care' AND set_aside = ''),
recorded AS (
  SELECT e.la, e.happened_on, p.spell_id AS period_id
  FROM (SELECT person_id, la, happened_on FROM event WHERE event = 'review') AS e
  JOIN period AS p
    ON p.person_id = e.person_id AND p.la = e.la
    AND p.starts_on <= e.happened_on AND e.happened_on <= coalesce(p.ends_on, DATE '9999-12-31')
  QUALIFY row_number() OVER (
    PARTITION BY e.person_id, e.la, e.happened_on ORDER BY p.starts_on DESC, p.spell_id DESC) = 1),
imputed AS (
  SELECT p.spell_id AS period_id, add_days(p.starts_on, d.days_after_start) AS happened_on
  FROM period AS p
  CROSS JOIN review_due AS d
  WHERE add_days(p.starts_on, d.days_after_start) < coalesce(p.ends_on, DATE '{end_day}')
  AND NOT EXISTS (SELECT 1 FROM event AS e WHERE e.event = 'review' AND e.la = p.la))
SELECT
  period_id, happened_on, is_imputed,
  row_number() OVER (PARTITION BY period_id ORDER BY happened_on) AS review_no
FROM (
  SELECT period_id, happened_on, FALSE AS is_imputed FROM recorded
  UNION ALL
  SELECT period_id, happened_on, TRUE AS is_imputed FROM imputed) AS review
"""

RECORDED = """
SELECT
  count(*) AS rows_read,
  count(*) FILTER (WHERE is_refused) AS refused,
  count(*) FILTER (WHERE NOT is_refused AND row_no > 1) AS repeated
FROM (
  SELECT
    r.person_id IS NOT NULL AS is_refused,
    row_number() OVER (PARTITION BY e.person_id, e.la, e.happened_on ORDER BY e.delivery_id, e.line) AS row_no
  FROM event AS e
  LEFT JOIN cost_refused AS r ON r.person_id = e.person_id AND r.la = e.la
  WHERE e.event = 'review') AS review
"""

KEPT = "SELECT count(*) FILTER (WHERE NOT is_imputed) AS kept FROM costed_review"


def review_due() -> pa.Table:
    """Return the days after the start of care on which reviews fall due (days_after_start)."""
    second = FIRST_REVIEW + SECOND_REVIEW
    days = [FIRST_REVIEW, *(second + n * LATER_REVIEWS for n in range(MOST_REVIEWS - 1))]
    return pa.table({"days_after_start": pa.array(days, pa.int32())})


def choose_reviews(engine: Engine, end_day: date) -> Ledger:
    """Make `costed_review`: one review in one period of care, with its number in it; imputed ones stop at `end_day`.

    A review on the last day of care counts; the same child, authority and day are one review.
    """
    engine.load("review_due", review_due())
    made = engine.make("costed_review", REVIEWS.format(end_day=end_day.isoformat()))
    ((read, refused, repeated),) = engine.rows(RECORDED)
    kept = value(engine, KEPT)
    outside = read - refused - repeated - kept
    aside = {OVERLAP: refused, "a second row of the same review": repeated, OUTSIDE: outside}
    ledger = Ledger()
    ledger.note("choose what to cost", "events: review", "costed: review", read, kept, aside)
    ledger.note("supply reviews where an authority gave none", "review due", "imputed review", made - kept, made - kept)
    return ledger
