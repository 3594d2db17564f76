"""Is this topic strong yet? A Bayesian estimate of ability from ten answers, with its uncertainty.

The model is the three-parameter logistic of item response theory, with a small chance of a slip:

    P(right | ability) = guess + (1 - guess - SLIP) * logistic(SLOPE * (ability - difficulty))

``difficulty`` is fixed by the level of the question (easy, medium, hard), ``guess`` is the chance of a blind pick
(1/4 for four options, 0 for a typed answer). The prior on ability is normal, mean 0 and standard deviation
``PRIOR_SD``; the posterior is computed on a grid. ``benchmarks`` and the tests measure it on simulated learners.

A learner is *strong* who knows a medium question with a probability of at least 0.8, and *not yet* there who knows it
with at most 0.5. The verdict is the region (strong, between, not yet) with the most posterior probability.

Sources: A. Birnbaum in Lord and Novick, Statistical Theories of Mental Test Scores (1968), chapter 17; M. A. Barton and
F. M. Lord, An upper asymptote for the three-parameter logistic item-response model (1981).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from coursekit.quiz.items import Level

Verdict = Literal["strong", "getting there", "not yet"]
SLOPE = 1.7
SLIP = 0.03
PRIOR_SD = 1.5
DIFFICULTY: dict[Level, float] = {"easy": -0.8, "medium": 0.0, "hard": 0.8}
KNOWS_STRONG, KNOWS_WEAK = 0.8, 0.5  # of a medium question
STRONG = float(np.log(KNOWS_STRONG / (1 - KNOWS_STRONG))) / SLOPE  # the ability at which this share is known
WEAK = float(np.log(KNOWS_WEAK / (1 - KNOWS_WEAK))) / SLOPE
_GRID = np.linspace(-5.0, 5.0, 401)


@dataclass(frozen=True)
class Answered:
    """One answer of a test: the level of the question, the chance of a blind guess, and whether it was right."""

    level: Level
    guess: float
    right: bool


@dataclass(frozen=True)
class Estimate:
    """What ten answers say: a verdict, and the posterior behind it (ability in logits over ``SLOPE``)."""

    verdict: Verdict
    ability: float  # posterior mean
    deviation: float  # posterior standard deviation
    strong: float  # posterior probability of being strong
    weak: float  # and of being not yet there


def chance_right(ability: np.ndarray | float, level: Level, guess: float) -> np.ndarray:
    """P(right) of the model, for one ability or an array of them."""
    knows = 1 / (1 + np.exp(-SLOPE * (np.asarray(ability, dtype=float) - DIFFICULTY[level])))
    return guess + (1 - guess - SLIP) * knows


def estimate(answers: Sequence[Answered]) -> Estimate:
    """The verdict on a test; without any answer it is the prior's, and *not yet*."""
    log = -0.5 * (_GRID / PRIOR_SD) ** 2
    for one in answers:
        chance = chance_right(_GRID, one.level, one.guess)
        log = log + np.log(chance if one.right else 1 - chance)
    posterior = np.exp(log - log.max())
    posterior /= posterior.sum()
    mean = float(posterior @ _GRID)
    strong = float(posterior[_GRID >= STRONG].sum())
    weak = float(posterior[_GRID <= WEAK].sum())
    regions: dict[Verdict, float] = {"not yet": weak, "getting there": 1 - strong - weak, "strong": strong}
    verdict = max(regions, key=lambda name: regions[name])
    return Estimate(verdict, mean, float(np.sqrt(posterior @ (_GRID - mean) ** 2)), strong, weak)
