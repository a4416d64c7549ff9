"""The same child across returns, systems and years, as one person."""

from careloom.link.persons import link_persons

__all__ = ["link_persons"]
