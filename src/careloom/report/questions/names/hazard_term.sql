SELECT term, label, term_no FROM (VALUES
  ('class_no', 'Category', 1),
  ('age_band', 'Age', 2),
  ('sex', 'Sex', 3),
  ('ethnic_group', 'Ethnic group', 4),
  ('disability', 'Disability recorded', 5),
  ('year', 'Year', 6),
  ('all together', 'All together', 99)
) AS said(term, label, term_no)
UNION ALL
SELECT name AS term, label, 10 AS term_no FROM report_label WHERE kind = 'covariate'
