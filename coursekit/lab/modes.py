"""The ten learning modes in words."""

from __future__ import annotations

from dataclasses import dataclass

from coursekit.lessons import MODES


@dataclass(frozen=True)
class About:
    """A mode as a learner meets it: ``title`` on buttons and pages, ``what`` in one short sentence."""

    title: str
    what: str


ABOUT = {
    "why": About("Why", "The problem, and a number that shows it."),
    "idea": About("Idea", "A picture to think with, and where it breaks."),
    "code": About("Code", "The least code that works, line by line."),
    "visualize": About("Visualize", "See every stage, and drag something."),
    "deep": About("Deep", "What happens underneath, with evidence."),
    "experiment": About("Experiment", "Change one thing, guess first, compare."),
    "metrics": About("Metrics", "Which number to watch, and how it misleads."),
    "practice": About("Practice", "Questions that answer back."),
    "challenge": About("Challenge", "Five timed problems, two tries each."),
    "review": About("Review", "Recall cards, just before you forget."),
}
assert tuple(ABOUT) == MODES
