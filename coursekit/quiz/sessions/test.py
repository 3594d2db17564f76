"""The test: ten questions over all levels, no feedback until the end, then a verdict and where to go."""

from __future__ import annotations

import random
import uuid
from dataclasses import dataclass
from typing import Any, ClassVar

from coursekit import progress
from coursekit.quiz.bank import Bank
from coursekit.quiz.items import LEVELS, Item, Level, Score
from coursekit.quiz.sessions.base import (
    Button,
    Clock,
    Mark,
    Screen,
    Session,
    index_of,
    need,
    percent,
    question,
    read_back,
    solution,
    where_to_go,
)
from coursekit.quiz.sessions.missed import missed
from coursekit.quiz.variants import CANONICAL, Variant, draw, seed_for
from coursekit.quiz.verdict import Answered, Estimate, estimate

SHARES: dict[Level, int] = {"easy": 2, "medium": 4, "hard": 4}  # ten, most where the verdict's borders are
SAYS = {
    "strong": "This topic is strong.",
    "getting there": "You are getting there.",
    "not yet": "Not yet: this topic needs another round.",
}
START = (
    "Ten questions, from easy to hard. There is no feedback until the end; then you see a verdict, every answer, and "
    "what to read again. You can go back and change an answer before you finish."
)


@dataclass
class _Asked:
    variant: Variant
    given: Any = None
    score: Score | None = None


class Test(Session):
    """One run of the test, taken up where it was left."""

    name: ClassVar[str] = "test"
    __test__ = False  # not a class of tests, whatever pytest thinks of its name

    def __init__(self, bank: Bank, *, objectives: dict[str, str] | None = None, now: Clock | None = None) -> None:
        super().__init__(bank.lesson, now=now)
        self.learner = progress.learner_seed()
        self.items = need(bank.used_for("test"), "test questions", bank.lesson)
        self.objectives = objectives or {}
        self.run: str | None = None
        self.asked: list[_Asked] = []
        self.finished: Estimate | None = None
        self.at = 0
        self.summary_open = False
        self._restore()

    def outline(self) -> list[Variant]:
        return [draw(item, CANONICAL) for item in choose(self.items, random.Random("outline"), avoid=set())]

    # --- what is shown ----------------------------------------------------------------------------------------------

    def screen(self) -> Screen:
        if self.run is None:
            return Screen(self.name, "Test", body=START, buttons=[Button("start", "Start the test", primary=True)])
        if self.finished is not None:
            return self._verdict_screen() if self.summary_open else self._review_screen()
        one = self.asked[self.at]
        last = self.at == len(self.asked) - 1
        buttons = [Button("keep", "Keep and go to the end" if last else "Keep and go on", primary=True)]
        if not last:
            buttons.append(Button("skip", "Skip"))
        if last or all(other.score for other in self.asked):
            buttons.append(Button("finish", "Finish and see the verdict"))
        open_ones = sum(other.score is None for other in self.asked)
        said = self.notice
        if last and open_ones and not said:
            said = f"{open_ones} of {len(self.asked)} questions have no answer yet. An open one counts as wrong."
        return Screen(
            session=self.name,
            heading="Test",
            place=f"Question {self.at + 1} of {len(self.asked)}",
            question=question(one.variant, f"{self.run}/{self.at}"),
            given=one.given,
            outcome="note" if said else None,
            said=said,
            buttons=buttons,
            marks=["answered" if other.score else "open" for other in self.asked],
            at=self.at,
        )

    def _verdict_screen(self) -> Screen:
        assert self.finished is not None
        right = sum(self._right(one) for one in self.asked)
        lines = [f"**{SAYS[self.finished.verdict]}** {right} of {len(self.asked)} right."]
        lines.append(
            f"From these answers, the chance that you know this topic well is {percent(self.finished.strong)}. "
            "Ten questions leave room for luck; a second test makes it surer."
        )
        weak = self._weak()
        if weak:
            lines.append("What to look at again:")
            lines.append("\n".join(f"- {text}" for text in weak))
        lines.append("The numbers above lead back to each question, its feedback and its solution.")
        return Screen(
            session=self.name,
            heading="Test: the verdict",
            place="",
            body="\n\n".join(lines),
            buttons=[Button("start", "Take another test", primary=True)],
            marks=[self._mark(one) for one in self.asked],
        )

    def _review_screen(self) -> Screen:
        one = self.asked[self.at]
        item = one.variant.item
        right = self._right(one)
        said = one.score.feedback if one.score else "You left this question open."
        if not right:
            said += f"\n\nThe right answer: {item.show(one.variant, item.key(one.variant))}\n\n{where_to_go(item)}"
        return Screen(
            session=self.name,
            heading="Test: your answers",
            place=f"Question {self.at + 1} of {len(self.asked)}",
            question=question(one.variant, f"{self.run}/{self.at}"),
            given=one.given,
            locked=True,
            outcome="right" if right else "wrong",
            said=said,
            panels=solution(one.variant),
            buttons=[Button("verdict", "Back to the verdict", primary=True)],
            marks=[self._mark(other) for other in self.asked],
            at=self.at,
        )

    def _weak(self) -> list[str]:
        """The objectives with a miss, most missed first, each with the sections to read again."""
        missed: dict[str, list[Item]] = {}
        asked: dict[str, int] = {}
        for one in self.asked:
            item = one.variant.item
            asked[item.objective] = asked.get(item.objective, 0) + 1
            if not self._right(one):
                missed.setdefault(item.objective, []).append(item)
        lines = []
        for objective in sorted(missed, key=lambda name: (-len(missed[name]) / asked[name], name)):
            sections = dict.fromkeys(where_to_go(item) for item in missed[objective])
            text = self.objectives.get(objective, objective).rstrip(".")
            score = f"{asked[objective] - len(missed[objective])} of {asked[objective]} right"
            lines.append(f"{text} ({score}). {' '.join(sections)}")
        return lines

    def _right(self, one: _Asked) -> bool:
        return one.score is not None and one.score.right

    def _mark(self, one: _Asked) -> Mark:
        return "right" if self._right(one) else "wrong"

    # --- what can be done -------------------------------------------------------------------------------------------

    def do_start(self, _: Any = None) -> None:
        avoid = {one.variant.item.id for one in self.asked}
        self.run = uuid.uuid4().hex
        drawn = choose(self.items, random.Random(self.run), avoid)
        self.learner = progress.learner_seed()
        self.record("start", run=self.run, seed=self.learner, items=[item.id for item in drawn])
        self._begin(drawn)

    def do_keep(self, answer: Any) -> None:
        one = self.asked[self.at]
        item = one.variant.item
        parsed = item.parse(one.variant, answer)
        self._take(one, parsed)
        assert one.score is not None
        self.record(
            "answer",
            item.id,
            run=self.run,
            right=one.score.right,
            score=one.score.score,
            answer=parsed,
            misconception=one.score.misconception,
        )
        self.at = min(self.at + 1, len(self.asked) - 1)

    def do_skip(self, _: Any = None) -> None:
        self.at = min(self.at + 1, len(self.asked) - 1)

    def do_finish(self, answer: Any = None) -> None:
        if answer not in (None, "", []):
            self.do_keep(answer)
        self._finish()
        assert self.finished is not None
        self.record(
            "verdict",
            run=self.run,
            verdict=self.finished.verdict,
            right=sum(self._right(one) for one in self.asked),
            asked=len(self.asked),
            strong=round(self.finished.strong, 4),
            weak=sorted({one.variant.item.objective for one in self.asked if not self._right(one)}),
        )
        for one in self.asked:  # only now: before the end nothing may tell which answers were wrong
            if not self._right(one):
                missed(one.variant.item.id, self.lesson, self.name, self.now)

    def do_verdict(self, _: Any = None) -> None:
        self.summary_open = True

    def do_go(self, index: Any) -> None:
        if self.run is not None:
            self.at = index_of(index, len(self.asked))
            self.summary_open = False

    # --- how it is kept ---------------------------------------------------------------------------------------------

    def _begin(self, drawn: list[Item]) -> None:
        self.asked = [_Asked(draw(item, seed_for(self.learner, "test", self.run, item.id))) for item in drawn]
        self.finished, self.at, self.summary_open = None, 0, False

    def _take(self, one: _Asked, parsed: Any) -> None:
        one.given = one.variant.item.raw(one.variant, parsed)
        one.score = one.variant.item.score(one.variant, parsed)

    def _finish(self) -> None:
        answers = [
            Answered(one.variant.item.level, one.variant.item.guess_chance(one.variant), self._right(one))
            for one in self.asked
        ]
        self.finished, self.summary_open = estimate(answers), True

    def _restore(self) -> None:
        starts = self.events("start")
        if not starts:
            return
        data = starts[-1].data
        known = {item.id: item for item in self.items}
        drawn = [known[name] for name in data.get("items", []) if name in known]
        if not drawn or len(drawn) != len(data["items"]):  # the bank has changed since: begin afresh
            return
        self.run = str(data["run"])
        self.learner = int(data.get("seed", self.learner))
        self._begin(drawn)
        by_id = {one.variant.item.id: one for one in self.asked}
        for event in self.events("answer"):
            one = by_id.get(str(event.item))
            if (
                event.data.get("run") == self.run
                and one
                and read_back(one.variant, event.data.get("answer")) is not None
            ):
                self._take(one, event.data["answer"])
        if any(event.data.get("run") == self.run for event in self.events("verdict")):
            self._finish()
        else:
            self.at = next((i for i, one in enumerate(self.asked) if one.score is None), len(self.asked) - 1)


def choose(items: list[Item], dice: random.Random, avoid: set[str]) -> list[Item]:
    """Ten questions: the share of each level, every objective as evenly as can be, those not just seen first."""
    picked: list[Item] = []
    for level in LEVELS:
        pool = [item for item in items if item.level == level]
        dice.shuffle(pool)
        for _ in range(min(SHARES[level], len(pool))):
            asked = [item.objective for item in picked]
            best = min(pool, key=lambda item: (asked.count(item.objective), item.id in avoid))
            pool.remove(best)
            picked.append(best)
    return picked
