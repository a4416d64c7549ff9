"""Numbers only: latent classes and time to event. This room knows no child, no return and no engine."""

from careloom.stats.class_agreement import adjusted_rand_index, match_classes
from careloom.stats.cox import CoxFit, fit_cox
from careloom.stats.latent_class import LatentClassFit, best_by_bic, fit_latent_classes, posterior, scan_classes
from careloom.stats.survival import Curve, kaplan_meier

__all__ = [
    "CoxFit",
    "Curve",
    "LatentClassFit",
    "adjusted_rand_index",
    "best_by_bic",
    "fit_cox",
    "fit_latent_classes",
    "kaplan_meier",
    "match_classes",
    "posterior",
    "scan_classes",
]
