SELECT rung, label, rung_no FROM (VALUES
  ('in_need', 'In need, or further', 1),
  ('section_47', 'Section 47 enquiry, or further', 2),
  ('conference', 'Child protection conference, or further', 3),
  ('cp_plan', 'Child protection plan', 4),
  ('looked_after', 'Looked after', 5)
) AS said(rung, label, rung_no)
