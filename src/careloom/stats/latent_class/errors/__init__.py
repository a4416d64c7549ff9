"""How sure is each parameter? Standard errors, intervals and the bootstrap."""
