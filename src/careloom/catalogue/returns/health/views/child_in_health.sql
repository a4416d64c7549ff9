-- Each child as a referral or a health assessment describes it, under the authority's own number, else the provider's.
SELECT told.la, coalesce(told.child_id, own.child_id, 'patient ' || told.patient_id) AS child_id, told.collection_year,
       told.delivery_id, told.line, told.birth_date, told.sex, told.ethnicity,
       told.first_name, told.surname, CAST(NULL AS VARCHAR) AS full_name, told.postcode, told.nhs_number
FROM camhs_referrals AS told
LEFT JOIN authority_number AS own ON own.la = told.la AND own.patient_id = told.patient_id AND own.birth_date = told.birth_date
UNION ALL
SELECT la, child_id, collection_year, delivery_id, line, birth_date, CAST(NULL AS VARCHAR) AS sex, CAST(NULL AS VARCHAR) AS ethnicity,
       first_name, surname, full_name, CAST(NULL AS VARCHAR) AS postcode, nhs_number
FROM health_assessments
