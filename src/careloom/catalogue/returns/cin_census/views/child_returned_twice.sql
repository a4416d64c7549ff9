-- Children whom one return lists more than once.
SELECT la, collection_year, LAchildID
FROM ChildIdentifiers
GROUP BY la, collection_year, LAchildID
HAVING count(*) > 1
