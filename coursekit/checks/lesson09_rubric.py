"""What earns how much in the capstone. The lesson shows this table, and the judge counts by it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from coursekit.checks.lesson09_costs import Terms

FULL_COST, NO_COST = 0.3, 1.0  # measured cost as a share of the level: all points up to the first, none from the second
FLATTERING = 1 / 3  # a card that states less than this share of the measured cost earns nothing for its number
CAREFUL, TIMID = 0.2, 0.6  # stated above measured, as a share of the level: all points up to the first, none from there
PASS = 70  # of 100 points, and something in every part
NEEDED_WORDS = ("simulated", "diagnosis")


@dataclass(frozen=True)
class Part:
    """One part of the rubric: what is judged, its weight, and how it is earned."""

    name: str
    points: int
    earns: str


RUBRIC = (
    Part(
        "cost",
        50,
        f"cost on fresh slides: all points up to {FULL_COST:.0%} of the level without a model, none from "
        f"{NO_COST:.0%} on, in between in proportion",
    ),
    Part(
        "number",
        25,
        f"the card's cost against the judge's: nothing if it states less than {FLATTERING:.0%} of what is measured; "
        f"all up to {CAREFUL:.0%} of the level above it, none from {TIMID:.0%} on",
    ),
    Part("interval", 15, "low <= cost <= high, and not a point: the interval says that slides differ"),
    Part("limits", 10, f"two limits or more in words, among them {' and '.join(NEEDED_WORDS)}"),
)


@dataclass(frozen=True)
class Earned:
    """Points of one part, and what was seen."""

    part: Part
    points: float
    seen: str


def grade(
    measured: float, stated: float, interval: Sequence[float], limits: Sequence[str], terms: Terms
) -> list[Earned]:
    """Points of every part of the rubric.

    Args:
        measured: the judge's cost per 1,000 cells, on fresh slides.
        stated: the card's.
        interval: the card's, ``(low, high)``.
        limits: the card's, in words.
        terms: of the clinic, for the level without a model.
    """
    cost, number, spread, words = RUBRIC
    level = terms.level
    above = (stated - measured) / level
    honest = 0.0 if stated < FLATTERING * measured else _falling(above, CAREFUL, TIMID)
    low, high = interval
    return [
        Earned(cost, cost.points * _falling(measured / level, FULL_COST, NO_COST), f"measured {measured:.0f}"),
        Earned(number, number.points * honest, f"stated {stated:.0f}, measured {measured:.0f}"),
        Earned(spread, spread.points * float(low <= stated <= high and low < high), f"{low:.0f} to {high:.0f}"),
        Earned(words, words.points * float(enough(limits)), f"{len(limits)} limits"),
    ]


def enough(limits: Sequence[str]) -> bool:
    """Are two limits or more stated, with the words that must not be missing?"""
    said = [one for one in limits if len(one.split()) >= 3]
    together = " ".join(limits).lower()
    return len(said) >= 2 and all(word in together for word in NEEDED_WORDS)


def total(earned: Sequence[Earned]) -> float:
    """All points, out of 100."""
    return sum(one.points for one in earned)


def passes(earned: Sequence[Earned]) -> bool:
    """Enough points, and some in every part."""
    return total(earned) >= PASS and all(one.points > 0 for one in earned)


def _falling(value: float, full: float, none: float) -> float:
    """1 up to ``full``, 0 from ``none`` on, a straight line between."""
    return min(1.0, max(0.0, (none - value) / (none - full)))
