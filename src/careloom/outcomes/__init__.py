"""How long until ...? Ends of spells and later starts in, risk sets out, and from them curves and hazard ratios."""

from careloom.outcomes.questions import time_outcomes

__all__ = ["time_outcomes"]
