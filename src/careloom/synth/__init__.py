"""Made-up authorities with known truth, for showing, testing and teaching."""

from careloom.synth.calibration.compare import calibration_table
from careloom.synth.make import SYSTEMS, Made, make_england

__all__ = ["SYSTEMS", "Made", "calibration_table", "make_england"]
