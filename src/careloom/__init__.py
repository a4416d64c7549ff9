"""Careloom: what kinds of need come to children's services, what becomes of the children, and what it costs."""

__version__ = "0.1.0"
