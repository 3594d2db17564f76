"""Placement: a short adaptive test over all lessons that says where to start, and why."""

from __future__ import annotations

import random
import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from coursekit import progress
from coursekit.errors import CourseError
from coursekit.quiz.bank import Bank
from coursekit.quiz.items import Item, Score
from coursekit.quiz.placing import A_LESSON, LEAST, MOST, Known, Picture, enough
from coursekit.quiz.sessions.base import ALL, LIVE, Button, Clock, Screen, Session, percent, question, read_back
from coursekit.quiz.variants import Variant, draw, seed_for
from coursekit.quiz.verdict import Answered

LIKELY, UNLIKELY = 0.8, 0.2  # from where on a lesson is called known, or not known yet


@dataclass
class _Asked:
    item: Item
    variant: Variant
    place: int  # of its lesson
    score: Score


class Placement(Session):
    """One placement, taken up where it was left. Nothing says which answers were right: the questions are the tests'.

    Args:
        banks: the lessons to place over, in the order of the course.
        titles: of lessons, by number.
        left_out: what to say of lessons that have no questions.
    """

    name: ClassVar[str] = "placement"

    def __init__(
        self,
        banks: Sequence[Bank],
        *,
        titles: Mapping[str, str] | None = None,
        left_out: Sequence[str] = (),
        now: Clock | None = None,
    ) -> None:
        super().__init__(ALL, now=now)
        self.banks = [bank for bank in banks if bank.used_for("test")]
        if not self.banks:
            raise CourseError("No lesson has test questions yet, so there is nothing to place by.")
        self.titles, self.left_out = titles or {}, list(left_out)
        self.seed = progress.learner_seed()
        self.run: str | None = None
        self.asked: list[_Asked] = []
        self.picture = Picture(len(self.banks))
        self.next: tuple[Item, int] | None = None  # the question to ask now, and the place of its lesson
        self.finished = False
        self._restore()

    def outline(self) -> list[Variant]:
        return []

    def stored(self) -> str:
        return f"**Placement**: {LEAST} to {MOST} questions over all lessons say where to start. {LIVE}\n"

    @property
    def variant(self) -> Variant:
        """The question that is asked now."""
        assert self.next is not None
        return self._variant(self.next[0])

    # --- what is shown ----------------------------------------------------------------------------------------------

    def screen(self) -> Screen:
        if self.finished:
            return Screen(
                self.name, "Placement: where to start", body=self._result(), buttons=[Button("start", "Place me again")]
            )
        if self.run is None or self.next is None:
            return Screen(self.name, "Placement", body=self._welcome(), buttons=[Button("start", "Start", True)])
        number = len(self.asked) + 1
        most = f"{LEAST} to {MOST}" if self._supply() >= MOST else f"at most {self._supply()}"
        return Screen(
            session=self.name,
            heading="Placement",
            place=f"Question {number} of {most}",
            question=question(self.variant, f"{self.run}/{number}"),
            outcome="note" if self.notice else None,
            said=self.notice,
            buttons=[Button("keep", "Keep and go on", primary=True), Button("pass", "I do not know this yet")],
        )

    def _welcome(self) -> str:
        what = f"Over {len(self.banks)} {'lesson' if len(self.banks) == 1 else 'lessons'}, from easy to hard"
        return (
            f"Where should you start? {what}: {LEAST} to {MOST} questions, about a quarter of an hour. Each is chosen "
            "by what your answers have said so far, and it stops as soon as they say enough. There is no feedback on "
            "single answers, and no mark. If you do not know something, say so: a lucky guess would only send you too "
            f"far.{self._missing()}"
        )

    def _missing(self) -> str:
        return f"\n\nLeft out: {' '.join(self.left_out)}" if self.left_out else ""

    def _result(self) -> str:
        start, chances = self.picture.best(), self.picture.start()
        near = float(chances[max(0, start - 1) : start + 2].sum())
        known = self.picture.known()
        if start == len(self.banks):
            head = "**Everything here looks known.** Take a lesson's challenge, or its test, to be sure."
        else:
            head = f"**Start with lesson {self._name(start)}.** {self._why(start, known)}"
        sure = (
            f"How sure is that? After {len(self.asked)} answers the chance that this is the very place is "
            f"{percent(float(chances[start]))}, and {percent(near)} that it is this one or one beside it."
        )
        counts = Counter(one.place for one in self.asked)
        right = Counter(one.place for one in self.asked if one.score.right)
        rows = ["| lesson | your answers say | chance that you know it | right of asked |", "| --- | --- | --- | --- |"]
        for place, one in enumerate(known):
            share = f"{right[place]} of {counts[place]}" if counts[place] else "not asked"
            rows.append(f"| {self._name(place)} | {_verdict(one.chance)} | {percent(one.chance)} | {share} |")
        note = (
            "To know a lesson means here: to know two of three of its medium questions. Where few or none were asked, "
            "your answers about the lessons around it stand in."
        )
        return "\n\n".join([head, sure, "\n".join(rows), note]) + self._missing()

    def _why(self, start: int, known: list[Known]) -> str:
        if start == 0:
            return f"The chance that you know it already is {percent(known[0].chance)}, and the others build on it."
        least = min(one.chance for one in known[:start])
        before = "the lesson before it" if start == 1 else "each of the lessons before it"
        return (
            f"It is the first that your answers do not show as known ({percent(known[start].chance)}); for {before} "
            f"that chance is at least {percent(least)}."
        )

    def _name(self, place: int) -> str:
        number = self.banks[place].lesson
        title = self.titles.get(number) or self.banks[place].title
        return f"{number}: {title}".replace("|", "\\|") if title else number

    def _supply(self) -> int:
        return sum(min(A_LESSON, len(bank.used_for("test"))) for bank in self.banks)

    # --- what can be done -------------------------------------------------------------------------------------------

    def do_start(self, _: Any = None) -> None:
        self.run, self.seed = uuid.uuid4().hex, progress.learner_seed()
        self._begin()
        self.record("start", run=self.run, seed=self.seed, lessons=[bank.lesson for bank in self.banks])
        self._choose()

    def do_keep(self, answer: Any) -> None:
        variant = self.variant
        parsed = variant.item.parse(variant, answer)
        self._answer(variant.item.score(variant, parsed), parsed)

    def do_pass(self, _: Any = None) -> None:
        self._answer(Score(0.0, False, ""), None)

    def _answer(self, score: Score, parsed: Any) -> None:
        assert self.next is not None
        item = self.next[0]
        self.record(
            "answer",
            item.id,
            run=self.run,
            right=score.right,
            score=score.score,
            answer=parsed,
            misconception=score.misconception,
        )
        self._take(*self.next, score)
        self._choose()
        if self.next is None:
            self._finish()

    # --- how the next question is chosen ----------------------------------------------------------------------------

    def _begin(self) -> None:
        self.asked, self.next, self.finished = [], None, False
        self.picture = Picture(len(self.banks))

    def _variant(self, item: Item) -> Variant:
        """Other numbers, and another order of the options, than in any test."""
        return draw(item, seed_for(self.seed, "placement", self.run, item.id))

    def _take(self, item: Item, place: int, score: Score) -> None:
        variant = self._variant(item)
        self.asked.append(_Asked(item, variant, place, score))
        self.picture.learn(place, Answered(item.level, item.guess_chance(variant), score.right))

    def _choose(self) -> None:
        """The question that tells most about the start; among equals one about what was not asked about yet."""
        seen = {one.item.id for one in self.asked}
        counts = Counter(one.place for one in self.asked)
        left = [
            (item, place)
            for place, bank in enumerate(self.banks)
            if counts[place] < A_LESSON
            for item in bank.used_for("test")
            if item.id not in seen
        ]
        if enough(self.picture, len(self.asked), len(left)):
            self.next = None
            return
        random.Random(f"{self.run}/{len(self.asked)}").shuffle(left)
        told = self.picture.telling(
            (place, item.level, round(item.guess_chance(self._variant(item)), 6)) for item, place in left
        )
        objectives = Counter(one.item.objective for one in self.asked)
        best = max(range(len(left)), key=lambda n: (round(told[n], 9), -objectives[left[n][0].objective]))
        self.next = left[best]

    def _finish(self) -> None:
        self.finished = True
        known, start = self.picture.known(), self.picture.best()
        counts = Counter(one.place for one in self.asked)
        self.record(
            "placement",
            run=self.run,
            start=self.banks[start].lesson if start < len(self.banks) else None,
            sure=round(float(self.picture.start()[start]), 4),
            asked=len(self.asked),
            lessons={
                bank.lesson: {"chance": round(known[place].chance, 4), "asked": counts[place]}
                for place, bank in enumerate(self.banks)
            },
        )

    def _restore(self) -> None:
        """Take up the latest run, if the lessons and questions are still those it was begun with."""
        starts = self.events("start")
        if not starts or starts[-1].data.get("lessons") != [bank.lesson for bank in self.banks]:
            return
        self.run, self.seed = str(starts[-1].data["run"]), int(starts[-1].data.get("seed", self.seed))
        self._begin()
        items = {item.id: (item, place) for place, bank in enumerate(self.banks) for item in bank.used_for("test")}
        for event in self.events("answer"):
            if event.data.get("run") != self.run:
                continue
            item, place = items.get(str(event.item), (None, 0))
            answer = event.data.get("answer")
            if item is None or (answer is not None and read_back(self._variant(item), answer) is None):
                self.run = None  # a question was changed since: begin afresh
                self._begin()
                return
            variant = self._variant(item)
            score = Score(0.0, False, "") if answer is None else item.score(variant, answer)
            self._take(item, place, score)
        self.finished = any(event.data.get("run") == self.run for event in self.events("placement"))
        if not self.finished:
            self._choose()
            if self.next is None:  # killed between the last answer and the result
                self._finish()


def _verdict(chance: float) -> str:
    if chance >= LIKELY:
        return "known"
    return "not known yet" if chance <= UNLIKELY else "not sure"
