"""Numbers only: latent classes, time to event and logistic regression. This room knows no child, no return and no engine."""

from typing import TYPE_CHECKING

from careloom.stats.binomial import BinomialFit, fit_binomial
from careloom.stats.class_agreement import adjusted_rand_index, match_classes
from careloom.stats.latent_class import LatentClassFit, PatternTable, collapse, fit_latent_classes, posterior
from careloom.stats.sequence_clusters import Groups, cluster_sequences
from careloom.stats.sequences import hamming_distances, matching_distances, transition_costs, transition_rates
from careloom.stats.stacked_cohorts import Seen, Stacked, stack
from careloom.stats.standardised import Counted, difference_of_means, difference_of_shares
from careloom.stats.survival import (
    CoxFit,
    CoxModel,
    Curve,
    Incidence,
    aalen_johansen,
    fine_gray,
    fit_cox,
    kaplan_meier,
    log_rank,
)

if TYPE_CHECKING:
    from careloom.stats.latent_class.estimator import LatentClassModel

__all__ = [
    "BinomialFit",
    "Counted",
    "CoxFit",
    "CoxModel",
    "Curve",
    "Groups",
    "Incidence",
    "LatentClassFit",
    "LatentClassModel",
    "PatternTable",
    "Seen",
    "Stacked",
    "aalen_johansen",
    "adjusted_rand_index",
    "cluster_sequences",
    "collapse",
    "difference_of_means",
    "difference_of_shares",
    "fine_gray",
    "fit_binomial",
    "fit_cox",
    "fit_latent_classes",
    "hamming_distances",
    "kaplan_meier",
    "log_rank",
    "match_classes",
    "matching_distances",
    "posterior",
    "stack",
    "transition_costs",
    "transition_rates",
]


def __getattr__(name: str) -> object:
    """Import scikit-learn, which takes a second, only for who asks for the estimator."""
    if name == "LatentClassModel":
        from careloom.stats.latent_class.estimator import LatentClassModel

        return LatentClassModel
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
