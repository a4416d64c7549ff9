SELECT person_id, la, process, CAST(split_part(process, ' ', 2) AS INTEGER) AS process_no, process_name,
  CASE WHEN kind = 'other_agency' THEN 'other agency' ELSE replace(kind, '_', ' ') END AS kind, perspective, starts_on, ends_on, CAST(subtotal AS DOUBLE) AS cost,
  CASE WHEN process = 'LAC 3' AND kind = 'fee' THEN CAST(quantity AS DOUBLE) ELSE 0 END AS nights,
  CASE WHEN process LIKE 'LAC %' THEN 1 WHEN process LIKE 'CIN %' THEN 2 WHEN process LIKE 'SB %' THEN 3
    WHEN process LIKE 'CL %' THEN 4 ELSE 5 END AS list_no,
  CASE WHEN process LIKE 'LAC %' THEN 'Looked-after children' WHEN process LIKE 'CIN %' THEN 'Children in need'
    WHEN process LIKE 'SB %' THEN 'Short breaks' WHEN process LIKE 'CL %' THEN 'Care leavers' ELSE 'Services' END AS list
FROM cost
