-- Each child as a referral or a health assessment describes it, under the authority's own number, else the provider's.
SELECT told.la, coalesce(told.child_id, own.child_id, 'patient ' || told.patient_id) AS child_id, told.collection_year,
       told.delivery_id, told.line, told.birth_date, told.sex, told.ethnicity
FROM camhs_referrals AS told
LEFT JOIN authority_number AS own ON own.la = told.la AND own.patient_id = told.patient_id AND own.birth_date = told.birth_date
UNION ALL
SELECT la, child_id, collection_year, delivery_id, line, birth_date, CAST(NULL AS VARCHAR) AS sex, CAST(NULL AS VARCHAR) AS ethnicity
FROM health_assessments
