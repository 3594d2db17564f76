"""Checks of lesson 08 on pixels and positions: ``08.masks`` and ``08.map``."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from coursekit.checks.core import Check, Wrong, article, call, require
from coursekit.detection import mask_overlap


class MaskCheck(Check):
    """``mask_scores(found, true)`` gives the IoU and the Dice score of two masks."""

    MISCONCEPTIONS: ClassVar = {
        "pixel-accuracy": "A mask is as good as the share of pixels that it has right.",
        "with-background": "The IoU of a mask is the mean over object and background.",
        "swapped": "IoU and Dice are two names for one number, so their order does not matter.",
        "empty-is-zero": "Two empty masks share nothing, so their overlap is 0.",
    }

    def draw(self, seed: int) -> dict[str, Any]:
        dice = torch.Generator().manual_seed(seed)
        pairs = []
        for _ in range(3):
            true = torch.zeros(14, 18, dtype=torch.bool)
            top, left = torch.randint(1, 6, (2,), generator=dice).tolist()
            true[top : top + 5, left : left + 6] = True
            down, right = torch.randint(1, 3, (2,), generator=dice).tolist()
            pairs.append([true.roll((down, right), (0, 1)).tolist(), true.tolist()])
        empty = torch.zeros(14, 18, dtype=torch.bool).tolist()
        return {"pairs": [*pairs, [empty, pairs[0][1]], [empty, empty]]}

    def observe(self, answer: Any, inputs: dict[str, Any]) -> dict[str, Any]:
        seen = []
        for found, true in inputs["pairs"]:
            result = call(answer, torch.tensor(found), torch.tensor(true))
            try:
                seen.append([float(value) for value in result])
            except (TypeError, ValueError, RuntimeError):
                return {"result": type(result).__name__}
        return {"scores": seen}

    def verdict(self, inputs: dict[str, Any], seen: dict[str, Any]) -> str:
        require("scores" in seen, f"Two numbers are expected, IoU and Dice; seen {article(str(seen.get('result')))}.")
        pairs = [(torch.tensor(found), torch.tensor(true)) for found, true in inputs["pairs"]]
        for scores in seen["scores"]:
            require(len(scores) == 2, f"Two numbers are expected, IoU and Dice; seen {len(scores)}.")
        truth = [mask_overlap(*pair) for pair in pairs]
        bad = [n for n, (a, b) in enumerate(zip(seen["scores"], truth, strict=True)) if not _close(a, b)]
        if not bad:
            return "IoU and Dice of masks drawn just now, empty ones among them."
        first = bad[0]
        sizes = f"{int(pairs[first][0].sum())} and {int(pairs[first][1].sum())} pixels"
        given = ", ".join(f"{value:.3f}" for value in seen["scores"][first])
        said = f"For masks of {sizes} you gave {given}; expected {truth[first][0]:.3f}, {truth[first][1]:.3f}. "
        require(
            bad != [len(pairs) - 1],
            said + "Two empty masks agree completely: return 1 for both, before you divide by zero.",
            "empty-is-zero",
        )
        shown = seen["scores"][first]
        require(
            not _close(shown, truth[first][::-1]),
            said + "These are the right numbers the other way round: IoU first, then Dice.",
            "swapped",
        )
        found, true = pairs[first]
        accuracy = float((found == true).float().mean())
        require(
            not math.isclose(shown[0], accuracy, abs_tol=1e-4),
            said + "That is pixel accuracy. The background has most of the pixels, and it is easy.",
            "pixel-accuracy",
        )
        both = (mask_overlap(found, true)[0] + mask_overlap(~found, ~true)[0]) / 2
        require(
            not math.isclose(shown[0], both, abs_tol=1e-4),
            said + "That is the mean over object and background. Asked for is the overlap of the masks.",
            "with-background",
        )
        raise Wrong(said + "IoU divides the shared pixels by the union, Dice twice the shared ones by the sum.")


def _close(one: Any, other: Any) -> bool:
    return all(math.isclose(a, b, abs_tol=1e-4) for a, b in zip(one, other, strict=True))


class SmallResNet(nn.Module):
    """The parts of a ResNet by their names, small: ``conv1``, ``bn1``, ``relu``, ``layer1``, ``avgpool``, ``fc``."""

    def __init__(self, width: int, classes: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, width, 3, stride=2, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.relu = nn.ReLU()
        self.layer1 = nn.Sequential(nn.Conv2d(width, 2 * width, 3, stride=2, padding=1), nn.ReLU())
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(2 * width, classes)

    def features(self, batch: Tensor) -> Tensor:
        result: Tensor = self.layer1(self.relu(self.bn1(self.conv1(batch))))
        return result

    def forward(self, batch: Tensor) -> Tensor:
        result: Tensor = self.fc(torch.flatten(self.avgpool(self.features(batch)), 1))
        return result


class MapCheck(Check):
    """``as_map(model)`` is a module that gives logits at each position of a ResNet's last features."""

    MISCONCEPTIONS: ClassVar = {
        "random-head": "A new convolution knows what the old layer knew.",
        "no-bias": "The weights of a layer are all there is to copy.",
        "still-pooled": "Replacing the head is enough to get a map.",
        "probabilities": "A map holds probabilities.",
        "train-mode": "A module that was built from an eval model is in eval mode.",
    }

    def draw(self, seed: int) -> dict[str, Any]:
        dice = torch.Generator().manual_seed(seed)
        width, classes = (int(torch.randint(low, high, (), generator=dice)) for low, high in ((4, 9), (3, 8)))
        height, side = (4 * int(torch.randint(4, 8, (), generator=dice)) for _ in range(2))
        return {"seed": seed, "width": width, "classes": classes, "size": [height, side]}

    @staticmethod
    def _model(inputs: dict[str, Any]) -> tuple[SmallResNet, Tensor]:
        """The model in eval mode, with batch-norm statistics of its own, and a batch of two."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(inputs["seed"])
            model = SmallResNet(inputs["width"], inputs["classes"])
            model.bn1.running_mean = torch.randn(inputs["width"])
            model.bn1.running_var = 0.3 + torch.rand(inputs["width"])
            nn.init.normal_(model.fc.bias)
            return model.eval(), torch.rand(2, 3, *inputs["size"])

    def observe(self, answer: Any, inputs: dict[str, Any]) -> dict[str, Any]:
        model, batch = self._model(inputs)
        with torch.random.fork_rng(devices=[]):  # a new layer draws its first weights
            module = call(answer, model)
        if not isinstance(module, nn.Module):
            return {"result": type(module).__name__}
        training = any(one.training for one in module.modules())
        with torch.inference_mode():
            logits = call(module, batch)
        if not isinstance(logits, Tensor):
            return {"result": f"module that returns {article(type(logits).__name__)}"}
        return {"training": training, "shape": list(logits.shape), "logits": logits.tolist()}

    def verdict(self, inputs: dict[str, Any], seen: dict[str, Any]) -> str:
        require("logits" in seen, f"A torch module is expected; seen {article(str(seen.get('result')))}.")
        model, batch = self._model(inputs)
        fc = model.fc
        with torch.inference_mode():
            features = model.features(batch)
            truth = torch.einsum("nchw,kc->nkhw", features, fc.weight) + fc.bias[:, None, None]
            bare = truth - fc.bias[:, None, None]
            noisy = torch.einsum("nchw,kc->nkhw", model.train().features(batch), fc.weight) + fc.bias[:, None, None]
        shape = list(truth.shape)
        require(
            seen["shape"] == shape or seen["shape"][-2:] != [1, 1],
            f"The output has shape {seen['shape']}: one answer an image. Average pooling is still in; leave it out, "
            f"and {shape} comes out.",
            "still-pooled",
        )
        require(
            seen["shape"] == shape,
            f"The output has shape {seen['shape']}; expected {shape}: a logit for each class at each position.",
        )
        logits = torch.tensor(seen["logits"])
        where = (
            f"At the first position you gave {float(logits[0, 0, 0, 0]):.3f}; expected {float(truth[0, 0, 0, 0]):.3f}. "
        )
        require(
            not seen["training"] and not torch.allclose(logits, noisy, atol=1e-3),
            "A part of your module is in training mode, so batch norm measures the batch. Call `.eval()` on the whole "
            "before you return it.",
            "train-mode",
        )
        if torch.allclose(logits, truth, atol=1e-3):
            return "The same answers as `fc` gives, at every position, of a model made just now."
        require(
            not torch.allclose(logits, truth.softmax(1), atol=1e-3),
            where + "These are probabilities. Return logits, as the classifier does.",
            "probabilities",
        )
        require(
            not torch.allclose(logits, bare, atol=1e-3),
            where + "The weights are right and the bias of `fc` is missing.",
            "no-bias",
        )
        raise Wrong(
            where + "The convolution must have the weights of `fc`; a new one has random numbers.",
            "random-head",
        )
