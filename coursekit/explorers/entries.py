"""Every classification weight of torchvision, as its ``.meta`` describes it. Nothing is downloaded."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

DATASET = "ImageNet-1K"


@dataclass(frozen=True)
class Entry:
    """One set of weights: what it scored on ImageNet-1K's validation images, and what it costs."""

    model: str  # name of the builder, for example "resnet18"
    weights: str  # for example "ResNet18_Weights.IMAGENET1K_V1"
    acc1: float  # top-1 accuracy, percent
    acc5: float  # top-5 accuracy, percent
    gflops: float  # billions of multiply-adds for one image
    params: float  # parameters, millions
    mb: float  # size of the file, megabytes


def catalogue() -> list[Entry]:
    """All entries of ``torchvision.models`` with a measured accuracy, the cheapest first.

    ``VGG16_Weights.IMAGENET1K_FEATURES`` is left out: it has no classifier, and its accuracy is nan.
    """
    import torchvision
    from torchvision.models import get_model_weights, list_models

    found = []
    for model in list_models(module=torchvision.models):
        for weights in get_model_weights(model):
            scores = weights.meta["_metrics"].get(DATASET)
            if scores is not None and math.isfinite(scores["acc@1"]):
                meta = weights.meta
                millions = meta["num_params"] / 1e6
                cost = (meta["_ops"], millions, meta["_file_size"])
                found.append(Entry(model, str(weights), scores["acc@1"], scores["acc@5"], *cost))
    return sorted(found, key=lambda entry: (entry.gflops, -entry.acc1, entry.weights))


def pareto_front(costs: Sequence[float], values: Sequence[float]) -> list[int]:
    """Indices of the points that no other point beats, the cheapest first.

    A point beats another if it costs no more and is worth more, or costs less and is worth no less. Of equal points
    the first counts.

    Args:
        costs: less is better.
        values: more is better; as many as ``costs``.

    Raises:
        ValueError: if the two differ in length.
    """
    if len(costs) != len(values):
        raise ValueError(f"{len(costs)} costs and {len(values)} values: there must be as many of each")
    front: list[int] = []
    for index in sorted(range(len(costs)), key=lambda place: (costs[place], -values[place])):
        if not front or values[index] > values[front[-1]]:
            front.append(index)
    return front


def best_within(costs: Sequence[float], values: Sequence[float], budget: float) -> int | None:
    """Index of the most valuable point that costs at most ``budget``; None if nothing fits."""
    fitting = [index for index in pareto_front(costs, values) if costs[index] <= budget]
    return fitting[-1] if fitting else None
