"""Detections against the truth: which boxes are right, average precision, and the overlap of masks.

>>> from coursekit.detection import average_precision, match
>>> matches = match(found["boxes"], found["scores"], field.boxes, iou=0.5)
>>> average_precision(found["scores"], matches.hits, objects=len(field.boxes))

Boxes are those of ``torchvision.ops``: float tensors ``(N, 4)`` in pixels, left, top, right, bottom. A set of
detections is a dictionary with ``boxes``, ``scores`` and ``labels``, as torchvision's detection models return it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torchvision.ops import box_iou

RECALLS = 101  # recalls at which COCO reads the precision: 0.00, 0.01, ... 1.00


@dataclass(frozen=True)
class Matches:
    """Which of ``N`` detections are right, and which of ``M`` objects were found."""

    hits: Tensor  # (N,), bool: matched with an object
    partner: Tensor  # (N,), int64: number of that object, -1 for a false alarm
    found: Tensor  # (M,), bool


def match(boxes: Tensor, scores: Tensor, true: Tensor, *, iou: float = 0.5) -> Matches:
    """Match detections with objects, the best score first; each takes the free object that it overlaps most.

    Args:
        boxes: detections, shape ``(N, 4)``.
        scores: shape ``(N,)``; of equal ones the first in order comes first.
        true: the objects' boxes, shape ``(M, 4)``.
        iou: the least IoU of a match.

    Raises:
        ValueError: if boxes and scores differ in number, or ``iou`` is not above 0 and at most 1.
    """
    if len(boxes) != len(scores):
        raise ValueError(f"each box needs a score; seen {len(boxes)} boxes and {len(scores)} scores")
    if not 0 < iou <= 1:
        raise ValueError(f"the least IoU of a match must be above 0 and at most 1; seen {iou}")
    partner = torch.full((len(boxes),), -1)
    found = torch.zeros(len(true), dtype=torch.bool)
    overlap = box_iou(boxes, true) if len(boxes) and len(true) else torch.zeros(len(boxes), len(true))
    for one in scores.argsort(descending=True, stable=True).tolist():
        if found.all():
            break
        free = torch.where(found, -1.0, overlap[one])
        best = int(free.argmax())
        if free[best] >= iou:
            partner[one], found[best] = best, True
    return Matches(hits=partner >= 0, partner=partner, found=found)


def precision_recall(scores: Tensor, hits: Tensor, objects: int) -> tuple[Tensor, Tensor]:
    """Precision and recall after each detection, the best score first; shape ``(N,)``, float64.

    Args:
        scores: shape ``(N,)``, of all images together.
        hits: shape ``(N,)``, which of them are right.
        objects: how many objects there are, found or not.

    Raises:
        ValueError: if there are no objects, or fewer than hits.
    """
    right = int(hits.sum())
    if objects < max(1, right):
        raise ValueError(f"recall needs objects, at least as many as hits; seen {objects} objects and {right} hits")
    ranked = hits[scores.argsort(descending=True, stable=True)].double().cumsum(0)
    return ranked / torch.arange(1, len(ranked) + 1), ranked / objects


def average_precision(scores: Tensor, hits: Tensor, objects: int) -> float:
    """Step-wise average precision: the precision at each hit, added up and divided by ``objects``.

    Where no two scores are equal, it is the average precision of scikit-learn and torchmetrics times the recall of all
    detections. Arguments and errors are those of :func:`precision_recall`.
    """
    precision, _ = precision_recall(scores, hits, objects)
    ranked = hits[scores.argsort(descending=True, stable=True)]
    return float(precision[ranked].sum() / objects)


def interpolated_precision(scores: Tensor, hits: Tensor, objects: int) -> float:
    """COCO's average precision: the best precision at this recall or a higher one, averaged over 101 recalls.

    As in ``COCOeval.accumulate`` of pycocotools, at the same recalls in float64. (torchmetrics rounds them to float32
    unless told otherwise. Where a recall is hit exactly, that may read the precision one step on.) Arguments and
    errors are those of :func:`precision_recall`.
    """
    precision, recall = precision_recall(scores, hits, objects)
    ceiling = precision.flip(0).cummax(0).values.flip(0) if len(precision) else precision
    wanted = torch.from_numpy(np.linspace(0, 1, RECALLS))
    place = torch.searchsorted(recall, wanted)
    reached = place < len(recall)
    return float(ceiling[place[reached]].sum() / RECALLS)


def mean_average_precision(
    detections: Sequence[dict[str, Tensor]],
    targets: Sequence[dict[str, Tensor]],
    *,
    iou: float = 0.5,
    interpolated: bool = True,
) -> dict[int, float]:
    """Average precision of each class that has objects, over several images; their mean is the mAP.

    Args:
        detections: one dictionary an image with ``boxes``, ``scores`` and ``labels``.
        targets: one an image with ``boxes`` and ``labels``.
        iou: the least IoU of a match; only boxes of one class are matched.
        interpolated: COCO's 101 recalls, or the step-wise sum.

    Returns:
        Class to average precision. Classes without an object are not in it, as nothing of them could be found.

    Raises:
        ValueError: if there are not as many targets as images.
    """
    if len(detections) != len(targets):
        raise ValueError(f"one target an image is expected; seen {len(detections)} images and {len(targets)} targets")
    formula = interpolated_precision if interpolated else average_precision
    labels = torch.cat([one["labels"] for one in targets]) if targets else torch.empty(0)
    result = {}
    for label in sorted(set(labels.tolist())):
        scores, hits, objects = [], [], 0
        for seen, truth in zip(detections, targets, strict=True):
            own, true = seen["labels"] == label, truth["boxes"][truth["labels"] == label]
            scores.append(seen["scores"][own])
            hits.append(match(seen["boxes"][own], seen["scores"][own], true, iou=iou).hits)
            objects += len(true)
        result[int(label)] = formula(torch.cat(scores), torch.cat(hits), objects)
    return result


def mask_overlap(found: Tensor, true: Tensor) -> tuple[float, float]:
    """IoU and Dice score of two masks of one shape; both are 1 where both masks are empty.

    Raises:
        ValueError: if the masks differ in shape.
    """
    if found.shape != true.shape:
        raise ValueError(f"two masks of one shape are expected; seen {tuple(found.shape)} and {tuple(true.shape)}")
    shared = int((found.bool() & true.bool()).sum())
    both = int(found.bool().sum()) + int(true.bool().sum())
    return (shared / (both - shared), 2 * shared / both) if both else (1.0, 1.0)
