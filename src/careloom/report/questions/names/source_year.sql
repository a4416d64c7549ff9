SELECT
  coalesce(r.label, a.return_name) AS return_title, a.table_name AS table_name, a.la AS la,
  coalesce(CAST(a.collection_year AS VARCHAR), 'no year') AS year,
  max(a.rows_in) AS rows_in,
  CAST(sum(a.rows_recorded) AS DOUBLE) / nullif(CAST(sum(a.rows_in) AS DOUBLE), 0) AS recorded,
  CAST(sum(a.rows_usable) AS DOUBLE) / nullif(CAST(sum(a.rows_recorded) AS DOUBLE), 0) AS valid
FROM availability AS a LEFT JOIN report_label AS r ON r.kind = 'return' AND r.name = a.return_name
GROUP BY coalesce(r.label, a.return_name), a.table_name, a.la, a.collection_year
