"""Wrong solutions of lesson 02, each for one named misconception. Never shipped: they lie outside the package."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

MUTANTS: dict[tuple[str, str], Callable[..., Any]] = {}


def wrong(exercise: str, misconception: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register a wrong solution under its exercise and the misconception that it must be told about."""

    def keep(function: Callable[..., Any]) -> Callable[..., Any]:
        MUTANTS[exercise, misconception] = function
        return function

    return keep


# 02.normalise


def _norm(
    batch: Tensor,
    mean: Tensor,
    variance: Tensor,
    training: bool,
    momentum: float,
    eps: float,
    *,
    own_in_eval: bool = False,
    moves: bool = False,
    share: float | None = None,
    correction: int = 1,
    over: tuple[int, ...] = (0, 2, 3),
) -> Any:
    own = batch.mean(over, keepdim=True), batch.var(over, correction=0, keepdim=True)
    kept = mean.view(1, -1, 1, 1), variance.view(1, -1, 1, 1)
    used = own if training or own_in_eval else kept
    output = (batch - used[0]) / (used[1] + eps).sqrt()
    if training or moves:
        part = momentum if share is None else share
        mean = (1 - part) * mean + part * batch.mean((0, 2, 3))
        variance = (1 - part) * variance + part * batch.var((0, 2, 3), correction=correction)
    return output, mean, variance


@wrong("02.normalise", "eval-uses-the-batch")
def norm_own_in_eval(*given: Any) -> Any:
    return _norm(*given, own_in_eval=True)


@wrong("02.normalise", "moves-in-eval")
def norm_moves_in_eval(*given: Any) -> Any:
    return _norm(*given, moves=True)


@wrong("02.normalise", "momentum-reversed")
def norm_reversed(*given: Any) -> Any:
    return _norm(*given, share=1 - given[4])


@wrong("02.normalise", "biased-running")
def norm_biased(*given: Any) -> Any:
    return _norm(*given, correction=0)


@wrong("02.normalise", "per-image")
def norm_per_image(*given: Any) -> Any:
    return _norm(*given, over=(2, 3))


# 02.predict


def _batch(images: Tensor) -> Tensor:
    return images[None] if images.ndim == 3 else images


@wrong("02.predict", "no-eval")
def predict_without_eval(model: nn.Module, images: Tensor) -> Any:
    with torch.inference_mode():
        return model(_batch(images))


@wrong("02.predict", "records")
def predict_recorded(model: nn.Module, images: Tensor) -> Any:
    return copy.deepcopy(model).eval()(_batch(images))


@wrong("02.predict", "leaves-eval")
def predict_and_leave(model: nn.Module, images: Tensor) -> Any:
    with torch.inference_mode():
        return model.eval()(_batch(images))


@wrong("02.predict", "wakes-frozen")
def predict_one_flag(model: nn.Module, images: Tensor) -> Any:
    training = model.training
    with torch.inference_mode():
        logits = model.eval()(_batch(images))
    model.train(training)
    return logits


@wrong("02.predict", "no-batch-dimension")
def predict_batches_only(model: nn.Module, images: Tensor) -> Any:
    with torch.inference_mode():
        return copy.deepcopy(model).eval()(images)


# 02.head


@wrong("02.head", "inference-features")
def head_on_inference(backbone: nn.Module, head: nn.Module, images: Tensor, labels: Tensor) -> Any:
    with torch.inference_mode():
        features = backbone.eval()(images)
    return functional.cross_entropy(head(features), labels)


@wrong("02.head", "records-backbone")
def head_recorded(backbone: nn.Module, head: nn.Module, images: Tensor, labels: Tensor) -> Any:
    return functional.cross_entropy(head(backbone.eval()(images)), labels)


@wrong("02.head", "backbone-awake")
def head_backbone_awake(backbone: nn.Module, head: nn.Module, images: Tensor, labels: Tensor) -> Any:
    with torch.no_grad():
        features = backbone(images)
    return functional.cross_entropy(head(features), labels)


@wrong("02.head", "head-asleep")
def head_asleep(backbone: nn.Module, head: nn.Module, images: Tensor, labels: Tensor) -> Any:
    with torch.no_grad():
        features = backbone.eval()(images)
    return functional.cross_entropy(head.eval()(features), labels)


@wrong("02.head", "nothing-recorded")
def head_nothing_recorded(backbone: nn.Module, head: nn.Module, images: Tensor, labels: Tensor) -> Any:
    with torch.no_grad():
        return functional.cross_entropy(head(backbone.eval()(images)), labels)


# 02.loop


@wrong("02.loop", "train-once")
def loop_train_once(model: nn.Module, frozen: Any, fit: Any, measure: Any, epochs: int) -> Any:
    scores = []
    model.train()
    for part in frozen:
        part.eval()
    for _ in range(epochs):
        fit(model)
        model.eval()
        scores.append(measure(model))
    return scores


@wrong("02.loop", "frozen-wakes")
def loop_frozen_wakes(model: nn.Module, frozen: Any, fit: Any, measure: Any, epochs: int) -> Any:
    scores = []
    for part in frozen:
        part.eval()
    for _ in range(epochs):
        model.train()
        fit(model)
        model.eval()
        scores.append(measure(model))
    return scores


@wrong("02.loop", "frozen-by-gradients")
def loop_without_gradients(model: nn.Module, frozen: Any, fit: Any, measure: Any, epochs: int) -> Any:
    for part in frozen:
        part.requires_grad_(False)
    return loop_frozen_wakes(model, [], fit, measure, epochs)


@wrong("02.loop", "measures-in-train")
def loop_measures_in_train(model: nn.Module, frozen: Any, fit: Any, measure: Any, epochs: int) -> Any:
    scores = []
    for _ in range(epochs):
        model.train()
        for part in frozen:
            part.eval()
        fit(model)
        scores.append(measure(model))
    return scores


@wrong("02.loop", "trains-in-eval")
def loop_in_eval(model: nn.Module, frozen: Any, fit: Any, measure: Any, epochs: int) -> Any:
    scores = []
    for _ in range(epochs):
        model.eval()
        fit(model)
        scores.append(measure(model))
    return scores


# 02.diagnose


def _company(model: nn.Module, batch: Tensor, *, seeded: bool = True) -> bool:
    rows = []
    for others in (batch[1:], batch[1:].flip(2) + 1):
        if seeded:
            torch.manual_seed(0)
        rows.append(model(torch.cat([batch[:1], others]))[0])
    return not torch.allclose(*rows, atol=1e-4)


def _chance(model: nn.Module, batch: Tensor) -> bool:
    return not torch.equal(model(batch), model(batch))


def _drift(model: nn.Module, batch: Tensor) -> bool:
    before = {name: one.clone() for name, one in model.state_dict().items()}
    model(batch)
    return any(not torch.equal(one, before[name]) for name, one in model.state_dict().items())


def _named(**found: bool) -> set[str]:
    return {name for name, there in found.items() if there}


@wrong("02.diagnose", "top-flag")
def diagnose_by_top_flag(model: nn.Module, batch: Tensor) -> Any:
    return {"company", "chance", "drift"} if model.training else set()


@wrong("02.diagnose", "flags-only")
def diagnose_by_flags(model: nn.Module, batch: Tensor) -> Any:
    norm = any(isinstance(one, nn.BatchNorm2d) and one.training for one in model.modules())
    drop = any(isinstance(one, nn.Dropout) and one.training for one in model.modules())
    return _named(company=norm, drift=norm, chance=drop)


@wrong("02.diagnose", "chance-for-company")
def diagnose_unseeded(model: nn.Module, batch: Tensor) -> Any:
    model = copy.deepcopy(model)
    return _named(
        company=_company(model, batch, seeded=False), chance=_chance(model, batch), drift=_drift(model, batch)
    )


@wrong("02.diagnose", "twice-only")
def diagnose_by_calling_twice(model: nn.Module, batch: Tensor) -> Any:
    model = copy.deepcopy(model)
    return _named(chance=_chance(model, batch), drift=_drift(model, batch))


@wrong("02.diagnose", "leaves-traces")
def diagnose_on_the_model_itself(model: nn.Module, batch: Tensor) -> Any:
    with torch.no_grad():
        return _named(company=_company(model, batch), chance=_chance(model, batch), drift=_drift(model, batch))
