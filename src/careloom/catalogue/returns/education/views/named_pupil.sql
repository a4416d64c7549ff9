-- Each pupil as the roll describes it, and each excluded pupil, whom the roll need not hold; `pupil` is the pupil number,
-- blank where a code stands for why there is none.
SELECT la, collection_year, delivery_id, line, CASE WHEN upper(upn) NOT LIKE 'UN%' THEN replace(upper(upn), ' ', '') END AS pupil,
       birth_date, sex, ethnicity, first_name, surname, postcode
FROM pupil_roll
UNION ALL
SELECT la, collection_year, delivery_id, line, CASE WHEN upper(upn) NOT LIKE 'UN%' THEN replace(upper(upn), ' ', '') END AS pupil,
       CAST(NULL AS DATE) AS birth_date, CAST(NULL AS VARCHAR) AS sex, CAST(NULL AS VARCHAR) AS ethnicity,
       CAST(NULL AS VARCHAR) AS first_name, CAST(NULL AS VARCHAR) AS surname, CAST(NULL AS VARCHAR) AS postcode
FROM exclusions
