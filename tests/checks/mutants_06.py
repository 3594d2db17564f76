"""Wrong solutions of lesson 06, each for one named misconception. Never shipped: they lie outside the package."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from sklearn.metrics import auc, average_precision_score, precision_recall_curve, roc_auc_score
from torch import Tensor
from torch.nn.functional import cross_entropy

MUTANTS: dict[tuple[str, str], Callable[..., Any]] = {}


def wrong(exercise: str, misconception: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register a wrong solution under its exercise and the misconception that it must be told about."""

    def keep(function: Callable[..., Any]) -> Callable[..., Any]:
        MUTANTS[exercise, misconception] = function
        return function

    return keep


# 06.decide


def _ratios(flagged: Tensor, infected: Tensor) -> tuple[float, float]:
    hits = (flagged & infected).sum().item()
    return (hits / flagged.sum().item() if flagged.any() else math.nan), hits / infected.sum().item()


@wrong("06.decide", "equal-is-below")
def decide_strictly(scores: Tensor, infected: Tensor, threshold: float) -> Any:
    return _ratios(scores > threshold, infected)


@wrong("06.decide", "always-half")
def decide_at_half(scores: Tensor, infected: Tensor, threshold: float) -> Any:
    return _ratios(scores >= 0.5, infected)


@wrong("06.decide", "swapped")
def decide_swapped(scores: Tensor, infected: Tensor, threshold: float) -> Any:
    return _ratios(scores >= threshold, infected)[::-1]


@wrong("06.decide", "nothing-is-zero")
def decide_zero(scores: Tensor, infected: Tensor, threshold: float) -> Any:
    precision, recall = _ratios(scores >= threshold, infected)
    return (0.0 if math.isnan(precision) else precision), recall


# 06.curves


@wrong("06.curves", "decisions")
def curves_of_decisions(scores: Tensor, infected: Tensor) -> Any:
    decided = (scores >= 0.5).float()
    return roc_auc_score(infected, decided), average_precision_score(infected, decided)


@wrong("06.curves", "ties-win")
def curves_ties_win(scores: Tensor, infected: Tensor) -> Any:
    sick, well = scores[infected == 1], scores[infected == 0]
    return (sick[:, None] >= well).float().mean(), average_precision_score(infected, scores)


@wrong("06.curves", "trapezoids")
def curves_straight(scores: Tensor, infected: Tensor) -> Any:
    precision, recall, _ = precision_recall_curve(infected, scores)
    return roc_auc_score(infected, scores), auc(recall, precision)


@wrong("06.curves", "swapped")
def curves_swapped(scores: Tensor, infected: Tensor) -> Any:
    return average_precision_score(infected, scores), roc_auc_score(infected, scores)


# 06.cheapest


def _search(scores: Tensor, infected: Tensor, miss: float, alarm: float, tried: list[float]) -> float:
    def cost(threshold: float) -> float:
        flagged = scores >= threshold
        return (miss * (infected & ~flagged).sum() + alarm * (flagged & ~infected).sum()).item()

    return min(tried, key=cost)


def _all(scores: Tensor) -> list[float]:
    return [*scores.tolist(), math.inf]


@wrong("06.cheapest", "half")
def cheapest_half(scores: Tensor, infected: Tensor, miss: float, alarm: float) -> Any:
    return 0.5


@wrong("06.cheapest", "formula")
def cheapest_formula(scores: Tensor, infected: Tensor, miss: float, alarm: float) -> Any:
    return alarm / (alarm + miss)


@wrong("06.cheapest", "swapped")
def cheapest_swapped(scores: Tensor, infected: Tensor, miss: float, alarm: float) -> Any:
    return _search(scores, infected, alarm, miss, _all(scores))


@wrong("06.cheapest", "fewest-errors")
def cheapest_errors(scores: Tensor, infected: Tensor, miss: float, alarm: float) -> Any:
    return _search(scores, infected, 1, 1, _all(scores))


@wrong("06.cheapest", "coarse-grid")
def cheapest_hundredths(scores: Tensor, infected: Tensor, miss: float, alarm: float) -> Any:
    return _search(scores, infected, miss, alarm, [step / 100 for step in range(1, 100)])


# 06.calibrate


def _fit(logits: Tensor, labels: Tensor) -> float:
    grid = torch.logspace(-1.5, 1.7, 600).tolist()
    return min(grid, key=lambda one: cross_entropy(logits / one, labels).item())


@wrong("06.calibrate", "as-it-is")
def calibrate_nothing(val: Tensor, labels: Tensor, test: Tensor) -> Any:
    return test.softmax(dim=1)


@wrong("06.calibrate", "multiplied")
def calibrate_multiplied(val: Tensor, labels: Tensor, test: Tensor) -> Any:
    return (test * _fit(val, labels)).softmax(dim=1)


@wrong("06.calibrate", "on-probabilities")
def calibrate_probabilities(val: Tensor, labels: Tensor, test: Tensor) -> Any:
    return (test.softmax(dim=1) / _fit(val.softmax(dim=1), labels)).softmax(dim=1)


@wrong("06.calibrate", "ratio")
def calibrate_ratio(val: Tensor, labels: Tensor, test: Tensor) -> Any:
    confidence, guess = val.softmax(dim=1).max(dim=1)
    return (test / (confidence.mean() / (guess == labels).float().mean())).softmax(dim=1)


# 06.elsewhere


def _rates(scores: Tensor, infected: Tensor, threshold: float) -> tuple[float, float, float]:
    flagged = scores >= threshold
    hits, alarms = (flagged & infected).sum().item(), (flagged & ~infected).sum().item()
    return hits / infected.sum().item(), alarms / (~infected).sum().item(), hits / (hits + alarms)


@wrong("06.elsewhere", "travels")
def elsewhere_as_here(scores: Tensor, infected: Tensor, threshold: float, prevalence: float) -> Any:
    return _rates(scores, infected, threshold)[2]


@wrong("06.elsewhere", "recall")
def elsewhere_recall(scores: Tensor, infected: Tensor, threshold: float, prevalence: float) -> Any:
    return _rates(scores, infected, threshold)[0]


@wrong("06.elsewhere", "scaled")
def elsewhere_scaled(scores: Tensor, infected: Tensor, threshold: float, prevalence: float) -> Any:
    return _rates(scores, infected, threshold)[2] * prevalence / infected.float().mean()


@wrong("06.elsewhere", "other-class")
def elsewhere_healthy(scores: Tensor, infected: Tensor, threshold: float, prevalence: float) -> Any:
    recall, alarms, _ = _rates(scores, infected, threshold)
    hits, false = recall * (1 - prevalence), alarms * prevalence
    return hits / (hits + false)
