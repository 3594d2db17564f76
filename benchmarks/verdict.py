"""How often the verdict of a test is right, on simulated learners, beside a plain score.

    python benchmarks/verdict.py                  # the test of lesson 01
    python benchmarks/verdict.py --learners 2000

Each learner has a true ability and takes one test: ten questions drawn from the real bank as a learner's would be.
The answers come from the verdict's own model, and from learners and questions that break it: questions harder or easier
than their level says and more or less telling (difficulty off by a normal number of deviation 0.5, slope by 30 %),
better guesses (a third of the wrong options is struck out first), slips in one of ten known questions, and learners in
a hurry who answer every fifth question blindly, so that they show less than they know.

The plain score calls eight of ten right strong and fewer than five not yet. A *clearly* strong learner knows at least
nine of ten medium questions, a *clearly* weak one at most three. They are drawn from learners as they differ (deviation
1.5) and from the very edge of clear, where a verdict is hardest.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from coursekit.quiz.bank import load
from coursekit.quiz.items import Item, Level
from coursekit.quiz.sessions.test import choose
from coursekit.quiz.variants import CANONICAL, draw
from coursekit.quiz.verdict import (
    CLEARLY_STRONG,
    CLEARLY_WEAK,
    DIFFICULTY,
    PRIOR_SD,
    SLIP,
    SLOPE,
    STRONG,
    WEAK,
    Answered,
    estimate,
)

Question = tuple[Level, float]


@dataclass(frozen=True)
class World:
    """How learners answer: where it differs from the verdict's model."""

    name: str
    off: float = 0.0  # deviation of a question's difficulty from its level's
    steep: float = 0.0  # deviation of the logarithm of its slope
    struck_out: float = 0.0  # share of the wrong options that a guesser can rule out
    slip: float = SLIP
    hurry: float = 0.0  # share of questions that are answered blindly


WORLDS = (
    World("the verdict's own model"),
    World("questions off their level", off=0.5, steep=0.3),
    World("better guesses", struck_out=1 / 3),
    World("slips, one in ten", slip=0.1),
    World("in a hurry, one in five blind", hurry=0.2),
)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description="How often the verdict is right, beside a plain score.")
    parser.add_argument("--lesson", default="01")
    parser.add_argument("--learners", type=int, default=1000, help="in each cell of the tables")
    options = parser.parse_args()
    begun = time.perf_counter()
    print(f"$ {' '.join([Path(sys.executable).name, *sys.argv])}\n")
    tests = drawn(load(options.lesson).used_for("test"), options.learners)
    show_clear(tests)
    show_abilities(tests)
    show_calibration(tests)
    print(f"{time.perf_counter() - begun:.0f} s")


def show_clear(tests: list[list[Question]]) -> None:
    """Clearly strong and clearly weak learners, as they differ and at the edge."""
    dice = np.random.default_rng(0)
    everyone = dice.normal(0, PRIOR_SD, 40 * len(tests))
    strong, weak = everyone[everyone >= CLEARLY_STRONG], everyone[everyone <= CLEARLY_WEAK]
    kinds = {
        "clearly strong": (strong[: len(tests)], "strong"),
        "clearly weak": (weak[: len(tests)], "not yet"),
        "edge of strong": (np.full(len(tests), CLEARLY_STRONG), "strong"),
        "edge of weak": (np.full(len(tests), CLEARLY_WEAK), "not yet"),
    }
    print(f"{'right verdicts (plain score)':34}" + "".join(f"{kind:>18}" for kind in kinds) + f"{'opposite':>18}")
    for world in WORLDS:
        cells, opposite = "", []
        for number, (abilities, meant) in enumerate(kinds.values()):
            runs = [
                sit(test, ability, world, dice)
                for test, ability in zip(tests, np.resize(abilities, len(tests)), strict=True)
            ]
            cells += f"{share(_says(verdict, meant), runs):>9}"
            cells += f"{'(' + share(_says(plain, meant), runs) + ')':>9}"
            if number < 2:
                other = {"strong": "not yet", "not yet": "strong"}[meant]
                opposite += [verdict(run) == other for run in runs]
        print(f"{world.name:32}{cells}{np.mean(opposite):>18.1%}")
    print()


def show_abilities(tests: list[list[Question]]) -> None:
    """Every ability, also those between, where no ten answers can be sure."""
    dice = np.random.default_rng(1)
    print("share of medium questions known       strong  getting there      not yet   (the verdict's own model)")
    for ability in np.linspace(-1.2, 2.0, 9):
        runs = [verdict(sit(test, ability, WORLDS[0], dice)) for test in tests]
        known = 1 / (1 + np.exp(-SLOPE * ability))
        shares = [runs.count(name) / len(runs) for name in ("strong", "getting there", "not yet")]
        print(f"{known:31.2f}" + "".join(f"{one:13.0%}" for one in shares))
    print()


def show_calibration(tests: list[list[Question]]) -> None:
    """Is the stated chance of being strong the true one? Among all learners as they differ."""
    dice = np.random.default_rng(2)
    abilities = dice.normal(0, PRIOR_SD, 4 * len(tests))
    seen = [
        (estimate(sit(tests[index % len(tests)], ability, WORLDS[0], dice)), ability)
        for index, ability in enumerate(abilities)
    ]
    print("stated chance of being strong   learners   truly strong")
    for low, high in ((0, 0.2), (0.2, 0.4), (0.4, 0.6), (0.6, 0.8), (0.8, 1.01)):
        found = [(one.strong, ability >= STRONG) for one, ability in seen if low <= one.strong < high]
        if found:
            stated, true = np.mean(found, axis=0)
            print(f"{stated:31.2f} {len(found):10} {true:14.2f}")
    exact = [one.verdict == truth(ability) for one, ability in seen]
    print(f"all learners, all three verdicts: {np.mean(exact):.0%} right\n")


def drawn(items: list[Item], count: int) -> list[list[Question]]:
    """The tests of so many learners, drawn as the session draws them: level and chance of a blind guess."""
    questions = {item.id: (item.level, item.guess_chance(draw(item, CANONICAL))) for item in items}
    return [[questions[item.id] for item in choose(items, random.Random(seed), set())] for seed in range(count)]


def sit(test: list[Question], ability: float, world: World, dice: np.random.Generator) -> list[Answered]:
    """One learner takes one test."""
    answers = []
    for level, guess in test:
        difficulty = DIFFICULTY[level] + dice.normal(0, world.off)
        slope = SLOPE * np.exp(dice.normal(0, world.steep))
        known = 1 / (1 + np.exp(-slope * (ability - difficulty)))
        better = guess / (1 - world.struck_out * (1 - guess)) if guess else 0.0
        blind = dice.random() < world.hurry
        chance = guess if blind else better + (1 - better - world.slip) * known
        answers.append(Answered(level, guess, bool(dice.random() < chance)))
    return answers


def truth(ability: float) -> str:
    """The verdict that this ability deserves."""
    return "strong" if ability >= STRONG else "not yet" if ability <= WEAK else "getting there"


def verdict(answers: list[Answered]) -> str:
    """What the course says."""
    return estimate(answers).verdict


def plain(answers: list[Answered]) -> str:
    """What a plain score says."""
    right = sum(one.right for one in answers) / len(answers)
    return "strong" if right >= 0.8 else "not yet" if right < 0.5 else "getting there"


def _says(rule: Callable[[list[Answered]], str], meant: str) -> Callable[[list[Answered]], bool]:
    return lambda run: rule(run) == meant


def share(holds: Callable[[list[Answered]], bool], runs: list[list[Answered]]) -> str:
    """In how many runs something holds, in percent."""
    return f"{np.mean([holds(run) for run in runs]):.1%}"


if __name__ == "__main__":
    main()
