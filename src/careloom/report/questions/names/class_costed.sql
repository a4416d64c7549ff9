SELECT CASE k.costs_of WHEN 'care' THEN 1 ELSE 2 END AS costs_no, CASE k.costs_of WHEN 'care' THEN 'Looking after children' ELSE 'All that is costed' END AS costs_of,
  coalesce(k.class_no, 9998) AS class_no, coalesce(c.category, 'No category') AS category, k.weight AS weight,
  CASE k.costs_of WHEN 'care' THEN k.nights END AS nights, k.cost AS cost, k.largest AS largest, k.next_largest AS next_largest, k.lower AS lower, k.upper AS upper,
  k.children AS children, k.modal_cost AS modal_cost, k.modal_largest AS modal_largest, k.modal_next AS modal_next
FROM class_cost AS k LEFT JOIN category AS c ON c.class_no = k.class_no
WHERE k.costs_of = 'care' OR (SELECT count(*) AS more FROM cost WHERE process NOT LIKE 'LAC %') > 0
