SELECT c.person_id AS person_id, c.la AS la, c.need_group AS need_group, c.age_band AS age_band, c.kind AS kind, c.fee_level AS fee_level,
  c.nights AS nights, c.cost AS cost, coalesce(l.label, replace(c.placement_code, '_', ' '), 'Not tied to a placement') AS placement
FROM care_cost AS c LEFT JOIN placement_label AS l ON l.placement_code = c.placement_code
