-- The authority's own number of a patient, where a referral of the same patient number and date of birth says one, and
-- only one.
SELECT la, patient_id, birth_date, max(child_id) AS child_id
FROM camhs_referrals WHERE child_id IS NOT NULL
GROUP BY la, patient_id, birth_date HAVING count(DISTINCT child_id) = 1
