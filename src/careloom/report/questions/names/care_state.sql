SELECT state, label, state_no FROM (VALUES
  ('F', 'Foster care by the authority', 1),
  ('A', 'Agency foster care', 2),
  ('K', 'Kinship foster care', 3),
  ('R', 'Residential care', 4),
  ('S', 'Secure home or custody', 5),
  ('I', 'Supported accommodation', 6),
  ('P', 'Placed with parents', 7),
  ('D', 'Placed for adoption', 8),
  ('O', 'Other placement', 9),
  ('h', 'Returned home', 10),
  ('p', 'Adoption or permanence order', 11),
  ('l', 'Left care another way', 12)
) AS said(state, label, state_no)
