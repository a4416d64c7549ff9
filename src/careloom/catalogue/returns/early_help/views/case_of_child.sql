-- Each case and the number its child goes by here: the authority's own, which another case of the same early help number
-- and date of birth may say; else the early help system's; else the pupil number. A case without any of them is of the child
-- whose number the other cases of that whole name and date of birth say, if they say one; else cases of one whole name and
-- date of birth are one child's, who goes by the first of their case numbers. Blank without number, name or date of birth.
WITH told AS (
    SELECT assessments.*, CASE WHEN upper(upn) NOT LIKE 'UN%' THEN replace(upper(upn), ' ', '') END AS pupil,
           lower(trim(coalesce(first_name || ' ' || surname, full_name))) AS called
    FROM assessments
), own AS (
    SELECT la, early_help_id, birth_date, max(child_id) AS own_id
    FROM assessments WHERE child_id IS NOT NULL
    GROUP BY la, early_help_id, birth_date HAVING count(DISTINCT child_id) = 1
), numbered AS (
    SELECT told.*,
           coalesce(told.child_id, own.own_id, 'early help ' || told.early_help_id, 'early help upn ' || told.pupil) AS number
    FROM told
    LEFT JOIN own ON own.la = told.la AND own.early_help_id = told.early_help_id AND own.birth_date = told.birth_date
), by_name AS (
    SELECT la, called, birth_date,
           CASE WHEN count(DISTINCT number) = 1 THEN max(number)
                ELSE 'early help case ' || min(case_number) FILTER (WHERE number IS NULL) END AS named
    FROM numbered WHERE called IS NOT NULL AND birth_date IS NOT NULL
    GROUP BY la, called, birth_date
)
SELECT numbered.*, coalesce(numbered.number, by_name.named) AS known_as
FROM numbered
LEFT JOIN by_name
  ON by_name.la = numbered.la AND by_name.called = numbered.called AND by_name.birth_date = numbered.birth_date
