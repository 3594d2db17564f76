"""Sessions of the quiz as commands of the terminal."""

from __future__ import annotations

from coursekit.quiz.sessions import open_session
from coursekit.quiz.terminal import converse


def review(lesson: str | None) -> int:
    """Cards and missed questions that are due, of one lesson or of all; 0 when the learner leaves."""
    return converse(open_session("review", lesson))


def challenge(lesson: str) -> int:
    """Five timed problems; 0 when the learner leaves.

    Raises:
        CourseError: if the lesson has no bank.
    """
    return converse(open_session("challenge", lesson))


def placement() -> int:
    """Where to start; 0 when the learner leaves."""
    return converse(open_session("placement"))
