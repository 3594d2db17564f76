"""The challenge: five timed problems, two attempts each, and a badge that is kept."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar

from coursekit import progress
from coursekit.quiz.bank import Bank
from coursekit.quiz.items import Score
from coursekit.quiz.sessions.base import (
    Button,
    Clock,
    Mark,
    Screen,
    Session,
    index_of,
    need,
    question,
    read_back,
    solution,
    where_to_go,
)
from coursekit.quiz.sessions.missed import missed
from coursekit.quiz.variants import CANONICAL, Variant, draw, seed_for

ATTEMPTS = 2
NEEDED = 4  # of five, for the badge
GRACE = timedelta(seconds=2)  # an answer that was sent in time may arrive a little later


@dataclass
class _Problem:
    variant: Variant
    begun: datetime | None = None
    given: Any = None
    score: Score | None = None
    tries: int = 0
    late: bool = False

    @property
    def right(self) -> bool:
        return self.score is not None and self.score.right

    @property
    def over(self) -> bool:
        return self.right or self.late or self.tries >= ATTEMPTS


class Challenge(Session):
    """One run of the challenge. The clock goes on while nobody looks: it is counted from when a problem was opened."""

    name: ClassVar[str] = "challenge"

    def __init__(self, bank: Bank, *, now: Clock | None = None) -> None:
        super().__init__(bank.lesson, now=now)
        self.learner = progress.learner_seed()
        self.items = need(bank.used_for("challenge"), "challenge", bank.lesson)
        self.run: str | None = None
        self.pace = 1
        self.problems: list[_Problem] = []
        self.at = 0
        self.finished = False
        self._restore()

    def outline(self) -> list[Variant]:
        return [draw(item, CANONICAL) for item in self.items]

    def badge(self) -> bool:
        """Was the badge earned, now or before?"""
        return any(one.data.get("earned") for one in self.events("badge"))

    # --- what is shown ----------------------------------------------------------------------------------------------

    def screen(self) -> Screen:
        if self.run is None:
            return Screen(self.name, "Challenge", body=self._welcome(), buttons=self._starts("Start"))
        if self.finished:
            return self._end_screen()
        one = self.problems[self.at]
        self._check_time(one)
        item = one.variant.item
        heading = f"Challenge: {(item.topic or 'concept').replace('-', ' ')}"
        place = f"Problem {self.at + 1} of {len(self.problems)}"
        marks = [self._mark(other) for other in self.problems]
        if one.begun is None:
            body = f"Next: {(item.topic or 'concept').replace('-', ' ')}, {self._limit(one):.0f} seconds."
            buttons = [Button("open", "Show the problem", primary=True)]
            return Screen(self.name, heading, place, body, buttons=buttons, marks=marks, at=self.at)
        last = self.at == len(self.problems) - 1
        if one.over:
            buttons = [Button("next", "See the result" if last else "Next problem", primary=True)]
        else:
            left = ATTEMPTS - one.tries
            buttons = [Button("check", f"Check (attempt {one.tries + 1} of {ATTEMPTS})" if left else "Check", True)]
        outcome, said = self._said(one)
        return Screen(
            session=self.name,
            heading=heading,
            place=place,
            question=question(one.variant, f"{self.run}/{self.at}"),
            given=one.given,
            locked=one.over,
            outcome=outcome,
            said=said,
            panels=solution(one.variant) if one.over else [],
            buttons=buttons,
            marks=marks,
            at=self.at,
            seconds_left=None if one.over else self._left(one),
        )

    def _said(self, one: _Problem) -> tuple[Any, str]:
        if self.notice:
            return "note", self.notice
        item = one.variant.item
        said = one.score.feedback if one.score else ""
        if one.right:
            return "right", said
        right = f"The right answer: {item.show(one.variant, item.key(one.variant))}\n\n{where_to_go(item)}"
        if one.late:
            return "wrong", f"The time is over. {right}"
        if one.tries >= ATTEMPTS:
            return "wrong", f"{said}\n\n{right}"
        return ("wrong", f"{said}\n\nOne attempt is left.") if one.tries else (None, "")

    def _welcome(self) -> str:
        seconds = [item.seconds or 0 for item in self.items]
        kept = "\n\nYou have earned this badge already. A new run cannot take it away." if self.badge() else ""
        return (
            f"{len(self.items)} problems: concept, predict the output, model choice, metrics, debugging. Each has its "
            f"own clock ({min(seconds)} to {max(seconds)} seconds) and {ATTEMPTS} attempts. "
            f"{NEEDED} right earn the badge. The clock starts when you open a problem.{kept}"
        )

    def _starts(self, label: str) -> list[Button]:
        return [Button("start", label, primary=True), Button("start_slow", f"{label} with double time")]

    def _end_screen(self) -> Screen:
        right = sum(one.right for one in self.problems)
        if right >= NEEDED:
            body = f"**Badge earned.** {right} of {len(self.problems)} right. It is kept in your progress."
        else:
            body = f"**{right} of {len(self.problems)} right.** {NEEDED} earn the badge."
            if self.badge():
                body += " You have it from an earlier run."
        body += "\n\nThe numbers above lead back to each problem and its solution."
        marks = [self._mark(one) for one in self.problems]
        return Screen(self.name, "Challenge: the result", body=body, buttons=self._starts("Start again"), marks=marks)

    def _mark(self, one: _Problem) -> Mark:
        if one.right:
            return "right"
        return "wrong" if one.over else "open"

    # --- what can be done -------------------------------------------------------------------------------------------

    def do_start(self, _: Any = None, pace: int = 1) -> None:
        self.run, self.pace = uuid.uuid4().hex, pace
        self.learner = progress.learner_seed()
        self.record("start", run=self.run, seed=self.learner, pace=pace, items=[item.id for item in self.items])
        self._begin()

    def do_start_slow(self, _: Any = None) -> None:
        self.do_start(pace=2)

    def do_open(self, _: Any = None) -> None:
        one = self.problems[self.at]
        one.begun = self.now()
        self.record("open", one.variant.item.id, run=self.run, begun=one.begun.isoformat())

    def do_check(self, answer: Any) -> None:
        one = self.problems[self.at]
        item = one.variant.item
        parsed = item.parse(one.variant, answer)
        if one.begun is None or self._left(one) + GRACE.total_seconds() <= 0:
            self._check_time(one)
            return
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
            attempt=one.tries,
        )
        if not one.score.right:
            missed(item.id, self.lesson, self.name, self.now)

    def do_next(self, _: Any = None) -> None:
        onward = next((i for i, one in enumerate(self.problems) if not one.over), None)
        if onward is not None:
            self.at = onward
            return
        right = sum(one.right for one in self.problems)
        self.finished = True
        self.record("badge", run=self.run, earned=right >= NEEDED, right=right, asked=len(self.problems))

    def do_go(self, index: Any) -> None:
        """Back to a problem that is over; one that is still to come stays closed."""
        position = index_of(index, len(self.problems))
        if self.problems[position].over or not any(one.begun and not one.over for one in self.problems):
            self.at, self.finished = position, False

    # --- the clock and how it is kept -------------------------------------------------------------------------------

    def _limit(self, one: _Problem) -> float:
        return float((one.variant.item.seconds or 60) * self.pace)

    def _left(self, one: _Problem) -> float:
        begun = one.begun or self.now()
        return self._limit(one) - (self.now() - begun).total_seconds()

    def _check_time(self, one: _Problem) -> None:
        if one.begun is not None and not one.over and self._left(one) + GRACE.total_seconds() <= 0:
            one.late = True

    def _begin(self) -> None:
        seeds = [seed_for(self.learner, "challenge", self.run, item.id) for item in self.items]
        self.problems = [_Problem(draw(item, seed)) for item, seed in zip(self.items, seeds, strict=True)]
        self.at, self.finished = 0, False

    def _take(self, one: _Problem, parsed: Any) -> None:
        one.given = one.variant.item.raw(one.variant, parsed)
        one.score = one.variant.item.score(one.variant, parsed)
        one.tries += 1

    def _restore(self) -> None:
        starts = self.events("start")
        if not starts or starts[-1].data.get("items") != [item.id for item in self.items]:
            return
        self.run, self.pace = str(starts[-1].data["run"]), int(starts[-1].data.get("pace", 1))
        self.learner = int(starts[-1].data.get("seed", self.learner))
        self._begin()
        by_id = {one.variant.item.id: one for one in self.problems}
        for event in self.events("open"):
            if event.data.get("run") == self.run and event.item in by_id:
                by_id[event.item].begun = datetime.fromisoformat(event.data["begun"])
        for event in self.events("answer"):
            one = by_id.get(str(event.item))
            if (
                event.data.get("run") == self.run
                and one
                and read_back(one.variant, event.data.get("answer")) is not None
            ):
                self._take(one, event.data["answer"])
        for one in self.problems:
            self._check_time(one)
        self.finished = any(event.data.get("run") == self.run for event in self.events("badge"))
        self.at = next((i for i, one in enumerate(self.problems) if not one.over), len(self.problems) - 1)
