"""The exercises' checks: a learner's kernel calls :func:`check`; an outside judge calls :func:`judge`.

>>> from coursekit.checks import check
>>> check("01.load", load_for_inference)
"""

from coursekit.checks.core import (
    Check,
    Exercise,
    NotPassed,
    Outcome,
    check,
    exercises,
    find,
    judge,
)

__all__ = ["Check", "Exercise", "NotPassed", "Outcome", "check", "exercises", "find", "judge"]
