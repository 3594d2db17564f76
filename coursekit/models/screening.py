"""The classifier of simulated smears that lessons 05 to 09 judge: fine-tuned from the course's weights in seconds.

>>> from coursekit.models.screening import logits_of, screening_model
>>> model = screening_model()
>>> logits = logits_of(model, cells.images)

The stem and the first three stages stay as they were, in eval mode, so their output is computed once for all images.
Only the last stage and a new head are trained. Lesson 04 builds the same thing in its cells.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional
from torchvision.models import ResNet

from coursekit.data.smear_sets import SmearCells
from coursekit.data.smears import CLASSES
from coursekit.models.course import ResNet18_CourseWeights, course_resnet18

WEIGHTS = ResNet18_CourseWeights.SHAPES1K_V1
BATCH = 32
PART = 200  # images at a time where nothing is trained


def screening_model(train: SmearCells | None = None, *, steps: int = 100, rate: float = 0.02, seed: int = 0) -> ResNet:
    """A ResNet-18 that names the class of a smear cell, in eval mode.

    Args:
        train: cells to learn from; 400 cells of 20 slides, as many of each class, if not given.
        steps: training steps of 32 cells.
        rate: peak learning rate of a one-cycle schedule (SGD, Nesterov momentum 0.9).
        seed: draws the new head and the batches.

    Returns:
        The model; ``(N, 3, H, W)``, prepared by ``WEIGHTS.transforms()``, to logits ``(N, 5)`` in the order of
        ``coursekit.data.smears.CLASSES``.

    Raises:
        ValueError: if there is nothing to learn from.
    """
    cells = train if train is not None else SmearCells(400, slides=20, seed=1)
    if len(cells) == 0:
        raise ValueError("a model needs cells to learn from; seen a set of 0")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = course_resnet18(weights=WEIGHTS).eval()
        model.fc = nn.Linear(model.fc.in_features, len(CLASSES))
    return fit_last_stage(model, cells.images, cells.labels, steps=steps, rate=rate, seed=seed)


def fit_last_stage(
    model: ResNet,
    images: Tensor,
    labels: Tensor,
    *,
    steps: int = 100,
    rate: float = 0.02,
    seed: int = 0,
    loss: Callable[[Tensor, Tensor], Tensor] = functional.cross_entropy,
) -> ResNet:
    """Train ``layer4`` and ``fc`` of a ResNet, over the cached output of the rest; returns the model in eval mode.

    Args:
        model: a ResNet whose head fits the labels.
        images: shape ``(N, 3, H, W)``, floats in 0..1.
        labels: class indices, shape ``(N,)``.
        steps: training steps of 32 images drawn with replacement.
        rate: peak learning rate.
        seed: draws the batches.
        loss: called with logits ``(32, classes)`` and labels ``(32,)``.
    """
    model.eval()
    features = _parts(lambda part: _trunk(model, WEIGHTS.transforms()(part)), images)
    trained = [*model.layer4.parameters(), *model.fc.parameters()]
    optimizer = torch.optim.SGD(trained, lr=rate, momentum=0.9, nesterov=True, weight_decay=5e-4)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=rate, total_steps=steps)
    generator = torch.Generator().manual_seed(seed)
    model.layer4.train()
    for _ in range(steps):
        rows = torch.randint(0, len(labels), (BATCH,), generator=generator)
        value = loss(_head(model, features[rows]), labels[rows])
        optimizer.zero_grad(set_to_none=True)
        value.backward()
        optimizer.step()
        schedule.step()
    return model.eval()


def logits_of(model: nn.Module, images: Tensor) -> Tensor:
    """Logits of smear cells, in parts, without gradients.

    Args:
        model: in eval mode.
        images: shape ``(N, 3, H, W)``, floats in 0..1, not normalised.

    Returns:
        Shape ``(N, classes)``.
    """
    return _parts(lambda part: model(WEIGHTS.transforms()(part)), images)


def _trunk(model: ResNet, batch: Tensor) -> Tensor:
    stem = model.maxpool(model.relu(model.bn1(model.conv1(batch))))
    return model.layer3(model.layer2(model.layer1(stem)))


def _head(model: ResNet, features: Tensor) -> Tensor:
    return model.fc(torch.flatten(model.avgpool(model.layer4(features)), 1))


def _parts(function: Callable[[Tensor], Tensor], images: Tensor) -> Tensor:
    with torch.no_grad():
        return torch.cat([function(part) for part in images.split(PART)])
