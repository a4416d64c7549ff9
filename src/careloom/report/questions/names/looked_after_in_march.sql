SELECT y.year AS year, s.la AS la, s.person_id AS person_id
FROM spell AS s
JOIN cost_year AS y ON s.starts_on < y.end_day AND coalesce(s.ends_on, DATE '9999-12-31') >= y.end_day
WHERE s.kind = 'period_of_care' AND y.is_whole
