SELECT max(standing) || ', ' || max(price_year) AS prices FROM cost_line
