-- Factors with whether they stand in the return that last told of their assessment: a later return replaces the list whole.
SELECT factors.la, factors.LAchildID, factors.CINreferralDate, factors.AssessmentActualStartDate, factors.AssessmentFactors,
       factors.collection_year, factors.delivery_id, factors.line, assessment.LAchildID IS NOT NULL AS is_of_latest
FROM FactorsIdentifiedAtAssessment AS factors
LEFT JOIN Assessments AS assessment
  ON assessment.la = factors.la AND assessment.delivery_id = factors.delivery_id AND assessment.LAchildID = factors.LAchildID
 AND assessment.CINdetailsID = factors.CINdetailsID AND assessment.AssessmentID = factors.AssessmentID
