SELECT placement_code, label FROM (VALUES
  ('kin_foster', 'Foster care with a relative or friend'),
  ('la_foster', 'Foster care, the authority''s own'),
  ('ifa_foster', 'Foster care, through an agency'),
  ('childrens_home_own', 'Children''s home, the authority''s own'),
  ('childrens_home_agency', 'Children''s home, private or voluntary'),
  ('secure', 'Secure children''s home'),
  ('residential_other', 'Other residential'),
  ('custody', 'Custody'),
  ('with_parents', 'Placed with parents'),
  ('placed_for_adoption', 'Placed for adoption'),
  ('supported_accommodation', 'Supported accommodation'),
  ('temporary', 'Temporary placement'),
  ('other', 'Other placement')
) AS said(placement_code, label)
