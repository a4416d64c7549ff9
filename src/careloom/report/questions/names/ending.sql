SELECT ended_by, label, ending_no FROM (VALUES
  ('event', 'Had the event', 1),
  ('18th_birthday', 'Reached 18', 2),
  ('died', 'Died', 3),
  ('no_return', 'A return is missing', 98),
  ('end_of_follow_up', 'Still followed at the end', 99)
) AS said(ended_by, label, ending_no)
UNION ALL
SELECT name AS ended_by, label, 10 AS ending_no FROM report_label WHERE kind = 'ending'
