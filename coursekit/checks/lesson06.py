"""The checks of lesson 06: deciding, summing up curves, choosing by cost, calibrating, another prevalence."""

from coursekit.checks.core import Exercise
from coursekit.checks.lesson06_choosing import CalibrateCheck, CheapestCheck, ElsewhereCheck
from coursekit.checks.lesson06_scores import CurvesCheck, DecideCheck

EXERCISES = (
    Exercise("06.decide", "Precision and recall at a threshold", ("06.threshold",), 2, DecideCheck()),
    Exercise("06.curves", "What two curves add up to", ("06.curves",), 2, CurvesCheck()),
    Exercise("06.cheapest", "The cheapest threshold", ("06.cost", "06.threshold"), 2, CheapestCheck()),
    Exercise("06.calibrate", "Probabilities to take at their word", ("06.calibration",), 2, CalibrateCheck()),
    Exercise("06.elsewhere", "The precision at another prevalence", ("06.prevalence",), 2, ElsewhereCheck()),
)
