"""Checks of lesson 05 that count: ``05.count``, ``05.ratios``, ``05.averages``."""

from __future__ import annotations

import math
import random
from typing import Any, ClassVar

from coursekit.checks.core import Check, Wrong, call, require
from coursekit.data.smears import CLASSES

Matrix = list[list[int]]


def count(truth: list[str], called: list[str], classes: list[str]) -> Matrix:
    """Rows are the truth, columns the answers, both in the order of ``classes``."""
    matrix = [[0] * len(classes) for _ in classes]
    for one, other in zip(truth, called, strict=True):
        matrix[classes.index(one)][classes.index(other)] += 1
    return matrix


def transposed(matrix: Matrix) -> Matrix:
    """Rows and columns swapped."""
    return [list(column) for column in zip(*matrix, strict=True)]


def number(value: Any) -> float | None:
    """A learner's number as a float; None for None, nan and what is no number."""
    try:
        found = float(value)
    except (TypeError, ValueError, RuntimeError):
        return None
    return None if math.isnan(found) else found


def near(one: float | None, other: float | None) -> bool:
    """Equal but for rounding; None is equal to None alone."""
    if one is None or other is None:
        return one is other
    return abs(one - other) < 2e-4


def shown(value: float | None) -> str:
    """A number for a message."""
    return "no value" if value is None else f"{value:.3f}"


class MatrixCheck(Check):
    """``count_matrix(truth, called, classes)`` returns the matrix and the most common mistake."""

    MISCONCEPTIONS: ClassVar = {
        "rows-are-predictions": "A row of a confusion matrix holds what was called so.",
        "alphabetical": "The classes of a matrix come in the order of the alphabet, whatever was asked for.",
        "seen-only": "A class that is in neither the truth nor the answers needs no row.",
        "diagonal-is-confusion": "The largest number of the matrix is the most common mistake.",
        "mistake-turned": "A mistake is named by its answer first.",
    }

    def draw(self, seed: int) -> dict[str, Any]:
        dice = random.Random(seed)
        while True:
            classes = dice.sample(CLASSES, 4)
            absent = dice.choice(classes)
            present = [one for one in classes if one != absent]
            truth, called = [], []
            for _ in range(dice.randint(50, 80)):
                truth.append(dice.choice(present))
                called.append(truth[-1] if dice.random() < 0.6 else dice.choice(present))
            matrix = count(truth, called, classes)
            mistakes = sorted((matrix[i][j] for i in range(4) for j in range(4) if i != j), reverse=True)
            turned = [[matrix[i][j] for j in range(4)] for i in range(4)] != transposed(matrix)
            if classes != sorted(classes) and mistakes[0] > mistakes[1] and turned:
                return {"truth": truth, "called": called, "classes": classes}

    def observe(self, answer: Any, inputs: dict[str, Any]) -> dict[str, Any]:
        result = call(answer, list(inputs["truth"]), list(inputs["called"]), list(inputs["classes"]))
        if not (isinstance(result, (tuple, list)) and len(result) == 2):
            return {"result": type(result).__name__}
        try:
            matrix = [[int(cell) for cell in row] for row in result[0]]
            return {"matrix": matrix, "mistake": [str(one) for one in result[1]]}
        except (TypeError, ValueError, RuntimeError):
            return {"result": f"{type(result[0]).__name__} and {type(result[1]).__name__}"}

    def verdict(self, inputs: dict[str, Any], seen: dict[str, Any]) -> str:
        require(
            "result" not in seen,
            f"Two things are expected, the matrix and a pair `(is, called)`; seen {seen.get('result')}.",
        )
        classes, matrix = inputs["classes"], count(inputs["truth"], inputs["called"], inputs["classes"])
        size = [len(seen["matrix"]), *(len(row) for row in seen["matrix"])]
        require(
            set(size) == {4},
            f"The matrix must have 4 rows and 4 columns, one for each of `classes`; seen {len(seen['matrix'])} rows. "
            "A class that no image has still gets its row and its column, of zeros.",
            "seen-only" if len(seen["matrix"]) == 3 else None,
        )
        require(
            seen["matrix"] != transposed(matrix),
            "The counts are right, and rows and columns are swapped. A row is a true class, a column an answer.",
            "rows-are-predictions",
        )
        require(
            seen["matrix"] != count(inputs["truth"], inputs["called"], sorted(classes)),
            f"The rows come in the order of the alphabet; the order asked for is {', '.join(classes)}.",
            "alphabetical",
        )
        for place, (row, right) in enumerate(zip(seen["matrix"], matrix, strict=True)):
            require(row == right, f"The row of {classes[place]} is {row}; the images give {right}.")
        pairs = [(i, j) for i in range(4) for j in range(4) if i != j]
        i, j = max(pairs, key=lambda pair: matrix[pair[0]][pair[1]])
        expected = [classes[i], classes[j]]
        said = " called ".join(seen["mistake"][:2])
        require(
            len(set(seen["mistake"])) > 1,
            f"The matrix is right. You name {said} as a mistake, and that is on the diagonal, where answers are right.",
            "diagonal-is-confusion",
        )
        require(
            seen["mistake"] != expected[::-1],
            f"The matrix is right. The mistake is turned round: you say {said}, and it is the true class first.",
            "mistake-turned",
        )
        require(
            seen["mistake"] == expected,
            f"The matrix is right. The most common mistake, {matrix[i][j]} times, is {' called '.join(expected)}; "
            f"you say {said}.",
        )
        return "Matrix and mistake are right, with a class that no image has, on images drawn just now."


RATIOS = ("accuracy", "precision", "recall", "f1")


def ratios(tp: int, fp: int, fn: int, tn: int) -> dict[str, float | None]:
    """The reference answer; None for 0 / 0."""
    fractions = {
        "accuracy": (tp + tn, tp + fp + fn + tn),
        "precision": (tp, tp + fp),
        "recall": (tp, tp + fn),
        "f1": (2 * tp, 2 * tp + fp + fn),
    }
    return {name: above / below if below else None for name, (above, below) in fractions.items()}


class RatiosCheck(Check):
    """``ratios(tp, fp, fn, tn)`` returns accuracy, precision, recall and f1, None where one is 0 / 0."""

    MISCONCEPTIONS: ClassVar = {
        "swapped": "Precision divides by what is positive, recall by what was called positive.",
        "plain-mean": "F1 is the plain mean of precision and recall.",
        "zero-for-nothing": "0 / 0 is 0.",
        "harmonic-only": "F1 has no value where precision or recall has none.",
        "accuracy-without-negatives": "Only hits count for the accuracy.",
    }

    def draw(self, seed: int) -> dict[str, Any]:
        dice = random.Random(seed)
        some = lambda: dice.randint(3, 60)  # noqa: E731, a name for the dice
        tp, fp = some(), some()
        return {
            "cells": [
                [tp, fp, fp + some(), some()],
                [0, some(), some(), some()],  # only errors: F1 is 0
                [0, 0, some(), some()],  # nothing was called positive
                [0, some(), 0, some()],  # nothing is positive
                [0, 0, 0, some()],
            ]
        }

    def observe(self, answer: Any, inputs: dict[str, Any]) -> dict[str, Any]:
        found: list[dict[str, float | None]] = []
        for cells in inputs["cells"]:
            result = call(answer, *cells)
            if not isinstance(result, dict) or not all(name in result for name in RATIOS):
                keys = ", ".join(map(str, result)) if isinstance(result, dict) else type(result).__name__
                return {"result": keys[:60]}
            found.append({name: number(result[name]) for name in RATIOS})
        return {"found": found}

    def verdict(self, inputs: dict[str, Any], seen: dict[str, Any]) -> str:
        require(
            "result" not in seen, f"A dict with the keys {', '.join(RATIOS)} is expected; seen {seen.get('result')}."
        )
        for cells, found in zip(inputs["cells"], seen["found"], strict=True):
            self._compare(cells, found)
        return "Right on cells drawn just now, with 0 / 0 told apart from 0."

    def _compare(self, cells: list[int], found: dict[str, float | None]) -> None:
        tp, fp, fn, tn = cells
        right = ratios(tp, fp, fn, tn)
        at = f"At TP {tp}, FP {fp}, FN {fn}, TN {tn}: "
        if tp:
            require(
                not (near(found["precision"], right["recall"]) and near(found["recall"], right["precision"])),
                f"{at}precision and recall are swapped. Precision divides by what was called positive, {tp + fp}.",
                "swapped",
            )
            require(
                not near(found["accuracy"], tp / (tp + fp + fn + tn)),
                f"{at}the accuracy came out as {shown(found['accuracy'])}. The {tn} true negatives are right, too.",
                "accuracy-without-negatives",
            )
            mean = (tp / (tp + fp) + tp / (tp + fn)) / 2
            require(
                not near(found["f1"], mean),
                f"{at}F1 came out as {mean:.3f}, the plain mean of precision and recall. F1 is the harmonic mean, "
                f"{shown(right['f1'])}.",
                "plain-mean",
            )
        for name in RATIOS:
            if right[name] is None:
                require(
                    found[name] is None,
                    f"{at}{name} is 0 / 0, and you return {shown(found[name])}. Nothing was there to be right or wrong "
                    "about; return None.",
                    "zero-for-nothing",
                )
            if name == "f1" and right[name] == 0 and found[name] is None:
                raise Wrong(
                    f"{at}F1 has no value in your answer. There are only errors, so it is 0: take the form "
                    "2 TP / (2 TP + FP + FN), which needs neither ratio.",
                    "harmonic-only",
                )
            require(
                near(found[name], right[name]), f"{at}{name} is {shown(right[name])}; you return {shown(found[name])}."
            )


AVERAGES = ("macro", "weighted", "micro")


def averages(matrix: Matrix) -> dict[str, float]:
    """The reference answer, and the usual wrong ones under names of their own."""
    classes = range(len(matrix))
    hits = [matrix[i][i] for i in classes]
    support, called = [sum(row) for row in matrix], [sum(column) for column in transposed(matrix)]
    f1 = [2 * hits[i] / (support[i] + called[i]) for i in classes]
    total = sum(support)
    precision = sum(hits[i] / called[i] for i in classes) / len(matrix)
    recall = sum(hits[i] / support[i] for i in classes) / len(matrix)
    return {
        "macro": sum(f1) / len(matrix),
        "weighted": sum(f1[i] * support[i] for i in classes) / total,
        "micro": sum(hits) / total,
        "by answers": sum(f1[i] * called[i] for i in classes) / total,
        "of means": 2 * precision * recall / (precision + recall),
    }


class AveragesCheck(Check):
    """``f1_averages(matrix)`` returns the macro, weighted and micro average of F1."""

    MISCONCEPTIONS: ClassVar = {
        "f1-of-means": "Macro F1 is the F1 of the mean precision and the mean recall.",
        "weighted-by-answers": "A class weighs as much as the number of images that were called so.",
        "macro-is-weighted": "A mean over the classes weighs them by their images.",
        "micro-is-macro": "Micro is another word for the mean over the classes.",
    }

    def draw(self, seed: int) -> dict[str, Any]:
        dice = random.Random(seed)
        while True:
            size = dice.randint(3, 4)
            matrix = [[dice.randint(1, 12) for _ in range(size)] for _ in range(size)]
            for place in range(size):
                matrix[place][place] = dice.randint(5, 25) * (1 + 3 * (place == 0))
            values = list(averages(matrix).values())
            if min(abs(a - b) for i, a in enumerate(values) for b in values[:i]) > 0.004:
                return {"matrix": matrix}

    def observe(self, answer: Any, inputs: dict[str, Any]) -> dict[str, Any]:
        result = call(answer, [list(row) for row in inputs["matrix"]])
        if not isinstance(result, dict) or not all(name in result for name in AVERAGES):
            keys = ", ".join(map(str, result)) if isinstance(result, dict) else type(result).__name__
            return {"result": keys[:60]}
        return {name: number(result[name]) for name in AVERAGES}

    def verdict(self, inputs: dict[str, Any], seen: dict[str, Any]) -> str:
        require(
            "result" not in seen, f"A dict with the keys {', '.join(AVERAGES)} is expected; seen {seen.get('result')}."
        )
        known = averages(inputs["matrix"])
        macro, weighted, micro = (seen[name] for name in AVERAGES)
        require(
            not near(macro, known["of means"]),
            f"macro came out as {shown(macro)}, the F1 of the mean precision and the mean recall. Both libraries take "
            f"the mean of the classes' F1, {known['macro']:.3f}.",
            "f1-of-means",
        )
        require(
            not near(macro, known["weighted"]),
            f"macro came out as {shown(macro)}, which weighs the classes by their images. Macro gives each class the "
            "same say.",
            "macro-is-weighted",
        )
        require(
            not near(weighted, known["by answers"]),
            f"weighted came out as {shown(weighted)}: the weights are the columns, what was called so. They must be "
            "the rows, the images of each class.",
            "weighted-by-answers",
        )
        require(
            not near(micro, known["macro"]),
            f"micro came out as {shown(micro)}, which is the macro average. Micro adds up the counts of all classes "
            "before it divides.",
            "micro-is-macro",
        )
        for name in AVERAGES:
            require(near(seen[name], known[name]), f"{name} is {known[name]:.3f}; you return {shown(seen[name])}.")
        return "All three averages are right, on a matrix drawn just now."
