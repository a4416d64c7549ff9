"""The same child across returns, systems and years, as one person."""

from careloom.link.keys import LINK_MODES
from careloom.link.persons import DOUBTFUL, Pseudonym, link_persons
from careloom.link.weighed import WEIGHED, Likeness

__all__ = ["DOUBTFUL", "LINK_MODES", "WEIGHED", "Likeness", "Pseudonym", "link_persons"]
