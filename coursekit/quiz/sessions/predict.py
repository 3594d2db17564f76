"""Predict, then run: a guess is kept before the cell runs, and compared when the learner asks."""

from __future__ import annotations

from typing import Any, ClassVar

from coursekit import progress
from coursekit.quiz.bank import Bank
from coursekit.quiz.sessions.base import Button, Clock, Screen, Session, question, read_back, solution
from coursekit.quiz.variants import CANONICAL, Variant, draw, seed_for


class Predict(Session):
    """One guess. Nothing says whether it is right until it is compared."""

    name: ClassVar[str] = "predict"

    def __init__(self, bank: Bank, item_id: str, *, now: Clock | None = None) -> None:
        super().__init__(bank.lesson, now=now)
        self.item = bank.item(item_id)
        seed = CANONICAL if self.item.params else seed_for(progress.learner_seed(), "predict", item_id)
        self.variant = draw(self.item, seed)  # its numbers are those of the cell below it; only the order is shuffled
        self.answer: Any = None
        self.given: Any = None
        self.compared = False
        self._restore()

    def outline(self) -> list[Variant]:
        return [draw(self.item, CANONICAL)]

    def screen(self) -> Screen:
        buttons: list[Button] = []
        outcome: Any = None
        said = self.notice
        if self.compared:
            score = self.item.score(self.variant, self.answer)
            outcome, said = "right" if score.right else "wrong", score.feedback
            buttons = [Button("again", "Guess again")]
        elif self.given is not None:
            outcome, said = "kept", "Your guess is kept. Run the next cell, then compare."
            buttons = [Button("compare", "Compare", primary=True), Button("change", "Change my guess")]
        else:
            outcome = "note" if said else None
            buttons = [Button("keep", "Keep my guess", primary=True)]
        if self.compared and outcome == "wrong":
            said += f"\n\nThe right answer: {self.item.show(self.variant, self.item.key(self.variant))}"
        return Screen(
            session=self.name,
            heading="Predict, then run",
            question=question(self.variant, self.item.id),
            given=self.given,
            locked=self.given is not None,
            outcome=outcome,
            said=said,
            panels=solution(self.variant) if self.compared else [],
            buttons=buttons,
        )

    def do_keep(self, answer: Any) -> None:
        self.answer = self.item.parse(self.variant, answer)
        self.given = self.item.raw(self.variant, self.answer)
        self.record("guess", self.item.id, answer=self.answer)

    def do_change(self, _: Any = None) -> None:
        self.given, self.answer = None, None

    def do_compare(self, _: Any = None) -> None:
        self.compared = True
        score = self.item.score(self.variant, self.answer)
        self.record("compare", self.item.id, right=score.right, misconception=score.misconception)

    def do_again(self, _: Any = None) -> None:
        self.given, self.answer, self.compared = None, None, False

    def _restore(self) -> None:
        kept = [one for one in progress.events(self.lesson) if one.item == self.item.id]
        guesses = [one for one in kept if one.event == "guess"]
        if not guesses:
            return
        given = read_back(self.variant, guesses[-1].data.get("answer"))
        if given is None:
            return
        self.answer, self.given = guesses[-1].data["answer"], given
        after = kept[kept.index(guesses[-1]) :]
        self.compared = any(one.event == "compare" for one in after)
