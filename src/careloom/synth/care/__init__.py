"""Periods of care: how they end, and how they are told as episodes, orders, placements and reviews."""
