"""Practice: feedback at once, hints in order, as many tries as it takes, the solution when it is wanted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from coursekit import progress
from coursekit.quiz.bank import Bank
from coursekit.quiz.items import Item, Score
from coursekit.quiz.sessions.base import (
    Button,
    Clock,
    Mark,
    Panel,
    Screen,
    Session,
    index_of,
    need,
    question,
    read_back,
    solution,
)
from coursekit.quiz.sessions.missed import missed
from coursekit.quiz.variants import CANONICAL, Variant, draw, seed_for


@dataclass
class _Work:
    """What was done on one question."""

    item: Item
    variant: Variant
    round: int = 0  # counts the times new numbers were asked for
    given: Any = None
    score: Score | None = None
    tries: int = 0
    hints: int = 0
    solved_open: bool = False  # is the solution shown?


class Practice(Session):
    """The practice questions of a lesson, restored from progress."""

    name: ClassVar[str] = "practice"

    def __init__(self, bank: Bank, *, now: Clock | None = None) -> None:
        super().__init__(bank.lesson, now=now)
        self.learner = progress.learner_seed()
        items = need(bank.used_for("practice"), "practice questions", bank.lesson)
        self.work = [_Work(item, self._variant(item, 0)) for item in items]
        by_id = {one.item.id: one for one in self.work}
        for event in self.events("answer"):
            if event.item in by_id:
                self._restore(by_id[event.item], event.data)
        self.at = self._next_open(0) or 0

    def outline(self) -> list[Variant]:
        return [draw(one.item, CANONICAL) for one in self.work]

    def screen(self) -> Screen:
        work = self.work[self.at]
        right = work.score is not None and work.score.right
        panels = [Panel(f"Hint {n + 1}", [work.variant.fill(work.item.hints[n])]) for n in range(work.hints)]
        if work.solved_open:
            panels += solution(work.variant)
        marks = [self._mark(one) for one in self.work]
        done = all(mark == "right" for mark in marks)
        said = self.notice or (work.score.feedback if work.score else "")
        if done and right and not self.notice:
            said += f"\n\nAll {len(marks)} questions of this practice are answered right."
        return Screen(
            session=self.name,
            heading="Practice",
            place=f"Question {self.at + 1} of {len(self.work)}",
            question=question(work.variant, f"{work.item.id}/{work.round}"),
            given=work.given,
            locked=right,
            outcome="note" if self.notice else _outcome(work.score),
            said=said,
            panels=panels,
            buttons=self._buttons(work, right),
            marks=marks,
            at=self.at,
        )

    def _buttons(self, work: _Work, right: bool) -> list[Button]:
        buttons = []
        onward = self._next_open(self.at + 1)
        if not right:
            buttons.append(Button("check", "Check" if work.score is None else "Check again", primary=True))
            if work.hints < len(work.item.hints):
                buttons.append(Button("hint", f"Hint {work.hints + 1} of {len(work.item.hints)}"))
        elif onward is not None:
            buttons.append(Button("next", "Next question", primary=True))
        tried = work.tries > 0 or work.hints == len(work.item.hints)
        if tried and not work.solved_open:
            buttons.append(Button("solve", "Show the solution"))
        if work.item.params and (right or work.solved_open):
            buttons.append(Button("renew", "Same question, new numbers"))
        if not right and onward is not None and onward != self.at:
            buttons.append(Button("next", "Skip"))
        return buttons

    def do_check(self, answer: Any) -> None:
        work = self.work[self.at]
        parsed = work.item.parse(work.variant, answer)
        work.score = work.item.score(work.variant, parsed)
        work.given = work.item.raw(work.variant, parsed)
        work.tries += 1
        self.record(
            "answer",
            work.item.id,
            right=work.score.right,
            score=work.score.score,
            answer=parsed,
            misconception=work.score.misconception,
            round=work.round,
            hints=work.hints,
            solution=work.solved_open,
            seed=self.learner,
        )
        if not work.score.right:
            missed(work.item.id, self.lesson, self.name, self.now)

    def do_hint(self, _: Any = None) -> None:
        work = self.work[self.at]
        work.hints = min(work.hints + 1, len(work.item.hints))

    def do_solve(self, _: Any = None) -> None:
        self.work[self.at].solved_open = True

    def do_renew(self, _: Any = None) -> None:
        work = self.work[self.at]
        before = work.variant.values
        for _again in range(20):  # until the numbers differ
            work.round += 1
            work.variant = self._variant(work.item, work.round)
            if work.variant.values != before:
                break
        work.given, work.score, work.hints, work.solved_open = None, None, 0, False

    def do_next(self, _: Any = None) -> None:
        onward = self._next_open(self.at + 1)
        self.at = self.at if onward is None else onward

    def do_go(self, index: Any) -> None:
        self.at = index_of(index, len(self.work))

    def _next_open(self, start: int) -> int | None:
        order = [*range(start, len(self.work)), *range(min(start, len(self.work)))]
        return next((index for index in order if self._mark(self.work[index]) != "right"), None)

    def _mark(self, work: _Work) -> Mark:
        outcome = _outcome(work.score)
        return "open" if outcome is None else outcome

    def _variant(self, item: Item, number: int, learner: int | None = None) -> Variant:
        seed = seed_for(self.learner if learner is None else learner, "practice", item.id, number)
        # the first time the lesson's own numbers, so that text and question speak of the same; then the learner's
        return Variant(item, seed, draw(item, CANONICAL).values) if number == 0 else draw(item, seed)

    def _restore(self, work: _Work, data: dict[str, Any]) -> None:
        number = int(data.get("round", 0))
        variant = self._variant(work.item, number, int(data.get("seed", self.learner)))  # answered on another machine
        given = read_back(variant, data.get("answer"))
        if given is None:  # the question was changed by its author since: it is asked afresh
            return
        work.variant, work.round, work.given = variant, number, given
        work.score = work.item.score(variant, data["answer"])
        work.tries += 1
        work.hints = min(int(data.get("hints", 0)), len(work.item.hints))
        work.solved_open = bool(data.get("solution", False))


def _outcome(score: Score | None) -> Any:
    if score is None:
        return None
    return "right" if score.right else "partial" if score.score > 0 else "wrong"
