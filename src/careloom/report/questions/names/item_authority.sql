SELECT
  coalesce(r.label, a.return_name) AS return_title, a.table_name AS table_name, a.column_name AS column_name, a.la AS la,
  arg_max(a.state, coalesce(a.collection_year, 0)) AS state,
  CAST(sum(a.rows_in) AS BIGINT) AS rows_in,
  CAST(sum(a.rows_recorded) AS BIGINT) AS rows_recorded,
  CAST(sum(a.rows_usable) AS BIGINT) AS rows_usable
FROM availability AS a
JOIN (
  SELECT return_name, table_name, column_name FROM availability
  GROUP BY return_name, table_name, column_name HAVING sum(rows_recorded) > 0
) AS anywhere
  ON anywhere.return_name = a.return_name AND anywhere.table_name = a.table_name AND anywhere.column_name = a.column_name
LEFT JOIN report_label AS r ON r.kind = 'return' AND r.name = a.return_name
GROUP BY coalesce(r.label, a.return_name), a.table_name, a.column_name, a.la
