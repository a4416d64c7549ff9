"""Latent class analysis of items with few answers: rows, model, fitting, errors, choosing, following, groups, apart."""

from careloom.stats.latent_class.choosing.local_dependence import DirectEffect, direct_effects, join_items
from careloom.stats.latent_class.errors.bootstrap import Bootstrap, bootstrap
from careloom.stats.latent_class.errors.intervals import Intervals, profile_interval, profile_intervals, wald_intervals
from careloom.stats.latent_class.errors.standard_errors import StandardErrors, standard_errors
from careloom.stats.latent_class.fitting.fit import LatentClassFit, fit_latent_classes, pattern_logliks, posterior
from careloom.stats.latent_class.fitting.proof import Certificate
from careloom.stats.latent_class.fitting.search import Mode
from careloom.stats.latent_class.following.distal import DistalFit, fit_distal
from careloom.stats.latent_class.following.external import Method
from careloom.stats.latent_class.following.measured import Measured
from careloom.stats.latent_class.following.membership import MembershipFit, fit_membership
from careloom.stats.latent_class.following.one_step import OneStepFit, fit_membership_at_once
from careloom.stats.latent_class.following.three_step import StepWeights, combine_draws, draw_classes, step_weights
from careloom.stats.latent_class.following.transitions import Transitions, fit_transitions, successive
from careloom.stats.latent_class.groups.by_group import ClassesByGroup, fit_by_group
from careloom.stats.latent_class.groups.congruence import MatchedClasses, match_solutions
from careloom.stats.latent_class.groups.effects import Effects, say_effects
from careloom.stats.latent_class.groups.group_classes import KindsOfGroups, fit_kinds
from careloom.stats.latent_class.groups.groups import GroupFits, fit_groups
from careloom.stats.latent_class.groups.ladder import Ladder, climb_ladder
from careloom.stats.latent_class.groups.over_time import (
    ClassesByPeriod,
    SharesOverTime,
    classes_by_period,
    shares_over_time,
)
from careloom.stats.latent_class.model.parameters import Parameters, from_probabilities, from_yes
from careloom.stats.latent_class.rows.clusters import Clusters
from careloom.stats.latent_class.rows.grouped_patterns import GroupedPatterns, group_rows, group_weights
from careloom.stats.latent_class.rows.pairs import Pairs, pair_up
from careloom.stats.latent_class.rows.patterns import PatternTable, collapse

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
