WITH own AS (
  SELECT 'class_no' AS term, CAST(class_no AS VARCHAR) AS level, category AS label, class_no AS level_no FROM category
  UNION ALL
  SELECT term, level, label, level_no FROM (VALUES
    ('class_no', 'unclassed', 'No category', 9998),
    ('age_band', 'unborn', 'Not yet born', 0),
    ('age_band', 'under 1', 'Under 1', 1),
    ('age_band', '1-4', '1 to 4', 2),
    ('age_band', '5-9', '5 to 9', 3),
    ('age_band', '10-15', '10 to 15', 4),
    ('age_band', '16-17', '16 to 17', 5),
    ('sex', 'F', 'Female', 1),
    ('sex', 'M', 'Male', 2),
    ('sex', 'U', 'Not known', 3),
    ('ethnic_group', 'Asian', 'Asian', 50),
    ('ethnic_group', 'Black', 'Black', 51),
    ('ethnic_group', 'Mixed', 'Mixed', 52),
    ('ethnic_group', 'White', 'White', 53),
    ('ethnic_group', 'Other', 'Other', 98),
    ('ethnic_group', 'Unknown', 'Unknown', 99)
  ) AS said(term, level, label, level_no)
)
SELECT term, level, label, level_no FROM own
UNION ALL
SELECT concat('class_', t.term) AS term, concat(c.level, ', ', t.level) AS level, concat(c.label, ': ', t.label) AS label, 100 * c.level_no + t.level_no AS level_no
FROM own AS c CROSS JOIN own AS t WHERE c.term = 'class_no' AND t.term <> 'class_no'
