"""The sessions a learner meets: practice, test, challenge, review, predict, placement, graded."""

from __future__ import annotations

from typing import Any

from coursekit.errors import CourseError
from coursekit.quiz.bank import Bank, load
from coursekit.quiz.sessions.base import Clock, Session
from coursekit.quiz.sessions.challenge import Challenge
from coursekit.quiz.sessions.graded import Graded
from coursekit.quiz.sessions.placement import Placement
from coursekit.quiz.sessions.practice import Practice
from coursekit.quiz.sessions.predict import Predict
from coursekit.quiz.sessions.review import Review
from coursekit.quiz.sessions.test import Test

SESSIONS: tuple[type[Session], ...] = (Practice, Test, Challenge, Review, Predict, Placement, Graded)

__all__ = [
    "SESSIONS",
    "Challenge",
    "Graded",
    "Placement",
    "Practice",
    "Predict",
    "Review",
    "Session",
    "Test",
    "open_session",
]


def open_session(name: str, lesson: str | None = None, *, item: str | None = None, now: Clock | None = None) -> Session:
    """The session of this name, as the learner left it.

    Args:
        name: of the session.
        lesson: number or name; a placement has none, and a review without one goes across all lessons.
        item: id of the question to predict.
        now: the clock; the system's if not given.

    Raises:
        CourseError: if there is no such lesson, session or question.
    """
    if name == Placement.name:
        banks, left_out = all_banks()
        return Placement(banks, titles=titles(), left_out=left_out, now=now)
    if name == Review.name and lesson is None:
        return Review(all_banks()[0], now=now)
    if lesson is None:
        raise CourseError(f"Which lesson? For example: {name}('01').")
    if name == Graded.name:
        return Graded(lesson, now=now)
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


def all_banks() -> tuple[list[Bank], list[str]]:
    """The banks of all lessons in order, and a sentence on each lesson that has none that can be used."""
    from coursekit.lessons import lessons
    from coursekit.paths import content_dir

    numbers = {path.name[:2] for path in (content_dir() / "quizzes").glob("[0-9][0-9]_*.yml")}
    banks, left_out = [], []
    for number in sorted(numbers | {lesson.number for lesson in lessons()}):
        if number not in numbers:
            left_out.append(f"Lesson {number} has no questions yet.")
            continue
        try:
            banks.append(load(number))
        except CourseError:
            left_out.append(f"The questions of lesson {number} cannot be read (coursekit lint says why).")
    return banks, left_out


def titles() -> dict[str, str]:
    """The titles of the lessons that have a notebook, by number."""
    from coursekit.lessons import lessons

    return {lesson.number: lesson.title for lesson in lessons()}
