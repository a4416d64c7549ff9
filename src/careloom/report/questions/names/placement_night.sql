SELECT
  s.spell_id AS placement_id,
  s.person_id AS person_id,
  nights_in(s.starts_on, s.ends_on, w.cost_first_day, w.cost_end_day) AS nights
FROM spell AS s CROSS JOIN study_window AS w
WHERE s.kind = 'placement_segment'
