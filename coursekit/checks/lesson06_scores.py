"""Checks of lesson 06 that read scores: ``06.decide`` and ``06.curves``, and what the other checks share with them."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import torch
from torch import Tensor

from coursekit.checks.core import Check, Wrong, call, require
from coursekit.operating import Sweep, sweep


def dice(seed: int) -> torch.Generator:
    """A generator of its own, so that a learner's random numbers stay as they are."""
    return torch.Generator().manual_seed(seed)


def number(value: Any) -> float | str:
    """A returned number as plain data, or the name of what came instead."""
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return type(value).__name__
    try:
        return float(value)
    except (TypeError, ValueError, RuntimeError):
        return type(value).__name__


def numbers(result: Any, count: int) -> list[float | str] | str:
    """That many returned numbers as plain data, or in words what came instead."""
    try:
        found = [number(one) for one in result]
    except TypeError:
        return type(result).__name__
    return found if len(found) == count else f"{len(found)} values"


def close(seen: Any, expected: float, tolerance: float = 1e-4) -> bool:
    """Whether a number is the expected one; nan is nan."""
    if not isinstance(seen, float):
        return False
    return math.isnan(seen) if math.isnan(expected) else abs(seen - expected) <= tolerance


def pair(seen: Any, names: str) -> list[float]:
    """Two numbers that were returned.

    Raises:
        Wrong: if it is anything else.
    """
    if not isinstance(seen, list) or not all(isinstance(one, float) for one in seen):
        came = seen if isinstance(seen, str) else " and ".join(str(one) for one in seen)
        raise Wrong(f"Two numbers are expected, {names}, such as `(0.8, 0.9)`; seen {came}.")
    return seen


class DecideCheck(Check):
    """``precision_and_recall(scores, infected, threshold)``; flagged from the threshold on; nan if none is."""

    MISCONCEPTIONS: ClassVar = {
        "equal-is-below": "A score that equals the threshold is not flagged.",
        "always-half": "The threshold is 0.5.",
        "swapped": "Precision divides by the infected cells, and recall by the flagged ones.",
        "nothing-is-zero": "If nothing is flagged, the precision is 0.",
    }

    def draw(self, seed: int) -> dict[str, Any]:
        """Rough scores with ties at the threshold; the last threshold lies above all of them."""
        source = dice(seed)
        while True:
            infected = torch.rand(40, generator=source) < 0.4
            rough = (torch.randn(40, generator=source) * 4 + 8 + 5 * infected).round().clamp(1, 18)
            scores = [round(one / 20, 2) for one in rough.tolist()]  # the nearest floats, so that ties are ties
            at = round(torch.randint(6, 15, (1,), generator=source).item() / 20, 2)
            inputs = {"scores": scores, "infected": infected.long().tolist(), "thresholds": [at, 0.95]}
            right, strict, half = (self.truth(inputs, one) for one in (at, at + 0.01, 0.5))
            different = len({round(one, 3) for one in (*right, *strict, *half)}) == 6
            if different and all(0.1 < one < 1 for one in (*right, *strict, *half)):
                return inputs

    @staticmethod
    def truth(inputs: dict[str, Any], threshold: float) -> tuple[float, float]:
        """Precision and recall, counted."""
        rows = list(zip(inputs["scores"], inputs["infected"], strict=True))
        hits = sum(sick for score, sick in rows if score >= threshold)
        flagged = sum(score >= threshold for score, _ in rows)
        return (hits / flagged if flagged else math.nan), hits / sum(inputs["infected"])

    def observe(self, answer: Any, inputs: dict[str, Any]) -> dict[str, Any]:
        scores = torch.tensor(inputs["scores"], dtype=torch.float64)
        infected = torch.tensor(inputs["infected"]).bool()
        return {"found": [numbers(call(answer, scores.clone(), infected, at), 2) for at in inputs["thresholds"]]}

    def verdict(self, inputs: dict[str, Any], seen: dict[str, Any]) -> str:
        at, above = inputs["thresholds"]
        found = pair(seen["found"][0], "precision and recall")
        right = self.truth(inputs, at)
        said = f"At {at}, you return precision {found[0]:.3f} and recall {found[1]:.3f}. "
        same = [
            all(close(one, other) for one, other in zip(found, truth, strict=True))
            for truth in (right, right[::-1], self.truth(inputs, at + 0.01), self.truth(inputs, 0.5))
        ]
        require(
            not same[1], said + "They are the other way round: precision divides the hits by the flagged.", "swapped"
        )
        require(
            not same[2],
            said + f"That leaves out the cells whose score equals {at}. A cell is flagged if it *reaches* it: `>=`.",
            "equal-is-below",
        )
        require(not same[3], said + f"Those belong to 0.5, and the threshold given was {at}.", "always-half")
        require(same[0], said + f"Counted by hand they are {right[0]:.3f} and {right[1]:.3f}.")
        precision, recall = pair(seen["found"][1], "precision and recall")
        require(close(recall, 0.0), f"Nothing reaches {above}, so recall is 0; you return {recall:.3f}.")
        require(
            math.isnan(precision),
            f"Nothing reaches {above}, so there is no alarm that could be right or wrong, and precision is 0 / 0. You "
            f"return {precision:.3f}, which claims something. Return `math.nan`.",
            "nothing-is-zero",
        )
        return "Right at thresholds drawn just now, with ties, and where nothing is flagged."


class CurvesCheck(Check):
    """``area_and_average(scores, infected)``: area under the ROC curve and average precision."""

    MISCONCEPTIONS: ClassVar = {
        "decisions": "The area can be computed from decisions at one threshold.",
        "ties-win": "In a tie the infected cell wins.",
        "trapezoids": "Average precision is the area under straight lines between the points.",
        "swapped": "The two numbers are the same thing, in whatever order.",
    }

    def draw(self, seed: int) -> dict[str, Any]:
        """Scores on any scale, with ties."""
        source = dice(seed)
        while True:
            infected = (torch.arange(60) < 18)[torch.randperm(60, generator=source)]
            scores = ((torch.randn(60, generator=source) + 1.1 * infected) * 2).round() / 2
            every = sweep(scores, infected)
            wrong = [self.straight(every), every.area, *self.decided(scores, infected)]
            if min(abs(one - every.average_precision) for one in wrong) > 0.005 and every.area not in wrong[2:]:
                return {"scores": scores.tolist(), "infected": infected.long().tolist()}

    @staticmethod
    def straight(every: Sweep) -> float:
        """The area under straight lines between the points of the precision-recall curve, from (0, 1) on."""
        start = torch.tensor([0.0, 1.0], dtype=torch.float64)
        recall, precision = torch.cat([start[:1], every.recall[1:]]), torch.cat([start[1:], every.precision[1:]])
        return float(torch.trapezoid(precision, recall))

    @staticmethod
    def decided(scores: Tensor, infected: Tensor) -> list[float]:
        """Areas from decisions at thresholds that come to mind."""
        tried = (0.0, 0.5, float(scores.median()))
        return [sweep((scores >= one).double(), infected).area for one in tried]

    def observe(self, answer: Any, inputs: dict[str, Any]) -> dict[str, Any]:
        scores, infected = self._tensors(inputs)
        return {"found": numbers(call(answer, scores, infected), 2)}

    @staticmethod
    def _tensors(inputs: dict[str, Any]) -> tuple[Tensor, Tensor]:
        return torch.tensor(inputs["scores"], dtype=torch.float64), torch.tensor(inputs["infected"])

    def verdict(self, inputs: dict[str, Any], seen: dict[str, Any]) -> str:
        area, average = pair(seen["found"], "the area and the average precision")
        scores, infected = self._tensors(inputs)
        every = sweep(scores, infected)
        said = f"For 60 cells with ties, you return {area:.3f} and {average:.3f}. "
        require(
            not (close(area, every.average_precision) and close(average, every.area)),
            said + "Both are right, in the other order: the area under the ROC curve comes first.",
            "swapped",
        )
        sick, well = scores[infected == 1], scores[infected == 0]
        require(
            not any(close(area, one) for one in self.decided(scores, infected)),
            said + "The first is an area made from decisions: one threshold is left of the whole curve. It needs the "
            "scores.",
            "decisions",
        )
        require(
            not close(area, float((sick[:, None] >= well).double().mean())),
            said + "The first counts a tie as a full win. In a tie nobody scores higher: it is worth a half.",
            "ties-win",
        )
        require(
            close(area, every.area),
            said + f"The area is {every.area:.3f}: of all pairs of an infected and a healthy cell, the share in which "
            "the infected one scores higher, ties counted half.",
        )
        require(
            not close(average, self.straight(every)),
            said + "The second is an area under straight lines. Between two thresholds precision does not move in a "
            "line: add up precision times the gain in recall.",
            "trapezoids",
        )
        require(
            close(average, every.average_precision),
            said
            + f"The average precision is {every.average_precision:.3f}: over the thresholds, from the highest, the "
            "sum of precision times the gain in recall.",
        )
        return "Both right, on scores that were drawn just now, lie on no particular scale, and have ties."
