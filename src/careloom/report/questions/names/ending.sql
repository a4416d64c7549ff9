SELECT ended_by, label, ending_no FROM (VALUES
  ('event', 'Had the event', 1),
  ('18th_birthday', 'Reached 18', 2),
  ('died', 'Died', 3),
  ('end_of_follow_up', 'Still followed at the end', 4)
) AS said(ended_by, label, ending_no)
