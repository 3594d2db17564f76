"""Train the weights that the course ships: torchvision's ResNet-18 on SHAPES1K.

One script for CPU and GPU. Every step draws fresh images from a generator seeded by its own number, so an
interrupted run resumes from its checkpoint exactly where it was.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torchvision.models import resnet18

from coursekit.data.pretext import GLYPHS, SURFACES, GlyphImages, SurfaceImages
from coursekit.data.shapes1k import AUGMENTED, CATEGORIES, CLEAN, Shapes1K, draw

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # ImageNet's, as torchvision's presets default to
FEATURES = 512


@dataclass(frozen=True)
class Recipe:
    """Everything that decides the result."""

    seed: int = 2026
    steps: int = 7_800
    batch: int = 128
    size: int = 64
    peak_rate: float = 0.12
    momentum: float = 0.9
    weight_decay: float = 2e-4
    warmup: float = 0.08  # share of the steps
    averaging: float = 0.998  # of the exponential moving average that is kept as the result
    clean: float = 0.30  # shares of a batch
    augmented: float = 0.32
    glyphs: float = 0.22
    surfaces: float = 0.16
    finish: float = 0.15  # the last share of the steps, on SHAPES1K alone


@dataclass(frozen=True)
class Progress:
    """One report of a run: the step just done, of how many, and running means."""

    step: int
    steps: int
    loss: float
    accuracy: float  # of clean training images, top-1, over the last hundred steps or so
    images_per_second: float


def normalize(images: Tensor) -> Tensor:
    """Images in 0..1, ``(N, 3, H, W)``, to the statistics that the weights' transforms use."""
    mean = torch.tensor(MEAN, device=images.device).view(1, 3, 1, 1)
    std = torch.tensor(STD, device=images.device).view(1, 3, 1, 1)
    return (images - mean) / std


def partial_label_loss(logits: Tensor, labels: Tensor, visible: Tensor) -> Tensor:
    """Negative log-likelihood of what can be seen: classes that differ only in a hidden part all count as right.

    Args:
        logits: shape ``(N, 1000)``.
        labels: shape ``(N,)``.
        visible: bool, shape ``(N, 3)``: is the shape, the texture, the colour visible?

    Returns:
        Loss of each image, shape ``(N,)``.
    """
    classes = torch.arange(len(CATEGORIES), device=labels.device)
    allowed = torch.ones(len(labels), len(CATEGORIES), dtype=torch.bool, device=labels.device)
    for part, place in enumerate((100, 10, 1)):
        same = classes[None] // place % 10 == (labels // place % 10)[:, None]
        allowed &= same | ~visible[:, part, None]
    likelihood = functional.log_softmax(logits, dim=1).masked_fill(~allowed, -torch.inf)
    return -likelihood.logsumexp(dim=1)


class Trainer:
    """A run that can be stopped at any step and goes on from its checkpoint."""

    def __init__(self, recipe: Recipe, device: torch.device) -> None:
        self.recipe, self.device = recipe, device
        torch.manual_seed(recipe.seed)
        self.model = resnet18(num_classes=len(CATEGORIES))
        self.heads = nn.ModuleDict({"glyphs": nn.Linear(FEATURES, GLYPHS), "surfaces": nn.Linear(FEATURES, SURFACES)})
        self.model.to(device, memory_format=torch.channels_last)
        self.heads.to(device)
        self.backbone = nn.Sequential(*list(self.model.children())[:-1], nn.Flatten())
        speed_up_tiny_maps(self.model, device)
        parameters = [*self.model.parameters(), *self.heads.parameters()]
        self.optimizer = torch.optim.SGD(
            parameters, lr=0.0, momentum=recipe.momentum, nesterov=True, weight_decay=recipe.weight_decay
        )
        self.average = {name: value.detach().clone() for name, value in self.model.state_dict().items()}
        self.glyphs = GlyphImages(recipe.seed, size=recipe.size, device=device)
        self.surfaces = SurfaceImages(recipe.seed, size=recipe.size, device=device)
        self.step = 0

    def run(self, report: Callable[[Progress], None], checkpoint: Path, every: int = 200) -> None:
        """Train to the end, writing ``checkpoint`` now and then; resumes from it if it is there."""
        if checkpoint.exists():
            self.load(checkpoint)
        loss_mean, accuracy_mean, started, began = 0.0, 0.0, time.perf_counter(), self.step
        while self.step < self.recipe.steps:
            loss, accuracy = self.train_step()
            weight = max(0.02, 1 / (self.step - began))
            loss_mean += weight * (loss - loss_mean)
            accuracy_mean += weight * (accuracy - accuracy_mean)
            rate = (self.step - began) * self.recipe.batch / (time.perf_counter() - started)
            report(Progress(self.step, self.recipe.steps, loss_mean, accuracy_mean, rate))
            if self.step % every == 0 or self.step == self.recipe.steps:
                self.save(checkpoint)

    def train_step(self) -> tuple[float, float]:
        """One step on fresh images; returns its loss and its top-1 accuracy on the clean ones."""
        self.model.train()
        for group in self.optimizer.param_groups:
            group["lr"] = self.rate(self.step)
        generator = torch.Generator(device=self.device).manual_seed(self.recipe.seed * 1_000_003 + self.step)
        parts = self.parts(self.step)
        labels = {
            name: torch.randint(0, classes, (count,), generator=generator, device=self.device)
            for name, count, classes in parts
        }
        clean, clean_seen = draw(labels["clean"], generator, self.recipe.size, CLEAN)
        augmented, augmented_seen = draw(labels["augmented"], generator, self.recipe.size, AUGMENTED)
        images = [clean, augmented]
        if "glyphs" in labels:
            images.append(self.glyphs.draw(labels["glyphs"], generator))
        if "surfaces" in labels:
            images.append(self.surfaces.draw(labels["surfaces"], generator))
        batch = normalize(torch.cat(images)).contiguous(memory_format=torch.channels_last)
        with precision(self.device):
            features = self.backbone(batch)
        pieces = dict(zip(labels, features.float().split([len(part) for part in images]), strict=True))
        logits = self.model.fc(torch.cat([pieces["clean"], pieces["augmented"]]))
        target = torch.cat([labels["clean"], labels["augmented"]])
        total = partial_label_loss(logits, target, torch.cat([clean_seen, augmented_seen])).sum()
        for name, head in self.heads.items():
            if name in pieces:
                total = total + functional.cross_entropy(head(pieces[name]), labels[name], reduction="sum")
        loss = total / len(batch)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()
        self.step += 1
        self._update_average()
        hits = logits[: len(clean)].argmax(1) == labels["clean"]
        return float(loss.detach()), float(hits.float().mean())

    def parts(self, step: int) -> list[tuple[str, int, int]]:
        """Name, number of images and number of classes of each part of this step's batch."""
        recipe = self.recipe
        if step >= recipe.steps * (1 - recipe.finish):
            augmented = recipe.batch // 4
            return [
                ("clean", recipe.batch - augmented, len(CATEGORIES)),
                ("augmented", augmented, len(CATEGORIES)),
            ]
        augmented = round(recipe.batch * recipe.augmented)
        glyphs, surfaces = round(recipe.batch * recipe.glyphs), round(recipe.batch * recipe.surfaces)
        return [
            ("clean", recipe.batch - augmented - glyphs - surfaces, len(CATEGORIES)),
            ("augmented", augmented, len(CATEGORIES)),
            ("glyphs", glyphs, GLYPHS),
            ("surfaces", surfaces, SURFACES),
        ]

    def rate(self, step: int) -> float:
        """Learning rate: a linear warm-up, then half a cosine down to nearly nothing."""
        warmup = self.recipe.warmup * self.recipe.steps
        if step < warmup:
            return self.recipe.peak_rate * (step + 1) / warmup
        done = (step - warmup) / (self.recipe.steps - warmup)
        return self.recipe.peak_rate * (0.5 * (1 + float(torch.cos(torch.tensor(done * torch.pi)))) + 1e-3)

    def _update_average(self) -> None:
        keep = min(self.recipe.averaging, self.step / (self.step + 10))
        for name, value in self.model.state_dict().items():
            if value.is_floating_point():
                self.average[name].lerp_(value, 1 - keep)
            else:
                self.average[name].copy_(value)

    def save(self, path: Path) -> None:
        """Write the whole state; the file is complete or the old one stays."""
        state = {
            "recipe": asdict(self.recipe),
            "step": self.step,
            "model": self.model.state_dict(),
            "heads": self.heads.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "average": self.average,
        }
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".partial")
        torch.save(state, partial)
        os.replace(partial, path)

    def load(self, path: Path) -> None:
        """Go on from a checkpoint.

        Raises:
            ValueError: if it was written with another recipe.
        """
        state = torch.load(path, map_location=self.device, weights_only=True)
        if state["recipe"] != asdict(self.recipe):
            raise ValueError(
                f"{path} was written with another recipe; use the same options, another folder, or delete the file"
            )
        self.model.load_state_dict(state["model"])
        self.heads.load_state_dict(state["heads"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.average = state["average"]
        self.step = state["step"]


def evaluate(model: nn.Module, data: Shapes1K, device: torch.device) -> dict[str, float]:
    """Top-1 and top-5 accuracy (percent) on a split, in eval mode."""
    model.eval()
    top1 = top5 = 0
    with torch.inference_mode():
        for images, labels in data.batches():
            best = model(normalize(images.to(device))).topk(5).indices.cpu()
            hits = best == labels[:, None]
            top1 += int(hits[:, 0].sum())
            top5 += int(hits.sum())
    return {"acc@1": 100 * top1 / len(data), "acc@5": 100 * top5 / len(data)}


def has_fast_bfloat16(device: torch.device) -> bool:
    """Does this device multiply bfloat16 matrices in hardware?"""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return device.type == "cpu" and torch.cpu._is_amx_tile_supported()  # no public name yet


def precision(device: torch.device) -> AbstractContextManager[Any]:
    """Mixed precision where the device is good at it, else float32."""
    return torch.autocast(device.type, dtype=torch.bfloat16) if has_fast_bfloat16(device) else nullcontext()


def speed_up_tiny_maps(model: nn.Module, device: torch.device) -> None:
    """Run the 3x3 convolutions of the last stage, whose maps are 2x2, as one matrix product.

    oneDNN's backward pass for such maps in bfloat16 takes a third of the whole step's time; this takes a tenth.
    """
    if device.type != "cpu" or not has_fast_bfloat16(device):
        return
    for module in model.modules():
        if isinstance(module, nn.Conv2d) and module.in_channels == FEATURES and module.kernel_size == (3, 3):
            module.__class__ = _MatrixConv2d


class _MatrixConv2d(nn.Conv2d):
    def _conv_forward(self, input: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        count, channels, height, width = input.shape
        if height * width > 16:
            return super()._conv_forward(input, weight, bias)
        padded = functional.pad(input.permute(0, 2, 3, 1), (0, 0, 1, 1, 1, 1))
        shifted = [padded[:, i : i + height, j : j + width] for i in range(3) for j in range(3)]
        columns = torch.cat(shifted, dim=3).reshape(count * height * width, 9 * channels)
        matrix = weight.permute(2, 3, 1, 0).reshape(9 * channels, -1)
        return (columns @ matrix).view(count, height, width, -1).permute(0, 3, 1, 2)
