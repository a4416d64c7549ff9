"""One child, one line of time: events, spells, the timeline, and the rung each episode reached."""

from careloom.pathways.lives import make_lives
from careloom.pathways.plausibility import doubts, weigh_plausibility
from careloom.pathways.timeline import make_pathways, make_timeline

__all__ = ["doubts", "make_lives", "make_pathways", "make_timeline", "weigh_plausibility"]
