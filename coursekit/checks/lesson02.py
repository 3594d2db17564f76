"""The checks of lesson 02: batch norm by hand, predicting without a trace, training a head, a loop, a diagnosis."""

from coursekit.checks.core import Exercise
from coursekit.checks.lesson02_diagnose import DiagnoseCheck
from coursekit.checks.lesson02_layers import NormaliseCheck, PredictCheck
from coursekit.checks.lesson02_training import HeadCheck, LoopCheck

EXERCISES = (
    Exercise("02.normalise", "Batch norm by hand", ("02.batchnorm",), 2, NormaliseCheck()),
    Exercise("02.predict", "Predict, and leave no trace", ("02.mode", "02.gradients"), 2, PredictCheck()),
    Exercise("02.head", "A loss for the head alone", ("02.gradients",), 2, HeadCheck()),
    Exercise("02.loop", "Epochs with a frozen part", ("02.loop",), 2, LoopCheck()),
    Exercise("02.diagnose", "Company, chance or drift", ("02.diagnose", "02.mode"), 2, DiagnoseCheck()),
)
