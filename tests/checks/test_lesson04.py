"""The checks of lesson 04 accept other right ways than the solution's, and see what is easily overlooked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional

from coursekit.checks import exercises, judge
from coursekit.checks.lesson04_nets import FAMILIES, HEADS, distance, images, plain, tiny, tiny_resnet

OWN = [one for one in exercises() if one.startswith("04.")]


def head_by_family(model: Any, classes: int) -> Any:
    for name in ("fc", "classifier", "heads"):
        if not hasattr(model, name):
            continue
        layer = getattr(model, name)
        if isinstance(layer, nn.Linear):
            setattr(model, name, nn.Linear(layer.in_features, classes))
        else:
            layer[-1] = nn.Linear(layer[-1].in_features, classes)
    return model


def only_batch_norm_in_eval(model: Any) -> int:
    for name, one in model.named_parameters():
        one.requires_grad = name.startswith("fc.")
    for layer in model.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.eval()
    return sum(one.numel() for one in model.fc.parameters())


def features_by_hook(model: Any, pictures: torch.Tensor, batch_size: int) -> torch.Tensor:
    kept: list[torch.Tensor] = []
    hook = model.fc.register_forward_pre_hook(lambda module, given: kept.append(given[0]))
    was = model.training
    model.eval()
    with torch.no_grad():
        for start in range(0, len(pictures), batch_size):
            model(pictures[start : start + batch_size])
    model.train(was)
    hook.remove()
    return torch.cat(kept)


def groups_of_single_tensors(model: Any, rates: dict[str, float]) -> list[dict[str, Any]]:
    groups = []
    for name, one in model.named_parameters():
        part = name.split(".")[0]
        one.requires_grad_(part in rates)
        if part in rates:
            groups.append({"params": [one], "lr": rates[part]})
    return groups


def train_with_two_files(model: Any, optimizer: Any, schedule: Any, batches: Any, epochs: int, path: Path) -> Any:
    if path.exists():
        weights, memory, place = torch.load(path, weights_only=True)
        model.load_state_dict(weights)
        optimizer.load_state_dict(memory)
        schedule.load_state_dict(place)
    while schedule.last_epoch < epochs:
        model.train()
        for pictures, truth in batches:
            optimizer.zero_grad(set_to_none=False)
            functional.cross_entropy(model(pictures), truth).backward()
            optimizer.step()
        schedule.step()
        torch.save((model.state_dict(), optimizer.state_dict(), schedule.state_dict()), path)
    return model


@pytest.mark.parametrize(
    ("exercise", "answer"),
    [
        ("04.head", head_by_family),
        ("04.freeze", only_batch_norm_in_eval),
        ("04.features", features_by_hook),
        ("04.rates", groups_of_single_tensors),
        ("04.resume", train_with_two_files),
    ],
)
def test_another_right_answer_passes(exercise: str, answer: Any) -> None:
    for seed in range(8):
        assert judge(exercise, answer, seed=seed).passed, judge(exercise, answer, seed=seed)


def test_one_running_statistic_moved_by_one_step_is_seen() -> None:
    def all_but_one_layer(model: Any) -> int:
        count = only_batch_norm_in_eval(model)
        model.layer1[1].train()
        return count

    assert judge("04.freeze", all_but_one_layer, seed=4).misconception == "buffers-drift"


@pytest.mark.parametrize("exercise", OWN)
def test_inputs_and_what_was_seen_are_plain_data(exercise: str) -> None:
    right = {
        "04.head": head_by_family,
        "04.freeze": only_batch_norm_in_eval,
        "04.features": features_by_hook,
        "04.rates": groups_of_single_tensors,
        "04.resume": train_with_two_files,
    }
    check = exercises()[exercise].check
    inputs = check.draw(3)
    seen = check.observe(right[exercise], inputs)
    assert check.verdict(json.loads(json.dumps(inputs)), json.loads(json.dumps(seen)))


@pytest.mark.parametrize("family", FAMILIES)
def test_the_head_of_a_small_network_is_its_last_linear_layer(family: str) -> None:
    model = tiny(family, seed=1, width=11, classes=6)
    linear = [(name, one) for name, one in model.named_modules() if isinstance(one, nn.Linear)]
    assert (linear[-1][0], linear[-1][1].in_features) == (HEADS[family], 11)
    assert model(images(0, 3)).shape == (3, 6)


def test_networks_come_from_their_seed_and_distances_see_shapes() -> None:
    one, same, other = (plain(tiny_resnet(seed, 9, 4)) for seed in (1, 1, 2))
    assert distance(one, same) == 0
    assert distance(one, other) > 0
    assert distance(one, {**one, "fc.bias": [0.0]}) == float("inf")
    assert distance(one, {}) == float("inf")
