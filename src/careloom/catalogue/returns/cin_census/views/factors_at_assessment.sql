-- Each assessment of one file and how many different factors it found.
SELECT delivery_id, LAchildID, CINdetailsID, AssessmentID, count(DISTINCT AssessmentFactors) AS factors
FROM FactorsIdentifiedAtAssessment
GROUP BY delivery_id, LAchildID, CINdetailsID, AssessmentID
