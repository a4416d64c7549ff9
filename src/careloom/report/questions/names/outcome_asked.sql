SELECT t.outcome AS outcome, coalesce(o.label, t.outcome) AS label, t.followed AS followed,
  row_number() OVER (ORDER BY round(CAST(t.followed AS DOUBLE) / 5.0) DESC, t.outcome) AS outcome_no
FROM (SELECT outcome, count(DISTINCT person_id) AS followed FROM time_to_event GROUP BY outcome) AS t
LEFT JOIN report_label AS o ON o.kind = 'outcome' AND o.name = t.outcome
