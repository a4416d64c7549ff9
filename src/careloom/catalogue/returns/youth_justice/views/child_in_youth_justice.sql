-- Each child as a row describes it, under the authority's own number, else the youth justice system's.
SELECT told.la, coalesce(told.child_id, own.child_id, 'youth justice ' || told.yot_id) AS child_id, told.collection_year,
       told.delivery_id, told.line, told.birth_date, told.sex, told.ethnicity,
       told.first_name, told.surname, told.full_name, told.postcode
FROM as_told AS told
LEFT JOIN authority_number AS own ON own.la = told.la AND own.yot_id = told.yot_id AND own.birth_date = told.birth_date
