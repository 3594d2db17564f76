"""Frozen features of cells, as lesson 09 and its judge take them: how much of each pattern there is, and how strong.

>>> from coursekit.models.probing import features_of, frozen_body
>>> features = features_of(frozen_body(), cells.images)
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from coursekit.models.course import ResNet18_CourseWeights, course_resnet18

WEIGHTS = ResNet18_CourseWeights.SHAPES1K_V1
STAGES = 6  # of ResNet-18's parts: conv1, bn1, relu, maxpool, layer1, layer2
PART = 100  # images at a time


def frozen_body() -> nn.Module:
    """The stem and the first two stages of the course's ResNet-18, in eval mode and without gradients.

    ``(N, 3, 64, 64)``, prepared by ``WEIGHTS.transforms()``, to maps ``(N, 128, 8, 8)``.
    """
    return nn.Sequential(*list(course_resnet18(weights=WEIGHTS).children())[:STAGES]).eval().requires_grad_(False)


def features_of(body: nn.Module, images: Tensor) -> Tensor:
    """Mean and maximum of each of the body's maps.

    Args:
        body: returns ``(N, C, H, W)``.
        images: shape ``(N, 3, H, W)``, floats in 0..1, not normalised.

    Returns:
        Shape ``(N, 2 C)``.
    """
    prepare = WEIGHTS.transforms()
    with torch.no_grad():  # not inference_mode: a head will be trained on these
        maps = [body(prepare(part)) for part in images.split(PART)]
    return torch.cat([torch.cat([one.mean((2, 3)), one.amax((2, 3))], dim=1) for one in maps])
