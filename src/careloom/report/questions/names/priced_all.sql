SELECT string_agg(said, '; ' ORDER BY said) AS prices
FROM (SELECT DISTINCT standing || ', ' || price_year AS said FROM cost) AS told
