"""Review: recall cards and missed questions come back when they are about to be forgotten (FSRS, by py-fsrs)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar

import fsrs

from coursekit import progress
from coursekit.quiz.bank import Bank
from coursekit.quiz.items import Card, Item, Score
from coursekit.quiz.sessions.base import (
    ALL,
    LIVE,
    Button,
    Clock,
    Screen,
    Session,
    question,
    solution,
    where_to_go,
)
from coursekit.quiz.sessions.missed import QUESTION, RETURNING, data_of, new_card, scheduler
from coursekit.quiz.variants import Variant, draw, seed_for

NEW_AT_ONCE = 10  # cards never seen before, in one sitting
RATINGS = {
    "again": (fsrs.Rating.Again, "Forgot it"),
    "hard": (fsrs.Rating.Hard, "Hard"),
    "good": (fsrs.Rating.Good, "Good"),
    "easy": (fsrs.Rating.Easy, "Easy"),
}


@dataclass
class _Entry:
    """Something that comes back: a card or a question."""

    lesson: str
    content: Card | Item
    state: fsrs.Card | None = None  # None before the first time
    times: int = 0  # it was reviewed

    @property
    def asks(self) -> bool:
        return isinstance(self.content, Item)


class Review(Session):
    """What is due now: of one lesson, with some new cards of it, or of all lessons.

    Args:
        banks: a lesson's bank, or those of all lessons.
    """

    name: ClassVar[str] = "review"

    def __init__(self, banks: Bank | Sequence[Bank], *, now: Clock | None = None) -> None:
        one = isinstance(banks, Bank)
        self.banks: list[Bank] = [banks] if isinstance(banks, Bank) else list(banks)
        super().__init__(self.banks[0].lesson if one else ALL, now=now)
        self.learner = progress.learner_seed()
        self.of_cards = fsrs.Scheduler(enable_fuzzing=False)
        self.cards: dict[str, Card] = {card.id: card for bank in self.banks for card in bank.cards}
        self.entries: dict[str, _Entry] = {}
        for bank in self.banks:
            self.entries |= {card.id: _Entry(bank.lesson, card) for card in bank.cards}
            self._restore(bank)
        unseen = [name for name, entry in self.entries.items() if entry.state is None]
        self.new = unseen[:NEW_AT_ONCE] if one else []  # across lessons only what was begun comes back
        self.done = 0
        self.open = False  # is the back of the card shown, or the question answered?
        self.given: Any = None
        self.score: Score | None = None

    def outline(self) -> list[Variant]:
        return []

    def stored(self) -> str:
        if self.lesson == ALL:
            return f"**Review**: everything that is due, across all lessons. {LIVE}\n"
        fronts = "\n\n".join("- " + card.front.strip().replace("\n", "\n  ") for card in self.cards.values())
        return f"**Review**: {len(self.cards)} recall cards. {LIVE}\n\n{fronts}\n"

    def due(self) -> list[str]:
        """What to ask now: what is due, the longest overdue first, then new cards."""
        moment = self.now()
        known = {name: entry.state for name, entry in self.entries.items() if entry.state is not None}
        waiting = [name for name, state in known.items() if state.due <= moment]
        return sorted(waiting, key=lambda name: known[name].due) + self.new

    @property
    def variant(self) -> Variant:
        """The question that is asked now, with numbers it had never before."""
        entry = self.entries[self.due()[0]]
        assert isinstance(entry.content, Item)
        return draw(entry.content, seed_for(self.learner, "review", entry.content.id, entry.times))

    # --- what is shown ----------------------------------------------------------------------------------------------

    def screen(self) -> Screen:
        due = self.due()
        if not due:
            return Screen(self.name, "Review", body=self._nothing())
        entry = self.entries[due[0]]
        place = f"{len(due)} to go"
        if self.lesson == ALL:
            place = f"Lesson {entry.lesson}, {place}"
        return self._question_screen(entry, place) if entry.asks else self._card_screen(entry, place)

    def _card_screen(self, entry: _Entry, place: str) -> Screen:
        assert isinstance(entry.content, Card)
        body = entry.content.front
        buttons = [Button("show", "Show the answer", primary=True)]
        if self.open:
            body += f"\n\n---\n\n{entry.content.back}\n\nHow well did you recall it?"
            buttons = self._ratings(entry, "good")
        return Screen(self.name, "Review", place=place, body=body, buttons=buttons, at=self.done)

    def _question_screen(self, entry: _Entry, place: str) -> Screen:
        variant = self.variant
        buttons, panels, outcome, said = [Button("check", "Check", primary=True)], [], None, self.notice
        if self.score is not None:
            panels = solution(variant)
            said = self.score.feedback
            if self.score.right:
                outcome = "right"
                buttons = [one for one in self._ratings(entry, "good") if one.action != "again"]
            else:
                outcome = "partial" if self.score.score > 0 else "wrong"
                item = variant.item
                said += f"\n\nThe right answer: {item.show(variant, item.key(variant))}\n\n{where_to_go(item)}"
                buttons = [Button("again", f"Go on; it comes back {self._ahead(entry, 'again')}", primary=True)]
        return Screen(
            session=self.name,
            heading="Review: a question you missed",
            place=place,
            question=question(variant, f"{variant.item.id}/{entry.times}/{self.done}"),
            given=self.given,
            locked=self.score is not None,
            outcome=outcome or ("note" if said else None),  # type: ignore[arg-type]
            said=said,
            panels=panels,
            buttons=buttons,
        )

    def _ratings(self, entry: _Entry, primary: str) -> list[Button]:
        return [
            Button(name, f"{label} ({self._ahead(entry, name)})", primary=name == primary)
            for name, (_, label) in RATINGS.items()
        ]

    def _nothing(self) -> str:
        states = [entry.state for entry in self.entries.values() if entry.state is not None]
        if not states and self.lesson == ALL:
            return (
                "Nothing to review yet. It fills by itself: recall cards once you have seen them in a lesson's review, "
                "and questions once you have missed them."
            )
        if not states:
            return "This lesson has no recall cards yet."
        soonest = min(state.due for state in states)
        return f"Nothing is due now. The next card comes back {_in(soonest - self.now())}."

    def _ahead(self, entry: _Entry, rating: str) -> str:
        return _in(self._rated(entry, rating).due - self.now())

    def _rated(self, entry: _Entry, rating: str) -> fsrs.Card:
        planner = scheduler() if entry.asks else self.of_cards
        state, _ = planner.review_card(
            entry.state or new_card(entry.content.id, self.now()), RATINGS[rating][0], self.now()
        )
        return state

    # --- what can be done -------------------------------------------------------------------------------------------

    def do_show(self, _: Any = None) -> None:
        self.open = True

    def do_check(self, answer: Any) -> None:
        variant = self.variant
        parsed = variant.item.parse(variant, answer)
        self.score = variant.item.score(variant, parsed)
        self.given = variant.item.raw(variant, parsed)
        self.record_of(
            self.entries[variant.item.id],
            "answer",
            right=self.score.right,
            score=self.score.score,
            answer=parsed,
            misconception=self.score.misconception,
            round=self.entries[variant.item.id].times,
        )

    def do_again(self, _: Any = None) -> None:
        self._rate("again")

    def do_hard(self, _: Any = None) -> None:
        self._rate("hard")

    def do_good(self, _: Any = None) -> None:
        self._rate("good")

    def do_easy(self, _: Any = None) -> None:
        self._rate("easy")

    def _rate(self, rating: str) -> None:
        name = self.due()[0]
        entry = self.entries[name]
        entry.state = self._rated(entry, rating)
        entry.times += 1
        self.new = [one for one in self.new if one != name]
        self.open, self.given, self.score = False, None, None
        self.done += 1
        data = data_of(entry.state, rating, self.name)
        if not entry.asks:
            del data["what"]
        self.record_of(entry, "card", **data)

    def record_of(self, entry: _Entry, event: str, **data: Any) -> None:
        """Keep something under the entry's own lesson, which is not this session's where it goes across lessons."""
        progress.record(event, lesson=entry.lesson, item=entry.content.id, data={"session": self.name, **data})

    def _restore(self, bank: Bank) -> None:
        items = {item.id: item for item in bank.items}
        for event in progress.events(bank.lesson, "card"):
            name = str(event.item)
            if event.data.get("what") == QUESTION and name not in self.entries:
                item = items.get(name)
                if item is None or not set(item.uses) & set(RETURNING):
                    continue  # its author took it out since
                self.entries[name] = _Entry(bank.lesson, item)
            if name in self.entries:
                self.entries[name].state = fsrs.Card.from_dict(event.data["state"])
                self.entries[name].times += event.data.get("session") == self.name


def _in(ahead: timedelta) -> str:
    """A time ahead in words: ``in 10 minutes``, ``in 3 days``."""
    minutes = max(1, round(ahead.total_seconds() / 60))
    for size, unit in ((1440, "day"), (60, "hour")):
        if minutes >= size:
            count = round(minutes / size)
            return f"in {count} {unit}{'' if count == 1 else 's'}"
    return f"in {minutes} minute{'' if minutes == 1 else 's'}"


def due_in_all(events: Sequence[progress.Event], now: datetime) -> int:
    """How many cards and questions are due, by their latest events."""
    latest = {one.item: one.data.get("due") for one in events if one.event == "card"}
    return sum(due is not None and datetime.fromisoformat(due) <= now for due in latest.values())
