"""The same child across returns, systems and years, as one person."""

from careloom.link.keys import RULES_OF
from careloom.link.persons import link_persons

LINK_MODES = tuple(RULES_OF)

__all__ = ["LINK_MODES", "link_persons"]
