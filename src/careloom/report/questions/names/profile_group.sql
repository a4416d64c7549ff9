SELECT profile, grouped_by, is_all, CASE WHEN is_all THEN 'All' ELSE coalesce(group_value, 'Not known') END AS group_name,
  item, title, level, position, rows_known, rows_missing, rows_of_level, children_known, children_missing, children_of_level,
  CASE WHEN children_elsewhere >= threshold AND coalesce(children_known - children_of_level, threshold) >= threshold THEN difference END AS difference,
  CASE WHEN children_known >= 25 THEN mean END AS mean,
  CASE WHEN children_known >= 25 THEN median END AS median,
  CASE WHEN children_known >= 25 THEN lower_quartile END AS lower_quartile,
  CASE WHEN children_known >= 25 THEN upper_quartile END AS upper_quartile
FROM profile CROSS JOIN disclosure_rule
