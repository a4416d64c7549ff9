-- Each unaccompanied asylum-seeking child, and the first day of care that the child's episodes tell of.
SELECT u.la, u.CHILD, u.DOB, u.DUC, u.collection_year, u.delivery_id, u.line, e.since
FROM uasc AS u
LEFT JOIN (SELECT la, CHILD, min(DECOM) AS since FROM episodes GROUP BY la, CHILD) AS e ON e.la = u.la AND e.CHILD = u.CHILD
