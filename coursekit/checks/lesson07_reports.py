"""Checks of lesson 07 on reports: ``07.report`` and ``07.rebuild``."""

from __future__ import annotations

import math
import random
from typing import Any, ClassVar

from coursekit.checks.core import Check, Wrong, attempt, call, require

WORDS = ("healthy", "ring", "trophozoite", "schizont", "gametocyte")


class ReportCheck(Check):
    """``report(truth, answers, rare)``: accuracy, the best constant answer's, recall, precision and misses."""

    MISCONCEPTIONS: ClassVar = {
        "chance-level": "Without skill one gets one divided by the number of classes.",
        "swapped": "Recall divides by what was flagged.",
        "zero-precision": "If nothing was flagged, the precision is 0.",
        "other-class": "Recall may be taken of any class.",
    }
    KEYS = ("accuracy", "constant", "recall", "precision", "missed")

    def draw(self, seed: int) -> dict[str, Any]:
        """Two reports with hits, misses and false alarms, and one of a model that never flags."""
        dice = random.Random(seed)
        cases = []
        for silent in (False, False, True):
            common, other, rare = dice.sample(WORDS, 3)
            sizes = (dice.randint(60, 120), dice.randint(11, 25), dice.randint(6, 10))
            hits, alarms = dice.randint(1, 5), dice.randint(7, 13)
            truth = [common] * sizes[0] + [other] * sizes[1] + [rare] * sizes[2]
            answers = [common] * sizes[0] + [other] * (sizes[1] - 3) + [common] * 3 + [common] * sizes[2]
            if not silent:
                answers[:alarms] = [rare] * alarms
                answers[-hits:] = [rare] * hits
            order = list(range(len(truth)))
            dice.shuffle(order)
            case = {"truth": [truth[place] for place in order], "answers": [answers[place] for place in order]}
            cases.append({**case, "rare": rare})
        return {"cases": cases}

    def observe(self, answer: Any, inputs: dict[str, Any]) -> dict[str, Any]:
        reports: list[Any] = []
        for case in inputs["cases"]:
            result = call(answer, list(case["truth"]), list(case["answers"]), case["rare"])
            if not isinstance(result, dict):
                return {"result": type(result).__name__}
            reports.append({key: self._plain(result[key]) for key in self.KEYS if key in result})
        return {"reports": reports}

    @staticmethod
    def _plain(value: Any) -> Any:
        try:
            return None if value is None else float(value)
        except (TypeError, ValueError, RuntimeError):
            return type(value).__name__

    def verdict(self, inputs: dict[str, Any], seen: dict[str, Any]) -> str:
        require("result" not in seen, f"A dictionary is expected; seen {seen.get('result')}.")
        for case, report in zip(inputs["cases"], seen["reports"], strict=True):
            missing = [key for key in self.KEYS if key not in report]
            require(not missing, f"The report lacks {', '.join(missing)}.")
            self._one(case, report)
        return "Right in all five numbers, also for a model that never flags the class."

    def _one(self, case: dict[str, Any], report: dict[str, Any]) -> None:
        truth, answers, rare = case["truth"], case["answers"], case["rare"]
        pairs = list(zip(truth, answers, strict=True))
        hits = sum(one == rare == two for one, two in pairs)
        cases, flagged = truth.count(rare), answers.count(rare)
        right: dict[str, float | None] = {
            "accuracy": sum(one == two for one, two in pairs) / len(pairs),
            "constant": max(truth.count(name) for name in truth) / len(truth),
            "recall": hits / cases,
            "precision": hits / flagged if flagged else None,
            "missed": cases - hits,
        }

        def same(key: str, expected: float | None) -> bool:
            value = report[key]
            if expected is None or value is None:
                return value is expected
            return isinstance(value, float) and math.isclose(value, expected, abs_tol=1e-6)

        said = f"Of {cases} cells of class {rare} {hits} were found, and {flagged} were flagged. "
        require(
            not same("constant", 1 / len(set(truth))),
            f"`constant` is one divided by {len(set(truth))} classes. Always answering the most frequent class scores "
            f"{right['constant']:.3f} here.",
            "chance-level",
        )
        if flagged and right["recall"] != right["precision"]:
            require(
                not (same("recall", right["precision"]) and same("precision", right["recall"])),
                said + "Recall and precision are swapped: recall divides by the cells of the class.",
                "swapped",
            )
        require(
            flagged > 0 or (report["precision"] not in (0.0,) and not _nan(report["precision"])),
            f"No cell was flagged as {rare}, and `precision` is {report['precision']}. Of nothing there is no share: "
            "return None.",
            "zero-precision",
        )
        if not same("recall", right["recall"]):
            common = max(set(truth), key=truth.count)
            other = sum(one == common == two for one, two in pairs) / truth.count(common)
            require(
                not same("recall", other),
                said + f"`recall` is {report['recall']:.3f}, that of the class {common}. Ask for the rare class.",
                "other-class",
            )
        for key in self.KEYS:
            require(same(key, right[key]), said + f"`{key}` is {report[key]}, expected {right[key]}.")


def _nan(value: Any) -> bool:
    return isinstance(value, float) and math.isnan(value)


class RebuildCheck(Check):
    """``rebuild(cells, infected, accuracy, recall)``: the confusion matrix, or a ValueError if there is none."""

    MISCONCEPTIONS: ClassVar = {
        "no-alarms": "All errors of a screening model are misses.",
        "transposed": "Rows are what was called, columns are the truth.",
        "specificity": "The accuracy is the share of healthy cells that are passed.",
        "silent": "Numbers in a report always fit each other.",
    }

    def draw(self, seed: int) -> dict[str, Any]:
        """Three reports that are true, one whose accuracy is too high for its misses, and one that is too low."""
        dice = random.Random(seed)
        possible = []
        for _ in range(3):
            found, missed, alarms = dice.randint(5, 30), dice.randint(31, 80), dice.randint(81, 160)
            infected, cells = found + missed, 1000 * dice.randint(1, 5)
            accuracy = (cells - missed - alarms) / cells
            possible.append([cells, infected, accuracy, found / infected])
        infected = 10 * dice.randint(20, 40)
        high = [1000, infected, round(dice.uniform(0.93, 0.99), 2), dice.choice((0.1, 0.2, 0.3))]
        low = [1000, 10 * dice.randint(50, 80), dice.choice((0.1, 0.2)), 0.9]
        return {"possible": possible, "impossible": [high, low]}

    def observe(self, answer: Any, inputs: dict[str, Any]) -> dict[str, Any]:
        matrices: list[Any] = []
        for report in inputs["possible"]:
            result = call(answer, *report)
            try:
                matrices.append([[float(value) for value in row] for row in result])
            except (TypeError, ValueError, RuntimeError):
                return {"result": type(result).__name__}
        errors: list[Any] = []
        for report in inputs["impossible"]:
            returned: list[Any] = []
            error = attempt(lambda report=report, returned=returned: returned.append(answer(*report)))  # type: ignore[misc]
            errors.append([type(error).__name__ if error else "", str((returned or [""])[0])[:60]])
        return {"matrices": matrices, "errors": errors}

    def verdict(self, inputs: dict[str, Any], seen: dict[str, Any]) -> str:
        require("result" not in seen, f"Two rows of two counts are expected; seen {seen.get('result')}.")
        for report, matrix in zip(inputs["possible"], seen["matrices"], strict=True):
            require(
                [len(row) for row in matrix] == [2, 2],
                f"Two rows of two counts are expected; seen {matrix}.",
            )
            self._one(report, matrix)
        for (cells, infected, accuracy, recall), (error, returned) in zip(
            inputs["impossible"], seen["errors"], strict=True
        ):
            require(
                error == "ValueError",
                f"{infected} of {cells} cells infected, recall {recall:.0%} and accuracy {accuracy:.0%} contradict "
                f"each other, and yours {'raised ' + error if error else 'returned ' + returned}. Raise a ValueError.",
                "silent",
            )
        return "Three reports rebuilt, and two that cannot be true refused."

    @staticmethod
    def _one(report: list[Any], matrix: list[list[float]]) -> None:
        cells, infected, accuracy, recall = report
        found = round(infected * recall)
        missed, errors = infected - found, round(cells * (1 - accuracy))
        alarms = errors - missed
        right = [[cells - infected - alarms, alarms], [missed, found]]

        def same(other: list[list[float]]) -> bool:
            return all(
                abs(one - two) < 0.51 for a, b in zip(matrix, other, strict=True) for one, two in zip(a, b, strict=True)
            )

        said = f"{cells} cells, {infected} infected, accuracy {accuracy:.3f}, recall {recall:.3f}: seen {matrix}. "
        require(
            not same([[right[0][0], missed], [alarms, found]]),
            said + "The counts are right, and rows and columns are swapped. Rows are the truth.",
            "transposed",
        )
        require(
            not same([[cells - infected, 0], [missed, found]]),
            said + f"The accuracy allows {errors} errors, and only {missed} are misses. The others are false alarms.",
            "no-alarms",
        )
        passed = (cells - infected) * accuracy
        require(
            abs(matrix[0][0] - passed) > 0.51 or abs(passed - right[0][0]) < 1,
            said + "The healthy row was filled with the accuracy. It is the share of right answers over both rows.",
            "specificity",
        )
        if not same(right):
            raise Wrong(said + f"Expected {right}: recall gives the second row, the number of errors the rest.")
