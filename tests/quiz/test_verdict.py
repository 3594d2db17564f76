"""The verdict is right for simulated learners at least nine times in ten, and never falls with a better answer."""

from __future__ import annotations

import importlib.util
import itertools
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from coursekit.quiz.bank import load
from coursekit.quiz.items import Level
from coursekit.quiz.verdict import CLEARLY_STRONG, CLEARLY_WEAK, PRIOR_SD, VERDICT_SD, Answered, estimate

TEST: list[tuple[Level, float]] = [
    *[("easy", 0.25)] * 2,
    *[("medium", 0.25)] * 3,
    ("medium", 0.0),
    *[("hard", 0.25)] * 4,
]


def verdict_of(right: Sequence[bool]) -> str:
    return estimate([Answered(level, guess, one) for (level, guess), one in zip(TEST, right, strict=True)]).verdict


@pytest.fixture(scope="module")
def simulation() -> ModuleType:
    """The benchmark's simulated learners."""
    path = Path(__file__).parents[2] / "benchmarks" / "verdict.py"
    spec = importlib.util.spec_from_file_location("simulation", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["simulation"] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("world", [0, 1, 2, 3])
def test_clearly_strong_and_clearly_weak_learners_are_told_apart_nine_times_in_ten(
    simulation: ModuleType, world: int
) -> None:
    """In worlds 1 to 3 the questions or the learners are not as the model believes. The hurried show less: left out."""
    count = 500
    tests = simulation.drawn(load("01").used_for("test"), count)
    dice = np.random.default_rng(world)
    everyone = dice.normal(0, PRIOR_SD, 40 * count)
    groups = {"strong": everyone[everyone >= CLEARLY_STRONG], "not yet": everyone[everyone <= CLEARLY_WEAK]}
    right, plain, opposite = [], [], []
    for meant, abilities in groups.items():
        runs = [
            simulation.sit(test, ability, simulation.WORLDS[world], dice)
            for test, ability in zip(tests, abilities, strict=False)
        ]
        assert len(runs) == count
        verdicts = [simulation.verdict(run) for run in runs]
        right.append(verdicts.count(meant) / count)
        plain.append(sum(simulation.plain(run) == meant for run in runs) / count)
        opposite.append(sum(one not in (meant, "getting there") for one in verdicts) / count)
    assert np.mean(right) >= 0.92, right
    assert min(right) >= 0.88, right  # 0.9 measured, less the chance of 500 learners
    assert max(opposite) <= 0.03, opposite
    assert np.mean(right) > np.mean(plain) + 0.02, plain


def test_the_ends_are_clear() -> None:
    assert verdict_of([True] * 10) == "strong"
    assert verdict_of([False] * 10) == "not yet"
    assert verdict_of([True] * 2 + [False] * 8) == "not yet"  # the easy ones alone


def test_one_more_right_answer_never_lowers_the_ability() -> None:
    for right in itertools.product([False, True], repeat=5):
        for place, one in enumerate(right):
            if not one:
                more = [*right[:place], True, *right[place + 1 :]]
                pad = [True, False] * 2 + [True]
                before = estimate([Answered(*q, r) for q, r in zip(TEST, [*right, *pad], strict=True)])
                after = estimate([Answered(*q, r) for q, r in zip(TEST, [*more, *pad], strict=True)])
                assert after.ability > before.ability
                assert after.strong > before.strong


def test_a_guess_is_worth_less_than_a_typed_answer() -> None:
    picked = estimate([Answered("medium", 0.5, True)])
    typed = estimate([Answered("medium", 0.0, True)])
    assert typed.strong > picked.strong


def test_without_answers_it_is_the_prior() -> None:
    empty = estimate([])
    assert empty.ability == pytest.approx(0, abs=1e-9)
    assert empty.deviation == pytest.approx(VERDICT_SD, rel=0.02)
