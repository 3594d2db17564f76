"""From scores to decisions: every threshold at once, the cheapest one, calibration, and another prevalence.

>>> from coursekit.operating import cheapest, sweep
>>> every = sweep(scores, infected)
>>> every.recall, every.false_positive_rate, every.cost(miss=9, alarm=1)
>>> threshold = cheapest(scores, infected, miss=9, alarm=1)

A cell is flagged if its score *reaches* the threshold (``>=``), as in torch's and scikit-learn's curves. Scores come
first and the truth second, as in torchmetrics. What is undefined (0 / 0) is nan.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

TEMPERATURES = (0.02, 50.0)  # between these a temperature is looked for


@dataclass(frozen=True)
class Sweep:
    """What each threshold does to a set of scored cases, from flagging none to flagging all.

    Attributes:
        thresholds: strictly falling, float64, shape ``(T,)``: infinity first, then each distinct score.
        tp: positives that reach each threshold, int64, shape ``(T,)``.
        fp: negatives that reach it, int64, shape ``(T,)``.
        positives: how many positives there are, 1 or more.
        negatives: how many negatives there are, 1 or more.
    """

    thresholds: Tensor
    tp: Tensor
    fp: Tensor
    positives: int
    negatives: int

    @property
    def recall(self) -> Tensor:
        """Found positives among all positives; the ROC curve's vertical axis. Float64, shape ``(T,)``."""
        return self.tp.double() / self.positives

    @property
    def false_positive_rate(self) -> Tensor:
        """Flagged negatives among all negatives; the ROC curve's horizontal axis. Float64, shape ``(T,)``."""
        return self.fp.double() / self.negatives

    @property
    def precision(self) -> Tensor:
        """Positives among the flagged, nan where none is flagged. Float64, shape ``(T,)``."""
        return self.tp.double() / (self.tp + self.fp)

    @property
    def area(self) -> float:
        """Area under the ROC curve by trapezoids, which counts a tie as half a win."""
        return float(torch.trapezoid(self.recall, self.false_positive_rate))

    @property
    def average_precision(self) -> float:
        """Sum over the thresholds of precision times the gain in recall, without interpolation."""
        return float((self.precision[1:] * self.recall.diff()).sum())

    def cost(self, *, miss: float, alarm: float) -> Tensor:
        """Total cost of the errors at each threshold, float64, shape ``(T,)``.

        Raises:
            ValueError: if a cost is negative or no number, or if both are 0.
        """
        check_costs(miss, alarm)
        return miss * (self.positives - self.tp).double() + alarm * self.fp.double()

    def place(self, threshold: float) -> int:
        """Index of the row that describes ``threshold``: the last one whose threshold is not below it.

        Raises:
            ValueError: if the threshold is nan.
        """
        if math.isnan(threshold):
            raise ValueError("a threshold is a number; seen nan")
        return max(int((self.thresholds >= threshold).sum()) - 1, 0)


def check_scores(scores: Tensor, positive: Tensor, *, probabilities: bool = False) -> tuple[Tensor, Tensor]:
    """Scores as float64 and the truth as booleans, both of shape ``(N,)``.

    Raises:
        ValueError: if they differ in shape, if a score is nan, if a class is empty, if the truth is not 0 and 1, or,
            with ``probabilities``, if a score lies outside 0..1. The message says what was seen.
    """
    scores, positive = torch.as_tensor(scores), torch.as_tensor(positive)
    if scores.ndim != 1 or scores.shape != positive.shape:
        seen = f"{tuple(scores.shape)} and {tuple(positive.shape)}"
        raise ValueError(f"one score and one truth a case are expected, both of shape (N,); seen {seen}")
    if not bool(((positive == 0) | (positive == 1)).all()):
        raise ValueError("the truth is 1 or True for a positive case and 0 or False for any other; seen other values")
    scores, positive = scores.double(), positive.bool()
    if bool(scores.isnan().any()):
        raise ValueError(f"{int(scores.isnan().sum())} of {len(scores)} scores are nan; a nan has no place in an order")
    if probabilities and bool(((scores < 0) | (scores > 1)).any()):
        seen = f"{float(scores.min()):.2f} to {float(scores.max()):.2f}"
        raise ValueError(f"probabilities lie in 0..1; seen {seen}. Logits go through a sigmoid first")
    count = int(positive.sum())
    if count in (0, len(positive)):
        seen = f"{count} positive and {len(positive) - count} negative"
        raise ValueError(f"cases of both classes are needed; seen {seen}")
    return scores, positive


def check_costs(miss: float, alarm: float) -> None:
    """Refuse costs that no threshold can be chosen by.

    Raises:
        ValueError: if a cost is negative or no finite number, or if both are 0.
    """
    for name, cost in (("miss", miss), ("false alarm", alarm)):
        if not (math.isfinite(cost) and cost >= 0):
            raise ValueError(f"the cost of a {name} is a number from 0 up; seen {cost}")
    if miss == alarm == 0:
        raise ValueError("both errors cost 0, so every threshold is as cheap as any other; give one of them a cost")


def check_prevalence(prevalence: float) -> None:
    """Refuse what is no share of a class that occurs beside another.

    Raises:
        ValueError: unless it lies between 0 and 1, both excluded.
    """
    if not 0 < prevalence < 1:
        raise ValueError(f"a prevalence lies between 0 and 1, both excluded; seen {prevalence}")


def sweep(scores: Tensor, positive: Tensor) -> Sweep:
    """Count hits and false alarms at every threshold that makes a difference.

    Args:
        scores: higher speaks for the positive class; shape ``(N,)``.
        positive: the truth, 0 and 1 or booleans, shape ``(N,)``.

    Raises:
        ValueError: as :func:`check_scores`.
    """
    scores, positive = check_scores(scores, positive)
    order = scores.argsort(descending=True, stable=True)
    ordered, truth = scores[order], positive[order]
    last = torch.cat([ordered[1:] != ordered[:-1], torch.tensor([True])])  # equal scores are flagged together
    tp, fp = truth.long().cumsum(0)[last], (~truth).long().cumsum(0)[last]
    none = torch.zeros(1, dtype=torch.int64)
    return Sweep(
        thresholds=torch.cat([torch.tensor([math.inf], dtype=torch.float64), ordered[last]]),
        tp=torch.cat([none, tp]),
        fp=torch.cat([none, fp]),
        positives=int(positive.sum()),
        negatives=int((~positive).sum()),
    )


def cheapest(scores: Tensor, positive: Tensor, *, miss: float, alarm: float) -> float:
    """The threshold with the lowest total cost on these cases: choose it on validation data.

    It lies halfway between two neighbouring scores, so that it leans on neither. Of several that cost the same the
    highest is taken. Infinity flags none, which can be the cheapest.

    Raises:
        ValueError: as :func:`check_scores` and :func:`check_costs`.
    """
    every = sweep(scores, positive)
    place = int(every.cost(miss=miss, alarm=alarm).argmin())
    if place == 0:
        return math.inf
    if place == len(every.thresholds) - 1:
        return float(every.thresholds[place])
    here, below = float(every.thresholds[place]), float(every.thresholds[place + 1])
    middle = (here + below) / 2
    return middle if below < middle <= here else here


def precision_elsewhere(recall: float, false_positive_rate: float, prevalence: float) -> float:
    """The precision to expect at another prevalence, by Bayes' rule, if each class looks as before.

    Returns:
        The share of the positives among the flagged; nan if nothing is flagged.

    Raises:
        ValueError: if one of the three is no share.
    """
    for name, share in (("recall", recall), ("false positive rate", false_positive_rate)):
        if not 0 <= share <= 1:
            raise ValueError(f"the {name} is a share in 0..1; seen {share}")
    check_prevalence(prevalence)
    hits, alarms = prevalence * recall, (1 - prevalence) * false_positive_rate
    return hits / (hits + alarms) if hits + alarms else math.nan


def shift_prior(probabilities: Tensor, *, old: float, new: float) -> Tensor:
    """Calibrated probabilities for a place where the class has another share, and looks as before.

    The odds of each are multiplied by (new odds) / (old odds) (Saerens, Latinne and Decaestecker, 2002, equation 2.4).

    Args:
        probabilities: of the positive class, any shape, in 0..1.
        old: prevalence at which they are calibrated.
        new: prevalence where they will be used.

    Raises:
        ValueError: if a prevalence does not lie between 0 and 1.
    """
    for prevalence in (old, new):
        check_prevalence(prevalence)
    weight = (new / (1 - new)) / (old / (1 - old))
    return probabilities * weight / (probabilities * weight + 1 - probabilities)


def fit_temperature(logits: Tensor, target: Tensor, *, offset: float = 0.0) -> float:
    """The temperature that makes logits fit the truth best, by cross-entropy (Guo and others, 2017, section 4.2).

    The cross-entropy is convex in 1 / T, so a search that shrinks an interval finds its only minimum.

    Args:
        logits: one a case, shape ``(N,)``, or one a case and class, shape ``(N, classes)``.
        target: 0 and 1, shape ``(N,)``, or class indices, shape ``(N,)``.
        offset: added after the division; changes nothing where there is one logit a class.

    Returns:
        T, between 0.02 and 50; an end of that range if the best lies outside of it, as when all answers are right.

    Raises:
        ValueError: if the two do not fit each other or there is no case.
    """
    if logits.ndim not in (1, 2) or len(logits) != len(target) or not len(target):
        raise ValueError(f"logits and truth of the same cases are expected; seen {len(logits)} and {len(target)}")
    exact = logits.double()

    def loss(inverse: float) -> float:
        if exact.ndim == 1:
            return float(functional.binary_cross_entropy_with_logits(exact * inverse + offset, target.double()))
        return float(functional.cross_entropy(exact * inverse + offset, target.long()))

    ratio = (math.sqrt(5) - 1) / 2
    low, high = 1 / TEMPERATURES[1], 1 / TEMPERATURES[0]
    left, right = high - ratio * (high - low), low + ratio * (high - low)
    loss_left, loss_right = loss(left), loss(right)
    for _ in range(60):
        if loss_left <= loss_right:
            high, right, loss_right = right, left, loss_left
            left = high - ratio * (high - low)
            loss_left = loss(left)
        else:
            low, left, loss_left = left, right, loss_right
            right = low + ratio * (high - low)
            loss_right = loss(right)
    return 2 / (low + high)


@dataclass(frozen=True)
class Bin:
    """Cases whose probabilities lie in one interval: how many, what they say on average, and what came true."""

    count: int
    said: float  # mean probability
    seen: float  # share of positives


def reliability(probabilities: Tensor, positive: Tensor, *, bins: int = 10) -> list[Bin]:
    """The points of a reliability diagram, without empty bins, the lowest first.

    Bin ``i`` holds the probabilities above ``i / bins`` up to ``(i + 1) / bins``; 0 is in the first one.

    Args:
        probabilities: of the positive class, shape ``(N,)``, in 0..1.
        positive: the truth, 0 and 1 or booleans, shape ``(N,)``.
        bins: of equal width, 1 or more.

    Raises:
        ValueError: if the number of bins is below 1, and as :func:`check_scores`.
    """
    if bins < 1:
        raise ValueError(f"a reliability diagram has 1 bin or more; seen {bins}")
    scores, truth = check_scores(probabilities, positive, probabilities=True)
    place = (scores * bins).ceil().long().clamp(min=1) - 1
    points = []
    for number in place.unique().tolist():
        inside = place == number
        points.append(
            Bin(int(inside.sum()), float(scores[inside].mean()), float(truth[inside].double().mean())),
        )
    return points


def calibration_error(points: list[Bin]) -> float:
    """Expected calibration error: the mean gap between said and seen, weighted by the cases of each bin."""
    total = sum(point.count for point in points)
    return sum(point.count * abs(point.said - point.seen) for point in points) / total
