"""Where the learner stands in each lesson, and the one thing to do next."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime

from coursekit.errors import CourseError
from coursekit.lessons import Lesson, lessons
from coursekit.progress import LessonSummary, events, summary

CARDS_A_MINUTE = 3
ALL = "00"  # the lesson of what goes across all of them
NOTHING_YET = LessonSummary(
    practice_answered=0,
    practice_right=0,
    test_verdict=None,
    challenge_badge=False,
    cards_seen=0,
    cards_due=0,
    exercises_passed=0,
    exercises_tried=0,
    last=None,
)


@dataclass(frozen=True)
class LessonState:
    """One lesson: what it offers, and what the learner has done of it."""

    lesson: Lesson
    done: LessonSummary
    practice: int  # questions
    exercises: int
    cards: int

    @property
    def minutes(self) -> int:
        """Of all ten modes together."""
        return sum(self.lesson.minutes.values())

    @property
    def started(self) -> bool:
        return self.done["last"] is not None

    @property
    def finished(self) -> bool:
        """Every practice question answered, every exercise passed, the test strong."""
        return (
            self.done["practice_answered"] >= self.practice
            and self.done["exercises_passed"] >= self.exercises
            and self.done["test_verdict"] == "strong"
        )


@dataclass(frozen=True)
class Placed:
    """The latest placement: the lesson to start with, None where all are known, and when it was."""

    start: str | None
    at: datetime


@dataclass(frozen=True)
class Step:
    """The recommendation.

    ``target`` is a mode's name, ``lesson``, ``exercises``, or empty where there is nothing. Without a lesson,
    ``review`` is that of all lessons.
    """

    title: str
    why: str
    lesson: Lesson | None = None
    target: str = ""
    minutes: int = 0


@dataclass(frozen=True)
class Standing:
    """All lessons, in order, and the next step."""

    lessons: tuple[LessonState, ...]
    next: Step
    placed: Placed | None = None

    @property
    def due(self) -> int:
        """Cards and missed questions that are due, in all lessons."""
        return sum(state.done["cards_due"] for state in self.lessons)

    @classmethod
    def of_a_newcomer(cls) -> Standing:
        """As it looks before anything was done."""
        return cls._with({})

    @classmethod
    def now(cls) -> Standing:
        """As the progress file says."""
        placements = events(ALL, "placement")
        placed = Placed(placements[-1].data.get("start"), placements[-1].at) if placements else None
        return cls._with(summary(), placed)

    @classmethod
    def _with(cls, done: dict[str, LessonSummary], placed: Placed | None = None) -> Standing:
        states = tuple(_state(lesson, done.get(lesson.number, NOTHING_YET)) for lesson in lessons())
        return cls(states, next_step(states, placed), placed)


def _state(lesson: Lesson, done: LessonSummary) -> LessonState:
    practice, cards = _bank_counts(lesson)
    return LessonState(lesson, done, practice, _exercises(lesson), cards)


def _bank_counts(lesson: Lesson) -> tuple[int, int]:
    """Practice questions and recall cards; zeros where the lesson has no bank, or a broken one (lint says that)."""
    from coursekit.quiz.bank import load

    try:
        bank = load(lesson.number)
    except CourseError:
        return 0, 0
    return len(bank.used_for("practice")), len(bank.cards)


def _exercises(lesson: Lesson) -> int:
    """The graded cells of the lesson's exercises."""
    if not lesson.exercises.is_file():
        return 0
    cells = json.loads(lesson.exercises.read_text(encoding="utf-8"))["cells"]
    return sum(bool(cell["metadata"].get("nbgrader", {}).get("grade")) for cell in cells)


def next_step(states: tuple[LessonState, ...], placed: Placed | None = None) -> Step:
    """One thing to do, and why: what is due, else the lesson begun last, else the placement's, else the first one."""
    if not states:
        return Step("No lesson is here yet", "This course carries no lesson notebook. Run: coursekit doctor")
    due = [state for state in states if state.done["cards_due"]]
    if due:
        return _review(due[0]) if len(due) == 1 else _review_all(due)
    open_ones = [state for state in states if not state.finished]
    begun = [state for state in open_ones if state.started]
    if begun and (placed is None or _last(max(begun, key=_last)) > placed.at):
        return _within(max(begun, key=_last))
    if placed is not None and placed.start is not None:
        ahead = [state for state in states if state.lesson.number >= placed.start]
        if not ahead:
            return _placed_ahead(placed.start)
        still = [state for state in ahead if not state.finished]
        if still:
            return _placed(still[0], placed.start)
    if begun:
        return _within(max(begun, key=_last))
    if open_ones:
        return _begin(open_ones[0], first=not any(state.started for state in states))
    return _all_done(states)


def _last(state: LessonState) -> datetime:
    return state.done["last"] or datetime.min.replace(tzinfo=UTC)


def _review(state: LessonState) -> Step:
    due = state.done["cards_due"]
    cards = (
        "1 recall card is due. You are about to forget it"
        if due == 1
        else (f"{due} recall cards are due. You are about to forget them")
    )
    return Step(
        f"Review lesson {state.lesson.number}",
        f"{cards}, and a look now costs least.",
        state.lesson,
        "review",
        max(1, round(due / CARDS_A_MINUTE)),
    )


def _review_all(due: list[LessonState]) -> Step:
    count = sum(state.done["cards_due"] for state in due)
    why = f"{count} cards of {len(due)} lessons are due. You are about to forget them, and a look now costs least."
    return Step("Review what is due", why, None, "review", max(1, round(count / CARDS_A_MINUTE)))


def _placed(state: LessonState, start: str) -> Step:
    lesson = state.lesson
    if lesson.number == start:
        why = "Your placement says to start here. It is the first lesson that your answers did not show as known."
    else:
        why = f"Your placement says to start with lesson {start}. This is the next one that is here and not finished."
    if state.started:
        return Step(f"Go on with lesson {lesson.number}: {lesson.title}", why, lesson, "lesson", state.minutes)
    return Step(f"Begin lesson {lesson.number}: {lesson.title}", why, lesson, "lesson", state.minutes)


def _placed_ahead(start: str) -> Step:
    why = f"Its notebook is not here yet. Its questions are: coursekit practice {start}, in a terminal."
    return Step(f"Your placement says: lesson {start}", why)


def _begin(state: LessonState, *, first: bool) -> Step:
    lesson = state.lesson
    if first:
        why = (
            "You have not begun yet. Each lesson can be opened first; this one assumes the least. If not all of it is "
        )
        why += "new to you, find out below where to start."
    else:
        why = "It is the next lesson you have not begun."
    return Step(f"Begin lesson {lesson.number}: {lesson.title}", why, lesson, "lesson", state.minutes)


def _within(state: LessonState) -> Step:
    """The first thing that is missing in a lesson already begun."""
    lesson, done = state.lesson, state.done
    left = state.practice - done["practice_answered"]
    if left > 0:
        why = f"You have answered {done['practice_answered']} of {state.practice} questions. Each one answers back."
        return _to(state, "practice", f"Go on with the practice of lesson {lesson.number}", why)
    if done["exercises_passed"] < state.exercises:
        why = f"You have passed {done['exercises_passed']} of {state.exercises}. Writing it yourself shows what sits."
        return _to(state, "exercises", f"Do the exercises of lesson {lesson.number}", why)
    if done["test_verdict"] is None:
        why = "Practice and exercises are done. Ten questions say what is strong and what is weak."
        return _to(state, "lesson", f"Take the test at the end of lesson {lesson.number}", why)
    why = f"Your last test said: {done['test_verdict']}. Go through the cards, then take the test again."
    return _to(state, "review", f"Strengthen lesson {lesson.number}", why)


def _to(state: LessonState, target: str, title: str, why: str) -> Step:
    return Step(title, why, state.lesson, target, state.lesson.minutes.get(target, 0))


def _all_done(states: tuple[LessonState, ...]) -> Step:
    open_badges = [state for state in states if not state.done["challenge_badge"]]
    if open_badges:
        state = open_badges[0]
        return _to(
            state,
            "challenge",
            f"Try the challenge of lesson {state.lesson.number}",
            "Every lesson here is finished. Five timed problems show whether it holds under pressure.",
        )
    return Step("You have finished every lesson here", "Recall cards come back on the day you would forget them.")
