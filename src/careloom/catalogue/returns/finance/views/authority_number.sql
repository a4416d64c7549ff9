-- The authority's own number of a child of the finance system, where a row of the same client number says one, and only one.
SELECT la, client_no, max(child_id) AS child_id
FROM weekly_fees WHERE child_id IS NOT NULL AND client_no IS NOT NULL
GROUP BY la, client_no HAVING count(DISTINCT child_id) = 1
