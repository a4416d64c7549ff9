-- When the next rate of a part begins of which a child has one at a time: what was left open ends there.
SELECT la, known_as, component, from_date, lead(from_date) OVER (PARTITION BY la, known_as, component ORDER BY from_date) AS next_from
FROM (SELECT DISTINCT la, known_as, component, from_date
      FROM fee_as_told
      WHERE component IN ('allowance', 'fee', 'agency_charge') AND amount > 0 AND from_date IS NOT NULL) AS begun
