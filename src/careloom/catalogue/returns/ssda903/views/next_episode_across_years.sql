-- Each episode of the history that all returns tell together, the day the same child's next episode began (blank for the
-- last), and whether the return of the year after it was last returned was handed over. For rules across years.
SELECT e.la, e.CHILD, e.DECOM,
    LEAD(e.DECOM) OVER (PARTITION BY e.la, e.CHILD ORDER BY e.DECOM) AS next_decom,
    after.la IS NOT NULL AS year_after_came
FROM episodes AS e
LEFT JOIN (SELECT DISTINCT la, collection_year FROM episodes_returned) AS after
  ON after.la = e.la AND after.collection_year = e.collection_year + 1
WHERE e.DECOM IS NOT NULL
