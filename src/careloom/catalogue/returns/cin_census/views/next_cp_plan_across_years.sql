-- Each child protection plan of the history that all censuses tell together, the day the same child's next plan began
-- (blank for the last), and whether the census after the one that last returned it was handed over. For rules across years.
SELECT p.la, p.LAchildID, p.CINreferralDate, p.CPPstartDate,
    LEAD(p.CPPstartDate) OVER (PARTITION BY p.la, p.LAchildID ORDER BY p.CPPstartDate, p.CINreferralDate) AS next_start,
    after.la IS NOT NULL AS year_after_came
FROM ChildProtectionPlans AS p
LEFT JOIN (SELECT DISTINCT la, collection_year FROM ChildProtectionPlans_returned) AS after
  ON after.la = p.la AND after.collection_year = p.collection_year + 1
WHERE p.CPPstartDate IS NOT NULL
