"""The checks of lesson 09: an honest split, training within a budget, deciding by cost, a card, and the submission.

What earns how much in the submission stands in ``lesson09_rubric``; what the judge measures, in ``lesson09_costs``.
"""

from coursekit.checks.core import Exercise
from coursekit.checks.lesson09_decide import CardCheck, ThresholdCheck
from coursekit.checks.lesson09_model import TrainCheck
from coursekit.checks.lesson09_rubric import RUBRIC
from coursekit.checks.lesson09_split import SplitCheck
from coursekit.checks.lesson09_submit import SubmitCheck

__all__ = ["EXERCISES", "RUBRIC"]

EXERCISES = (
    Exercise("09.split", "An honest split", ("09.split",), 2, SplitCheck()),
    Exercise("09.train", "A screener within the budget", ("09.budget",), 3, TrainCheck()),
    Exercise("09.threshold", "A threshold by cost", ("09.cost",), 2, ThresholdCheck()),
    Exercise("09.card", "A card that a stranger can check", ("09.card",), 3, CardCheck()),
    Exercise(
        "09.submit",
        "The submission",
        ("09.plan", "09.split", "09.budget", "09.cost", "09.card"),
        5,
        SubmitCheck(),
    ),
)
