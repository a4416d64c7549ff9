"""Time to event: curves, tests and hazard models on counts of who was at risk and who had the event."""

from careloom.stats.survival.aalen_johansen import Incidence, ReadOff, aalen_johansen
from careloom.stats.survival.cox import CoxFit, fit_cox
from careloom.stats.survival.cox_model import CoxModel
from careloom.stats.survival.fine_gray import fine_gray, fit_fine_gray
from careloom.stats.survival.frailty import FrailtyFit, fit_frailty
from careloom.stats.survival.gray import gray_test
from careloom.stats.survival.kaplan_meier import Curve, kaplan_meier
from careloom.stats.survival.latent_cox import LatentCoxFit, fit_cox_latent
from careloom.stats.survival.log_rank import log_rank
from careloom.stats.survival.nelson_aalen import nelson_aalen
from careloom.stats.survival.predicted import Population, baseline_hazard, predict_across, predict_survival
from careloom.stats.survival.proportional_hazards import proportional_hazards_test
from careloom.stats.survival.restricted_mean import restricted_mean
from careloom.stats.survival.soft_classes import fit_cox_soft

__all__ = [
    "CoxFit",
    "CoxModel",
    "Curve",
    "FrailtyFit",
    "Incidence",
    "LatentCoxFit",
    "Population",
    "ReadOff",
    "aalen_johansen",
    "baseline_hazard",
    "fine_gray",
    "fit_cox",
    "fit_cox_latent",
    "fit_cox_soft",
    "fit_fine_gray",
    "fit_frailty",
    "gray_test",
    "kaplan_meier",
    "log_rank",
    "nelson_aalen",
    "predict_across",
    "predict_survival",
    "proportional_hazards_test",
    "restricted_mean",
]
