"""The verdict is right for simulated learners at least nine times in ten, and never falls with a better answer."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import pytest

from coursekit.quiz.items import Level
from coursekit.quiz.verdict import STRONG, WEAK, Answered, chance_right, estimate

TEST: list[tuple[Level, float]] = [
    *[("easy", 0.25)] * 3,
    *[("medium", 0.25)] * 3,
    ("medium", 0.0),
    *[("hard", 0.25)] * 3,
]


def verdict_of(right: Sequence[bool]) -> str:
    return estimate([Answered(level, guess, one) for (level, guess), one in zip(TEST, right, strict=True)]).verdict


def simulate(abilities: np.ndarray, seed: int) -> list[str]:
    dice = np.random.default_rng(seed)
    return [
        verdict_of([bool(dice.random() < chance_right(ability, level, guess)) for level, guess in TEST])
        for ability in abilities
    ]


def test_clearly_strong_and_clearly_weak_learners_are_told_apart() -> None:
    dice = np.random.default_rng(0)
    strong = simulate(STRONG + np.abs(dice.normal(0.7, 0.4, 400)), 1)
    weak = simulate(WEAK - np.abs(dice.normal(0.7, 0.4, 400)), 2)
    said_strong, said_weak = strong.count("strong") / 400, weak.count("not yet") / 400
    confused = (strong.count("not yet") + weak.count("strong")) / 800
    assert said_strong >= 0.85, said_strong
    assert said_weak >= 0.85, said_weak
    assert confused <= 0.02, confused


def test_the_ends_are_clear() -> None:
    assert verdict_of([True] * 10) == "strong"
    assert verdict_of([False] * 10) == "not yet"
    assert verdict_of([True] * 3 + [False] * 7) == "not yet"  # the easy ones alone


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
    assert empty.deviation == pytest.approx(1.5, rel=0.01)
