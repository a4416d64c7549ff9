WITH of_class AS (
  SELECT outcome, class_no, person_id, max(days) AS last_day, min(CASE WHEN is_event THEN days END) AS event_day
  FROM time_to_event GROUP BY outcome, class_no, person_id
), child AS (
  SELECT outcome, class_no, last_day, event_day FROM of_class WHERE class_no IS NOT NULL
  UNION ALL
  SELECT outcome, 0 AS class_no, max(last_day) AS last_day, min(event_day) AS event_day FROM of_class GROUP BY outcome, person_id
), ending_on AS (
  SELECT outcome, class_no, last_day, event_day, count(*) AS children FROM child GROUP BY outcome, class_no, last_day, event_day
)
SELECT
  s.outcome AS outcome,
  s.class_no AS class_no,
  coalesce(c.category, 'All children') AS category,
  m.month AS month,
  m.is_read_off AS is_read_off,
  CAST(sum(CASE WHEN s.last_day > m.day THEN s.children ELSE 0 END) AS BIGINT) AS at_risk,
  CAST(sum(CASE WHEN s.event_day <= m.day THEN s.children ELSE 0 END) AS BIGINT) AS events,
  CASE WHEN max(k.days) IS NULL THEN 1.0 ELSE max(k.survival) END AS survival,
  max(k.lower) AS lower,
  max(k.upper) AS upper
FROM ending_on AS s
JOIN (SELECT DISTINCT outcome, class_no FROM curve) AS drawn ON drawn.outcome = s.outcome AND drawn.class_no = s.class_no
CROSS JOIN report_month AS m
LEFT JOIN category AS c ON c.class_no = s.class_no
LEFT JOIN (
  SELECT v.outcome AS outcome, v.class_no AS class_no, g.month AS month, max(v.days) AS days
  FROM curve AS v JOIN report_month AS g ON v.days <= g.day
  GROUP BY v.outcome, v.class_no, g.month
) AS step ON step.outcome = s.outcome AND step.class_no = s.class_no AND step.month = m.month
LEFT JOIN curve AS k ON k.outcome = step.outcome AND k.class_no = step.class_no AND k.days = step.days
GROUP BY s.outcome, s.class_no, c.category, m.month, m.is_read_off
