-- Each child as a disposal or an intervention describes it.
SELECT la, yot_id, child_id, collection_year, delivery_id, line, birth_date, sex, ethnicity,
       first_name, surname, full_name, postcode
FROM disposals
UNION ALL
SELECT la, yot_id, child_id, collection_year, delivery_id, line, birth_date, CAST(NULL AS VARCHAR) AS sex, CAST(NULL AS VARCHAR) AS ethnicity,
       first_name, surname, full_name, CAST(NULL AS VARCHAR) AS postcode
FROM interventions
