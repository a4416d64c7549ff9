"""Finding the maximum, and proving that it is one: starts, climbs, the last digits by Newton."""
