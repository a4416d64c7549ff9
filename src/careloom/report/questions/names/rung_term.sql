SELECT term, label, term_no FROM (VALUES
  ('class_no', 'Category', 1),
  ('age_band', 'Age at referral', 2),
  ('sex', 'Sex', 3),
  ('ethnic_group', 'Ethnic group', 4),
  ('sex_age_ethnicity', 'Sex, age and ethnic group together', 5),
  ('class_age_band', 'Age at referral, within a category', 6),
  ('class_sex', 'Sex, within a category', 7),
  ('class_ethnic_group', 'Ethnic group, within a category', 8)
) AS said(term, label, term_no)
