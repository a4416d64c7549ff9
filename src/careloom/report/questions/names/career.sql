SELECT career_no, CAST(career_no AS VARCHAR) || '. ' || CASE WHEN children >= 10 THEN name ELSE 'A career of few children' END AS career
FROM care_career
UNION ALL
SELECT 0 AS career_no, 'All careers' AS career
