"""Where should this learner start? What is known in each lesson, from few answers over all of them.

Each lesson has an ability of its own, on the scale of ``verdict``. An answer says most about its lesson, and something
about others: lessons build on one another. Three kinds of learner are expected before any answer, with about the same
probability:

- *smooth*: jointly normal abilities, standard deviation ``PRIOR_SD``, correlation
  ``SHARED + (1 - SHARED) * exp(-distance / REACH)``, the mean falling by ``FALL`` from lesson to lesson;
- *patchy*: abilities that have nothing to do with each other, mean 0, the same standard deviation;
- *step*: at home in the lessons before a certain one (mean ``ABOVE``), new to it and what follows (mean ``BELOW``), the
  standard deviation ``AROUND`` in each lesson; every step is equally likely, none and all among them.

An answer changes its lesson's ability by the three-parameter model of ``verdict``: within each kind the posterior is
computed on a grid and taken as normal again (moment matching, known as assumed-density filtering), the other lessons
follow by regression, and the kinds are weighed by how well they foretold the answer.

A lesson is *known* to whoever knows at least two of three of its medium questions. The start is the first lesson that
is not known. The one named is the median of its posterior, the guess with the smallest expected distance. The next
question is the one that is expected to tell most about the start: the mutual information of its answer and the start.

Sources: F. M. Lord, Applications of Item Response Theory to Practical Testing Problems (1980), chapter 10, on tests
tailored to the learner; T. P. Minka, A family of algorithms for approximate Bayesian inference (2001), chapter 3, on
assumed-density filtering.

Measured by ``python benchmarks/placement.py`` on 300 simulated learners of each of three kinds over nine lessons: the
right start is named for 54 to 67 % of them, it or one beside it for 75 to 86 %, after 16 questions on average. A plain
test of the same length, scored by counting, names it for 40 to 64 %, and it or one beside it for 60 to 76 %.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from coursekit.quiz.items import Level
from coursekit.quiz.verdict import PRIOR_SD, SLOPE, Answered, chance_right

KNOWN_SHARE = 2 / 3  # of the medium questions of a lesson
KNOWN = float(np.log(KNOWN_SHARE / (1 - KNOWN_SHARE))) / SLOPE
FALL = 0.2
SHARED, REACH = 0.3, 3.0
SMOOTH, PATCHY = 0.3, 0.3  # prior probabilities; the rest is for steps
ABOVE, BELOW, AROUND = 1.3, -1.0, 0.6
LEAST, MOST = 12, 18  # questions
A_LESSON = 8  # at most, so that one lesson cannot take the whole placement
SURE = 0.7  # posterior probability of the start at which no more is asked
DRAWS = 400  # of each kind of learner
_GRID = np.linspace(-6.0, 6.0, 241)
_EDGE = 1e-12


@dataclass(frozen=True)
class Known:
    """What the answers say about one lesson."""

    chance: float  # posterior probability that it is known
    ability: float  # posterior mean
    deviation: float  # posterior standard deviation


class Picture:
    """What is known of one learner so far: a mixture of joint normal posteriors of the abilities in all lessons.

    Args:
        lessons: how many there are; they are numbered from 0, in the order of the course.
    """

    def __init__(self, lessons: int) -> None:
        place = np.arange(lessons)
        distance = np.abs(place[:, None] - place[None, :])
        smooth = PRIOR_SD**2 * (SHARED + (1 - SHARED) * np.exp(-distance / REACH))
        steps = [np.where(place < step, ABOVE, BELOW) for step in range(lessons + 1)]
        self.lessons = lessons
        apart = PRIOR_SD**2 * np.eye(lessons)
        self.means = np.stack([FALL * ((lessons - 1) / 2 - place), np.zeros(lessons), *steps])  # a row for each kind
        self.covariances = np.stack([smooth, apart, *[AROUND**2 * np.eye(lessons) for _ in steps]])
        self.weights = np.array([SMOOTH, PATCHY, *[(1 - SMOOTH - PATCHY) / len(steps) for _ in steps]])
        half = np.random.default_rng(0).standard_normal((DRAWS // 2, lessons))
        self._noise = np.concatenate([half, -half])  # the same for every learner: the same answers, the same questions

    def learn(self, lesson: int, answer: Answered) -> None:
        """Take in one answer to a question of a lesson."""
        chance = chance_right(_GRID, answer.level, answer.guess)
        likelihood = chance if answer.right else 1 - chance
        for kind in range(len(self.weights)):
            covariance = self.covariances[kind]
            spread, expected = covariance[lesson, lesson], self.means[kind, lesson]
            density = np.exp(-0.5 * (_GRID - expected) ** 2 / spread)
            foretold = density @ likelihood / density.sum()
            density = density * likelihood / (density @ likelihood)
            mean = density @ _GRID
            variance = density @ (_GRID - mean) ** 2
            share = covariance[:, lesson] / spread
            self.means[kind] += share * (mean - expected)
            self.covariances[kind] = covariance - np.outer(share, share) * (spread - variance)
            self.weights[kind] *= foretold
        self.weights /= self.weights.sum()

    def known(self) -> list[Known]:
        """What is known of each lesson."""
        found = []
        for lesson in range(self.lessons):
            mean, variance = self.means[:, lesson], self.covariances[:, lesson, lesson]
            density = np.exp(-0.5 * (_GRID - mean[:, None]) ** 2 / variance[:, None])
            density = self.weights @ (density / density.sum(axis=1, keepdims=True))
            average = float(density @ _GRID)
            deviation = float(np.sqrt(density @ (_GRID - average) ** 2))
            found.append(Known(float(density[_GRID >= KNOWN].sum()), average, deviation))
        return found

    def start(self) -> np.ndarray:
        """The posterior of the first lesson not known; the last entry is for "all are known"."""
        _, starts, share = self._draws()
        return np.asarray(share @ starts)

    def best(self) -> int:
        """The start to name: the median of its posterior; the number of lessons where all are known."""
        return int(np.searchsorted(np.cumsum(self.start()), 0.5))

    def telling(self, candidates: Iterable[tuple[int, Level, float]]) -> list[float]:
        """How much each question is expected to tell about the start, in nats.

        Args:
            candidates: lesson, level and chance of a blind guess of each question.
        """
        abilities, starts, share = self._draws()
        before = _entropy(share @ starts)
        told: dict[tuple[int, Level, float], float] = {}
        found = []
        for one in candidates:
            if one not in told:
                lesson, level, guess = one
                right = share * chance_right(abilities[:, lesson], level, guess)
                wrong = share - right
                told[one] = before - sum(part.sum() * _entropy(part @ starts / part.sum()) for part in (right, wrong))
            found.append(float(told[one]))
        return found

    def _draws(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Abilities drawn from the posterior, the start of each draw as a row with one 1, and each draw's share."""
        roots = np.linalg.cholesky(self.covariances + 1e-9 * np.eye(self.lessons))
        likely = self.weights > 1e-4
        drawn = self.means[likely, None, :] + self._noise @ roots[likely].transpose(0, 2, 1)
        abilities = drawn.reshape(-1, self.lessons)
        below = abilities < KNOWN
        starts = np.where(below.any(axis=1), below.argmax(axis=1), self.lessons)
        share = np.repeat(self.weights[likely] / self.weights[likely].sum() / DRAWS, DRAWS)
        return abilities, np.eye(self.lessons + 1)[starts], share


def enough(picture: Picture, asked: int, left: int) -> bool:
    """The rule to stop: no question is left, ``MOST`` were asked, or ``LEAST`` and the start is ``SURE``."""
    if left == 0 or asked >= MOST:
        return True
    return asked >= LEAST and float(picture.start()[picture.best()]) >= SURE


def picture_of(lessons: int, answers: Sequence[tuple[int, Answered]]) -> Picture:
    """The picture after these answers, each with its lesson's place."""
    picture = Picture(lessons)
    for lesson, answer in answers:
        picture.learn(lesson, answer)
    return picture


def _entropy(share: np.ndarray) -> float:
    return float(-(share * np.log(share + _EDGE)).sum())
