-- The authority's own number of a child of the youth justice system, where a row of the same youth justice number and date
-- of birth says one, and only one.
SELECT la, yot_id, birth_date, max(child_id) AS child_id
FROM as_told WHERE child_id IS NOT NULL
GROUP BY la, yot_id, birth_date HAVING count(DISTINCT child_id) = 1
