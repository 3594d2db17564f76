"""Checks of lesson 01 that call models: ``01.load``, ``01.topk``, ``01.budget``."""

from __future__ import annotations

import math
import random
from typing import Any, ClassVar

import torch
import torchvision
from torch import Tensor, nn
from torchvision.models import get_model_weights, list_models
from torchvision.models._api import WeightsEnum
from torchvision.transforms._presets import ImageClassification
from torchvision.transforms.functional import pil_to_tensor

from coursekit.checks.core import Check, Wrong, article, attempt, call, require
from coursekit.checks.fixtures import random_image, registered, tiny_net, tiny_weights


def _logits(entry: WeightsEnum, batch: Tensor) -> Tensor:
    model = tiny_net(entry.get_state_dict()).eval()
    with torch.inference_mode():
        return model(batch)


def _close(seen: Any, expected: Tensor) -> bool:
    numbers = torch.as_tensor(seen, dtype=torch.float64)
    return numbers.shape == expected.shape and torch.allclose(numbers, expected.double(), atol=2e-4, rtol=1e-3)


class LoadCheck(Check):
    """``load_for_inference(name)`` returns the model with its default weights, in eval mode, and their transforms."""

    MISCONCEPTIONS: ClassVar = {
        "train-mode": "A model that was just loaded is ready to predict.",
        "no-weights": "Building a model by name also loads its weights.",
        "old-entry": "The first entry in the list of weights is the default one.",
        "fixed-transforms": "Every model wants 224 pixels and ImageNet's mean and deviation.",
        "fixed-model": "The name does not matter: one model fits all.",
    }

    def draw(self, seed: int) -> dict[str, Any]:
        return {"seed": seed}

    def observe(self, answer: Any, inputs: dict[str, Any]) -> dict[str, Any]:
        with registered(inputs["seed"]) as (name, entries):
            result = call(answer, name)
            if not (isinstance(result, (tuple, list)) and len(result) == 2):
                return {"result": type(result).__name__}
            model, transforms = result
            seen: dict[str, Any] = {"model": type(model).__name__, "transforms": type(transforms).__name__}
            if not isinstance(model, nn.Module) or not callable(transforms):
                return {**seen, "unusable": True}
            seen["training"] = any(module.training for module in model.modules())
            batch = entries["DEFAULT"].transforms()(random_image(inputs["seed"]))[None]
            with torch.inference_mode():
                seen["logits"] = model.eval()(batch)[0].tolist()
            image = transforms(random_image(inputs["seed"] + 1))
            seen["image"] = image.tolist() if isinstance(image, Tensor) else type(image).__name__
            return seen

    def verdict(self, inputs: dict[str, Any], seen: dict[str, Any]) -> str:
        require("result" not in seen, f"Two things are expected, `model, transforms`; seen {seen.get('result')}.")
        require(
            "unusable" not in seen,
            f"Expected a model and its transforms; seen {seen.get('model')} and {seen.get('transforms')}.",
        )
        entries = tiny_weights(inputs["seed"])
        batch = entries["DEFAULT"].transforms()(random_image(inputs["seed"]))[None]
        classes = len(entries["DEFAULT"].meta["categories"])
        require(
            len(seen["logits"]) == classes,
            f"The model has {len(seen['logits'])} outputs; the one that was asked for by name has {classes}. "
            "Build the model from `name`.",
            "fixed-model",
        )
        require(
            not _close(seen["logits"], _logits(entries["V1"], batch)[0]),
            "These are the weights of `V1`. The default entry is `V2`: ask for `DEFAULT`, not for the first one.",
            "old-entry",
        )
        require(
            _close(seen["logits"], _logits(entries["DEFAULT"], batch)[0]),
            "The model answers, but not with its default weights: its numbers are random. "
            "A builder loads nothing unless `weights=` says what.",
            "no-weights",
        )
        require(
            not seen["training"],
            "The weights are right, and the model is still in training mode. Batch norm and dropout behave "
            "differently there: call `model.eval()` before you return it.",
            "train-mode",
        )
        image = random_image(inputs["seed"] + 1)
        expected = entries["DEFAULT"].transforms()(image)
        require(not isinstance(seen["image"], str), f"The transforms returned {seen['image']}, expected a tensor.")
        if not _close(seen["image"], expected):
            shape = list(torch.tensor(seen["image"]).shape)
            raise Wrong(
                f"The transforms are not these weights' own: an image came out as {shape}, expected "
                f"{list(expected.shape)}, resized and normalised as `weights.transforms()` does.",
                "fixed-transforms",
            )
        return "The default weights, eval mode and their own transforms, on a model made just now."


class TopKCheck(Check):
    """``predict_topk(model, weights, image, k)`` returns ``(category, probability)`` pairs, most probable first."""

    MISCONCEPTIONS: ClassVar = {
        "logits": "What a classifier returns are probabilities.",
        "wrong-axis": "Softmax may run over any axis; the batch axis will do.",
        "sigmoid": "Sigmoid and softmax are the same thing.",
        "no-transforms": "An image can go in as it is, as long as it is a tensor.",
        "fixed-transforms": "Every model wants 224 pixels and ImageNet's mean and deviation.",
        "index": "The model returns category names, or their indices are good enough.",
        "ascending": "Sorting puts the most probable category first.",
    }

    def draw(self, seed: int) -> dict[str, Any]:
        return {"seed": seed, "k": random.Random(seed).randint(2, 5)}

    def observe(self, answer: Any, inputs: dict[str, Any]) -> dict[str, Any]:
        entry = tiny_weights(inputs["seed"])["DEFAULT"]
        model = tiny_net(entry.get_state_dict()).eval()
        result = call(answer, model, entry, random_image(inputs["seed"]), inputs["k"])
        try:
            rows = [list(row) for row in result]
            names = [name if isinstance(name, str) else type(name).__name__ for name, _ in rows]
            return {
                "names": names,
                "named": all(isinstance(name, str) for name, _ in rows),
                "numbers": [float(number) for _, number in rows],
            }
        except (TypeError, ValueError, RuntimeError):
            return {"result": type(result).__name__}

    def verdict(self, inputs: dict[str, Any], seen: dict[str, Any]) -> str:
        k = inputs["k"]
        require("result" not in seen, f"Expected {k} pairs `(category, probability)`; seen {seen.get('result')}.")
        require(len(seen["names"]) == k, f"With k = {k} came {len(seen['names'])} pairs; expected {k}.")
        require(
            seen["named"],
            f"A pair begins with {article(seen['names'][0])}. Look the index up in `weights.meta['categories']`.",
            "index",
        )
        entry, numbers = tiny_weights(inputs["seed"])["DEFAULT"], seen["numbers"]
        image = random_image(inputs["seed"])
        logits = _logits(entry, entry.transforms()(image)[None])[0]
        top = logits.softmax(0).topk(k)
        if _close(numbers, top.values):
            names = [entry.meta["categories"][index] for index in top.indices]
            require(seen["names"] == names, f"The probabilities are right; they belong to {', '.join(names)}.")
            return "The right categories and probabilities, for a model and an image made just now."
        wrong = f"First came {seen['names'][0]} with {numbers[0]:.3f}; "
        require(not _close(numbers, logits.topk(k).values), wrong + "that is a logit, not a probability.", "logits")
        require(
            not _close(numbers, torch.ones(k)),
            wrong + "every category got 1. Softmax ran over the batch; it must run over the categories.",
            "wrong-axis",
        )
        require(
            not _close(numbers, logits.sigmoid().topk(k).values),
            wrong + "that is a sigmoid, which looks at one logit alone. Probabilities that share 1 need softmax.",
            "sigmoid",
        )
        require(
            not _close(sorted(numbers, reverse=True), top.values)
            and not _close(numbers, logits.softmax(0).sort().values[:k]),
            wrong + f"the most probable must come first, with {float(top.values[0]):.3f}.",
            "ascending",
        )
        for id_, transforms in {
            "no-transforms": lambda picture: pil_to_tensor(picture) / 255,
            "fixed-transforms": ImageClassification(crop_size=224),
        }.items():
            other = _logits(entry, transforms(image)[None])[0].softmax(0).topk(k).values
            require(
                not _close(numbers, other),
                wrong + "the image was not prepared as these weights expect. Use `weights.transforms()`.",
                id_,
            )
        raise Wrong(wrong + f"expected {float(top.values[0]):.3f} for the most probable category.")


class BudgetCheck(Check):
    """``best_within(max_gflops, max_mb)`` returns the most accurate classification weights that fit both limits."""

    MISCONCEPTIONS: ClassVar = {
        "default-only": "Only a model's default weights are worth a look.",
        "ignores-size": "A model that is fast enough is small enough.",
        "ignores-gflops": "A small file means little work.",
        "cheapest": "The cheapest model is the best model within a budget.",
        "no-score": "Every entry has a score.",
        "silent": "If nothing fits, returning something, or nothing, will do.",
    }

    @staticmethod
    def catalogue() -> list[WeightsEnum]:
        """Every classification entry of torchvision."""
        names = list_models(module=torchvision.models)
        return [entry for name in names for entry in get_model_weights(name) if "ImageNet-1K" in entry.meta["_metrics"]]

    @staticmethod
    def accuracy(entry: WeightsEnum) -> float:
        """Top-1 accuracy on ImageNet-1K in percent."""
        return float(entry.meta["_metrics"]["ImageNet-1K"]["acc@1"])

    def scored(self) -> list[WeightsEnum]:
        """Those of the catalogue that have a classifier, and so an accuracy; the others' is nan."""
        return [entry for entry in self.catalogue() if math.isfinite(self.accuracy(entry))]

    def best(self, gflops: float, mb: float, *, default_only: bool = False) -> WeightsEnum | None:
        """The reference answer."""
        entries = [
            entry
            for entry in self.scored()
            if entry.meta["_ops"] <= gflops
            and entry.meta["_file_size"] <= mb
            and (not default_only or entry is type(entry)["DEFAULT"])
        ]
        return max(entries, key=self.accuracy, default=None)

    def draw(self, seed: int) -> dict[str, Any]:
        """Budgets, one each at which a limit, other entries than the defaults, or an entry without score matter."""
        dice, entries = random.Random(seed), self.scored()
        without_score = [entry for entry in self.catalogue() if entry not in entries]
        wanted = {"size", "gflops", "defaults"} | ({"score"} if without_score else set())
        budgets: list[tuple[float, float]] = []
        while wanted:
            one, two = dice.choice(entries), dice.choice(entries)
            gflops = round(one.meta["_ops"] * dice.uniform(1.01, 1.3), 2)
            mb = round(two.meta["_file_size"] * dice.uniform(1.01, 1.3), 1)
            right = self.best(gflops, mb)
            if right is None:
                continue
            shown = {
                "size": self.best(gflops, 1e9) is not right,
                "gflops": self.best(1e9, mb) is not right,
                "score": any(e.meta["_ops"] <= gflops and e.meta["_file_size"] <= mb for e in without_score),
                "defaults": self.best(gflops, mb, default_only=True) is not right,
            }
            new = {name for name in wanted if shown[name]}
            if new:
                budgets.append((gflops, mb))
                wanted -= new
        return {"budgets": budgets, "impossible": (round(dice.uniform(0.001, 0.01), 4), 500.0)}

    def observe(self, answer: Any, inputs: dict[str, Any]) -> dict[str, Any]:
        found = [str(call(answer, gflops, mb)) for gflops, mb in inputs["budgets"]]
        nothing: list[Any] = []
        error = attempt(lambda: nothing.append(answer(*inputs["impossible"])))
        return {"found": found, "error": type(error).__name__ if error else "", "returned": str((nothing or [""])[0])}

    def verdict(self, inputs: dict[str, Any], seen: dict[str, Any]) -> str:
        known = {str(entry): entry for entry in self.catalogue()}
        for (gflops, mb), name in zip(inputs["budgets"], seen["found"], strict=True):
            within = f"Within {gflops} GFLOPs and {mb} MB: "
            require(
                name in known,
                f"{within}you returned {name[:60]}, expected an entry such as `ResNet18_Weights.IMAGENET1K_V1`.",
            )
            self._compare(within, gflops, mb, known[name])
        gflops, mb = inputs["impossible"]
        require(
            seen["error"] == "ValueError",
            f"Nothing needs as little as {gflops} GFLOPs, and your function "
            + (f"raised {seen['error']}" if seen["error"] else f"returned {seen['returned'][:60]}")
            + ". Raise a ValueError that says so.",
            "silent",
        )
        return "Right at every budget drawn just now, and a ValueError where nothing fits."

    def _compare(self, within: str, gflops: float, mb: float, chosen: WeightsEnum) -> None:
        right = self.best(gflops, mb)
        assert right is not None, "draw() keeps only budgets that something fits"
        ops, size = chosen.meta["_ops"], chosen.meta["_file_size"]
        require(ops <= gflops, f"{within}you chose {chosen}, which needs {ops} GFLOPs.", "ignores-gflops")
        require(size <= mb, f"{within}you chose {chosen}, whose file has {size:.1f} MB.", "ignores-size")
        require(
            math.isfinite(self.accuracy(chosen)),
            f"{within}you chose {chosen}, whose accuracy is nan: it has no classifier. Some ways of finding a maximum "
            "take nan for the largest number; leave such entries out first.",
            "no-score",
        )
        if self.accuracy(chosen) == self.accuracy(right):
            return
        better = (
            f"{within}you chose {chosen} with {self.accuracy(chosen):.1f} %; {right} has {self.accuracy(right):.1f} %."
        )
        require(
            chosen is not self.best(gflops, mb, default_only=True),
            f"{better} It is not a default: look at every entry of each model.",
            "default-only",
        )
        cheapest = min(self.catalogue(), key=lambda entry: entry.meta["_ops"])
        raise Wrong(better, "cheapest" if chosen.meta["_ops"] == cheapest.meta["_ops"] else None)
