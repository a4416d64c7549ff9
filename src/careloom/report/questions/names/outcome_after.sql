WITH stretch AS (
  SELECT t.outcome AS name, t.person_id AS person_id, t.unit_id AS unit_id, t.starts_on AS starts_on, t.days AS days, t.ended_by AS ended_by,
    days_between(t.starts_on, w.cost_end_day) AS days_before
  FROM time_to_event AS t CROSS JOIN study_window AS w
  WHERE t.starts_on < w.cost_end_day
), at_risk AS (
  SELECT * FROM stretch WHERE days >= days_before
  QUALIFY row_number() OVER (PARTITION BY name, person_id ORDER BY starts_on DESC, unit_id DESC) = 1
), timed AS (
  SELECT name, person_id, CASE WHEN days >= days_before + 365 THEN 2 WHEN ended_by = 'event' THEN 1
    WHEN ended_by IN ('end_of_follow_up', 'no_return') THEN 4 ELSE 3 END AS level_no
  FROM at_risk
), leaver AS (
  SELECT e.event AS name, e.person_id AS person_id, e.code AS code
  FROM event AS e CROSS JOIN study_window AS w
  WHERE e.event IN ('care_leaver_activity', 'care_leaver_accommodation') AND e.happened_on >= w.cost_end_day AND days_between(w.cost_end_day, e.happened_on) < 365
  QUALIFY row_number() OVER (PARTITION BY e.event, e.person_id ORDER BY e.happened_on DESC, coalesce(e.code, '')) = 1
)
SELECT 1 AS kind_no, l.label AS outcome, t.person_id AS person_id, t.level_no AS level_no,
  CASE t.level_no WHEN 1 THEN 'Yes, within 12 months' WHEN 2 THEN 'No, though followed for 12 months'
    WHEN 3 THEN 'It could no longer happen: turned 18, died, or went another way first' ELSE 'Not followed for 12 months' END AS level
FROM timed AS t JOIN report_label AS l ON l.kind = 'outcome' AND l.name = t.name
WHERE t.name IN (SELECT name FROM timed WHERE level_no = 2)
UNION ALL
SELECT 2 AS kind_no, 'Care leavers: main activity' AS outcome, person_id,
  CASE WHEN code LIKE 'F%' OR code LIKE 'P%' THEN 1 WHEN code LIKE 'G%' THEN 2 ELSE 3 END AS level_no,
  CASE WHEN code LIKE 'F%' OR code LIKE 'P%' THEN 'In education, employment or training' WHEN code LIKE 'G%' THEN 'Not in education, employment or training' ELSE 'Not known' END AS level
FROM leaver WHERE name = 'care_leaver_activity'
UNION ALL
SELECT 3 AS kind_no, 'Care leavers: accommodation' AS outcome, person_id,
  CASE WHEN code LIKE '_1' THEN 1 WHEN code LIKE '_2' THEN 2 ELSE 3 END AS level_no,
  CASE WHEN code LIKE '_1' THEN 'Suitable' WHEN code LIKE '_2' THEN 'Not suitable' ELSE 'Not known' END AS level
FROM leaver WHERE name = 'care_leaver_accommodation'
