SELECT person_id, la, placement_id, placement_code, need_group, coalesce(age_band, 'Not known, or 18 and over') AS age_band,
  process, process_name, element, kind, basis, is_imputed, fee_level, CAST(quantity AS DOUBLE) AS quantity,
  CAST(subtotal AS DOUBLE) AS cost, standing, price_year,
  CASE WHEN process = 'LAC 3' AND kind = 'fee' THEN CAST(quantity AS DOUBLE) ELSE 0 END AS nights
FROM cost WHERE process LIKE 'LAC %'
