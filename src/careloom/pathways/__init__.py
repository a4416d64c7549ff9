"""One child, one line of time: events, spells, the timeline, the rung each episode reached, and official indicators."""

from careloom.pathways.lives import make_lives
from careloom.pathways.measures import take_measures
from careloom.pathways.plausibility import doubts, weigh_plausibility
from careloom.pathways.timeline import make_pathways, make_timeline

__all__ = ["doubts", "make_lives", "make_pathways", "make_timeline", "take_measures", "weigh_plausibility"]
