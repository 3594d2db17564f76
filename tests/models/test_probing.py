"""Features are what the shipped model computes on its way, and a head can be trained on them."""

from __future__ import annotations

import torch

from coursekit.data.clinic import fresh_cells
from coursekit.models.course import course_resnet18
from coursekit.models.probing import WEIGHTS, features_of, frozen_body


def test_features_are_the_mean_and_maximum_of_layer2() -> None:
    images, body = fresh_cells(5, slides=5).images, frozen_body()
    seen: list[torch.Tensor] = []
    model = course_resnet18(weights=WEIGHTS).eval()
    model.layer2.register_forward_hook(lambda module, inputs, output: seen.append(output))
    with torch.no_grad():
        model(WEIGHTS.transforms()(images))
    features = features_of(body, images)
    assert features.shape == (5, 256)
    assert torch.allclose(features[:, :128], seen[0].mean((2, 3)), atol=1e-5)
    assert torch.allclose(features[:, 128:], seen[0].amax((2, 3)), atol=1e-5)


def test_a_head_can_be_trained_on_them_and_the_body_is_frozen() -> None:
    body = frozen_body()
    features = features_of(body, fresh_cells(4, slides=4).images)
    torch.nn.Linear(256, 2)(features).sum().backward()
    assert not body.training
    assert not any(parameter.requires_grad for parameter in body.parameters())
