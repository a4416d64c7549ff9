SELECT h.period_id AS period_id, h.person_id AS person_id, coalesce(h.career_no, 0) AS career_no, h.states AS states
FROM care_history AS h CROSS JOIN (SELECT max(month) AS months FROM care_month) AS w
WHERE h.months = w.months
