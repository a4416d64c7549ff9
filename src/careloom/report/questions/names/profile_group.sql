SELECT profile, grouped_by, is_all, CASE WHEN is_all THEN 'All' ELSE coalesce(group_value, 'Not known') END AS group_name,
  item, title, level, position, rows_known, rows_missing, rows_elsewhere, rows_of_level, difference,
  CASE WHEN rows_known >= 25 THEN mean END AS mean,
  CASE WHEN rows_known >= 25 THEN median END AS median,
  CASE WHEN rows_known >= 25 THEN lower_quartile END AS lower_quartile,
  CASE WHEN rows_known >= 25 THEN upper_quartile END AS upper_quartile
FROM profile
