"""The check of ``04.resume``: a training that was stopped and goes on is the training that was never stopped."""

from __future__ import annotations

import pickle
import random
import tempfile
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from coursekit.checks.core import Check, Wrong, call, require
from coursekit.checks.lesson04_nets import distance, images, labels, own_dice, plain, tiny_resnet

SAME, OTHER = 1e-5, 1e-4  # what may differ by rounding, and what is another training
Parts = tuple[nn.Module, torch.optim.Optimizer, torch.optim.lr_scheduler.LRScheduler]


class ResumeCheck(Check):
    """``train(model, optimizer, schedule, batches, epochs, path)``: up to ``epochs``, from the checkpoint if any."""

    MISCONCEPTIONS: ClassVar = {
        "never-loads": "Writing a checkpoint is enough to go on from it.",
        "model-only": "A training is its model's weights.",
        "no-schedule": "The schedule knows by itself which epoch it is.",
        "starts-counting-anew": "The number of epochs is what this call does.",
        "whole-objects": "Saving the objects is the same as saving their state.",
    }

    def draw(self, seed: int) -> dict[str, Any]:
        dice = random.Random(seed)
        stop = dice.randint(2, 3)
        return {"seed": seed, "stop": stop, "epochs": stop + 2, "drop": stop + 1, "classes": dice.randint(3, 5)}

    @staticmethod
    def _parts(inputs: dict[str, Any], fresh: int) -> Parts:
        """A new process: another random model, an optimizer that remembers nothing, a schedule at its start."""
        model = tiny_resnet(inputs["seed"] + fresh, 10, inputs["classes"])
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
        return model, optimizer, torch.optim.lr_scheduler.StepLR(optimizer, step_size=inputs["drop"], gamma=0.1)

    @staticmethod
    def _batches(inputs: dict[str, Any]) -> list[tuple[Tensor, Tensor]]:
        seed, classes = inputs["seed"], inputs["classes"]
        return [(images(seed + n, 8), labels(seed + n, 8, classes)) for n in range(3)]

    def observe(self, answer: Any, inputs: dict[str, Any]) -> dict[str, Any]:
        stop, epochs, batches = inputs["stop"], inputs["epochs"], self._batches(inputs)
        seen: dict[str, Any] = {}
        with tempfile.TemporaryDirectory() as folder, own_dice(inputs["seed"]):
            whole, part = Path(folder, "whole.pth"), Path(folder, "part.pth")
            model, optimizer, schedule = self._parts(inputs, 0)
            call(answer, model, optimizer, schedule, batches, epochs, whole)
            seen["whole"] = plain(model)

            model, optimizer, schedule = self._parts(inputs, 0)
            call(answer, model, optimizer, schedule, batches, stop, part)
            seen["written"] = part.exists()
            seen["stopped"] = plain(model)
            seen["safe"] = part.exists() and self._safe(part)

            model, optimizer, schedule = self._parts(inputs, 1000)
            result = call(answer, model, optimizer, schedule, batches, epochs, part)
            seen["resumed"] = plain(result if isinstance(result, nn.Module) else model)
            seen["returned"] = type(result).__name__
        return seen

    @staticmethod
    def _safe(path: Path) -> bool:
        try:
            torch.load(path, weights_only=True)
        except (pickle.UnpicklingError, RuntimeError):
            return False
        return True

    def _reference(self, inputs: dict[str, Any], *, lost: str = "", first: int = 0) -> dict[str, Any]:
        """The state after all epochs; from the stop on without a part of it, if ``lost`` names one."""
        model, optimizer, schedule = self._parts(inputs, first)
        self._epochs(inputs, (model, optimizer, schedule), inputs["epochs"] if not lost else inputs["stop"])
        if lost:
            other, new_optimizer, new_schedule = self._parts(inputs, 1000)
            other.load_state_dict(model.state_dict())
            if lost != "optimizer and schedule":
                new_optimizer.load_state_dict(optimizer.state_dict())
            if lost == "epoch":
                new_schedule.load_state_dict(schedule.state_dict())
            left = inputs["epochs"] if lost == "epoch" else inputs["epochs"] - inputs["stop"]
            self._epochs(inputs, (other, new_optimizer, new_schedule), left)
            return plain(other)
        return plain(model)

    def _epochs(self, inputs: dict[str, Any], parts: Parts, count: int) -> None:
        model, optimizer, schedule = parts
        for _ in range(count):
            model.train()
            for batch, truth in self._batches(inputs):
                optimizer.zero_grad()
                functional.cross_entropy(model(batch), truth).backward()
                optimizer.step()
            schedule.step()

    def verdict(self, inputs: dict[str, Any], seen: dict[str, Any]) -> str:
        stop, epochs = inputs["stop"], inputs["epochs"]
        right = self._reference(inputs)
        require(
            distance(right, seen["whole"]) < OTHER,
            f"A training of {epochs} epochs without a break ends at other weights than SGD on these batches does. In "
            "each epoch, for each batch: zero_grad, loss (cross-entropy), backward, step; then one step of the "
            "schedule. The model must be in train mode.",
        )
        require(seen["written"], f"After {stop} epochs there is no file at `path`. Write one after each epoch.")
        require(
            seen["safe"],
            "`torch.load(path, weights_only=True)` refuses your file: it holds whole objects, which can run code. "
            "Save state dicts and numbers.",
            "whole-objects",
        )
        resumed = seen["resumed"]
        if distance(right, resumed) < SAME:
            return "Stopped, and resumed with a new model, optimizer and schedule: the same weights as without a break."
        story = f"Stopped after {stop} of {epochs} epochs and called again with a fresh model, optimizer and schedule: "
        require(
            distance(self._reference(inputs, first=1000), resumed) > OTHER,
            f"{story}it trained the fresh model from the start. If the file is there, load it first.",
            "never-loads",
        )
        require(
            distance(self._reference(inputs, lost="epoch"), resumed) > OTHER,
            f"{story}it trained {epochs} more epochs. Keep the epoch in the file, and do those that are left.",
            "starts-counting-anew",
        )
        require(
            distance(self._reference(inputs, lost="schedule"), resumed) > OTHER,
            f"{story}weights and momentum came back, the schedule began anew, so its rate falls too late.",
            "no-schedule",
        )
        off = distance(right, resumed)
        require(
            distance(self._reference(inputs, lost="optimizer and schedule"), resumed) > OTHER,
            f"{story}the weights came back and the optimizer's momentum did not. The end is off by {off:.3f}.",
            "model-only",
        )
        raise Wrong(f"{story}the end is off by {off:.3f} from that of a training without a break.")
