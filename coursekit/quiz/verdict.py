"""Is this topic strong yet? A Bayesian estimate of ability from ten answers, with its uncertainty.

The model is the three-parameter logistic of item response theory, with a small chance of a slip:

    P(right | ability) = guess + (1 - guess - SLIP) * logistic(SLOPE * (ability - difficulty))

``difficulty`` is fixed by the level of the question (easy, medium, hard), ``guess`` is the chance of a blind pick
(1/4 for four options, 0 for a typed answer). The prior on ability is normal, mean 0 and standard deviation
``VERDICT_SD``; the posterior is computed on a grid.

A learner is *strong* who knows a medium question with a probability of at least 0.8, and *not yet* there who knows it
with at most 0.5. The verdict is the region (strong, between, not yet) with the most posterior probability. A learner is
*clearly* strong from 0.9 on and *clearly* weak up to 0.3: between these and the borders ten answers often cannot tell.

The prior is wider than learners are (``PRIOR_SD``), and a slip more likely than careful learners need, so that one slip
on an easy question does not outweigh nine right answers. With the learners' own spread, strong learners who slip in one
of ten questions were called strong in less than nine of ten tests. The price: the stated chance of being strong is up
to a tenth too high. ``benchmarks/verdict.py`` measures both.

No library does this. Those for adaptive tests (catsim) give a point with a standard error, but no probability of a
region; those for fitting items (girth, py-irt) need the answers of hundreds of learners, which never leave their
machines. With fixed items the posterior is one line of NumPy.

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
SLIP = 0.06
PRIOR_SD = 1.5  # how far learners differ
VERDICT_SD = 2.5  # the prior of a verdict, which rests on the answers rather than on what most learners are like
DIFFICULTY: dict[Level, float] = {"easy": -0.8, "medium": 0.0, "hard": 0.8}
_GRID = np.linspace(-8.0, 8.0, 641)


def knows(share: float) -> float:
    """The ability at which this share of the medium questions is known."""
    return float(np.log(share / (1 - share))) / SLOPE


STRONG, WEAK = knows(0.8), knows(0.5)
CLEARLY_STRONG, CLEARLY_WEAK = knows(0.9), knows(0.3)


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
    known = 1 / (1 + np.exp(-SLOPE * (np.asarray(ability, dtype=float) - DIFFICULTY[level])))
    return guess + (1 - guess - SLIP) * known


def estimate(answers: Sequence[Answered]) -> Estimate:
    """The verdict on a test; without any answer it is the prior's, and *not yet*."""
    log = -0.5 * (_GRID / VERDICT_SD) ** 2
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
