"""Time to event: curves, tests and hazard models on counts of who was at risk and who had the event."""

from careloom.stats.survival.cox import CoxFit, fit_cox
from careloom.stats.survival.kaplan_meier import Curve, kaplan_meier
from careloom.stats.survival.log_rank import log_rank

__all__ = ["CoxFit", "Curve", "fit_cox", "kaplan_meier", "log_rank"]
