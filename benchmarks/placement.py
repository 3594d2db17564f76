"""How often the placement names the right start, beside a plain fixed test of the same length.

    python benchmarks/placement.py                  # 300 learners of each kind
    python benchmarks/placement.py --learners 100 --lessons 5

The learners are simulated. None of them is drawn from the placement's own prior; ``ladder`` has the shape of one part
of it, and the other two have not:

``ladder``: knows the lessons up to one of them well and the rest hardly, with small differences between lessons.
``slope``: knows less from lesson to lesson, at a pace of their own.
``patchy``: each lesson known or not by itself.

They answer by the model of ``coursekit.quiz.verdict`` with other slopes and slips than it assumes. The right start is
the first lesson of which they do not know two of three medium questions. The plain test asks as many questions as this
placement did: an easy one in each lesson, then a medium one in each, and so on. It counts: the start is the first
lesson with less than two of three right. ``same model, fixed`` asks the plain test's questions and reads them by the
placement's model: what is left over it is what choosing the next question is worth.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np

from coursekit.quiz.items import LEVELS, Level
from coursekit.quiz.placing import A_LESSON, KNOWN, Picture, enough, picture_of
from coursekit.quiz.verdict import DIFFICULTY, SLOPE, Answered

A_LEVEL = 5  # test questions of each level in a bank
GUESS = 0.25
Person = np.ndarray  # the ability in each lesson
Ask = Callable[[int, Level], Answered]


def person(kind: str, lessons: int, dice: np.random.Generator) -> Person:
    """A simulated learner of this kind."""
    place = np.arange(lessons)
    if kind == "ladder":
        step = dice.integers(0, lessons + 1)
        return np.where(place < step, 1.4, -1.2) + 0.3 * dice.standard_normal(lessons)
    if kind == "slope":
        return dice.uniform(-1.0, 2.5) - dice.uniform(0.1, 0.8) * place + 0.2 * dice.standard_normal(lessons)
    return np.where(dice.random(lessons) < 0.6, 1.2, -1.0) + 0.3 * dice.standard_normal(lessons)


KINDS = ("ladder", "slope", "patchy")


def answering(ability: Person, dice: np.random.Generator) -> Ask:
    """How this learner answers: slope, guess and slip are theirs, not the model's."""
    slope, slip = SLOPE * dice.uniform(0.7, 1.4), dice.uniform(0.0, 0.08)

    def ask(lesson: int, level: Level) -> Answered:
        knows = 1 / (1 + np.exp(-slope * (ability[lesson] - DIFFICULTY[level])))
        chance = GUESS + (1 - GUESS - slip) * knows
        return Answered(level, GUESS, bool(dice.random() < chance))

    return ask


def true_start(ability: Person) -> int:
    """The first lesson not known; their number if all are."""
    below = np.flatnonzero(ability < KNOWN)
    return int(below[0]) if len(below) else len(ability)


def adaptive(lessons: int, ask: Ask) -> tuple[int, int]:
    """The start that the placement names, and how many questions it took."""
    picture = Picture(lessons)
    left = [(lesson, level, GUESS) for lesson in range(lessons) for level in LEVELS for _ in range(A_LEVEL)]
    asked, counts = 0, [0] * lessons
    while not enough(picture, asked, len(left)):
        told = picture.telling(left)
        lesson, level, _ = left.pop(int(np.argmax(told)))
        picture.learn(lesson, ask(lesson, level))
        asked += 1
        counts[lesson] += 1
        left = [one for one in left if counts[one[0]] < A_LESSON]
    return picture.best(), asked


def fixed(lessons: int, length: int, ask: Ask) -> list[tuple[int, Answered]]:
    """The answers to a plain test: the lessons in turn, an easy question first, then a medium one, and so on."""
    levels: tuple[Level, ...] = ("easy", "medium", "hard")
    return [(number % lessons, ask(number % lessons, levels[number // lessons % 3])) for number in range(length)]


def counted(lessons: int, answers: list[tuple[int, Answered]]) -> int:
    """The start by the plain score."""
    for lesson in range(lessons):
        right = [answer.right for place, answer in answers if place == lesson]
        if not right or sum(right) / len(right) < 2 / 3:
            return lesson
    return lessons


def measure(kind: str, lessons: int, learners: int, seed: int = 0) -> dict[str, list[tuple[int, int]]]:
    """For each way to place: (how far off, how many questions) of each learner."""
    found: dict[str, list[tuple[int, int]]] = {"placement": [], "same model, fixed": [], "plain score": []}
    for number in range(learners):
        dice = np.random.default_rng([seed, number, KINDS.index(kind)])
        ability = person(kind, lessons, dice)
        ask, right = answering(ability, dice), true_start(ability)
        named, length = adaptive(lessons, ask)
        answers = fixed(lessons, length, ask)
        found["placement"].append((abs(named - right), length))
        found["same model, fixed"].append((abs(picture_of(lessons, answers).best() - right), length))
        found["plain score"].append((abs(counted(lessons, answers) - right), length))
    return found


def main() -> None:
    """Simulate and print a table."""
    parser = argparse.ArgumentParser(description="Placement beside a plain test, by simulated learners.")
    parser.add_argument("--learners", type=int, default=300, help="of each kind")
    parser.add_argument("--lessons", type=int, default=9)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    print(f"$ {' '.join([Path(sys.executable).name, *sys.argv])}")
    print(f"{options.lessons} lessons, {options.learners} learners of each kind\n")
    print(f"{'learners':8}  {'placed by':18} {'right':>6} {'within one':>11} {'off, mean':>10} {'questions':>10}")
    for kind in KINDS:
        for way, results in measure(kind, options.lessons, options.learners, options.seed).items():
            off, length = np.array(results).T
            line = f"{(off == 0).mean():6.0%} {(off <= 1).mean():11.0%} {off.mean():10.2f} {length.mean():10.1f}"
            print(f"{kind:8}  {way:18} {line}")


if __name__ == "__main__":
    main()
