"""How many classes? Criteria, tests, quality, residuals and held-out likelihood, and the rule that weighs them."""
