"""Small networks for the checks of lesson 04, named as torchvision names its own, of widths that nobody knows."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

FAMILIES = ("resnet", "densenet", "mobilenet", "vit")  # fc, classifier, classifier[-1], heads.head
HEADS = {"resnet": "fc", "densenet": "classifier", "mobilenet": "classifier.3", "vit": "heads.head"}


class TinyResNet(nn.Module):
    """Stem, two stages with batch norm, pooling, dropout, head: ``(N, 3, H, W)`` to ``(N, classes)``.

    The names are those of torchvision's ResNet. ``seen`` counts the images that went through the stem.
    """

    def __init__(self, width: int, classes: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 6, 3, stride=2), nn.BatchNorm2d(6)
        self.layer1 = nn.Sequential(nn.Conv2d(6, 8, 3), nn.BatchNorm2d(8), nn.ReLU())
        self.layer2 = nn.Sequential(nn.Conv2d(8, width, 3), nn.BatchNorm2d(width), nn.ReLU())
        self.dropout = nn.Dropout(dropout)
        self.fc: nn.Module = nn.Linear(width, classes)
        self.seen = 0

    def features(self, batch: Tensor) -> Tensor:
        """What enters the head, shape ``(N, width)``."""
        self.seen += len(batch)
        maps = self.layer2(self.layer1(torch.relu(self.bn1(self.conv1(batch)))))
        return self.dropout(maps.mean((2, 3)))

    def forward(self, batch: Tensor) -> Tensor:
        return self.fc(self.features(batch))


class _Other(nn.Module):
    """A stem with batch norm in front of a head of another family."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, width, 3, stride=2), nn.BatchNorm2d(width), nn.Hardswish())

    def pooled(self, batch: Tensor) -> Tensor:
        return self.stem(batch).mean((2, 3))


class TinyDenseNet(_Other):
    """The head is one linear layer, ``classifier``."""

    def __init__(self, width: int, classes: int) -> None:
        super().__init__(width)
        self.classifier = nn.Linear(width, classes)

    def forward(self, batch: Tensor) -> Tensor:
        return self.classifier(self.pooled(batch))


class TinyMobileNet(_Other):
    """The head is the last of the layers in ``classifier``."""

    def __init__(self, width: int, classes: int) -> None:
        super().__init__(width + 3)
        self.classifier = nn.Sequential(
            nn.Linear(width + 3, width), nn.Hardswish(), nn.Dropout(0.2), nn.Linear(width, classes)
        )

    def forward(self, batch: Tensor) -> Tensor:
        return self.classifier(self.pooled(batch))


class TinyViT(_Other):
    """The head is ``heads.head``."""

    def __init__(self, width: int, classes: int) -> None:
        super().__init__(width)
        self.heads = nn.Sequential()
        self.heads.add_module("head", nn.Linear(width, classes))

    def forward(self, batch: Tensor) -> Tensor:
        return self.heads(self.pooled(batch))


@contextmanager
def own_dice(seed: int) -> Iterator[None]:
    """Chance inside depends on ``seed`` alone, and the learner's random numbers and gradient mode stay as they were."""
    learners, grad = random.getstate(), torch.is_grad_enabled()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        random.seed(seed)
        torch.set_grad_enabled(True)
        try:
            yield
        finally:
            torch.set_grad_enabled(grad)
            random.setstate(learners)


def tiny_resnet(seed: int, width: int, classes: int, dropout: float = 0.0) -> TinyResNet:
    """The network of a seed, in train mode as every fresh model, with running statistics that tell."""
    with own_dice(seed):
        model = TinyResNet(width, classes, dropout)
        _season(model)
    return model


def tiny(family: str, seed: int, width: int, classes: int) -> nn.Module:
    """One of ``FAMILIES``, in eval mode, with running statistics that tell."""
    kinds: dict[str, Any] = {
        "resnet": TinyResNet,
        "densenet": TinyDenseNet,
        "mobilenet": TinyMobileNet,
        "vit": TinyViT,
    }
    with own_dice(seed):
        model: nn.Module = kinds[family](width, classes)
        _season(model)
    return model.eval()


def _season(model: nn.Module) -> None:
    for layer in model.modules():
        if isinstance(layer, nn.BatchNorm2d) and layer.running_mean is not None and layer.running_var is not None:
            layer.running_mean.normal_(0, 0.3)
            layer.running_var.uniform_(0.5, 1.5)
            nn.init.uniform_(layer.weight, 0.5, 1.5)


def images(seed: int, count: int) -> Tensor:
    """Random images, shape ``(count, 3, 16, 16)``, each with a colour and a contrast of its own."""
    dice = torch.Generator().manual_seed(seed)
    tint, spread = torch.randn(count, 3, 1, 1, generator=dice), torch.rand(count, 1, 1, 1, generator=dice) + 0.3
    return tint + spread * torch.randn(count, 3, 16, 16, generator=dice)


def labels(seed: int, count: int, classes: int) -> Tensor:
    """Class indices, shape ``(count,)``."""
    return torch.randint(0, classes, (count,), generator=torch.Generator().manual_seed(seed + 1))


def plain(model: nn.Module) -> dict[str, Any]:
    """A model's state as lists by name."""
    return {name: tensor.detach().cpu().tolist() for name, tensor in model.state_dict().items()}


def distance(one: dict[str, Any], other: dict[str, Any], names: Any = None) -> float:
    """The largest difference between two states over ``names``; infinite if a name or a shape differs."""
    worst = 0.0
    for name in one if names is None else names:
        if name not in one or name not in other:
            return float("inf")
        a, b = (torch.tensor(state[name], dtype=torch.float64) for state in (one, other))
        if a.shape != b.shape:
            return float("inf")
        worst = max(worst, float((a - b).abs().max())) if a.numel() else worst
    return worst
