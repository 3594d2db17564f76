"""Review: recall cards that come back when they are about to be forgotten (FSRS, by py-fsrs)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, ClassVar

import fsrs

from coursekit import progress
from coursekit.quiz.bank import Bank
from coursekit.quiz.items import Card
from coursekit.quiz.sessions.base import Button, Clock, Screen, Session
from coursekit.quiz.variants import Variant

NEW_AT_ONCE = 10  # cards never seen before, in one sitting
RATINGS = {
    "again": (fsrs.Rating.Again, "Forgot it"),
    "hard": (fsrs.Rating.Hard, "Hard"),
    "good": (fsrs.Rating.Good, "Good"),
    "easy": (fsrs.Rating.Easy, "Easy"),
}


class Review(Session):
    """The cards of a lesson that are due now, and some new ones."""

    name: ClassVar[str] = "review"

    def __init__(self, bank: Bank, *, now: Clock | None = None) -> None:
        super().__init__(bank.lesson, now=now)
        self.scheduler = fsrs.Scheduler(enable_fuzzing=False)
        self.cards = {card.id: card for card in bank.cards}
        self.states: dict[str, fsrs.Card] = {}
        for event in progress.events(bank.lesson, "card"):
            if event.item in self.cards:
                self.states[event.item] = fsrs.Card.from_dict(event.data["state"])
        self.new = [name for name in self.cards if name not in self.states][:NEW_AT_ONCE]
        self.done = 0
        self.open = False  # is the back shown?

    def outline(self) -> list[Variant]:
        return []

    def due(self) -> list[str]:
        """The cards to ask now: those due, the longest overdue first, then new ones."""
        moment = self.now()
        waiting = [name for name, state in self.states.items() if state.due <= moment]
        return sorted(waiting, key=lambda name: self.states[name].due) + self.new

    def screen(self) -> Screen:
        due = self.due()
        if not due:
            return Screen(self.name, "Review", body=self._nothing())
        card = self.cards[due[0]]
        buttons = [Button("show", "Show the answer", primary=True)]
        body = card.front
        if self.open:
            body += f"\n\n---\n\n{card.back}\n\nHow well did you recall it?"
            buttons = [
                Button(name, f"{label} ({self._ahead(due[0], name)})", primary=name == "good")
                for name, (_, label) in RATINGS.items()
            ]
        place = f"{len(due)} {'card' if len(due) == 1 else 'cards'} to go"
        return Screen(self.name, "Review", place=place, body=body, buttons=buttons, at=self.done)

    def _nothing(self) -> str:
        if not self.states:
            return "This lesson has no recall cards yet."
        soonest = min(state.due for state in self.states.values())
        return f"Nothing is due now. The next card comes back {_in(soonest - self.now())}."

    def _ahead(self, name: str, rating: str) -> str:
        state, _ = self.scheduler.review_card(self._state(name), RATINGS[rating][0], self.now())
        return _in(state.due - self.now())

    def _state(self, name: str) -> fsrs.Card:
        return self.states.get(name) or fsrs.Card(card_id=list(self.cards).index(name), due=self.now())

    def do_show(self, _: Any = None) -> None:
        self.open = True

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
        moment: datetime = self.now()
        state, _ = self.scheduler.review_card(self._state(name), RATINGS[rating][0], moment)
        self.states[name] = state
        self.new = [one for one in self.new if one != name]
        self.open = False
        self.done += 1
        self.record("card", name, rating=rating, due=state.due.isoformat(), state=state.to_dict())


def outline_of(cards: list[Card]) -> list[str]:
    """The fronts of cards, for a reader without a kernel."""
    return [card.front for card in cards]


def _in(ahead: timedelta) -> str:
    """A time ahead in words: ``in 10 minutes``, ``in 3 days``."""
    minutes = max(1, round(ahead.total_seconds() / 60))
    for size, unit in ((1440, "day"), (60, "hour")):
        if minutes >= size:
            count = round(minutes / size)
            return f"in {count} {unit}{'' if count == 1 else 's'}"
    return f"in {minutes} minute{'' if minutes == 1 else 's'}"
