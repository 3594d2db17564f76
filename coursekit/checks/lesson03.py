"""The checks of lesson 03: preparing, undoing, resizing, two pipelines, a diagnosis."""

from coursekit.checks.core import Exercise
from coursekit.checks.lesson03_images import PrepareCheck, ShrinkCheck, UndoCheck
from coursekit.checks.lesson03_sets import DiagnoseCheck, PipelinesCheck

EXERCISES = (
    Exercise("03.prepare", "Prepare any picture", ("03.steps",), 2, PrepareCheck()),
    Exercise("03.undo", "Look at what the model sees", ("03.normalise",), 2, UndoCheck()),
    Exercise("03.shrink", "Make a picture smaller, as PIL does", ("03.geometry",), 2, ShrinkCheck()),
    Exercise("03.pipelines", "One pipeline to train, one to evaluate", ("03.augment", "03.steps"), 2, PipelinesCheck()),
    Exercise("03.diagnose", "Name the mistake from the numbers", ("03.diagnose",), 2, DiagnoseCheck()),
)
