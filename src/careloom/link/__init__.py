"""The same child across returns, systems and years, as one person."""

from careloom.link.keys import LINK_MODES
from careloom.link.persons import link_persons

__all__ = ["LINK_MODES", "link_persons"]
