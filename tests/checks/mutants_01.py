"""Wrong solutions of lesson 01, each for one named misconception. Never shipped: they lie outside the package."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torchvision
from torchvision.models import get_model, get_model_weights, list_models
from torchvision.transforms._presets import ImageClassification
from torchvision.transforms.functional import pil_to_tensor

MUTANTS: dict[tuple[str, str], Callable[..., Any]] = {}


def wrong(exercise: str, misconception: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register a wrong solution under its exercise and the misconception that it must be told about."""

    def keep(function: Callable[..., Any]) -> Callable[..., Any]:
        MUTANTS[exercise, misconception] = function
        return function

    return keep


# 01.load


@wrong("01.load", "train-mode")
def load_without_eval(name: str) -> Any:
    weights = get_model_weights(name).DEFAULT
    return get_model(name, weights=weights), weights.transforms()


@wrong("01.load", "no-weights")
def load_nothing(name: str) -> Any:
    return get_model(name).eval(), get_model_weights(name).DEFAULT.transforms()


@wrong("01.load", "old-entry")
def load_first_entry(name: str) -> Any:
    weights = next(iter(get_model_weights(name)))
    return get_model(name, weights=weights).eval(), weights.transforms()


@wrong("01.load", "fixed-transforms")
def load_with_usual_transforms(name: str) -> Any:
    return get_model(name, weights="DEFAULT").eval(), ImageClassification(crop_size=224)


@wrong("01.load", "fixed-model")
def load_always_the_same(name: str) -> Any:
    weights = get_model_weights("course_resnet18").DEFAULT
    return get_model("course_resnet18", weights=weights).eval(), weights.transforms()


# 01.topk


def _top(numbers: torch.Tensor, weights: Any, k: int) -> list[tuple[str, float]]:
    values, places = numbers.topk(k)
    return [(weights.meta["categories"][place], value.item()) for place, value in zip(places, values, strict=True)]


def _logits(model: Any, weights: Any, image: Any) -> torch.Tensor:
    with torch.inference_mode():
        return model(weights.transforms()(image)[None])


@wrong("01.topk", "logits")
def topk_logits(model: Any, weights: Any, image: Any, k: int) -> Any:
    return _top(_logits(model, weights, image)[0], weights, k)


@wrong("01.topk", "wrong-axis")
def topk_over_the_batch(model: Any, weights: Any, image: Any, k: int) -> Any:
    return _top(_logits(model, weights, image).softmax(dim=0)[0], weights, k)


@wrong("01.topk", "sigmoid")
def topk_sigmoid(model: Any, weights: Any, image: Any, k: int) -> Any:
    return _top(_logits(model, weights, image)[0].sigmoid(), weights, k)


@wrong("01.topk", "no-transforms")
def topk_raw_image(model: Any, weights: Any, image: Any, k: int) -> Any:
    with torch.inference_mode():
        return _top(model((pil_to_tensor(image) / 255)[None])[0].softmax(0), weights, k)


@wrong("01.topk", "fixed-transforms")
def topk_usual_transforms(model: Any, weights: Any, image: Any, k: int) -> Any:
    with torch.inference_mode():
        return _top(model(ImageClassification(crop_size=224)(image)[None])[0].softmax(0), weights, k)


@wrong("01.topk", "index")
def topk_indices(model: Any, weights: Any, image: Any, k: int) -> Any:
    values, places = _logits(model, weights, image)[0].softmax(0).topk(k)
    return list(zip(places.tolist(), values.tolist(), strict=True))


@wrong("01.topk", "ascending")
def topk_least_probable_first(model: Any, weights: Any, image: Any, k: int) -> Any:
    return _top(_logits(model, weights, image)[0].softmax(0), weights, k)[::-1]


# 01.budget


def _entries() -> list[Any]:
    return [entry for name in list_models(module=torchvision.models) for entry in get_model_weights(name)]


def _best(entries: list[Any]) -> Any:
    if not entries:
        raise ValueError("nothing fits")
    return max(entries, key=lambda entry: entry.meta["_metrics"]["ImageNet-1K"]["acc@1"])


@wrong("01.budget", "default-only")
def budget_defaults(max_gflops: float, max_mb: float) -> Any:
    defaults = [get_model_weights(name).DEFAULT for name in list_models(module=torchvision.models)]
    return _best([e for e in defaults if e.meta["_ops"] <= max_gflops and e.meta["_file_size"] <= max_mb])


@wrong("01.budget", "ignores-size")
def budget_work_alone(max_gflops: float, max_mb: float) -> Any:
    return _best([entry for entry in _entries() if entry.meta["_ops"] <= max_gflops])


@wrong("01.budget", "ignores-gflops")
def budget_size_alone(max_gflops: float, max_mb: float) -> Any:
    return _best([entry for entry in _entries() if entry.meta["_file_size"] <= max_mb])


@wrong("01.budget", "no-score")
def budget_nan_wins(max_gflops: float, max_mb: float) -> Any:
    fitting = [e for e in _entries() if e.meta["_ops"] <= max_gflops and e.meta["_file_size"] <= max_mb]
    if not fitting:
        raise ValueError("nothing fits")
    scores = [entry.meta["_metrics"]["ImageNet-1K"]["acc@1"] for entry in fitting]
    return fitting[int(np.argmax(scores))]


@wrong("01.budget", "cheapest")
def budget_cheapest(max_gflops: float, max_mb: float) -> Any:
    return min(_entries(), key=lambda entry: entry.meta["_ops"])


@wrong("01.budget", "silent")
def budget_silent(max_gflops: float, max_mb: float) -> Any:
    fitting = [e for e in _entries() if e.meta["_ops"] <= max_gflops and e.meta["_file_size"] <= max_mb]
    return _best(fitting) if fitting else None


# 01.offline


@wrong("01.offline", "exists-is-enough")
def offline_exists(weights: Any, folder: Path) -> bool:
    return (folder / weights.url.rsplit("/", 1)[1]).exists()


@wrong("01.offline", "whole-hash")
def offline_whole_hash(weights: Any, folder: Path) -> bool:
    path = folder / weights.url.rsplit("/", 1)[1]
    return path.exists() and hashlib.sha256(path.read_bytes()).hexdigest() == path.stem.rsplit("-", 1)[1]


@wrong("01.offline", "wrong-name")
def offline_named_after_entry(weights: Any, folder: Path) -> bool:
    return (folder / f"{weights.name}.pth").exists()


@wrong("01.offline", "asks-the-network")
def offline_loads(weights: Any, folder: Path) -> bool:
    weights.get_state_dict(check_hash=True)
    return True


# 01.repair


@wrong("01.repair", "trusts-pickle")
def repair_trusting(model: Any, path: Path) -> Any:
    state = torch.load(path, weights_only=False)
    model.load_state_dict({name.removeprefix("module."): tensor for name, tensor in state.items()})
    return model


@wrong("01.repair", "prefix")
def repair_silent_about_prefix(model: Any, path: Path) -> Any:
    model.load_state_dict(torch.load(path, weights_only=True), strict=False)
    return model


@wrong("01.repair", "strict-false")
def repair_not_strict(model: Any, path: Path) -> Any:
    state = torch.load(path, weights_only=True)
    model.load_state_dict({name.removeprefix("module."): tensor for name, tensor in state.items()}, strict=False)
    return model
