-- Each episode of need of the history that all censuses tell together, the day of the same child's next referral (blank
-- for the last), and whether the census after the one that last returned it was handed over. For rules across years.
SELECT c.la, c.LAchildID, c.CINreferralDate,
    LEAD(c.CINreferralDate) OVER (PARTITION BY c.la, c.LAchildID ORDER BY c.CINreferralDate) AS next_referral,
    after.la IS NOT NULL AS year_after_came
FROM CINdetails AS c
LEFT JOIN (SELECT DISTINCT la, collection_year FROM CINdetails_returned) AS after
  ON after.la = c.la AND after.collection_year = c.collection_year + 1
WHERE c.CINreferralDate IS NOT NULL
