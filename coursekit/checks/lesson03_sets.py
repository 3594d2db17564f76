"""Checks of lesson 03 on whole sets: ``03.pipelines``, ``03.diagnose``."""

from __future__ import annotations

import random
from typing import Any, ClassVar

import torch
from PIL import Image
from torch import Tensor
from torchvision.transforms import functional

from coursekit.checks.core import Check, Wrong, call, require
from coursekit.checks.fixtures import random_image, tiny_weights
from coursekit.checks.lesson03_images import plain


class PipelinesCheck(Check):
    """``pipelines(weights)`` returns two: random crops and flips to train, a fixed one to evaluate."""

    MISCONCEPTIONS: ClassVar = {
        "random-evaluation": "Evaluation should see images as training does.",
        "fixed-training": "The transforms of the weights are also those to train with.",
        "no-flips": "Random crops are all there is to augmentation.",
        "training-not-normalised": "Normalisation belongs to evaluation alone.",
        "fixed-transforms": "Every model wants 224 pixels and ImageNet's mean and deviation.",
    }
    CALLS = 24

    def draw(self, seed: int) -> dict[str, Any]:
        dice = random.Random(seed)
        return {"seed": seed, "color": [dice.randint(0, 255) for _ in range(3)]}

    def observe(self, answer: Any, inputs: dict[str, Any]) -> dict[str, Any]:
        state = random.getstate()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(inputs["seed"])
            try:
                return self._observe(answer, inputs)
            finally:
                random.setstate(state)

    def _observe(self, answer: Any, inputs: dict[str, Any]) -> dict[str, Any]:
        result = call(answer, tiny_weights(inputs["seed"])["DEFAULT"])
        if not (isinstance(result, (tuple, list)) and len(result) == 2 and all(map(callable, result))):
            return {"result": type(result).__name__}
        train, evaluate = result
        flat, ramp = self._flat(inputs), self._ramp()
        slopes = []
        for _ in range(self.CALLS):
            view = call(train, ramp)
            if not isinstance(view, Tensor) or view.ndim != 3 or view.shape[-1] < 2:
                return {"view": plain(view) | {"values": None}}
            slopes.append(round(float((view[:, :, -1] - view[:, :, 0]).double().mean()), 4))
        return {
            "slopes": slopes,
            "flat": plain(call(train, flat)),
            "fixed": [plain(call(evaluate, random_image(inputs["seed"]))) for _ in range(6)],
        }

    @staticmethod
    def _flat(inputs: dict[str, Any]) -> Image.Image:
        return Image.new("RGB", (70, 60), tuple(inputs["color"]))

    @staticmethod
    def _ramp() -> Image.Image:
        """Dark on the left, light on the right: a mirror image falls instead of rising."""
        line = torch.linspace(0, 255, 80).round().byte()
        return Image.fromarray(line.expand(60, 80).contiguous().numpy()).convert("RGB")

    def verdict(self, inputs: dict[str, Any], seen: dict[str, Any]) -> str:
        require(
            "result" not in seen, f"Two callables are expected, to train and to evaluate; seen {seen.get('result')}."
        )
        require(
            "view" not in seen, f"To train, an image must become a tensor (3, height, width); seen {seen.get('view')}."
        )
        transforms = tiny_weights(inputs["seed"])["DEFAULT"].transforms()
        side = transforms.crop_size[0]
        expected = transforms(random_image(inputs["seed"]))
        fixed, flat = seen["fixed"], seen["flat"]
        for one in [*fixed, flat]:
            require(one["type"] == "Tensor", f"Both pipelines must give tensors; seen {one['type']}.")
            require(
                one["shape"] == [3, side, side],
                f"An image came out as {one['shape']}; these weights expect {[3, side, side]} (`crop_size`).",
                "fixed-transforms",
            )
        require(
            all(one["values"] == fixed[0]["values"] for one in fixed),
            "To evaluate, the same image came out differently when it was called again. A score would change from run "
            "to run: leave all chance out.",
            "random-evaluation",
        )
        require(
            torch.allclose(torch.tensor(fixed[0]["values"]).double(), expected.double(), atol=1e-3),
            "To evaluate, an image does not come out as the weights' own transforms make it. "
            "`weights.transforms()` is what they were scored with.",
            "fixed-transforms",
        )
        slopes = seen["slopes"]
        require(
            len(set(slopes)) > 1,
            f"To train, the same image came out the same {self.CALLS} times. Crop and mirror it at random.",
            "fixed-training",
        )
        color = torch.tensor(inputs["color"]).view(3, 1, 1).expand(3, side, side) / 255
        values = torch.tensor(flat["values"]).double()
        ready = functional.normalize(color, transforms.mean, transforms.std).double()
        require(
            not torch.allclose(values, color.double(), atol=2e-2) or torch.allclose(values, ready, atol=2e-2),
            "To train, images come out in 0 to 1. The layers expect the same normalisation as in evaluation.",
            "training-not-normalised",
        )
        require(
            torch.allclose(values, ready, atol=2e-2),
            "To train, a picture of one colour does not have the values that the weights' mean and deviation give. "
            "Normalise as in evaluation; crops and flips alone change no colour.",
            "fixed-transforms",
        )
        falling = sum(slope < 0 for slope in slopes)
        require(
            0 < falling < self.CALLS,
            f"To train, {falling} of {self.CALLS} views were mirrored. About half should be: flip at random, too.",
            "no-flips",
        )
        return "Chance in training, none in evaluation, and the same normalisation in both."


class DiagnoseCheck(Check):
    """``diagnose(batch, mean, std)`` names what was done wrong, from the numbers of a batch alone."""

    MISCONCEPTIONS: ClassVar = {
        "negative-means-normalised": "A batch with negative values is in order.",
        "mean-near-zero": "A well-prepared batch always has a mean near 0.",
        "fixed-ends": "Prepared images always lie between -2.1 and 2.6.",
        "positive-means-bytes": "A batch without negative values was never divided.",
    }
    WORDS = ("right", "not normalised", "divided twice", "never divided")
    CASES: ClassVar = {
        "ordinary": "right",
        "dark": "right",
        "bright": "right",
        "raw": "not normalised",
        "twice": "divided twice",
        "bytes": "never divided",
    }

    def draw(self, seed: int) -> dict[str, Any]:
        dice = random.Random(seed)
        order = dice.sample(list(self.CASES), len(self.CASES))
        statistics = {
            case: [[round(dice.uniform(*ends), 3) for _ in range(3)] for ends in ((0.3, 0.6), (0.28, 0.36))]
            for case in order
        }
        return {"seed": seed, "order": order, "statistics": statistics}

    def observe(self, answer: Any, inputs: dict[str, Any]) -> dict[str, Any]:
        seen: dict[str, Any] = {}
        for number, case in enumerate(inputs["order"]):
            mean, std = inputs["statistics"][case]
            result = call(answer, self._batch(case, inputs["seed"] + number, mean, std), list(mean), list(std))
            seen[case] = result if isinstance(result, str) else f"({type(result).__name__})"
        return seen

    @staticmethod
    def _batch(case: str, seed: int, mean: list[float], std: list[float]) -> Tensor:
        dice = torch.Generator().manual_seed(seed)
        image = torch.rand(6, 3, 16, 16, generator=dice)
        if case in ("dark", "bright"):
            image = image**5
        if case == "bright":
            image = 1 - image
        image[:, :, 0, 0], image[:, :, 0, 1] = 0.0, 1.0  # each picture has a black spot and a white one
        if case == "raw":
            return image
        scale = {"twice": 1 / 255, "bytes": 255.0}.get(case, 1.0)
        return functional.normalize(image * scale, mean, std)

    def verdict(self, inputs: dict[str, Any], seen: dict[str, Any]) -> str:
        for case in inputs["order"]:
            require(
                seen[case] in self.WORDS,
                f"One of {', '.join(map(repr, self.WORDS))} is expected; seen {seen[case][:40]!r}.",
            )
        require(
            seen["ordinary"] == "right",
            f"A well-prepared batch was called {seen['ordinary']!r}. Its mean and deviation are not ImageNet's, so its "
            "ends are others. Undo the normalisation with the statistics that are given.",
            "fixed-ends",
        )
        for case in ("dark", "bright"):
            require(
                seen[case] == "right",
                f"A well-prepared batch of {case} pictures was called {seen[case]!r}. Its mean is far from 0 because "
                "of what it shows. Judge by the ends, not by the mean.",
                "mean-near-zero",
            )
        require(
            seen["raw"] != "never divided",
            "A batch in 0 to 1, never normalised, was called 'never divided'. What was never divided reaches into the "
            "hundreds.",
            "positive-means-bytes",
        )
        for case in ("twice", "bytes"):
            require(
                seen[case] != "right",
                f"A batch that was {self.CASES[case]} was called 'right'. It has negative values too. "
                "Look at how far they reach.",
                "negative-means-normalised",
            )
        for case, word in self.CASES.items():
            if seen[case] != word:
                raise Wrong(f"A batch that was {word} was called {seen[case]!r}.")
        return "All four told apart, with any statistics, on dark and bright pictures too."
