-- Each case and the number its child goes by here: the authority's own, which another case of the same early help number
-- and date of birth may say; else the early help system's; else the pupil number. Blank when there is no number at all.
SELECT told.*,
       coalesce(told.child_id, own.own_id, 'early help ' || told.early_help_id, 'early help upn ' || told.pupil) AS known_as
FROM (SELECT assessments.*, CASE WHEN upper(upn) NOT LIKE 'UN%' THEN replace(upper(upn), ' ', '') END AS pupil
      FROM assessments) AS told
LEFT JOIN (SELECT la, early_help_id, birth_date, max(child_id) AS own_id
           FROM assessments WHERE child_id IS NOT NULL
           GROUP BY la, early_help_id, birth_date HAVING count(DISTINCT child_id) = 1) AS own
  ON own.la = told.la AND own.early_help_id = told.early_help_id AND own.birth_date = told.birth_date
