"""Wrong solutions of lesson 07, each for one named misconception. Never shipped: they lie outside the package."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from sklearn.model_selection import GroupShuffleSplit, train_test_split

MUTANTS: dict[tuple[str, str], Callable[..., Any]] = {}


def wrong(exercise: str, misconception: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register a wrong solution under its exercise and the misconception that it must be told about."""

    def keep(function: Callable[..., Any]) -> Callable[..., Any]:
        MUTANTS[exercise, misconception] = function
        return function

    return keep


# 07.split


def _first_of_each(images: Any, rows: Any) -> Any:
    return rows[np.sort(np.unique(images[rows].flatten(1).numpy(), axis=0, return_index=True)[1])]


def _by_slide(rows: Any, slides: Any, seed: int) -> Any:
    splitter = GroupShuffleSplit(1, test_size=0.25, random_state=seed)
    train, test = next(splitter.split(rows, groups=slides[rows]))
    return rows[train], rows[test]


@wrong("07.split", "by-cell")
def split_cells(images: Any, slides: Any, seed: int) -> Any:
    return train_test_split(_first_of_each(images, np.arange(len(images))), test_size=0.25, random_state=seed)


@wrong("07.split", "keeps-duplicates")
def split_with_duplicates(images: Any, slides: Any, seed: int) -> Any:
    return _by_slide(np.arange(len(images)), slides, seed)


@wrong("07.split", "duplicates-after")
def split_then_deduplicate(images: Any, slides: Any, seed: int) -> Any:
    return [_first_of_each(images, rows) for rows in _by_slide(np.arange(len(images)), slides, seed)]


@wrong("07.split", "drops-both")
def split_without_any_copy(images: Any, slides: Any, seed: int) -> Any:
    _, first, counts = np.unique(images.flatten(1).numpy(), axis=0, return_index=True, return_counts=True)
    return _by_slide(np.sort(first[counts == 1]), slides, seed)


# 07.report


def _report(truth: Any, answers: Any, rare: str) -> dict[str, Any]:
    truth, answers = np.array(truth), np.array(answers)
    hits, flagged = int(((truth == rare) & (answers == rare)).sum()), int((answers == rare).sum())
    return {
        "accuracy": float((truth == answers).mean()),
        "constant": max(float((truth == name).mean()) for name in truth),
        "recall": hits / int((truth == rare).sum()),
        "precision": hits / flagged if flagged else None,
        "missed": int((truth == rare).sum()) - hits,
    }


@wrong("07.report", "chance-level")
def report_with_chance(truth: Any, answers: Any, rare: str) -> Any:
    return {**_report(truth, answers, rare), "constant": 1 / len(set(truth))}


@wrong("07.report", "swapped")
def report_swapped(truth: Any, answers: Any, rare: str) -> Any:
    one = _report(truth, answers, rare)
    return {**one, "recall": one["precision"], "precision": one["recall"]}


@wrong("07.report", "zero-precision")
def report_zero(truth: Any, answers: Any, rare: str) -> Any:
    one = _report(truth, answers, rare)
    return {**one, "precision": one["precision"] or 0.0}


@wrong("07.report", "other-class")
def report_of_the_frequent_class(truth: Any, answers: Any, rare: str) -> Any:
    common = max(set(truth), key=truth.count)
    return {**_report(truth, answers, rare), "recall": _report(truth, answers, common)["recall"]}


# 07.weights


def _weights(labels: Any) -> Any:
    counts = torch.bincount(labels)
    return counts.sum() / (len(counts) * counts)


@wrong("07.weights", "frequency")
def weights_like_frequency(labels: Any) -> Any:
    weights = torch.bincount(labels) / len(labels)
    return weights, weights[labels]


@wrong("07.weights", "class-for-item")
def weights_of_classes_twice(labels: Any) -> Any:
    return _weights(labels), _weights(labels)


@wrong("07.weights", "unscaled")
def weights_one_over_count(labels: Any) -> Any:
    weights = 1 / torch.bincount(labels)
    return weights, weights[labels]


@wrong("07.weights", "binary-only")
def weights_for_two(labels: Any) -> Any:
    counts = torch.bincount(labels)
    weights = torch.ones(len(counts))
    weights[1:] = counts[0] / counts[1]
    return weights, weights[labels]


# 07.choose


def _best(runs: Any, part: str) -> tuple[int, int]:
    places = [(place, epoch) for place, run in enumerate(runs) for epoch in range(len(run[part]))]
    return max(places, key=lambda at: runs[at[0]][part][at[1]])


@wrong("07.choose", "best-test")
def choose_by_test(runs: Any) -> Any:
    run, epoch = _best(runs, "test")
    return run, epoch, runs[run]["test"][epoch]


@wrong("07.choose", "best-train")
def choose_by_training(runs: Any) -> Any:
    run, epoch = _best(runs, "train")
    return run, epoch, runs[run]["test"][epoch]


@wrong("07.choose", "last-epoch")
def choose_last_epoch(runs: Any) -> Any:
    run = max(range(len(runs)), key=lambda place: runs[place]["validation"][-1])
    return run, len(runs[run]["test"]) - 1, runs[run]["test"][-1]


@wrong("07.choose", "reports-validation")
def choose_and_report_validation(runs: Any) -> Any:
    run, epoch = _best(runs, "validation")
    return run, epoch, runs[run]["validation"][epoch]


# 07.rebuild


def _matrix(cells: int, infected: int, accuracy: float, recall: float) -> list[list[int]]:
    found = round(infected * recall)
    alarms = round(cells * (1 - accuracy)) - (infected - found)
    return [[cells - infected - alarms, alarms], [infected - found, found]]


def _checked(matrix: list[list[int]]) -> list[list[int]]:
    if min(map(min, matrix)) < 0:
        raise ValueError("these numbers contradict each other")
    return matrix


@wrong("07.rebuild", "no-alarms")
def rebuild_without_alarms(cells: int, infected: int, accuracy: float, recall: float) -> Any:
    found = round(infected * recall)
    return [[cells - infected, 0], [infected - found, found]]


@wrong("07.rebuild", "transposed")
def rebuild_transposed(cells: int, infected: int, accuracy: float, recall: float) -> Any:
    (passed, alarms), (missed, found) = _checked(_matrix(cells, infected, accuracy, recall))
    return [[passed, missed], [alarms, found]]


@wrong("07.rebuild", "specificity")
def rebuild_by_rows(cells: int, infected: int, accuracy: float, recall: float) -> Any:
    healthy, found = cells - infected, round(infected * recall)
    return [[round(healthy * accuracy), round(healthy * (1 - accuracy))], [infected - found, found]]


@wrong("07.rebuild", "silent")
def rebuild_anything(cells: int, infected: int, accuracy: float, recall: float) -> Any:
    return _matrix(cells, infected, accuracy, recall)
