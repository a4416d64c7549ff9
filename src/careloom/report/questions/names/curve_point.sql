SELECT
  s.outcome AS outcome,
  s.class_no AS class_no,
  coalesce(c.category, 'All children') AS category,
  m.month AS month,
  m.is_read_off AS is_read_off,
  count(DISTINCT CASE WHEN s.days > m.day THEN s.person_id END) AS at_risk,
  count(DISTINCT CASE WHEN s.is_event AND s.days <= m.day THEN s.person_id END) AS events,
  CASE WHEN max(k.days) IS NULL THEN 1.0 ELSE max(k.survival) END AS survival,
  max(k.lower) AS lower,
  max(k.upper) AS upper
FROM (
  SELECT outcome, person_id, days, is_event, class_no FROM time_to_event WHERE class_no IS NOT NULL
  UNION ALL
  SELECT outcome, person_id, days, is_event, 0 AS class_no FROM time_to_event
) AS s
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
