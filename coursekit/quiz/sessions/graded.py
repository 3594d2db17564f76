"""Graded: answers are kept for whoever grades them. Nothing here knows which are right."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path
from typing import Any, ClassVar

from coursekit import progress
from coursekit.errors import CourseError
from coursekit.quiz import kinds
from coursekit.quiz.handout import Answers, Pool, answers_name, questions_name, read_questions
from coursekit.quiz.items import UnreadableError
from coursekit.quiz.sessions.base import LIVE, Button, Clock, Question, Screen, Session, index_of
from coursekit.quiz.variants import Variant, seed_for

SHOWN = tuple(one.name for one in fields(Question) if one.name != "key")


class Graded(Session):
    """The graded questions that lie beside the notebook. Answers can be changed until they are handed in.

    Args:
        lesson: number or name.
        folder: with the questions; the notebook's if not given.
    """

    name: ClassVar[str] = "graded"

    def __init__(self, lesson: str, *, folder: Path | None = None, now: Clock | None = None) -> None:
        super().__init__(progress.lesson_number(lesson), now=now)
        place = Path.cwd() if folder is None else folder
        self.handout = read_questions(place / questions_name(self.lesson))
        seed = seed_for(progress.learner_seed(), "graded", self.lesson)
        self.answers = Answers(place / answers_name(self.lesson), self.handout, seed)
        self.at = next((n for n, pool in enumerate(self.handout.pools) if not self._answered(pool)), 0)
        self.kept = False  # was an answer kept just now?

    def outline(self) -> list[Variant]:
        return []

    def stored(self) -> str:
        count = len(self.handout.pools)
        return f"**Graded questions**: {count} questions, with numbers of your own. {LIVE}\n"

    @property
    def pool(self) -> Pool:
        """The question that is asked now."""
        return self.handout.pools[self.at]

    def screen(self) -> Screen:
        pools = self.handout.pools
        left = sum(not self._answered(pool) for pool in pools)
        shown = self.answers.variant(self.pool)
        last = self.at == len(pools) - 1
        buttons = [Button("keep", "Keep" if last else "Keep and go on", primary=True)]
        if not last:
            buttons.append(Button("skip", "Skip" if not self._answered(self.pool) else "Go on"))
        said = self.notice
        if not said and self.answers.moved is not None:
            said = (
                f"The answers that lay here were to other questions. They are kept as {self.answers.moved.name}; "
                "please answer these."
            )
        elif not said and left == 0:
            said = (
                f"All {len(pools)} questions are answered. Hand in the folder: your answers are in "
                f"{self.answers.path.name}, beside the notebook. You can change them until then."
            )
        elif not said and self.kept:
            said = f"Kept. {left} of {len(pools)} {'has' if left == 1 else 'have'} no answer yet."
        return Screen(
            session=self.name,
            heading="Graded questions",
            place=f"Question {self.at + 1} of {len(pools)}",
            question=Question(key=f"{shown['id']}", **{name: shown[name] for name in SHOWN if name in shown}),
            given=self.answers.given.get(self.pool.name),
            outcome="note" if said else None,
            said=said,
            buttons=buttons,
            marks=["answered" if self._answered(pool) else "open" for pool in pools],
            at=self.at,
        )

    def do_keep(self, answer: Any) -> None:
        readable(self.pool, self.answers.variant(self.pool), answer)
        try:
            self.answers.keep(self.pool, answer)
        except CourseError as error:
            raise UnreadableError(str(error)) from error
        self.answers.moved = None
        self.kept = True
        self.at = min(self.at + 1, len(self.handout.pools) - 1)

    def do_skip(self, _: Any = None) -> None:
        self.kept = False
        self.at = min(self.at + 1, len(self.handout.pools) - 1)

    def do_go(self, index: Any) -> None:
        self.kept = False
        self.at = index_of(index, len(self.handout.pools))

    def _answered(self, pool: Pool) -> bool:
        return pool.name in self.answers.given


def readable(pool: Pool, shown: dict[str, Any], answer: Any) -> None:
    """Can this answer be read as what is asked for? How, is told by the kind of question, without its key.

    Raises:
        UnreadableError: if not; it says how to write the answer.
    """
    count = len(shown.get("options", []))
    control = shown.get("control")
    if control == "text":
        _typed(pool, answer)
    elif control == "one" and not _places([answer], count):
        raise UnreadableError(f"Pick one of the {count} options.")
    elif control == "several" and not (isinstance(answer, list) and answer and _places(answer, count)):
        raise UnreadableError("Pick every option that is right.")
    elif control == "order" and not (isinstance(answer, list) and _places(answer, count) and len(answer) == count):
        raise UnreadableError(f"Put all {count} steps into order.")
    elif control == "line" and not _line(answer, len(shown.get("lines", [])), shown.get("idle", [])):
        raise UnreadableError("Pick one line of the code.")
    elif control == "matrix" and not _cells(answer, shown.get("cells", [])):
        raise UnreadableError("Fill in every cell with a number of 0 or more.")


def _typed(pool: Pool, answer: Any) -> None:
    if not isinstance(answer, str) or not answer.strip() or len(answer) > 2000:
        raise UnreadableError("Type your answer first.")
    kind = next((one for one in kinds.KINDS if one.model_fields["kind"].default == pool.kind), None)
    if kind is None:
        return  # of a newer coursekit: whoever scores it can read it
    blank = kind.model_construct(unit=pool.unit)
    blank.parse(Variant(blank, 0), answer)


def _places(answer: list[Any], count: int) -> bool:
    """Are these different positions among ``count``?"""
    whole = all(isinstance(one, int) and not isinstance(one, bool) and 0 <= one < count for one in answer)
    return whole and len(set(answer)) == len(answer)


def _line(answer: Any, count: int, idle: list[int]) -> bool:
    whole = isinstance(answer, int) and not isinstance(answer, bool)
    return whole and 1 <= answer <= count and answer not in idle


def _cells(answer: Any, cells: list[list[str]]) -> bool:
    rows = isinstance(answer, list) and len(answer) == len(cells) and all(isinstance(row, list) for row in answer)
    if not rows or [len(row) for row in answer] != [len(row) for row in cells]:
        return False
    return all(re.fullmatch(r"\s*\d{1,9}([.,]\d{1,9})?\s*", str(cell)) for row in answer for cell in row)
