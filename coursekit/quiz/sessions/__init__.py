"""The sessions a learner meets: practice, test, challenge, review, predict."""

from __future__ import annotations

from typing import Any

from coursekit.errors import CourseError
from coursekit.quiz.bank import Bank, load
from coursekit.quiz.sessions.base import Clock, Session
from coursekit.quiz.sessions.challenge import Challenge
from coursekit.quiz.sessions.practice import Practice
from coursekit.quiz.sessions.predict import Predict
from coursekit.quiz.sessions.review import Review
from coursekit.quiz.sessions.test import Test

SESSIONS: tuple[type[Session], ...] = (Practice, Test, Challenge, Review, Predict)

__all__ = ["SESSIONS", "Challenge", "Practice", "Predict", "Review", "Session", "Test", "open_session"]


def open_session(name: str, lesson: str, *, item: str | None = None, now: Clock | None = None) -> Session:
    """The session of this name on a lesson's bank, as the learner left it.

    Raises:
        CourseError: if there is no such lesson, session or question.
    """
    bank = load(lesson)
    if name == Predict.name:
        return Predict(bank, item or "", now=now)
    if name == Test.name:
        return Test(bank, objectives=objectives(bank), now=now)
    found: dict[str, Any] = {one.name: one for one in SESSIONS}
    if name not in found:
        raise CourseError(f"There is no session {name!r}. Sessions: {', '.join(found)}.")
    return found[name](bank, now=now)


def objectives(bank: Bank) -> dict[str, str]:
    """The texts of the lesson's objectives by id: the notebook's, or the bank's while there is no notebook."""
    from coursekit.lessons import find

    try:
        return dict(find(bank.lesson).objectives)
    except CourseError:
        return {one.id: one.text for one in bank.objectives}
