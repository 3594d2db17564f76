"""Checks of lesson 02 on what layers compute: ``02.normalise`` and ``02.predict``."""

from __future__ import annotations

import random
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from coursekit.checks.core import Check, call, require
from coursekit.checks.fixtures import TinyNet, tiny_net, tiny_state


def close(seen: Any, expected: Tensor) -> bool:
    """Are these nested lists the numbers of a tensor, shape and all?"""
    try:
        numbers = torch.tensor(seen, dtype=torch.float64)
    except (TypeError, ValueError):
        return False
    return numbers.shape == expected.shape and torch.allclose(numbers, expected.double(), atol=1e-3, rtol=1e-3)


class NormaliseCheck(Check):
    """``batch_norm(batch, running_mean, running_var, training, momentum, eps)``: output and both statistics."""

    MISCONCEPTIONS: ClassVar = {
        "eval-uses-the-batch": "Eval mode normalises with the batch's own mean and variance.",
        "moves-in-eval": "The running statistics move with each pass, whatever the mode.",
        "momentum-reversed": "Momentum is the share of the old value, as in an optimizer.",
        "biased-running": "The running variance takes the variance that normalises the batch.",
        "per-image": "Each image is normalised with its own mean and variance.",
    }

    def draw(self, seed: int) -> dict[str, Any]:
        dice = random.Random(seed)
        return {
            "seed": seed,
            "shape": [dice.randint(2, 4), dice.randint(2, 4), 3, 2],
            "momentum": dice.choice([0.1, 0.2, 0.3]),
        }

    @staticmethod
    def _given(inputs: dict[str, Any]) -> tuple[Tensor, Tensor, Tensor]:
        dice = torch.Generator().manual_seed(inputs["seed"])
        images, channels = inputs["shape"][:2]
        batch = 2 + 3 * torch.randn(inputs["shape"], generator=dice)
        batch = batch + 4 * torch.arange(images).view(-1, 1, 1, 1)  # images differ, so that statistics of one mislead
        return batch, torch.randn(channels, generator=dice), 2 + torch.rand(channels, generator=dice)

    def observe(self, answer: Any, inputs: dict[str, Any]) -> dict[str, Any]:
        seen: dict[str, Any] = {}
        for mode in ("eval", "train"):
            batch, mean, variance = self._given(inputs)
            result = call(answer, batch, mean, variance, mode == "train", inputs["momentum"], 1e-5)
            if not (isinstance(result, (tuple, list)) and len(result) == 3):
                return {"result": type(result).__name__}
            seen[mode] = [one.tolist() if isinstance(one, Tensor) else type(one).__name__ for one in result]
        return seen

    def verdict(self, inputs: dict[str, Any], seen: dict[str, Any]) -> str:
        require(
            "result" not in seen,
            f"Three things are expected, `output, running_mean, running_var`; seen {seen.get('result')}.",
        )
        batch, mean, variance = self._given(inputs)
        momentum, count = inputs["momentum"], batch.numel() // batch.shape[1]
        own_mean, own_variance = batch.mean((0, 2, 3)), batch.var((0, 2, 3), correction=0)
        own_output = functional.batch_norm(batch, None, None, training=True)
        for mode in ("eval", "train"):
            output, new_mean, new_variance = seen[mode]
            want_mean, want_variance = mean.clone(), variance.clone()
            want = functional.batch_norm(
                batch, want_mean, want_variance, training=mode == "train", momentum=momentum, eps=1e-5
            )
            alone = functional.instance_norm(batch)
            require(
                not close(output, alone),
                f"In {mode} mode every image was normalised with its own mean and variance. A channel has one mean, "
                "over all images and pixels: dimensions 0, 2 and 3.",
                "per-image",
            )
            require(
                mode == "train" or not close(output, own_output),
                "In eval mode the output was normalised with the batch's own mean and variance. There the running ones "
                "are used.",
                "eval-uses-the-batch",
            )
            require(
                close(output, want), f"In {mode} mode the output differs from batch norm's. {self._hint(output, want)}"
            )
            require(
                mode == "train" or (close(new_mean, mean) and close(new_variance, variance)),
                "In eval mode the running statistics came back changed. There they are read and not written.",
                "moves-in-eval",
            )
            reverse = momentum * mean + (1 - momentum) * own_mean
            require(
                not close(new_mean, reverse),
                f"The running mean moved {1 - momentum:.1f} of the way to the batch, expected {momentum}. `momentum` "
                "is the share of the new value here.",
                "momentum-reversed",
            )
            require(close(new_mean, want_mean), f"After a pass in {mode} mode the running mean is not batch norm's.")
            biased = (1 - momentum) * variance + momentum * own_variance
            require(
                mode == "eval" or not close(new_variance, biased),
                f"The running variance took the sum of squares divided by {count}. For the running variance it is "
                f"divided by {count} - 1; only the output uses the other.",
                "biased-running",
            )
            require(
                close(new_variance, want_variance),
                f"After a pass in {mode} mode the running variance is not batch norm's.",
            )
        return "Output and running statistics as torch computes them, in both modes, on a batch drawn just now."

    @staticmethod
    def _hint(output: Any, want: Tensor) -> str:
        return (
            f"Seen {output}." if isinstance(output, str) else f"Expected {want.flatten()[0]:.3f} for its first number."
        )


class PredictCheck(Check):
    """``predict_logits(model, images)``: eval-mode logits without gradients, and the model as it was found."""

    MISCONCEPTIONS: ClassVar = {
        "no-eval": "inference_mode() puts the model into eval mode.",
        "records": "eval() stops the recording for gradients.",
        "leaves-eval": "Nobody minds in which mode a model comes back.",
        "wakes-frozen": "A model has one flag, model.training.",
        "no-batch-dimension": "One image needs no batch dimension.",
    }
    CASES = ("in train mode", "in eval mode", "in train mode with batch norm in eval mode")

    def draw(self, seed: int) -> dict[str, Any]:
        dice = random.Random(seed)
        return {
            "seed": seed,
            "classes": dice.randint(3, 6),
            "images": dice.randint(3, 5),
            "cases": dice.sample(self.CASES, 3),
        }

    @staticmethod
    def _model(inputs: dict[str, Any], case: str) -> TinyNet:
        model = tiny_net(tiny_state(inputs["seed"], inputs["classes"]))
        model.train("train" in case)
        if "batch norm" in case:
            model.norm.eval()
        return model

    @staticmethod
    def _images(inputs: dict[str, Any]) -> Tensor:
        dice = torch.Generator().manual_seed(inputs["seed"] + 1)
        return 2 * torch.rand(inputs["images"], 3, 12, 12, generator=dice)

    def observe(self, answer: Any, inputs: dict[str, Any]) -> dict[str, Any]:
        seen: dict[str, Any] = {}
        with torch.random.fork_rng(devices=[]):
            for case in inputs["cases"]:
                seen[case] = self._look(answer, self._model(inputs, case), self._images(inputs))
            seen["one image"] = self._look(answer, self._model(inputs, "in eval mode"), self._images(inputs)[0])
        return seen

    @staticmethod
    def _look(answer: Any, model: nn.Module, images: Tensor) -> dict[str, Any]:
        modes = [one.training for one in model.modules()]
        state = {name: one.clone() for name, one in model.state_dict().items()}
        result = call(answer, model, images)
        if not isinstance(result, Tensor):
            return {"result": type(result).__name__}
        return {
            "logits": result.tolist(),
            "recorded": result.requires_grad,
            "modes": [modes, [one.training for one in model.modules()]],
            "moved": [name for name, one in model.state_dict().items() if not torch.equal(one, state[name])],
        }

    def verdict(self, inputs: dict[str, Any], seen: dict[str, Any]) -> str:
        with torch.inference_mode():
            truth = self._model(inputs, "in eval mode")(self._images(inputs))
        for case in inputs["cases"]:
            one = seen[case]
            found = f"The model was handed over {case}. "
            require("result" not in one, f"Expected a tensor of logits; seen {one.get('result')}.")
            require(
                close(one["logits"], truth),
                f"{found}The logits are not those of eval mode"
                + (f", and the pass moved {', '.join(one['moved'])}" if one["moved"] else "")
                + ". Every module must be in eval mode for the call; `inference_mode()` does not see to that.",
                "no-eval",
            )
            require(
                not one["moved"],
                f"{found}The logits are right, and the call left the model changed: {', '.join(one['moved'])}.",
                "no-eval",
            )
            require(
                not one["recorded"],
                "The logits are right, and autograd has recorded how they were made. `eval()` does not stop that: call "
                "the model inside `torch.inference_mode()`.",
                "records",
            )
        for case in sorted(inputs["cases"], key=lambda case: "batch norm" in case):
            before, after = seen[case]["modes"]
            found = f"The model was handed over {case}. "
            woken = sum(new and not old for old, new in zip(before, after, strict=True))
            require(
                not woken,
                f"{found}{woken} of its modules came back in train mode that had been in eval mode. Each module has a "
                "flag of its own: remember them all.",
                "wakes-frozen",
            )
            require(
                before == after, f"{found}It came back in eval mode. Whoever trains it will not notice.", "leaves-eval"
            )
        one = seen["one image"]
        require(
            "result" not in one and close(one["logits"], truth[:1]),
            f"One image of shape [3, 12, 12] should give one row of {inputs['classes']} logits, as in a batch of one.",
            "no-batch-dimension",
        )
        require(not one["recorded"], "For one image the call was recorded. Use `torch.inference_mode()` there too.")
        return "Logits of eval mode, nothing recorded, and each module as it was found, for a model made just now."
