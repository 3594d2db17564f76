"""Does pre-training pay? Fine-tuning against training from scratch, and probes, on images that were never rendered.

Every comparison gives both sides the same labelled images, the same number of steps, the same optimizer and the same
rates to choose from; a separate set of images chooses the rate.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from torchvision.models import resnet18

from coursekit.data.smears import CLASSES, render_cells
from coursekit.models.pretrain import FEATURES, normalize, precision, speed_up_tiny_maps

STEPS, BATCH, RATES = 150, 32, (0.01, 0.05)
SIDE = 64  # pixels
CPU = torch.device("cpu")


@dataclass(frozen=True)
class Task:
    """Images ``(N, 3, 64, 64)`` in 0..1 and labels ``(N,)``: to train on, to choose the rate with, to judge by."""

    classes: int
    train: tuple[Tensor, Tensor]
    val: tuple[Tensor, Tensor]
    test: tuple[Tensor, Tensor]


@dataclass(frozen=True)
class Result:
    """Accuracies (0..1) on the test images of one task and seed."""

    task: str
    labels: int  # labelled training images
    seed: int
    tuned: float
    scratch: float
    probe: float
    random_probe: float


def digits(seed: int, per_class: int = 10) -> Task:
    """Handwritten digits of scikit-learn, 8 x 8 pixels, enlarged."""
    from sklearn.datasets import load_digits

    bunch = load_digits()
    images = torch.tensor(bunch.images / 16, dtype=torch.float32)[:, None].expand(-1, 3, -1, -1)
    return _split(images, torch.tensor(bunch.target), 10, per_class, seed)


def faces(seed: int, per_class: int = 20) -> Task:
    """scikit-image's 200 patches of 25 x 25 pixels: a face or not."""
    from skimage.data import lfw_subset

    images = torch.tensor(lfw_subset(), dtype=torch.float32)[:, None].expand(-1, 3, -1, -1)
    labels = (torch.arange(len(images)) >= 100).long()  # the first hundred are faces
    return _split(images, labels, 2, per_class, seed)


SURFACES = ("brick", "grass", "gravel", "chelsea", "coffee", "retina", "immunohistochemistry", "moon", "coins", "page")


def surfaces(seed: int, per_class: int = 10) -> Task:
    """Which of ten photographs a patch is from: training patches from the left half, test patches from the right."""
    import skimage.data

    random = np.random.default_rng(seed)
    parts: list[tuple[list[Tensor], list[int]]] = [([], []), ([], []), ([], [])]
    for label, name in enumerate(SURFACES):
        picture = torch.tensor(np.atleast_3d(getattr(skimage.data, name)())[..., :3], dtype=torch.float32) / 255
        picture = picture.permute(2, 0, 1).expand(3, -1, -1)
        middle = picture.shape[2] // 2
        for (images, labels), half, count in zip(
            parts,
            (picture[:, :, :middle], picture[:, :, middle:], picture[:, :, middle:]),
            (per_class, 10, 60),
            strict=True,
        ):
            for _ in range(count):
                side = int(random.integers(40, 90))
                top, left = (int(random.integers(0, length - side)) for length in half.shape[1:])
                images.append(_resize(half[None, :, top : top + side, left : left + side])[0])
                labels.append(label)
    train, val, test = ((torch.stack(images), torch.tensor(labels)) for images, labels in parts)
    return Task(len(SURFACES), train, val, test)


def smears(seed: int, per_class: int = 10) -> Task:
    """Simulated blood smears, split by slide."""

    def draw(count: int, first_slide: int, draw_seed: int) -> tuple[Tensor, Tensor]:
        labels = torch.arange(len(CLASSES)).repeat_interleave(count)
        slides = first_slide + torch.arange(len(labels)) % 20
        return render_cells(labels, slides, seed=draw_seed), labels

    base = 100 * seed
    return Task(
        len(CLASSES),
        draw(per_class, base, 10 * seed + 1),
        draw(40, base + 40, 10 * seed + 2),
        draw(400, base + 60, 10 * seed + 3),
    )


TASKS: dict[str, Callable[[int], Task]] = {
    "digits, 100 labels": partial(digits, per_class=10),
    "digits, 400 labels": partial(digits, per_class=40),
    "faces, 40 labels": faces,
    "photograph patches, 100 labels": surfaces,
    "simulated smears, 50 labels": partial(smears, per_class=10),
    "simulated smears, 200 labels": partial(smears, per_class=40),
}


def measure(state: dict[str, Tensor], seeds: int = 3, tasks: tuple[str, ...] = tuple(TASKS)) -> Iterator[Result]:
    """Compare on every task and seed, one result at a time.

    Args:
        state: weights of a ResNet-18 (any number of outputs); the head is replaced.
        seeds: how many draws of training images and of random weights.
        tasks: names out of ``TASKS``.
    """
    for name in tasks:
        for seed in range(seeds):
            task = TASKS[name](seed)
            yield Result(
                name,
                len(task.train[1]),
                seed,
                tuned=_tune(task, state, seed),
                scratch=_tune(task, None, seed),
                probe=_probe(task, state, seed),
                random_probe=_probe(task, None, seed),
            )


def _split(images: Tensor, labels: Tensor, classes: int, per_class: int, seed: int) -> Task:
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(images), generator=generator)
    images, labels = _resize(images[order]), labels[order]
    train, val, test = [], [], []
    for label in range(classes):
        rows = (labels == label).nonzero()[:, 0]
        train.append(rows[:per_class])
        val.append(rows[per_class : per_class + 10])
        test.append(rows[per_class + 10 :])
    pick = [torch.cat(rows) for rows in (train, val, test)]
    return Task(classes, *((images[rows], labels[rows]) for rows in pick))


def _resize(images: Tensor) -> Tensor:
    return functional.interpolate(images, size=(SIDE, SIDE), mode="bilinear", antialias=True).clamp(0, 1)


def _model(state: dict[str, Tensor] | None, classes: int, seed: int) -> nn.Module:
    torch.manual_seed(seed)
    model = resnet18()
    if state is not None:
        backbone = {name: value.float() for name, value in state.items() if not name.startswith("fc.")}
        model.load_state_dict(backbone, strict=False)
    model.fc = nn.Linear(FEATURES, classes)
    speed_up_tiny_maps(model, CPU)
    return model.to(memory_format=torch.channels_last)


def _tune(task: Task, state: dict[str, Tensor] | None, seed: int) -> float:
    """Test accuracy after training all weights, at the rate that the validation images prefer."""
    best = (-1.0, 0.0)
    for rate in RATES:
        model = _model(state, task.classes, seed)
        _fit(model, task.train, rate, seed)
        best = max(best, (accuracy(model, *task.val), accuracy(model, *task.test)), key=lambda pair: pair[0])
    return best[1]


def _fit(model: nn.Module, train: tuple[Tensor, Tensor], rate: float, seed: int) -> None:
    images, labels = train
    generator = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.SGD(model.parameters(), lr=rate, momentum=0.9, nesterov=True, weight_decay=5e-4)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=rate, total_steps=STEPS)
    model.train()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        for _ in range(STEPS):
            rows = torch.randint(0, len(labels), (BATCH,), generator=generator)
            batch = normalize(images[rows]).contiguous(memory_format=torch.channels_last)
            with precision(CPU):
                loss = functional.cross_entropy(model(batch), labels[rows])
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            schedule.step()


def accuracy(model: nn.Module, images: Tensor, labels: Tensor) -> float:
    """Share of right answers in eval mode, 0..1."""
    return float((_outputs(model, images).argmax(1) == labels).float().mean())


def _outputs(model: nn.Module, images: Tensor) -> Tensor:
    model.eval()
    with torch.inference_mode(), precision(CPU):
        return torch.cat([model(normalize(part)).float() for part in images.split(250)])


def _probe(task: Task, state: dict[str, Tensor] | None, seed: int) -> float:
    """Test accuracy of a logistic regression on frozen features."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    model = _model(state, task.classes, seed)
    model.fc = nn.Identity()
    probe = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=1000))
    probe.fit(_outputs(model, task.train[0]).numpy(), task.train[1].numpy())
    return float(probe.score(_outputs(model, task.test[0]).numpy(), task.test[1].numpy()))
