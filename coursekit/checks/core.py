"""What a check is, and how it is run, judged and shown.

A check has three steps, so that only the middle one ever touches a learner's code:

1. ``draw(seed)``: fresh inputs, plain data. The judge keeps the seed.
2. ``observe(answer, inputs)``: calls the learner's object and writes down what happened, as plain data.
3. ``verdict(inputs, seen)``: decides from plain data alone.

In a learner's kernel the three run one after the other. A judge runs 1 and 3 itself and has 2 done in a sandbox.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
import secrets
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, ClassVar, Literal

from coursekit.errors import CourseError

Status = Literal["passed", "failed", "not_attempted"]


@dataclass(frozen=True)
class Outcome:
    """A verdict: what came out, in words for the learner, and which named misconception it shows, if one."""

    status: Status
    message: str
    misconception: str | None = None

    @property
    def passed(self) -> bool:
        return self.status == "passed"


class Wrong(Exception):  # noqa: N818, not an error: the way out of a verdict
    """Raised inside ``verdict`` at the first thing that is wrong."""

    def __init__(self, message: str, misconception: str | None = None) -> None:
        super().__init__(message)
        self.outcome = Outcome("failed", message, misconception)


class NotAttempted(Exception):  # noqa: N818, as above
    """Raised by :func:`call` if the learner's function is still the starter."""


class Check(ABC):
    """One exercise's check. Subclasses are small, and keep no state."""

    MISCONCEPTIONS: ClassVar[Mapping[str, str]] = {}  # id: one sentence that states the wrong belief

    @abstractmethod
    def draw(self, seed: int) -> dict[str, Any]:
        """Fresh inputs as plain data; the same seed gives the same inputs."""

    @abstractmethod
    def observe(self, answer: Any, inputs: dict[str, Any]) -> dict[str, Any]:
        """Call the learner's object on the inputs and return what was seen, as plain data."""

    @abstractmethod
    def verdict(self, inputs: dict[str, Any], seen: dict[str, Any]) -> str:
        """The message of a right answer.

        Raises:
            Wrong: with the message for anything else.
        """


@dataclass(frozen=True)
class Exercise:
    """A graded exercise. ``id`` outlives edits: gradebooks hold it."""

    id: str
    title: str
    objectives: tuple[str, ...]
    points: int
    check: Check = field(repr=False)

    @property
    def lesson(self) -> str:
        """Two digits."""
        return self.id.split(".")[0]


class NotPassed(AssertionError):  # noqa: N818, read by a learner as a sentence
    """Stops a graded cell whose answer did not pass; IPython shows its one line and no traceback."""

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


@cache
def exercises() -> dict[str, Exercise]:
    """Every exercise by id, in the order of the lessons."""
    import coursekit.checks as package

    names = sorted(one.name for one in pkgutil.iter_modules(package.__path__) if re.fullmatch(r"lesson\d\d", one.name))
    modules = [importlib.import_module(f"coursekit.checks.{name}") for name in names]
    return {one.id: one for module in modules for one in module.EXERCISES}


def find(exercise_id: str) -> Exercise:
    """The exercise with this id.

    Raises:
        CourseError: if there is none.
    """
    known = exercises()
    if exercise_id not in known:
        raise CourseError(f"There is no exercise {exercise_id!r}. Exercises here: {', '.join(known)}.")
    return known[exercise_id]


def judge(exercise_id: str, answer: Any, *, seed: int | None = None) -> Outcome:
    """Decide whether an answer is right, on fresh inputs.

    Args:
        exercise_id: for example ``"01.load"``.
        answer: the learner's function or value.
        seed: makes the inputs reproducible; drawn at random if not given.

    Returns:
        The outcome. An error inside the learner's code is a failed outcome that names it, never an exception.

    Raises:
        CourseError: if there is no such exercise.
    """
    one = find(exercise_id)
    if answer is None or answer is ... or answer is NotImplemented:
        return _not_attempted()
    inputs = one.check.draw(secrets.randbits(32) if seed is None else seed)
    try:
        return Outcome("passed", one.check.verdict(inputs, one.check.observe(answer, inputs)))
    except NotAttempted:
        return _not_attempted()
    except Wrong as wrong:
        return wrong.outcome


def _not_attempted() -> Outcome:
    return Outcome("not_attempted", "Nothing to judge yet: the function still does what the starter does.")


def call(function: Any, *arguments: Any, **named: Any) -> Any:
    """The result of a learner's function, for use inside ``observe``.

    Raises:
        NotAttempted: if it returns None, ``...`` or ``NotImplemented``, or raises NotImplementedError.
        Wrong: if the answer is no function, or if it raises anything else.
    """
    if not callable(function):
        raise Wrong(f"A function is expected here, and this is {article(type(function).__name__)}.")
    try:
        result = function(*arguments, **named)
    except NotImplementedError as error:
        raise NotAttempted from error
    except Exception as error:
        raise Wrong(raised(error)) from error
    if result is None or result is ... or result is NotImplemented:
        raise NotAttempted
    return result


def attempt(function: Callable[[], Any]) -> BaseException | None:
    """The error that a call raises, or None; NotImplementedError counts as not attempted."""
    try:
        function()
    except NotImplementedError as error:
        raise NotAttempted from error
    except Exception as error:
        return error
    return None


def raised(error: BaseException) -> str:
    """One sentence for an error that came out of a learner's function."""
    lines = str(error).strip().splitlines()
    text = lines[0][:200] if lines else ""
    return f"Your function raised {type(error).__name__}{': ' + text if text else ''}."


def article(noun: str) -> str:
    """``noun`` with "a" or "an" in front."""
    return f"{'an' if noun[:1].lower() in 'aeiou' else 'a'} {noun}"


def require(condition: bool, message: str, misconception: str | None = None) -> None:
    """Stop the verdict with ``message`` unless ``condition`` holds."""
    if not condition:
        raise Wrong(message, misconception)


def check(exercise_id: str, answer: Any) -> None:
    """Judge an answer, show the outcome under the cell and remember it in the learner's progress.

    Raises:
        NotPassed: unless the answer passes; its text is one line.
        CourseError: if there is no such exercise.
    """
    from coursekit.checks.display import display_outcome

    one = find(exercise_id)
    outcome = judge(exercise_id, answer)
    _remember(one, outcome)
    display_outcome(one, outcome)
    if not outcome.passed:
        # One line of 80 characters is what nbgrader shows; the whole message stands above it.
        said = "not attempted yet." if outcome.status == "not_attempted" else f"not yet right. {outcome.message}"
        raise NotPassed(f"{one.id}: {said}")


def _remember(exercise: Exercise, outcome: Outcome) -> None:
    from coursekit import progress

    progress.record(
        "exercise",
        lesson=exercise.lesson,
        item=exercise.id,
        data={"status": outcome.status, "misconception": outcome.misconception},
    )
