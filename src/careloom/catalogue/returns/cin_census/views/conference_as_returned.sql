-- Initial child protection conferences: those a section 47 enquiry led to, and those returned with the case itself.
SELECT la, LAchildID, DateOfInitialCPC, delivery_id, line FROM Section47 WHERE DateOfInitialCPC IS NOT NULL
UNION ALL
SELECT la, LAchildID, DateOfInitialCPC, delivery_id, line FROM CINdetails WHERE DateOfInitialCPC IS NOT NULL
