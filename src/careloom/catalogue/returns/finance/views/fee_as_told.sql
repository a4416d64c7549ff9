-- Each rate with the authority's own number of the child, and how many rows of its list say what kind of placement is paid for.
SELECT told.la, told.collection_year, told.delivery_id, told.line, coalesce(told.child_id, own.child_id) AS known_as, told.birth_date,
       told.placement_type, count(told.placement_type) OVER (PARTITION BY told.delivery_id) AS types_said,
       told.from_date, told.to_date, told.component, told.amount, told.per
FROM weekly_fees AS told
LEFT JOIN authority_number AS own ON own.la = told.la AND own.client_no = told.client_no
