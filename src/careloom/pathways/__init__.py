"""One child, one line of time: events, spells, the timeline, the rung each episode reached, and official indicators."""

from careloom.pathways.careers import DISTANCES, follow_careers
from careloom.pathways.cohorts import stack_cohorts
from careloom.pathways.episode_class import EPISODE_CLASS_RULES, choose_classes
from careloom.pathways.fees import join_fees
from careloom.pathways.flows import follow_flows
from careloom.pathways.lives import make_lives
from careloom.pathways.measures import take_measures
from careloom.pathways.plausibility import doubts, weigh_plausibility
from careloom.pathways.profiles import Grouping, describe, groupings, profile_rows
from careloom.pathways.regression import INTERACTIONS, model_pathways
from careloom.pathways.timeline import make_pathways, make_timeline

__all__ = [
    "DISTANCES",
    "EPISODE_CLASS_RULES",
    "INTERACTIONS",
    "Grouping",
    "choose_classes",
    "describe",
    "doubts",
    "follow_careers",
    "follow_flows",
    "groupings",
    "join_fees",
    "make_lives",
    "make_pathways",
    "make_timeline",
    "model_pathways",
    "profile_rows",
    "stack_cohorts",
    "take_measures",
    "weigh_plausibility",
]
