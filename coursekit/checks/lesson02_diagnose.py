"""The check of ``02.diagnose``: what makes the answers of a model move."""

from __future__ import annotations

import random
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from coursekit.checks.core import Check, call, require
from coursekit.checks.fixtures import tiny_net, tiny_state

SYMPTOMS = ("company", "chance", "drift")


class _Careless(nn.Module):
    """Drops features by the function, which has no flag."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, batch: Tensor) -> Tensor:
        return functional.dropout(self.net(batch), 0.4)


class DiagnoseCheck(Check):
    """``symptoms(model, batch)``: which of company, chance and drift a model shows, found by calling a copy of it."""

    MISCONCEPTIONS: ClassVar = {
        "top-flag": "model.training says it all.",
        "flags-only": "The modules' flags say it all.",
        "chance-for-company": "Answers that differ between two batches differ because of the batches.",
        "twice-only": "Calling twice shows whether a model is in train mode.",
        "leaves-traces": "Looking at a model does not change it.",
    }
    TRUTH: ClassVar[dict[str, set[str]]] = {
        "all of it in train mode": {"company", "chance", "drift"},
        "all of it in eval mode": set(),
        "dropout in train mode, the rest in eval mode": {"chance"},
        "batch norm in train mode, the rest in eval mode": {"company", "drift"},
        "eval mode, batch norm without running statistics": {"company"},
        "eval mode, dropout as a function": {"chance"},
    }

    def draw(self, seed: int) -> dict[str, Any]:
        dice = random.Random(seed)
        cases = dice.sample(list(self.TRUTH), len(self.TRUTH))
        return {"seed": seed, "classes": dice.randint(3, 6), "images": dice.randint(5, 8), "cases": cases}

    @staticmethod
    def build(inputs: dict[str, Any], case: str) -> nn.Module:
        """The model of a case."""
        net = tiny_net(tiny_state(inputs["seed"], inputs["classes"])).train(case.startswith("all of it in train"))
        if case.startswith("dropout"):
            net.drop.train()
        if case.startswith("batch norm"):
            net.norm.train()
        if "without running" in case:
            net.norm = nn.BatchNorm2d(8, track_running_stats=False).eval()
        return _Careless(net).eval() if "as a function" in case else net

    @staticmethod
    def images(inputs: dict[str, Any]) -> Tensor:
        """The batch, shape ``(images, 3, 12, 12)``; the images differ in brightness."""
        dice = torch.Generator().manual_seed(inputs["seed"] + 3)
        light = 0.3 + 2 * torch.rand(inputs["images"], 1, 1, 1, generator=dice)
        return light * torch.rand(inputs["images"], 3, 12, 12, generator=dice)

    def observe(self, answer: Any, inputs: dict[str, Any]) -> dict[str, Any]:
        said: dict[str, Any] = {}
        traces: dict[str, list[str]] = {}
        with torch.random.fork_rng(devices=[]):
            for case in inputs["cases"]:
                model = self.build(inputs, case)
                modes = [one.training for one in model.modules()]
                state = {name: one.clone() for name, one in model.state_dict().items()}
                result = call(answer, model, self.images(inputs))
                kinds = (set, frozenset, list, tuple)
                said[case] = sorted(map(str, result)) if isinstance(result, kinds) else type(result).__name__
                traces[case] = [n for n, one in model.state_dict().items() if not torch.equal(one, state[n])]
                if modes != [one.training for one in model.modules()]:
                    traces[case].append("its mode")
        return {"said": said, "traces": traces}

    def verdict(self, inputs: dict[str, Any], seen: dict[str, Any]) -> str:
        said, cases = seen["said"], inputs["cases"]
        for case in cases:
            found = said[case]
            require(
                not isinstance(found, str) and set(found) <= set(SYMPTOMS),
                f"Expected a set of the words {', '.join(SYMPTOMS)}; seen {found}.",
            )
        wrong = [case for case in cases if set(said[case]) != self.TRUTH[case]]
        extra = {case: set(said[case]) - self.TRUTH[case] for case in wrong}
        message = "All cases are right."
        if wrong:
            case = max(wrong, key=lambda one: len(extra[one]))
            seen_words, truth = ", ".join(said[case]) or "none", ", ".join(sorted(self.TRUTH[case])) or "none"
            message = f"A model with {case}: seen {seen_words}; expected {truth}. "
        train, functional_, untracked = (
            "all of it in train mode",
            "eval mode, dropout as a function",
            "eval mode, batch norm without running statistics",
        )
        by_flag = {case: (set(SYMPTOMS) if case == train else set()) for case in cases}
        require(
            {case: set(said[case]) for case in cases} != by_flag,
            message + "Your answers follow `model.training`, and that is the flag of the outermost module alone.",
            "top-flag",
        )
        require(
            set(wrong) != {functional_, untracked},
            message + "Your answers follow the modules' flags. A function has none, and batch norm without running "
            "statistics uses the batch in either mode. Call the model and compare.",
            "flags-only",
        )
        require(
            not any("company" in extra[case] for case in wrong),
            message
            + "Its answers differ by chance alone. To see company apart from chance, set the same seed before each "
            "call, and exchange the other images without changing their number.",
            "chance-for-company",
        )
        require(
            not any("company" in self.TRUTH[case] - set(said[case]) for case in wrong),
            message + "The same batch twice shows chance. Company shows when the other images are exchanged.",
            "twice-only",
        )
        require(not wrong, message)
        for case in cases:
            require(
                not seen["traces"][case],
                f"The diagnosis is right, and afterwards the model with {case} had changed: "
                f"{', '.join(seen['traces'][case])}. Work on `copy.deepcopy(model)`.",
                "leaves-traces",
            )
        return "Right for six models, and each was left as it was found."
