"""Are the classes the same everywhere? Authorities and years, from one common fit to one of their own."""
