SELECT DISTINCT s.person_id AS person_id, s.la AS la
FROM spell AS s CROSS JOIN study_window AS w
WHERE s.kind = 'period_of_care' AND nights_in(s.starts_on, s.ends_on, w.cost_first_day, w.cost_end_day) > 0
