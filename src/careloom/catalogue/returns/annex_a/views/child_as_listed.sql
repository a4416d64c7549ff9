-- Each child as the lists describe it that tell what no yearly return tells: contacts, early help, leaving care.
SELECT la, child_id, collection_year, delivery_id, line, date_of_birth, age, gender, ethnicity,
       CAST(NULL AS BOOLEAN) AS was_uasc, CAST(NULL AS BOOLEAN) AS is_disabled FROM list_1
UNION ALL
SELECT la, child_id, collection_year, delivery_id, line, date_of_birth, age, gender, ethnicity,
       CAST(NULL AS BOOLEAN) AS was_uasc, CAST(NULL AS BOOLEAN) AS is_disabled FROM list_2
UNION ALL
SELECT la, child_id, collection_year, delivery_id, line, date_of_birth, age, gender, ethnicity,
       is_or_was_uasc = 'YES' AS was_uasc, CASE has_disability WHEN 'YES' THEN TRUE WHEN 'NO' THEN FALSE END AS is_disabled FROM list_9
