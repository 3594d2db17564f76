"""Checks of lesson 08 on boxes: ``08.overlap``, ``08.count`` and ``08.average``."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from typing import Any, ClassVar

import torch
from torch import Tensor
from torchvision.ops import box_iou

from coursekit.checks.core import Check, Wrong, article, call, require
from coursekit.detection import average_precision, match

SIDE = 40.0  # of the boxes in the scenes


def _tensor(boxes: Sequence[Sequence[float]]) -> Tensor:
    return torch.tensor(boxes, dtype=torch.float32).reshape(-1, 4)


def _number(value: Any) -> float | str:
    """A result as a plain number, or the name of its type."""
    try:
        return float(value)
    except (TypeError, ValueError, RuntimeError):
        return type(value).__name__


class OverlapCheck(Check):
    """``iou_table(a, b)`` gives the IoU of each box of ``a`` with each box of ``b``."""

    MISCONCEPTIONS: ClassVar = {
        "no-clamp": "Width times height of the shared rectangle is right, also where it ends before it begins.",
        "union-is-the-sum": "The union of two boxes is the sum of their areas.",
        "share-of-the-first": "The IoU is the share of the first box that is covered.",
        "plus-one": "A box from 0 to 10 is 11 pixels wide.",
        "transposed": "The rows of the table are the second set of boxes.",
    }

    def draw(self, seed: int) -> dict[str, Any]:
        dice = random.Random(seed)

        def box(left: float, top: float) -> list[float]:
            return [left, top, left + dice.randint(12, 40), top + dice.randint(12, 40)]

        near = [box(dice.randint(0, 20), dice.randint(0, 20)) for _ in range(3)]
        far = box(dice.randint(70, 90), dice.randint(70, 90))  # apart from all others in both directions
        left, top, right, bottom = near[0]
        inner = [left + 3, top + 3, right - 4, bottom - 4]
        return {"a": [*near, far], "b": [near[0], inner, box(dice.randint(5, 20), dice.randint(5, 20))]}

    def observe(self, answer: Any, inputs: dict[str, Any]) -> dict[str, Any]:
        result = call(answer, _tensor(inputs["a"]), _tensor(inputs["b"]))
        try:
            table = torch.as_tensor(result, dtype=torch.float64)
        except (TypeError, ValueError, RuntimeError):
            return {"result": type(result).__name__}
        return {"table": table.tolist(), "shape": list(table.shape)}

    def verdict(self, inputs: dict[str, Any], seen: dict[str, Any]) -> str:
        require("table" in seen, f"A table of numbers is expected; seen {article(str(seen.get('result')))}.")
        a, b = _tensor(inputs["a"]).double(), _tensor(inputs["b"]).double()
        truth = box_iou(a, b)
        rows, columns = truth.shape
        require(
            seen["shape"] != [columns, rows],
            f"The table has shape {seen['shape']}. Rows are the {rows} boxes of `a`, columns the {columns} of `b`.",
            "transposed",
        )
        require(
            seen["shape"] == [rows, columns],
            f"The table has shape {seen['shape']}; with {rows} and {columns} boxes, [{rows}, {columns}] is expected.",
        )
        table = torch.tensor(seen["table"], dtype=torch.float64)
        if torch.allclose(table, truth, atol=1e-5):
            return f"The IoU of all {rows * columns} pairs, of boxes drawn just now."
        place = int((table - truth).abs().nan_to_num(2).argmax())
        row, column = divmod(place, columns)
        said = (
            f"For {inputs['a'][row]} and {inputs['b'][column]} you gave {float(table[row, column]):.3f}; "
            f"expected {float(truth[row, column]):.3f}. "
        )
        for name, (wrong, why) in self._wrong(a, b).items():
            if torch.allclose(table, wrong, atol=1e-5):
                raise Wrong(said + why, name)
        raise Wrong(said + "Divide the shared area by the area that at least one of the boxes covers.")

    @staticmethod
    def _wrong(a: Tensor, b: Tensor) -> dict[str, tuple[Tensor, str]]:
        start = torch.maximum(a[:, None, :2], b[None, :, :2])
        gap = torch.minimum(a[:, None, 2:], b[None, :, 2:]) - start
        first = (a[:, 2:] - a[:, :2]).prod(1)[:, None]
        both = first + (b[:, 2:] - b[:, :2]).prod(1)
        shared, raw, wide = gap.clamp(min=0).prod(-1), gap.prod(-1), (gap + 1).clamp(min=0).prod(-1)
        sums = (a[:, 2:] - a[:, :2] + 1).prod(1)[:, None] + (b[:, 2:] - b[:, :2] + 1).prod(1)
        return {
            "no-clamp": (
                raw / (both - raw),
                "Where boxes lie apart, width and height are below zero, and their product is not. Stop each at zero.",
            ),
            "union-is-the-sum": (
                shared / both,
                "The sum of both areas counts the shared part twice. Take it off once.",
            ),
            "share-of-the-first": (
                (shared / first).expand_as(both),
                "That is the share of the first box. Divide by the union of both.",
            ),
            "plus-one": (
                wide / (sums - wide),
                "A box from 0 to 10 is 10 wide: the right edge lies one past the last pixel. Leave out the + 1.",
            ),
        }


class CountCheck(Check):
    """``count(boxes, scores, true, least)`` gives hits, false alarms and misses."""

    MISCONCEPTIONS: ClassVar = {
        "duplicates-count": "Every box that overlaps an object well is a hit.",
        "order-of-input": "The order in which boxes are matched does not matter.",
        "any-overlap": "A box that overlaps an object at all is a hit.",
        "gives-up": "A box whose best object is taken is a false alarm, whatever else it fits.",
    }

    def draw(self, seed: int) -> dict[str, Any]:
        dice = random.Random(seed)
        # Places along a line, and scores; the lowest score first, so that the order of the input misleads.
        plans: list[tuple[list[float], list[tuple[float, float]]]] = [
            ([0, 100], [(8, 0.5), (2, 0.8), (101, 0.9)]),  # two boxes on one object
            ([0, 21], [(-7, 0.6), (10, 0.9)]),  # who comes first decides
            ([0, 21], [(10, 0.7), (1, 0.9)]),  # the best object is taken, the next fits
            ([0, 100, 200], [(22, 0.4), (70, 0.6), (199, 0.8)]),  # overlaps that are too small
            ([0, 100], []),
        ]
        scenes = []
        for objects, found in plans:
            x, y = dice.randint(30, 90), dice.randint(30, 90)
            scenes.append(
                {
                    "true": [self._box(x + place, y) for place in objects],
                    "boxes": [self._box(x + place, y) for place, _ in found],
                    "scores": [round(score - dice.uniform(0, 0.05), 3) for _, score in found],
                    "least": dice.choice([0.5, 0.52, 0.55]),
                }
            )
        dice.shuffle(scenes)
        return {"scenes": scenes}

    @staticmethod
    def _box(x: float, y: float) -> list[float]:
        return [x, y, x + SIDE, y + SIDE]

    def observe(self, answer: Any, inputs: dict[str, Any]) -> dict[str, Any]:
        seen = []
        for one in inputs["scenes"]:
            scores = torch.tensor(one["scores"], dtype=torch.float32)
            result = call(answer, _tensor(one["boxes"]), scores, _tensor(one["true"]), one["least"])
            try:
                seen.append([_number(value) for value in result])
            except TypeError:
                seen.append([type(result).__name__])
        return {"counts": seen}

    def verdict(self, inputs: dict[str, Any], seen: dict[str, Any]) -> str:
        for counts in seen["counts"]:
            require(
                len(counts) == 3 and all(isinstance(value, (int, float)) for value in counts),
                f"Three numbers are expected: hits, false alarms, misses. Seen {counts}.",
            )
        wrong = []
        for one, counts in zip(inputs["scenes"], seen["counts"], strict=True):
            if counts != list(self._counts(one, None)):
                wrong.append((one, counts))
        if not wrong:
            return f"Hits, false alarms and misses of {len(inputs['scenes'])} scenes drawn just now."
        one, counts = wrong[0]
        hits, alarms, misses = self._counts(one, None)
        said = (
            f"{len(one['boxes'])} boxes, {len(one['true'])} objects, least IoU {one['least']}: you counted {counts}; "
            f"expected {hits} hits, {alarms} false alarms, {misses} misses. "
        )
        for name, why in self._WHY.items():
            if all(
                counts == list(self._counts(scene, name))
                for scene, counts in zip(inputs["scenes"], seen["counts"], strict=True)
            ):
                raise Wrong(said + why, name)
        raise Wrong(said + "The best score comes first and takes the free object that it overlaps most.")

    _WHY: ClassVar = {
        "duplicates-count": "An object can be matched once. A second box on it is a false alarm.",
        "order-of-input": "Match the boxes in the order of their scores, the highest first.",
        "any-overlap": "A box matches only from the least IoU on.",
        "gives-up": "If the best object is taken, the box takes the best of those that are free.",
    }

    @staticmethod
    def _counts(scene: dict[str, Any], belief: str | None) -> tuple[int, int, int]:
        boxes, true = _tensor(scene["boxes"]), _tensor(scene["true"])
        scores, least = torch.tensor(scene["scores"]), scene["least"]
        if belief == "duplicates-count":
            fits = box_iou(boxes, true) >= least
            hits, found = int(fits.any(1).sum()), int(fits.any(0).sum())
            return hits, len(boxes) - hits, len(true) - found
        if belief == "gives-up":
            taken: set[int] = set()
            for one in scores.argsort(descending=True).tolist():
                best = int(box_iou(boxes, true)[one].argmax())
                if box_iou(boxes, true)[one, best] >= least:
                    taken.add(best)
            hits = len(taken)
        else:
            if belief == "order-of-input":
                scores = torch.arange(len(boxes), 0, -1)
            hits = int(match(boxes, scores, true, iou=1e-6 if belief == "any-overlap" else least).hits.sum())
        return hits, len(boxes) - hits, len(true) - hits


class AveragePrecisionCheck(Check):
    """``average_precision(scores, hits, objects)`` is the step-wise average precision."""

    MISCONCEPTIONS: ClassVar = {
        "misses-forgotten": "Average precision is the mean of the precision at the hits.",
        "not-sorted": "The detections can be gone through as they come.",
        "all-places": "Average precision is the mean of the precision after each box.",
        "last-precision": "The precision of all boxes sums up the whole list.",
    }

    def draw(self, seed: int) -> dict[str, Any]:
        dice = random.Random(seed)
        lists = []
        for _ in range(4):
            count = dice.randint(6, 12)
            scores = [round(value / 1000, 3) for value in dice.sample(range(50, 999), count)]
            best = scores.index(max(scores))
            hits = [dice.random() < 0.5 for _ in scores]
            hits[best], hits[(best + 1) % count], hits[(best + 2) % count] = True, False, True
            if best == 0 and hits == sorted(hits, reverse=True):
                hits[-1] = True
            lists.append({"scores": scores, "hits": hits, "objects": sum(hits) + dice.randint(2, 5)})
        lists.append({"scores": [], "hits": [], "objects": dice.randint(2, 6)})
        return {"lists": lists}

    def observe(self, answer: Any, inputs: dict[str, Any]) -> dict[str, Any]:
        seen = []
        for one in inputs["lists"]:
            scores = torch.tensor(one["scores"], dtype=torch.float32)
            seen.append(_number(call(answer, scores, torch.tensor(one["hits"], dtype=torch.bool), one["objects"])))
        return {"values": seen}

    def verdict(self, inputs: dict[str, Any], seen: dict[str, Any]) -> str:
        for value in seen["values"]:
            require(isinstance(value, (int, float)), f"A number is expected; seen {article(str(value))}.")
        truth = [self._value(one, None) for one in inputs["lists"]]
        if self._same(seen["values"], truth):
            return f"The average precision of {len(truth)} lists drawn just now, one of them empty."
        place = next(n for n, (a, b) in enumerate(zip(seen["values"], truth, strict=True)) if not self._same([a], [b]))
        one = inputs["lists"][place]
        said = (
            f"{len(one['scores'])} boxes, {sum(one['hits'])} of them hits, {one['objects']} objects: you gave "
            f"{seen['values'][place]:.3f}; expected {truth[place]:.3f}. "
        )
        for name, why in self._WHY.items():
            if self._same(seen["values"][:-1], [self._value(each, name) for each in inputs["lists"][:-1]]):
                raise Wrong(said + why, name)
        raise Wrong(said + "Sort by score, add up the precision at each hit, divide by the number of objects.")

    _WHY: ClassVar = {
        "misses-forgotten": "Divide by all objects. Those that nobody found belong to the list as well.",
        "not-sorted": "Sort by score first, the highest in front: precision depends on the order.",
        "all-places": "Only the places of the hits count, and the sum is divided by the number of objects.",
        "last-precision": "That is the precision of the whole list. AP looks at the precision at each hit on the way.",
    }

    @staticmethod
    def _same(values: Sequence[float], others: Sequence[float]) -> bool:
        return all(math.isclose(a, b, abs_tol=1e-4) for a, b in zip(values, others, strict=True))

    @staticmethod
    def _value(one: dict[str, Any], belief: str | None) -> float:
        scores, hits = torch.tensor(one["scores"]), torch.tensor(one["hits"], dtype=torch.bool)
        if belief in (None, "not-sorted"):
            return average_precision(scores if belief is None else -torch.arange(len(hits)), hits, one["objects"])
        ranked = hits[scores.argsort(descending=True)].double()
        precision = ranked.cumsum(0) / torch.arange(1, len(ranked) + 1)
        if belief == "misses-forgotten":
            return float((precision * ranked).sum() / ranked.sum())
        return float(precision.mean() if belief == "all-places" else precision[-1])
