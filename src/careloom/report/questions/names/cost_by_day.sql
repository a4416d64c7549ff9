SELECT l.list_no AS list_no, l.list AS list, y.year AS year, l.la AS la, l.person_id AS person_id,
  l.cost * nights_in(l.starts_on, l.ends_on, y.starts_on, y.end_day) / CAST(days_between(l.starts_on, l.ends_on) AS DOUBLE) AS cost,
  l.nights * nights_in(l.starts_on, l.ends_on, y.starts_on, y.end_day) / CAST(days_between(l.starts_on, l.ends_on) AS DOUBLE) AS nights
FROM cost_listed AS l
JOIN cost_year AS y ON l.starts_on < y.end_day AND l.ends_on > y.starts_on
