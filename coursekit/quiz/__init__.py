"""The quiz: one line in a notebook shows a card.

    from coursekit.quiz import practice, predict, test, challenge, review, placement, graded
    practice("01")

Everything heavy is imported by the first call, so that importing this costs nothing.
"""

from __future__ import annotations

import re

from coursekit.errors import CourseError

__all__ = ["challenge", "graded", "placement", "practice", "predict", "review", "test"]


def practice(lesson: str) -> None:
    """Show the practice questions of a lesson: feedback at once, hints, solution.

    Args:
        lesson: number or name, for example ``"01"``.

    Raises:
        CourseError: if the lesson has no bank, or its bank has a problem.
    """
    _show("practice", lesson)


def test(lesson: str) -> None:
    """Show the test of a lesson: ten questions, then a verdict and what to read again."""
    _show("test", lesson)


test.__test__ = False  # type: ignore[attr-defined]  # a name that pytest would collect


def challenge(lesson: str) -> None:
    """Show the challenge of a lesson: five timed problems, two attempts each, a badge."""
    _show("challenge", lesson)


def review(lesson: str | None = None) -> None:
    """Show the recall cards and missed questions that are due; without a lesson, those of all lessons."""
    _show("review", lesson)


def placement() -> None:
    """Show the placement: a short adaptive test over all lessons that says where to start."""
    _show("placement", None)


def graded(lesson: str) -> None:
    """Show the graded questions of a lesson; the answers are kept in a file beside the notebook, to be handed in.

    Raises:
        CourseError: if the questions do not lie beside the notebook.
    """
    _show("graded", lesson)


def predict(item: str) -> None:
    """Show one question to guess before the next cell runs; the guess is kept and compared on request.

    Args:
        item: id of the question; its first two digits are the lesson's.

    Raises:
        CourseError: if there is no such question.
    """
    if not re.match(r"\d\d-", item):
        raise CourseError(f"{item!r} is not the id of a question. Expected for example '01-predict-shape'.")
    _show("predict", item[:2], item)


def _show(name: str, lesson: str | None, item: str | None = None) -> None:
    from IPython.display import display

    from coursekit.quiz.sessions import open_session
    from coursekit.quiz.widget import QuizCard

    display(QuizCard(open_session(name, lesson, item=item)))
