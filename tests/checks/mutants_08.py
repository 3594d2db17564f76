"""Wrong solutions of lesson 08, each for one named misconception. Never shipped: they lie outside the package."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torchvision.ops import box_iou

MUTANTS: dict[tuple[str, str], Callable[..., Any]] = {}


def wrong(exercise: str, misconception: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register a wrong solution under its exercise and the misconception that it must be told about."""

    def keep(function: Callable[..., Any]) -> Callable[..., Any]:
        MUTANTS[exercise, misconception] = function
        return function

    return keep


# 08.overlap


def _sizes(a: Any, b: Any, more: float = 0.0) -> tuple[Any, Any, Any]:
    """The shared width and height of each pair, and the areas of both sets."""
    start = torch.maximum(a[:, None, :2], b[None, :, :2])
    gap = torch.minimum(a[:, None, 2:], b[None, :, 2:]) - start + more
    first, second = ((one[:, 2:] - one[:, :2] + more).prod(1) for one in (a, b))
    return gap, first[:, None], second[None]


@wrong("08.overlap", "no-clamp")
def overlap_without_clamp(a: Any, b: Any) -> Any:
    gap, first, second = _sizes(a, b)
    shared = gap.prod(-1)
    return shared / (first + second - shared)


@wrong("08.overlap", "union-is-the-sum")
def overlap_over_the_sum(a: Any, b: Any) -> Any:
    gap, first, second = _sizes(a, b)
    return gap.clamp(min=0).prod(-1) / (first + second)


@wrong("08.overlap", "share-of-the-first")
def overlap_of_the_first(a: Any, b: Any) -> Any:
    gap, first, _ = _sizes(a, b)
    return gap.clamp(min=0).prod(-1) / first


@wrong("08.overlap", "plus-one")
def overlap_of_inclusive_pixels(a: Any, b: Any) -> Any:
    gap, first, second = _sizes(a, b, 1.0)
    shared = gap.clamp(min=0).prod(-1)
    return shared / (first + second - shared)


@wrong("08.overlap", "transposed")
def overlap_transposed(a: Any, b: Any) -> Any:
    return box_iou(b, a)


# 08.count


@wrong("08.count", "duplicates-count")
def count_every_good_box(boxes: Any, scores: Any, true: Any, least: float) -> Any:
    fits = box_iou(boxes, true) >= least
    hits = fits.any(1).sum().item()
    return hits, len(boxes) - hits, len(true) - fits.any(0).sum().item()


def _greedy(boxes: Any, order: list[int], true: Any, least: float, *, look_further: bool = True) -> Any:
    overlap, free, hits = box_iou(boxes, true), [True] * len(true), 0
    for one in order:
        choice = [n for n in range(len(true)) if free[n] or not look_further]
        if not choice:
            break
        best = max(choice, key=lambda n: overlap[one, n].item())
        if free[best] and overlap[one, best] >= least:
            free[best], hits = False, hits + 1
    return hits, len(boxes) - hits, len(true) - hits


@wrong("08.count", "order-of-input")
def count_as_they_come(boxes: Any, scores: Any, true: Any, least: float) -> Any:
    return _greedy(boxes, list(range(len(boxes))), true, least)


@wrong("08.count", "any-overlap")
def count_any_overlap(boxes: Any, scores: Any, true: Any, least: float) -> Any:
    return _greedy(boxes, scores.argsort(descending=True).tolist(), true, 1e-6)


@wrong("08.count", "gives-up")
def count_best_object_only(boxes: Any, scores: Any, true: Any, least: float) -> Any:
    return _greedy(boxes, scores.argsort(descending=True).tolist(), true, least, look_further=False)


# 08.average


def _walk(hits: Any) -> Any:
    return hits.double().cumsum(0) / torch.arange(1, len(hits) + 1)


@wrong("08.average", "misses-forgotten")
def average_over_hits(scores: Any, hits: Any, objects: int) -> Any:
    ranked = hits[scores.argsort(descending=True)]
    return _walk(ranked)[ranked].mean().item() if len(hits) else 0.0


@wrong("08.average", "not-sorted")
def average_unsorted(scores: Any, hits: Any, objects: int) -> Any:
    return _walk(hits)[hits].sum().item() / objects


@wrong("08.average", "all-places")
def average_over_all_places(scores: Any, hits: Any, objects: int) -> Any:
    return _walk(hits[scores.argsort(descending=True)]).mean().item() if len(hits) else 0.0


@wrong("08.average", "last-precision")
def average_is_the_last(scores: Any, hits: Any, objects: int) -> Any:
    return hits.double().mean().item() if len(hits) else 0.0


# 08.masks


def _overlap(found: Any, true: Any) -> tuple[float, float]:
    shared, both = (found & true).sum().item(), found.sum().item() + true.sum().item()
    return (shared / (both - shared), 2 * shared / both) if both else (1.0, 1.0)


@wrong("08.masks", "pixel-accuracy")
def masks_by_accuracy(found: Any, true: Any) -> Any:
    return (found == true).float().mean().item(), _overlap(found, true)[1]


@wrong("08.masks", "with-background")
def masks_mean_over_classes(found: Any, true: Any) -> Any:
    mean = (_overlap(found, true)[0] + _overlap(~found, ~true)[0]) / 2
    return mean, _overlap(found, true)[1]


@wrong("08.masks", "swapped")
def masks_swapped(found: Any, true: Any) -> Any:
    return _overlap(found, true)[::-1]


@wrong("08.masks", "empty-is-zero")
def masks_empty_is_zero(found: Any, true: Any) -> Any:
    return _overlap(found, true) if (found | true).any() else (0.0, 0.0)


# 08.map


def _parts(model: Any, *, pooled: bool = False) -> list[Any]:
    children = list(model.children())
    return children[:-1] if pooled else children[:-2]


def _head(model: Any, *, bias: bool = True) -> Any:
    head = nn.Conv2d(model.fc.in_features, model.fc.out_features, 1, bias=bias)
    head.weight.data = model.fc.weight.data[:, :, None, None]
    if bias:
        head.bias.data = model.fc.bias.data
    return head


@wrong("08.map", "random-head")
def map_with_random_head(model: Any) -> Any:
    head = nn.Conv2d(model.fc.in_features, model.fc.out_features, 1)
    return nn.Sequential(*_parts(model), head).eval()


@wrong("08.map", "no-bias")
def map_without_bias(model: Any) -> Any:
    return nn.Sequential(*_parts(model), _head(model, bias=False)).eval()


@wrong("08.map", "still-pooled")
def map_of_one_position(model: Any) -> Any:
    return nn.Sequential(*_parts(model, pooled=True), _head(model)).eval()


@wrong("08.map", "probabilities")
def map_of_probabilities(model: Any) -> Any:
    return nn.Sequential(*_parts(model), _head(model), nn.Softmax(dim=1)).eval()


@wrong("08.map", "train-mode")
def map_in_train_mode(model: Any) -> Any:
    return nn.Sequential(*_parts(model), _head(model)).train()
