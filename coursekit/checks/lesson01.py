"""The checks of lesson 01: loading, predicting, choosing, working offline, reading a checkpoint."""

from coursekit.checks.core import Exercise
from coursekit.checks.lesson01_files import OfflineCheck, RepairCheck
from coursekit.checks.lesson01_models import BudgetCheck, LoadCheck, TopKCheck

EXERCISES = (
    Exercise("01.load", "Load any model, ready to predict", ("01.api", "01.discover"), 2, LoadCheck()),
    Exercise("01.topk", "From an image to its top k categories", ("01.output",), 2, TopKCheck()),
    Exercise("01.budget", "The most accurate weights within a budget", ("01.choose", "01.discover"), 2, BudgetCheck()),
    Exercise("01.offline", "Is this machine ready to work offline?", ("01.cache",), 2, OfflineCheck()),
    Exercise("01.repair", "Repair a loader that loads nothing", ("01.api", "01.cache"), 2, RepairCheck()),
)
