"""What every session gives to a front end: one screen at a time, in Markdown, and actions that change it.

A session knows nothing of notebooks or terminals. The notebook's card and the terminal show the same screens.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, ClassVar, Literal

from coursekit import progress
from coursekit.errors import CourseError
from coursekit.quiz.items import Control, Item, UnreadableError
from coursekit.quiz.sections import heading
from coursekit.quiz.variants import Variant

Clock = Callable[[], datetime]
Outcome = Literal["right", "partial", "wrong", "kept", "note"]
Mark = Literal["open", "answered", "right", "partial", "wrong"]


@dataclass(frozen=True)
class Button:
    """Something the learner can do: the action's name, and what the button says."""

    action: str
    label: str
    primary: bool = False


@dataclass(frozen=True)
class Panel:
    """Help that is shown below a question: numbered steps or a list."""

    title: str
    entries: list[str]
    ordered: bool = False


@dataclass(frozen=True)
class Question:
    """A question as it is shown; nothing here tells which answer is right."""

    key: str  # changes when another question, or another variant of it, is shown
    stem: str
    control: Control
    options: list[str] = field(default_factory=list)  # options or steps, in the order shown
    placeholder: str = ""
    level: str = ""
    lines: list[str] = field(default_factory=list)  # of a program, one of which is picked
    idle: list[int] = field(default_factory=list)  # numbers (from 1) of the lines that cannot be picked
    after: str = ""  # what stands below the program
    rows: int = 1  # of the field for a typed answer
    classes: list[str] = field(default_factory=list)  # of a confusion matrix
    cells: list[list[str]] = field(default_factory=list)  # its cells, row by row; empty where one is asked for


@dataclass(frozen=True)
class Screen:
    """All that a front end shows."""

    session: str
    heading: str
    place: str = ""
    body: str = ""
    question: Question | None = None
    given: Any = None  # position, positions or text: what the learner picked or typed
    locked: bool = False
    outcome: Outcome | None = None
    said: str = ""
    panels: list[Panel] = field(default_factory=list)
    buttons: list[Button] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    at: int | None = None  # which mark is shown now
    seconds_left: float | None = None


ALL = "00"  # the lesson of what belongs to none: a placement, a review of everything
LIVE = "To answer, open this notebook in JupyterLab and run the cell."


class Session(ABC):
    """One learner at one sitting. Subclasses offer their actions as methods named ``do_<action>``."""

    name: ClassVar[str]

    def __init__(self, lesson: str, *, now: Clock | None = None) -> None:
        self.lesson = lesson
        self.now: Clock = now or (lambda: datetime.now(UTC))
        self.notice = ""  # shown once, such as how to write an answer

    @abstractmethod
    def screen(self) -> Screen:
        """What to show now."""

    @abstractmethod
    def outline(self) -> list[Variant]:
        """The questions in the author's own order and numbers, for a reader without a kernel."""

    def stored(self) -> str | None:
        """What a reader without a kernel sees, in Markdown; None for the outline's questions."""
        return None

    def do(self, action: str, answer: Any = None) -> Screen:
        """Take one action; the screen after it. An action that is not offered now changes nothing."""
        self.notice = ""
        offered = {button.action for button in self.screen().buttons}
        method = getattr(self, f"do_{action}", None)
        if method is not None and (action in offered or action in ("go", "refresh")):
            try:
                method(answer)
            except UnreadableError as error:
                self.notice = str(error)
        return self.screen()

    def do_refresh(self, _: Any = None) -> None:
        """Show the same again, with the clock of now."""
        self.notice = ""

    def record(self, event: str, item: str | None = None, **data: Any) -> None:
        """Keep something in the learner's progress."""
        progress.record(event, lesson=self.lesson, item=item, data={"session": self.name, **data})

    def events(self, event: str) -> list[progress.Event]:
        """This session's own events so far."""
        return [one for one in progress.events(self.lesson, event) if one.data.get("session") == self.name]


def question(variant: Variant, key: str) -> Question:
    """A variant as it is shown."""
    item, form = variant.item, variant.item.form(variant)
    return Question(
        key=key,
        stem=form.stem,
        control=item.control,
        options=form.options,
        placeholder=item.placeholder(variant),
        level=item.level,
        lines=form.lines,
        idle=form.idle,
        after=form.after,
        rows=form.rows,
        classes=form.classes,
        cells=form.cells,
    )


def read_back(variant: Variant, answer: Any) -> Any:
    """An answer from the progress file as the learner gave it; None if the question has changed since."""
    try:
        raw = variant.item.raw(variant, answer)
        variant.item.parse(variant, raw)
        return raw
    except (ValueError, TypeError, IndexError, KeyError):
        return None


def solution(variant: Variant) -> list[Panel]:
    """The panels of the way to the answer."""
    item = variant.item
    panels = [Panel("Solution", [variant.fill(step) for step in item.solution], ordered=True)]
    if item.quick_check:
        panels.append(Panel("Quick check", [variant.fill(item.quick_check)]))
    if item.mistakes:
        panels.append(Panel("Common mistakes", [variant.fill(one) for one in item.mistakes]))
    return panels


def where_to_go(item: Item) -> str:
    """The section to read again, by its heading in the lesson."""
    return f"Read again: section “{heading(item.id[:2], item.where)}”."


def percent(chance: float) -> str:
    """No chance is called 0 or 100 per cent: the models are models, and so few answers never prove anything."""
    return f"{min(max(chance, 0.01), 0.99):.0%}"


def index_of(raw: Any, count: int) -> int:
    """A position that a front end asks for.

    Raises:
        UnreadableError: if there is no such question.
    """
    if isinstance(raw, bool) or not isinstance(raw, int) or not 0 <= raw < count:
        raise UnreadableError("There is no such question.")
    return raw


def need(items: list[Item], what: str, lesson: str) -> list[Item]:
    """The items, or a clear word that there are none."""
    if not items:
        raise CourseError(f"Lesson {lesson} has no {what} yet.")
    return items
