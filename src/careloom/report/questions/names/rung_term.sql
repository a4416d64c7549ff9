SELECT term, label, term_no FROM (VALUES
  ('class_no', 'Category', 1),
  ('age_band', 'Age at referral', 2),
  ('sex', 'Sex', 3),
  ('ethnic_group', 'Ethnic group', 4),
  ('sex_age_ethnicity', 'Sex, age and ethnic group together', 5)
) AS said(term, label, term_no)
