"""Wrong solutions of lesson 05, each for one named misconception. Never shipped: they lie outside the package."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score, precision_score, recall_score

MUTANTS: dict[tuple[str, str], Callable[..., Any]] = {}


def wrong(exercise: str, misconception: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register a wrong solution under its exercise and the misconception that it must be told about."""

    def keep(function: Callable[..., Any]) -> Callable[..., Any]:
        MUTANTS[exercise, misconception] = function
        return function

    return keep


# 05.count


def _mistake(matrix: Any, classes: Any) -> tuple[str, str]:
    off = np.array(matrix)
    np.fill_diagonal(off, 0)
    row, column = np.unravel_index(off.argmax(), off.shape)
    return classes[row], classes[column]


@wrong("05.count", "rows-are-predictions")
def count_turned(truth: Any, called: Any, classes: Any) -> Any:
    matrix = confusion_matrix(called, truth, labels=classes)
    return matrix, _mistake(matrix.T, classes)


@wrong("05.count", "alphabetical")
def count_sorted(truth: Any, called: Any, classes: Any) -> Any:
    matrix = confusion_matrix(truth, called, labels=sorted(classes))
    return matrix, _mistake(matrix, sorted(classes))


@wrong("05.count", "seen-only")
def count_without_labels(truth: Any, called: Any, classes: Any) -> Any:
    seen = [one for one in classes if one in truth or one in called]
    matrix = confusion_matrix(truth, called, labels=seen)
    return matrix, _mistake(matrix, seen)


@wrong("05.count", "diagonal-is-confusion")
def count_largest(truth: Any, called: Any, classes: Any) -> Any:
    matrix = confusion_matrix(truth, called, labels=classes)
    row, column = np.unravel_index(matrix.argmax(), matrix.shape)
    return matrix, (classes[row], classes[column])


@wrong("05.count", "mistake-turned")
def count_answer_first(truth: Any, called: Any, classes: Any) -> Any:
    matrix = confusion_matrix(truth, called, labels=classes)
    return matrix, _mistake(matrix, classes)[::-1]


# 05.ratios


def _over(above: float, below: float) -> float | None:
    return above / below if below else None


def _all(tp: int, fp: int, fn: int, tn: int) -> dict[str, Any]:
    return {
        "accuracy": _over(tp + tn, tp + fp + fn + tn),
        "precision": _over(tp, tp + fp),
        "recall": _over(tp, tp + fn),
        "f1": _over(2 * tp, 2 * tp + fp + fn),
    }


@wrong("05.ratios", "swapped")
def ratios_swapped(tp: int, fp: int, fn: int, tn: int) -> Any:
    found = _all(tp, fp, fn, tn)
    return {**found, "precision": found["recall"], "recall": found["precision"]}


@wrong("05.ratios", "plain-mean")
def ratios_plain_mean(tp: int, fp: int, fn: int, tn: int) -> Any:
    found = _all(tp, fp, fn, tn)
    p, r = found["precision"], found["recall"]
    return {**found, "f1": None if p is None or r is None else (p + r) / 2}


@wrong("05.ratios", "zero-for-nothing")
def ratios_zero(tp: int, fp: int, fn: int, tn: int) -> Any:
    return {name: value or 0.0 for name, value in _all(tp, fp, fn, tn).items()}


@wrong("05.ratios", "harmonic-only")
def ratios_harmonic(tp: int, fp: int, fn: int, tn: int) -> Any:
    found = _all(tp, fp, fn, tn)
    p, r = found["precision"], found["recall"]
    return {**found, "f1": _over(2 * (p or 0) * (r or 0), (p or 0) + (r or 0))}


@wrong("05.ratios", "accuracy-without-negatives")
def ratios_hits_only(tp: int, fp: int, fn: int, tn: int) -> Any:
    return {**_all(tp, fp, fn, tn), "accuracy": _over(tp, tp + fp + fn + tn)}


# 05.averages


def _by_class(matrix: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Hits, images and answers of each class, and its F1."""
    cells = np.array(matrix)
    hits, support, called = cells.diagonal(), cells.sum(axis=1), cells.sum(axis=0)
    return hits, support, called, 2 * hits / (support + called)


def _three(matrix: Any) -> dict[str, float]:
    hits, support, _, f1 = _by_class(matrix)
    return {"macro": f1.mean(), "weighted": np.average(f1, weights=support), "micro": hits.sum() / support.sum()}


@wrong("05.averages", "f1-of-means")
def averages_of_means(matrix: Any) -> Any:
    hits, support, called, _ = _by_class(matrix)
    p, r = (hits / called).mean(), (hits / support).mean()
    return {**_three(matrix), "macro": 2 * p * r / (p + r)}


@wrong("05.averages", "weighted-by-answers")
def averages_by_answers(matrix: Any) -> Any:
    _, _, called, f1 = _by_class(matrix)
    return {**_three(matrix), "weighted": np.average(f1, weights=called)}


@wrong("05.averages", "macro-is-weighted")
def averages_all_weighted(matrix: Any) -> Any:
    found = _three(matrix)
    return {**found, "macro": found["weighted"]}


@wrong("05.averages", "micro-is-macro")
def averages_micro_macro(matrix: Any) -> Any:
    found = _three(matrix)
    return {**found, "micro": found["macro"]}


# 05.choose


def _gain(truth: Any, answers: Any) -> float:
    return precision_score(truth, answers, zero_division=0) - sum(truth) / len(truth)


def _fitting(truth: Any, models: Any, limit: float) -> dict[str, Any]:
    return {name: one for name, one in models.items() if recall_score(truth, one) >= limit}


def _best(truth: Any, models: Any, score: Callable[..., float]) -> str:
    return max(models, key=lambda name: score(truth, models[name]))


def _precision(truth: Any, answers: Any) -> float:
    return precision_score(truth, answers, zero_division=0)


@wrong("05.choose", "accuracy")
def choose_accuracy(truth: Any, models: Any, least_recall: float) -> Any:
    name = _best(truth, models, accuracy_score)
    return name, _gain(truth, models[name])


@wrong("05.choose", "no-limit")
def choose_precision(truth: Any, models: Any, least_recall: float) -> Any:
    name = _best(truth, models, _precision)
    return name, _gain(truth, models[name])


@wrong("05.choose", "f1")
def choose_f1(truth: Any, models: Any, least_recall: float) -> Any:
    name = _best(truth, models, f1_score)
    return name, _gain(truth, models[name])


@wrong("05.choose", "recall")
def choose_recall(truth: Any, models: Any, least_recall: float) -> Any:
    name = _best(truth, models, recall_score)
    return name, _gain(truth, models[name])


@wrong("05.choose", "half")
def choose_over_a_half(truth: Any, models: Any, least_recall: float) -> Any:
    fitting = _fitting(truth, models, least_recall)
    if not fitting:
        raise ValueError("none fits")
    name = _best(truth, fitting, _precision)
    return name, _precision(truth, models[name]) - 0.5


@wrong("05.choose", "silent")
def choose_anyway(truth: Any, models: Any, least_recall: float) -> Any:
    fitting = _fitting(truth, models, least_recall) or models
    name = _best(truth, fitting, _precision)
    return name, _gain(truth, models[name])


# 05.interval


def _slide_accuracies(hits: Any, slides: Any, draws: int, seed: int) -> np.ndarray:
    _, place = np.unique(slides, return_inverse=True)
    right, size = np.bincount(place, weights=hits), np.bincount(place)
    rows = np.random.default_rng(seed).integers(0, len(size), size=(draws, len(size)))
    return right[rows].sum(axis=1) / size[rows].sum(axis=1)


@wrong("05.interval", "images-are-independent")
def interval_over_images(hits: Any, slides: Any, draws: int, seed: int) -> Any:
    accuracies = _slide_accuracies(hits, np.arange(len(hits)), draws, seed)
    return tuple(np.percentile(accuracies, [2.5, 97.5]))


@wrong("05.interval", "without-replacement")
def interval_of_permutations(hits: Any, slides: Any, draws: int, seed: int) -> Any:
    generator = np.random.default_rng(seed)
    accuracies = [generator.permutation(hits).mean() for _ in range(draws)]
    return tuple(np.percentile(accuracies, [2.5, 97.5]))


@wrong("05.interval", "one-deviation")
def interval_of_one_deviation(hits: Any, slides: Any, draws: int, seed: int) -> Any:
    accuracies = _slide_accuracies(hits, slides, draws, seed)
    return accuracies.mean() - accuracies.std(), accuracies.mean() + accuracies.std()


@wrong("05.interval", "error-of-the-mean")
def interval_of_the_mean(hits: Any, slides: Any, draws: int, seed: int) -> Any:
    accuracies = _slide_accuracies(hits, slides, draws, seed)
    error = 1.96 * accuracies.std() / draws**0.5
    return accuracies.mean() - error, accuracies.mean() + error
