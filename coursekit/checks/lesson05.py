"""The checks of lesson 05: counting, ratios, averages, choosing, intervals."""

from coursekit.checks.core import Exercise
from coursekit.checks.lesson05_counts import AveragesCheck, MatrixCheck, RatiosCheck
from coursekit.checks.lesson05_judging import ChooseCheck, IntervalCheck

EXERCISES = (
    Exercise("05.count", "A confusion matrix, and its most common mistake", ("05.matrix",), 2, MatrixCheck()),
    Exercise("05.ratios", "Four ratios, also where there is nothing to divide by", ("05.ratios",), 2, RatiosCheck()),
    Exercise("05.averages", "Three averages of F1", ("05.averages",), 2, AveragesCheck()),
    Exercise("05.choose", "The model that fits the task", ("05.choose",), 2, ChooseCheck()),
    Exercise("05.interval", "An interval over slides", ("05.interval",), 2, IntervalCheck()),
)
