"""Checks of lesson 02 on training with a frozen part: ``02.head`` and ``02.loop``."""

from __future__ import annotations

import random
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from coursekit.checks.core import Check, call, require
from coursekit.checks.fixtures import tiny_net, tiny_state
from coursekit.checks.lesson02_layers import close


class _Head(nn.Module):
    """Batch norm and a linear layer: ``(N, 6)`` to ``(N, classes)``; its batch norm tells the mode of a call."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(6)
        self.linear = nn.Linear(6, classes)

    def forward(self, features: Tensor) -> Tensor:
        return self.linear(self.norm(features))


class HeadCheck(Check):
    """``head_loss(backbone, head, images, labels)``: a loss whose gradients reach the head and nothing else."""

    MISCONCEPTIONS: ClassVar = {
        "inference-features": "inference_mode() is the better no_grad() everywhere.",
        "records-backbone": "A backbone in eval mode gets no gradients.",
        "backbone-awake": "A backbone without gradients stays as it is.",
        "head-asleep": "With a part in eval mode, all of the model should be in eval mode.",
        "nothing-recorded": "A loss can be made inside no_grad() and trained on afterwards.",
    }

    def draw(self, seed: int) -> dict[str, Any]:
        dice = random.Random(seed)
        return {"seed": seed, "images": dice.randint(4, 7), "classes": dice.randint(2, 4)}

    @staticmethod
    def _given(inputs: dict[str, Any]) -> tuple[nn.Module, _Head, Tensor, Tensor]:
        dice = torch.Generator().manual_seed(inputs["seed"] + 2)
        backbone = tiny_net(tiny_state(inputs["seed"], 6)).train()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(inputs["seed"] % 2**31)
            head = _Head(inputs["classes"]).train()
        images = 2 * torch.rand(inputs["images"], 3, 12, 12, generator=dice)
        labels = torch.randint(inputs["classes"], (inputs["images"],), generator=dice)
        return backbone, head, images, labels

    def observe(self, answer: Any, inputs: dict[str, Any]) -> dict[str, Any]:
        backbone, head, images, labels = self._given(inputs)
        state = {name: one.clone() for name, one in backbone.state_dict().items()}
        with torch.random.fork_rng(devices=[]):
            loss = call(answer, backbone, head, images, labels)
        if not isinstance(loss, Tensor) or loss.numel() != 1:
            return {"result": f"{type(loss).__name__}{list(loss.shape) if isinstance(loss, Tensor) else ''}"}
        seen: dict[str, Any] = {"loss": float(loss.detach()), "recorded": loss.requires_grad}
        if loss.requires_grad:
            loss.backward()
        seen["backbone gradients"] = sum(one.grad is not None for one in backbone.parameters())
        gradient = head.linear.weight.grad
        seen["head gradient"] = None if gradient is None else gradient.tolist()
        seen["head mode"] = head.norm.training
        counted = head.norm.num_batches_tracked
        seen["head counted"] = 0 if counted is None else int(counted)
        seen["moved"] = [name for name, one in backbone.state_dict().items() if not torch.equal(one, state[name])]
        return seen

    def verdict(self, inputs: dict[str, Any], seen: dict[str, Any]) -> str:
        require("result" not in seen, f"Expected a loss, a tensor with one number; seen {seen.get('result')}.")
        backbone, head, images, labels = self._given(inputs)
        with torch.no_grad():
            features = backbone.eval()(images)
        loss = functional.cross_entropy(head(features), labels)
        loss.backward()
        require(
            seen["recorded"],
            "The loss has no gradient function, so `loss.backward()` cannot train the head. Only the backbone belongs "
            "inside `no_grad()`.",
            "nothing-recorded",
        )
        require(
            not seen["moved"],
            f"The call moved the backbone's {', '.join(seen['moved'])}. In train mode batch norm writes its "
            "statistics, with or without gradients: `backbone.eval()`.",
            "backbone-awake",
        )
        require(
            seen["backbone gradients"] == 0,
            f"`loss.backward()` left gradients in {seen['backbone gradients']} tensors of the backbone. Eval mode does "
            "not stop the recording: compute the features under `no_grad()`.",
            "records-backbone",
        )
        require(
            seen["head mode"] and seen["head counted"] == 1,
            "The head was handed over in train mode, and its batch norm has not seen this batch in train mode. Leave "
            "the head's mode alone; it is being trained.",
            "head-asleep",
        )
        expected = float(loss.detach())
        require(
            abs(seen["loss"] - expected) < 1e-3 * max(1.0, expected),
            f"The loss is {seen['loss']:.4f}, expected {expected:.4f}: the cross-entropy of `head(features)`.",
        )
        expected_gradient = head.linear.weight.grad
        assert expected_gradient is not None, "the reference loss has just been differentiated"
        require(close(seen["head gradient"], expected_gradient), "The gradient that reached the head is another one.")
        return "The loss trains the head, and the backbone neither moves nor keeps a gradient."


class _Classifier(nn.Module):
    """Three parts with names; two of them may be frozen."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))
        self.body = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))
        self.head = nn.Sequential(nn.Dropout(0.5), nn.Linear(2, 2))


class LoopCheck(Check):
    """``run_epochs(model, frozen, fit, measure, epochs)``: each phase in its mode, the frozen parts asleep in both."""

    MISCONCEPTIONS: ClassVar = {
        "train-once": "train() before the first epoch is enough.",
        "frozen-wakes": "A part that was put into eval mode stays there.",
        "frozen-by-gradients": "Freezing parameters freezes the layer.",
        "measures-in-train": "Measuring needs no mode of its own.",
        "trains-in-eval": "With a frozen part, all of the model trains in eval mode.",
    }

    def draw(self, seed: int) -> dict[str, Any]:
        dice = random.Random(seed)
        scores = [round(dice.uniform(0.2, 0.95), 3) for _ in range(dice.randint(2, 4))]
        return {
            "scores": scores,
            "frozen": dice.sample(["stem", "body"], dice.randint(1, 2)),
            "training": dice.random() < 0.5,
        }

    def observe(self, answer: Any, inputs: dict[str, Any]) -> dict[str, Any]:
        with torch.random.fork_rng(devices=[]):
            model = _Classifier().train(inputs["training"])
        events: list[list[Any]] = []
        scores = iter(inputs["scores"])

        def modes() -> dict[str, bool]:
            return {name: one.training for name, one in model.named_modules()}

        def fit(_: nn.Module) -> None:
            events.append(["fit", modes()])

        def measure(_: nn.Module) -> float:
            events.append(["measure", modes()])
            return next(scores, 0.0)

        frozen = [getattr(model, name) for name in inputs["frozen"]]
        result = call(answer, model, frozen, fit, measure, len(inputs["scores"]))
        try:
            returned: Any = [float(one) for one in result]
        except (TypeError, ValueError):
            returned = type(result).__name__
        still = [name for name, one in model.named_parameters() if not one.requires_grad]
        return {"events": events, "returned": returned, "without gradients": still}

    def verdict(self, inputs: dict[str, Any], seen: dict[str, Any]) -> str:
        phases, epochs = [phase for phase, _ in seen["events"]], len(inputs["scores"])
        require(
            phases == ["fit", "measure"] * epochs,
            f"Expected `fit(model)`, then `measure(model)`, {epochs} times; seen: {', '.join(phases) or 'no call'}.",
        )
        for place, (phase, modes) in enumerate(seen["events"]):
            self._phase(inputs, f"In epoch {place // 2 + 1}, `{phase}` met ", phase, modes, place // 2, seen)
        require(
            seen["returned"] == inputs["scores"],
            f"The measurements were {inputs['scores']}, in this order; your function returned {seen['returned']}.",
        )
        return "Each phase met its mode in each epoch, and the frozen parts slept through all of them."

    @staticmethod
    def _phase(
        inputs: dict[str, Any], met: str, phase: str, modes: dict[str, bool], epoch: int, seen: dict[str, Any]
    ) -> None:
        def belongs(name: str) -> bool:
            return name.split(".")[0] in inputs["frozen"]

        awake = [name or "the model" for name, training in modes.items() if training]
        if phase == "measure":
            require(
                not awake,
                f"{met}{len(awake)} modules in train mode, among them {awake[-1] if awake else ''}. Call "
                "`model.eval()` before it.",
                "measures-in-train",
            )
            return
        woken = [name for name in awake if belongs(name)]
        require(
            not woken or not seen["without gradients"],
            f"{met}{', '.join(woken)} in train mode. `requires_grad` holds parameters; the buffers of batch norm move "
            "on. Frozen parts need eval mode, after each `model.train()`.",
            "frozen-by-gradients",
        )
        require(
            not woken,
            f"{met}{', '.join(woken)} in train mode, which is frozen. `model.train()` wakes every part: put the frozen "
            "ones back into eval mode after it.",
            "frozen-wakes",
        )
        asleep = [name or "the model" for name, training in modes.items() if not training and not belongs(name)]
        require(
            not asleep or epoch == 0,
            f"{met}{', '.join(asleep)} in eval mode. The measurement of the epoch before left it so: call "
            "`model.train()` in each epoch.",
            "train-once",
        )
        require(
            not asleep,
            f"{met}{', '.join(asleep)} in eval mode. What is not frozen trains in train mode.",
            "trains-in-eval",
        )
