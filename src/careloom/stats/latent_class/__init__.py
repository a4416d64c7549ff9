"""Latent class analysis of items with few answers, from distinct patterns with weights."""

from careloom.stats.latent_class.bootstrap import Bootstrap, bootstrap
from careloom.stats.latent_class.by_group import ClassesByGroup, fit_by_group
from careloom.stats.latent_class.clusters import Clusters
from careloom.stats.latent_class.congruence import MatchedClasses, match_solutions
from careloom.stats.latent_class.distal import DistalFit, fit_distal
from careloom.stats.latent_class.effects import Effects, say_effects
from careloom.stats.latent_class.external import Method
from careloom.stats.latent_class.fit import LatentClassFit, fit_latent_classes, pattern_logliks, posterior
from careloom.stats.latent_class.group_classes import KindsOfGroups, fit_kinds
from careloom.stats.latent_class.grouped_patterns import GroupedPatterns, group_rows, group_weights
from careloom.stats.latent_class.groups import GroupFits, fit_groups
from careloom.stats.latent_class.intervals import Intervals, profile_interval, profile_intervals, wald_intervals
from careloom.stats.latent_class.ladder import Ladder, climb_ladder
from careloom.stats.latent_class.local_dependence import DirectEffect, direct_effects, join_items
from careloom.stats.latent_class.measured import Measured
from careloom.stats.latent_class.membership import MembershipFit, fit_membership
from careloom.stats.latent_class.one_step import OneStepFit, fit_membership_at_once
from careloom.stats.latent_class.over_time import ClassesByPeriod, SharesOverTime, classes_by_period, shares_over_time
from careloom.stats.latent_class.pairs import Pairs, pair_up
from careloom.stats.latent_class.parameters import Parameters, from_probabilities, from_yes
from careloom.stats.latent_class.patterns import PatternTable, collapse
from careloom.stats.latent_class.proof import Certificate
from careloom.stats.latent_class.search import Mode
from careloom.stats.latent_class.standard_errors import StandardErrors, standard_errors
from careloom.stats.latent_class.three_step import StepWeights, combine_draws, draw_classes, step_weights
from careloom.stats.latent_class.transitions import Transitions, fit_transitions, successive

__all__ = [
    "Bootstrap",
    "Certificate",
    "ClassesByGroup",
    "ClassesByPeriod",
    "Clusters",
    "DirectEffect",
    "DistalFit",
    "Effects",
    "GroupFits",
    "GroupedPatterns",
    "Intervals",
    "KindsOfGroups",
    "Ladder",
    "LatentClassFit",
    "MatchedClasses",
    "Measured",
    "MembershipFit",
    "Method",
    "Mode",
    "OneStepFit",
    "Pairs",
    "Parameters",
    "PatternTable",
    "SharesOverTime",
    "StandardErrors",
    "StepWeights",
    "Transitions",
    "bootstrap",
    "classes_by_period",
    "climb_ladder",
    "collapse",
    "combine_draws",
    "direct_effects",
    "draw_classes",
    "fit_by_group",
    "fit_distal",
    "fit_groups",
    "fit_kinds",
    "fit_latent_classes",
    "fit_membership",
    "fit_membership_at_once",
    "fit_transitions",
    "from_probabilities",
    "from_yes",
    "group_rows",
    "group_weights",
    "join_items",
    "match_solutions",
    "pair_up",
    "pattern_logliks",
    "posterior",
    "profile_interval",
    "profile_intervals",
    "say_effects",
    "shares_over_time",
    "standard_errors",
    "step_weights",
    "successive",
    "wald_intervals",
]
