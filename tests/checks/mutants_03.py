"""Wrong solutions of lesson 03, each for one named misconception. Never shipped: they lie outside the package."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torchvision.transforms import functional, v2
from torchvision.transforms._presets import ImageClassification

MUTANTS: dict[tuple[str, str], Callable[..., Any]] = {}
MEAN, STD = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]


def wrong(exercise: str, misconception: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register a wrong solution under its exercise and the misconception that it must be told about."""

    def keep(function: Callable[..., Any]) -> Callable[..., Any]:
        MUTANTS[exercise, misconception] = function
        return function

    return keep


# 03.prepare


@wrong("03.prepare", "rgb-only")
def prepare_without_convert(image: Any, weights: Any) -> Any:
    return weights.transforms()(image).unsqueeze(0)


@wrong("03.prepare", "no-batch")
def prepare_without_batch(image: Any, weights: Any) -> Any:
    return weights.transforms()(image.convert("RGB"))


@wrong("03.prepare", "fixed-transforms")
def prepare_as_usual(image: Any, weights: Any) -> Any:
    return ImageClassification(crop_size=224)(image.convert("RGB")).unsqueeze(0)


@wrong("03.prepare", "scaling-only")
def prepare_without_normalising(image: Any, weights: Any) -> Any:
    own = weights.transforms()
    small = functional.center_crop(functional.resize(image.convert("RGB"), own.resize_size), own.crop_size)
    return functional.to_tensor(small).unsqueeze(0)


# 03.undo


def _statistics(weights: Any) -> tuple[torch.Tensor, torch.Tensor]:
    own = weights.transforms()
    return torch.tensor(own.mean).view(3, 1, 1), torch.tensor(own.std).view(3, 1, 1)


def _bytes(image: torch.Tensor) -> torch.Tensor:
    return (image.clamp(0, 1) * 255).round().byte()


@wrong("03.undo", "adds-first")
def undo_mean_first(batch: Any, weights: Any) -> Any:
    mean, std = _statistics(weights)
    return _bytes((batch + mean) * std)


@wrong("03.undo", "fixed-statistics")
def undo_as_usual(batch: Any, weights: Any) -> Any:
    return _bytes(batch * torch.tensor(STD).view(3, 1, 1) + torch.tensor(MEAN).view(3, 1, 1))


@wrong("03.undo", "stays-float")
def undo_to_floats(batch: Any, weights: Any) -> Any:
    mean, std = _statistics(weights)
    return (batch * std + mean).clamp(0, 1)


@wrong("03.undo", "truncates")
def undo_without_rounding(batch: Any, weights: Any) -> Any:
    mean, std = _statistics(weights)
    return ((batch * std + mean).clamp(0, 1) * 255).byte()


@wrong("03.undo", "no-clamp")
def undo_without_clamp(batch: Any, weights: Any) -> Any:
    mean, std = _statistics(weights)
    return ((batch * std + mean) * 255).round().int().remainder(256).byte()


# 03.shrink


@wrong("03.shrink", "squeezed")
def shrink_squeezed(picture: Any, side: int) -> Any:
    return functional.resize(picture, [side, side], antialias=True)


@wrong("03.shrink", "crop-first")
def shrink_by_cropping(picture: Any, side: int) -> Any:
    return functional.resize(functional.center_crop(picture, side), side, antialias=True)


@wrong("03.shrink", "no-antialias")
def shrink_without_antialias(picture: Any, side: int) -> Any:
    return functional.center_crop(functional.resize(picture, side, antialias=False), side)


@wrong("03.shrink", "corner")
def shrink_to_the_corner(picture: Any, side: int) -> Any:
    return functional.resize(picture, side, antialias=True)[:, :side, :side]


# 03.pipelines


def _training(weights: Any, *steps: Any) -> Any:
    own = weights.transforms()
    chance = steps or (v2.RandomResizedCrop(own.crop_size[0], antialias=True), v2.RandomHorizontalFlip())
    return v2.Compose(
        [v2.PILToTensor(), *chance, v2.ToDtype(torch.float32, scale=True), v2.Normalize(own.mean, own.std)]
    )


@wrong("03.pipelines", "random-evaluation")
def pipelines_both_random(weights: Any) -> Any:
    return _training(weights), _training(weights)


@wrong("03.pipelines", "fixed-training")
def pipelines_both_fixed(weights: Any) -> Any:
    return weights.transforms(), weights.transforms()


@wrong("03.pipelines", "no-flips")
def pipelines_crops_alone(weights: Any) -> Any:
    size = weights.transforms().crop_size[0]
    return _training(weights, v2.RandomResizedCrop(size, antialias=True)), weights.transforms()


@wrong("03.pipelines", "training-not-normalised")
def pipelines_training_raw(weights: Any) -> Any:
    return v2.Compose([*_training(weights).transforms[:-1]]), weights.transforms()


@wrong("03.pipelines", "fixed-transforms")
def pipelines_as_usual(weights: Any) -> Any:
    usual = ImageClassification(crop_size=224)
    chance = [v2.RandomResizedCrop(224, antialias=True), v2.RandomHorizontalFlip()]
    scale = v2.ToDtype(torch.float32, scale=True)
    return v2.Compose([v2.PILToTensor(), *chance, scale, v2.Normalize(MEAN, STD)]), usual


# 03.diagnose


@wrong("03.diagnose", "negative-means-normalised")
def diagnose_by_sign(batch: Any, mean: Any, std: Any) -> Any:
    return "right" if batch.min() < 0 else "not normalised"


@wrong("03.diagnose", "mean-near-zero")
def diagnose_by_mean(batch: Any, mean: Any, std: Any) -> Any:
    if batch.max() > 50:
        return "never divided"
    if batch.min() >= 0:
        return "not normalised"
    return "right" if batch.mean().abs() < 0.75 else "divided twice"


@wrong("03.diagnose", "fixed-ends")
def diagnose_by_the_usual_ends(batch: Any, mean: Any, std: Any) -> Any:
    if batch.max() > 50:
        return "never divided"
    if batch.min() >= 0:
        return "not normalised"
    return "right" if batch.min() < -2 and batch.max() > 2.2 else "divided twice"


@wrong("03.diagnose", "positive-means-bytes")
def diagnose_positive(batch: Any, mean: Any, std: Any) -> Any:
    undone = batch * torch.tensor(std).view(3, 1, 1) + torch.tensor(mean).view(3, 1, 1)
    if batch.min() >= 0 or undone.max() > 2:
        return "never divided"
    return "divided twice" if undone.max() < 0.1 else "right"
