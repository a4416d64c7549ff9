"""How long until ...? Ends of spells and later starts in, risk sets out, and from them curves and hazard ratios."""

from careloom.outcomes.models import METHODS, AskedOfModels
from careloom.outcomes.questions import IN_VIEW, AskedOfOutcomes, time_outcomes

__all__ = ["IN_VIEW", "METHODS", "AskedOfModels", "AskedOfOutcomes", "time_outcomes"]
