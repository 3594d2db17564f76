"""What checks are made of: small models that nobody has seen before, behind torchvision's own registry."""

# No "from __future__ import annotations": torchvision reads the annotation of ``weights`` as an object.
import random
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, Optional

import torch
from PIL import Image
from torch import Tensor, nn
from torchvision.models import _api
from torchvision.models._api import Weights, WeightsEnum
from torchvision.transforms._presets import ImageClassification

import coursekit.models.course  # noqa: F401, adds the course's own weights to torchvision's registry

SYLLABLES = ("bar", "dol", "fen", "gim", "hul", "kel", "lor", "mip", "nad", "pov", "rus", "sef", "tam", "vek", "zor")


class TinyNet(nn.Module):
    """Convolution, batch norm, dropout, pooling, linear head: ``(N, 3, H, W)`` to ``(N, classes)`` in a millisecond."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 5, stride=2)
        self.norm = nn.BatchNorm2d(8)
        self.drop = nn.Dropout(0.3)
        self.fc = nn.Linear(8, classes)

    def forward(self, batch: Tensor) -> Tensor:
        features = torch.relu(self.norm(self.conv(batch))).mean((2, 3))
        return self.fc(self.drop(features))


def tiny_state(seed: int, classes: int) -> dict[str, Tensor]:
    """A state dict for :class:`TinyNet` whose logits differ clearly between classes and between images."""
    dice = torch.Generator().manual_seed(seed)

    def normal(*shape: int, scale: float = 1.0) -> Tensor:
        return torch.randn(*shape, generator=dice) * scale

    return {
        "conv.weight": normal(8, 3, 5, 5, scale=0.15),
        "conv.bias": normal(8, scale=0.1),
        "norm.weight": 1 + normal(8, scale=0.1).abs(),
        "norm.bias": normal(8, scale=0.3),
        "norm.running_mean": normal(8, scale=0.3),
        "norm.running_var": 0.5 + normal(8).abs(),
        "norm.num_batches_tracked": torch.tensor(100),
        "fc.weight": normal(classes, 8, scale=1.2),
        "fc.bias": normal(classes, scale=0.5),
    }


def tiny_net(state: Optional[dict[str, Tensor]] = None, classes: int = 5) -> TinyNet:  # noqa: UP045, see above
    """A :class:`TinyNet` with these weights, or with random ones; the learner's random stream is left alone."""
    with torch.random.fork_rng(devices=[]):
        torch.seed()
        model = TinyNet(classes if state is None else len(state["fc.bias"]))
    if state is not None:
        model.load_state_dict(state)
    return model


class _Local(WeightsEnum):
    """Weights that are made on the spot: no file, no network."""

    def get_state_dict(self, *args: Any, **kwargs: Any) -> dict[str, Tensor]:
        return tiny_state(self.meta["seed"], len(self.meta["categories"]))


def tiny_weights(seed: int) -> type[WeightsEnum]:
    """Two entries, ``V1`` and ``V2`` (the default), with their own numbers, categories and transforms."""
    dice = random.Random(seed)
    classes = dice.randint(7, 11)
    categories = dice.sample([a + b for a in SYLLABLES for b in SYLLABLES if a != b], classes)

    def entry(number: int) -> Weights:
        size = dice.randrange(20, 30, 2)
        transforms = partial(
            ImageClassification,
            crop_size=size,
            resize_size=size + 2 * dice.randint(2, 5),
            mean=tuple(round(dice.uniform(0.3, 0.6), 3) for _ in range(3)),
            std=tuple(round(dice.uniform(0.15, 0.35), 3) for _ in range(3)),
        )
        meta = {"categories": categories, "seed": seed + number, "num_params": 0}
        return Weights(url=f"https://weights.invalid/tiny_v{number}-{seed:08x}.pth", transforms=transforms, meta=meta)

    first, second = entry(1), entry(2)
    return _Local("Tiny_Weights", {"V1": first, "V2": second, "DEFAULT": second})


@contextmanager
def registered(seed: int) -> Iterator[tuple[str, type[WeightsEnum]]]:
    """A fresh model in torchvision's registry, for as long as the context lasts.

    Yields:
        Its name, and its weights.
    """
    entries = tiny_weights(seed)
    classes = len(entries["DEFAULT"].meta["categories"])

    def build(*, weights: Any = None, progress: bool = True, **kwargs: Any) -> TinyNet:
        checked = entries.verify(weights)
        return tiny_net(None if checked is None else checked.get_state_dict(), classes)

    build.__annotations__["weights"] = Optional[entries]  # noqa: UP045, where torchvision looks for the enum
    name = f"tiny_{seed:08x}"
    _api.BUILTIN_MODELS[name] = build
    try:
        yield name, entries
    finally:
        del _api.BUILTIN_MODELS[name]


def random_image(seed: int) -> Image.Image:
    """A photograph of nothing: soft random colours, RGB, neither square nor of any usual size."""
    dice = torch.Generator().manual_seed(seed)
    width, height = (int(side) for side in torch.randint(40, 80, (2,), generator=dice))
    pixels = (torch.rand(6, 7, 3, generator=dice) * 255).to(torch.uint8).numpy()
    return Image.fromarray(pixels).resize((width, height + 1), Image.Resampling.BICUBIC)
