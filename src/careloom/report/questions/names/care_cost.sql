SELECT person_id, la, placement_id, placement_code, need_group, process, process_name, element, kind, basis, is_imputed,
  CAST(quantity AS DOUBLE) AS quantity, CAST(subtotal AS DOUBLE) AS cost, standing, price_year
FROM cost WHERE process LIKE 'LAC %'
