"""The checks of lesson 07: an honest split, a report that hides nothing, weights, choosing, rebuilding a report."""

from coursekit.checks.core import Exercise
from coursekit.checks.lesson07_data import ChooseCheck, SplitCheck, WeightsCheck
from coursekit.checks.lesson07_reports import RebuildCheck, ReportCheck

EXERCISES = (
    Exercise("07.split", "Split so that nothing leaks", ("07.leakage",), 2, SplitCheck()),
    Exercise("07.report", "A report that hides nothing", ("07.paradox", "07.report"), 2, ReportCheck()),
    Exercise("07.weights", "Weights for a rare class", ("07.imbalance",), 2, WeightsCheck()),
    Exercise("07.choose", "Choose, then report", ("07.overfitting",), 2, ChooseCheck()),
    Exercise("07.rebuild", "Rebuild the matrix behind a report", ("07.paradox", "07.report"), 2, RebuildCheck()),
)
