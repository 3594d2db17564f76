"""Questions once missed, scheduled like recall cards: they come back, with other numbers, before they are forgotten."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from coursekit import progress

if TYPE_CHECKING:
    import fsrs

QUESTION = "question"  # ``what`` of a card event that is about a question
RETURNING = ("practice", "test", "challenge")  # what is missed there comes back


@cache
def scheduler() -> fsrs.Scheduler:
    """FSRS without steps of minutes: a miss is explained at once, so the question comes back after a day."""
    import fsrs

    return fsrs.Scheduler(learning_steps=(), relearning_steps=(), enable_fuzzing=False)


def missed(item_id: str, lesson: str, session: str, now: Callable[[], datetime]) -> None:
    """Put a question that was just answered wrong among those that come back."""
    import fsrs

    kept = [one for one in progress.events(lesson, "card") if one.item == item_id]
    before = fsrs.Card.from_dict(kept[-1].data["state"]) if kept else new_card(item_id, now())
    if kept and kept[-1].data.get("session") == session and before.due > now():
        return  # missed here before, and not come back since: one miss is one miss, however many tries it took
    state, _ = scheduler().review_card(before, fsrs.Rating.Again, now())
    progress.record("card", lesson=lesson, item=item_id, data=data_of(state, "again", session))


def new_card(name: str, now: datetime) -> fsrs.Card:
    """A card never seen before; its number is made from its name, the same everywhere."""
    import fsrs

    return fsrs.Card(card_id=zlib.crc32(name.encode()), due=now)


def data_of(state: fsrs.Card, rating: str, session: str) -> dict[str, Any]:
    """What a ``card`` event about a question holds."""
    return {
        "session": session,
        "what": QUESTION,
        "rating": rating,
        "due": state.due.isoformat(),
        "state": state.to_dict(),
    }
