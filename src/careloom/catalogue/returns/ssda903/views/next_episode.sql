-- Each dated episode and the day the same child's next episode in the same return began; blank for the last.
SELECT delivery_id, line, la, collection_year, CHILD, DECOM,
    LEAD(DECOM) OVER (PARTITION BY la, collection_year, CHILD ORDER BY DECOM, delivery_id, line) AS next_decom
FROM episodes
WHERE DECOM IS NOT NULL
