"""Wrong solutions of lesson 04, each for one named misconception. Never shipped: they lie outside the package."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.nn import functional

MUTANTS: dict[tuple[str, str], Callable[..., Any]] = {}


def wrong(exercise: str, misconception: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register a wrong solution under its exercise and the misconception that it must be told about."""

    def keep(function: Callable[..., Any]) -> Callable[..., Any]:
        MUTANTS[exercise, misconception] = function
        return function

    return keep


# 04.head


def _last(model: Any) -> tuple[str, nn.Linear]:
    return [(name, one) for name, one in model.named_modules() if isinstance(one, nn.Linear)][-1]


def _put(model: Any, name: str, layer: nn.Module) -> Any:
    parent, _, child = name.rpartition(".")
    setattr(model.get_submodule(parent), child, layer)
    return model


@wrong("04.head", "new-attribute")
def head_is_fc(model: Any, classes: int) -> Any:
    model.fc = nn.Linear(_last(model)[1].in_features, classes)
    return model


@wrong("04.head", "fixed-width")
def head_of_512(model: Any, classes: int) -> Any:
    return _put(model, _last(model)[0], nn.Linear(512, classes))


@wrong("04.head", "whole-classifier")
def head_for_the_whole_classifier(model: Any, classes: int) -> Any:
    name, old = _last(model)
    place = "classifier" if name.startswith("classifier") else name
    return _put(model, place, nn.Linear(old.in_features, classes))


@wrong("04.head", "on-top")
def head_on_top(model: Any, classes: int) -> Any:
    name, old = _last(model)
    return _put(model, name, nn.Sequential(old, nn.Linear(old.out_features, classes)))


@wrong("04.head", "fresh-backbone")
def head_on_a_new_model(model: Any, classes: int) -> Any:
    name, old = _last(model)
    for layer in model.modules():
        if hasattr(layer, "reset_parameters"):
            layer.reset_parameters()
    return _put(model, name, nn.Linear(old.in_features, classes))


@wrong("04.head", "old-rows")
def head_of_old_rows(model: Any, classes: int) -> Any:
    name, old = _last(model)
    new = nn.Linear(old.in_features, classes)
    new.weight.data, new.bias.data = old.weight.data[:classes].clone(), old.bias.data[:classes].clone()
    return _put(model, name, new)


# 04.freeze


def _count(model: Any) -> int:
    return sum(one.numel() for one in model.parameters() if one.requires_grad)


@wrong("04.freeze", "buffers-drift")
def freeze_parameters_alone(model: Any) -> int:
    model.requires_grad_(False)
    model.fc.requires_grad_(True)
    return _count(model)


@wrong("04.freeze", "attribute")
def freeze_by_attribute(model: Any) -> int:
    model.requires_grad = False
    return sum(one.numel() for one in model.fc.parameters())


@wrong("04.freeze", "all-frozen")
def freeze_everything(model: Any) -> int:
    model.requires_grad_(False).eval()
    return _count(model)


@wrong("04.freeze", "norm-left")
def freeze_convolutions(model: Any) -> int:
    for layer in model.modules():
        if isinstance(layer, nn.Conv2d):
            layer.requires_grad_(False)
    model.eval()
    return _count(model)


@wrong("04.freeze", "eval-freezes")
def freeze_by_eval(model: Any) -> int:
    model.eval()
    model.fc.train()
    return sum(one.numel() for one in model.fc.parameters())


@wrong("04.freeze", "counts-tensors")
def freeze_and_count_tensors(model: Any) -> int:
    model.requires_grad_(False).eval()
    model.fc.requires_grad_(True)
    return sum(one.requires_grad for one in model.parameters())


# 04.features


def _without_head(model: Any, images: Any, batch_size: int) -> torch.Tensor:
    head, model.fc = model.fc, nn.Identity()
    features = torch.cat([model(part) for part in images.split(batch_size)])
    model.fc = head
    return features


@wrong("04.features", "train-mode")
def features_in_train_mode(model: Any, images: Any, batch_size: int) -> Any:
    with torch.no_grad():
        return _without_head(model, images, batch_size)


@wrong("04.features", "logits")
def features_are_logits(model: Any, images: Any, batch_size: int) -> Any:
    with torch.inference_mode():
        return torch.cat([model.eval()(part) for part in images.split(batch_size)])


@wrong("04.features", "keeps-graph")
def features_with_graph(model: Any, images: Any, batch_size: int) -> Any:
    return _without_head(model.eval(), images, batch_size)


@wrong("04.features", "inference-tensor")
def features_nobody_can_train_on(model: Any, images: Any, batch_size: int) -> Any:
    with torch.inference_mode():
        return _without_head(model.eval(), images, batch_size)


@wrong("04.features", "head-lost")
def features_without_giving_back(model: Any, images: Any, batch_size: int) -> Any:
    model.eval().fc = nn.Identity()
    with torch.no_grad():
        return torch.cat([model(part) for part in images.split(batch_size)])


@wrong("04.features", "rest-dropped")
def features_of_full_batches(model: Any, images: Any, batch_size: int) -> Any:
    with torch.no_grad():
        full = len(images) // batch_size * batch_size
        return _without_head(model.eval(), images[:full], batch_size)


@wrong("04.features", "every-image-twice")
def features_computed_twice(model: Any, images: Any, batch_size: int) -> Any:
    with torch.no_grad():
        _without_head(model.eval(), images, batch_size)
        return _without_head(model, images, batch_size)


# 04.rates


def _groups(model: Any, rates: Any, key: str = "lr") -> list[dict[str, Any]]:
    model.requires_grad_(False)
    return [
        {"params": list(getattr(model, part).requires_grad_(True).parameters()), key: rate}
        for part, rate in rates.items()
    ]


@wrong("04.rates", "one-rate")
def rates_all_the_same(model: Any, rates: Any) -> Any:
    return _groups(model, dict.fromkeys(rates, min(rates.values())))


@wrong("04.rates", "unknown-key")
def rates_under_another_key(model: Any, rates: Any) -> Any:
    return _groups(model, rates, "rate")


@wrong("04.rates", "still-frozen")
def rates_for_frozen_parts(model: Any, rates: Any) -> Any:
    return [{"params": list(getattr(model, part).parameters()), "lr": rate} for part, rate in rates.items()]


@wrong("04.rates", "rest-trains")
def rates_and_the_rest_left(model: Any, rates: Any) -> Any:
    model.requires_grad_(True)
    return [{"params": list(getattr(model, part).parameters()), "lr": rate} for part, rate in rates.items()]


@wrong("04.rates", "swapped")
def rates_swapped(model: Any, rates: Any) -> Any:
    return _groups(model, dict(zip(rates, reversed(list(rates.values())), strict=True)))


# 04.resume


def _run(
    parts: tuple[Any, Any, Any], batches: Any, epochs: int, path: Path, keep: str = "all", load: str = "all"
) -> Any:
    """The solution, with parts of the checkpoint left out or not read."""
    model, optimizer, schedule = parts
    first = 0
    if path.exists() and load:
        state = torch.load(path, weights_only=True)
        model.load_state_dict(state["model"])
        if load in ("all", "no schedule", "no epoch"):
            optimizer.load_state_dict(state["optimizer"])
        if load in ("all", "no epoch"):
            schedule.load_state_dict(state["schedule"])
        first = 0 if load == "no epoch" else state["epoch"]
    for epoch in range(first, epochs):
        model.train()
        for images, labels in batches:
            optimizer.zero_grad()
            functional.cross_entropy(model(images), labels).backward()
            optimizer.step()
        schedule.step()
        state = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "schedule": schedule.state_dict()}
        torch.save(state | {"epoch": epoch + 1} if keep == "all" else {"model": model, "epoch": epoch + 1}, path)
    return model


@wrong("04.resume", "never-loads")
def resume_never_loads(model: Any, optimizer: Any, schedule: Any, batches: Any, epochs: int, path: Path) -> Any:
    return _run((model, optimizer, schedule), batches, epochs, path, load="")


@wrong("04.resume", "model-only")
def resume_the_model_only(model: Any, optimizer: Any, schedule: Any, batches: Any, epochs: int, path: Path) -> Any:
    return _run((model, optimizer, schedule), batches, epochs, path, load="model")


@wrong("04.resume", "no-schedule")
def resume_without_schedule(model: Any, optimizer: Any, schedule: Any, batches: Any, epochs: int, path: Path) -> Any:
    return _run((model, optimizer, schedule), batches, epochs, path, load="no schedule")


@wrong("04.resume", "starts-counting-anew")
def resume_counting_anew(model: Any, optimizer: Any, schedule: Any, batches: Any, epochs: int, path: Path) -> Any:
    return _run((model, optimizer, schedule), batches, epochs, path, load="no epoch")


@wrong("04.resume", "whole-objects")
def resume_whole_objects(model: Any, optimizer: Any, schedule: Any, batches: Any, epochs: int, path: Path) -> Any:
    return _run((model, optimizer, schedule), batches, epochs, path, keep="objects", load="")
