"""Who each child truly is, and what each system wrote down of it."""
