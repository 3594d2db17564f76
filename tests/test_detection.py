"""Matching, average precision and the overlap of masks, against other libraries and against what must hold."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torchmetrics.classification import BinaryF1Score, BinaryJaccardIndex
from torchmetrics.detection import MeanAveragePrecision
from torchmetrics.functional.classification import binary_average_precision
from torchvision.ops import box_iou

from coursekit.detection import (
    average_precision,
    interpolated_precision,
    mask_overlap,
    match,
    mean_average_precision,
    precision_recall,
)

seeds = st.integers(0, 10_000)
few = settings(max_examples=30, deadline=None)


def scene(seed: int, images: int = 3, classes: int = 3) -> tuple[list[dict[str, Tensor]], list[dict[str, Tensor]]]:
    """Detections of various quality, and the truth, of some images."""
    dice = torch.Generator().manual_seed(seed)
    found, truth = [], []
    for _ in range(images):
        corner = 200 * torch.rand(10, 2, generator=dice)
        true = torch.cat([corner, corner + 30 + 20 * torch.rand(10, 2, generator=dice)], 1)
        labels = torch.randint(0, classes, (10,), generator=dice)
        rough = true[:8] + 4 * torch.randn(8, 4, generator=dice)
        corner = 200 * torch.rand(5, 2, generator=dice)
        boxes = torch.cat([rough, torch.cat([corner, corner + 40], 1)])
        said = torch.cat([labels[:8], torch.randint(0, classes, (5,), generator=dice)])
        found.append({"boxes": boxes, "scores": torch.rand(13, generator=dice), "labels": said})
        truth.append({"boxes": true, "labels": labels})
    return found, truth


@few
@given(seeds, st.sampled_from([0.3, 0.5, 0.75]))
def test_each_object_is_matched_once_and_only_with_enough_overlap(seed: int, least: float) -> None:
    found, truth = scene(seed, images=1)
    boxes, scores, true = found[0]["boxes"], found[0]["scores"], truth[0]["boxes"]
    matches = match(boxes, scores, true, iou=least)
    partners = matches.partner[matches.hits]
    assert len(set(partners.tolist())) == len(partners) == int(matches.found.sum())
    assert (box_iou(boxes, true)[matches.hits, partners] >= least).all()
    lost = box_iou(boxes[~matches.hits], true[~matches.found])
    assert (lost < least).all(), "a box and an object that fit are both left over"


@few
@given(seeds, st.floats(0, 1))
def test_a_threshold_on_the_score_changes_no_match_of_the_boxes_that_stay(seed: int, score: float) -> None:
    found, truth = scene(seed, images=1)
    boxes, scores, true = found[0]["boxes"], found[0]["scores"], truth[0]["boxes"]
    kept = scores >= score
    assert torch.equal(match(boxes[kept], scores[kept], true).partner, match(boxes, scores, true).partner[kept])


@few
@given(seeds)
def test_the_order_of_the_boxes_does_not_matter(seed: int) -> None:
    found, truth = scene(seed, images=1)
    order = torch.randperm(13, generator=torch.Generator().manual_seed(seed))
    one, true = found[0], truth[0]["boxes"]
    straight, mixed = (
        match(one["boxes"], one["scores"], true).partner,
        match(one["boxes"][order], one["scores"][order], true).partner,
    )
    assert torch.equal(straight[order], mixed)


@few
@given(seeds, st.sampled_from([0.5, 0.75]))
def test_the_mean_agrees_with_pycocotools(seed: int, least: float) -> None:
    found, truth = scene(seed)
    recalls = np.linspace(0, 1, 101).tolist()
    metric = MeanAveragePrecision(iou_thresholds=[least], rec_thresholds=recalls, class_metrics=True)
    result = metric(found, truth)
    own = mean_average_precision(found, truth, iou=least)
    theirs = [value for value in result["map_per_class"].tolist() if value >= 0]
    assert list(own.values()) == pytest.approx(theirs, abs=1e-6)
    assert sum(own.values()) / len(own) == pytest.approx(result["map"].item(), abs=1e-6)


@few
@given(st.lists(st.booleans(), min_size=1, max_size=30), st.integers(0, 9), seeds)
def test_the_step_wise_average_agrees_with_torchmetrics(hits: list[bool], missed: int, seed: int) -> None:
    right, objects = torch.tensor(hits), sum(hits) + missed
    if not objects:
        with pytest.raises(ValueError, match="recall needs objects"):
            average_precision(torch.rand(len(hits)), right, objects)
        return
    scores = torch.randperm(len(hits), generator=torch.Generator().manual_seed(seed)).double()
    own = average_precision(scores, right, objects)
    theirs = binary_average_precision(scores / len(hits), right.int()).item() if any(hits) else 0.0
    assert own == pytest.approx(theirs * sum(hits) / objects, abs=1e-6)
    _, recall = precision_recall(scores, right, objects)
    assert 0 <= own <= float(recall[-1]) + 1e-9
    assert interpolated_precision(scores, right, objects) >= own - 0.5 / objects - 0.01


def test_nothing_found_is_zero_and_everything_found_is_one() -> None:
    none = torch.empty(0), torch.empty(0, dtype=torch.bool)
    assert average_precision(*none, 4) == interpolated_precision(*none, 4) == 0
    every = torch.tensor([0.9, 0.8, 0.7]), torch.tensor([True, True, True])
    assert average_precision(*every, 3) == interpolated_precision(*every, 3) == 1


def test_a_class_without_objects_has_no_average_and_a_missed_one_has_zero() -> None:
    box = torch.tensor([[0.0, 0, 10, 10]])
    found = {"boxes": box, "scores": torch.tensor([0.9]), "labels": torch.tensor([2])}
    truth = {"boxes": box, "labels": torch.tensor([1])}
    assert mean_average_precision([found], [truth]) == {1: 0.0}
    with pytest.raises(ValueError, match="one target an image"):
        mean_average_precision([found], [])


def test_impossible_input_is_refused_with_what_was_seen() -> None:
    box = torch.tensor([[0.0, 0, 10, 10]])
    with pytest.raises(ValueError, match="seen 1 boxes and 2 scores"):
        match(box, torch.rand(2), box)
    for least in (0.0, -0.5, 1.5):
        with pytest.raises(ValueError, match="above 0 and at most 1"):
            match(box, torch.rand(1), box, iou=least)
    with pytest.raises(ValueError, match="seen 1 objects and 2 hits"):
        average_precision(torch.rand(2), torch.tensor([True, True]), 1)
    with pytest.raises(ValueError, match="of one shape"):
        mask_overlap(torch.zeros(2, 2), torch.zeros(2, 3))


def test_no_boxes_or_no_objects_are_fine_for_matching() -> None:
    box, nothing = torch.tensor([[0.0, 0, 10, 10]]), torch.empty(0, 4)
    assert match(nothing, torch.empty(0), box).found.tolist() == [False]
    assert match(box, torch.rand(1), nothing).hits.tolist() == [False]


@few
@given(seeds)
def test_masks_agree_with_torchmetrics(seed: int) -> None:
    dice = torch.Generator().manual_seed(seed)
    found, true = torch.rand(2, 9, 11, generator=dice) < 0.4
    iou, score = mask_overlap(found, true)
    assert iou == pytest.approx(BinaryJaccardIndex()(found.int(), true.int()).item(), abs=1e-6)
    assert score == pytest.approx(BinaryF1Score()(found.int(), true.int()).item(), abs=1e-6)
    assert score == pytest.approx(2 * iou / (1 + iou))
    assert mask_overlap(found & False, true & False) == (1.0, 1.0)
