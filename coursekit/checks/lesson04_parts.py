"""Checks of lesson 04 that look at parts of a model: ``04.head``, ``04.freeze``, ``04.features``, ``04.rates``."""

from __future__ import annotations

import random
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from coursekit.checks.core import Check, Wrong, article, call, raised, require
from coursekit.checks.lesson04_nets import (
    FAMILIES,
    HEADS,
    distance,
    images,
    labels,
    own_dice,
    plain,
    tiny,
    tiny_resnet,
)

CLOSE = 1e-5


class HeadCheck(Check):
    """``replace_head(model, classes)`` gives a model of any family a fresh linear head for that many classes."""

    MISCONCEPTIONS: ClassVar = {
        "new-attribute": "Every model's head is called fc.",
        "fixed-width": "512 features enter the head of every model.",
        "whole-classifier": "Replacing the head means replacing the whole of classifier.",
        "on-top": "A new layer after the old logits is a new head.",
        "fresh-backbone": "A model with a new head is a new model.",
        "old-rows": "The first rows of the old head are as good a start as any.",
    }

    def draw(self, seed: int) -> dict[str, Any]:
        dice = random.Random(seed)
        cases = []
        for number, family in enumerate(dice.sample(FAMILIES, len(FAMILIES))):
            width, old, new = dice.randint(9, 20), dice.randint(12, 20), dice.randint(3, 7)
            cases.append({"family": family, "seed": seed + number, "width": width, "old": old, "new": new})
        return {"cases": cases}

    @staticmethod
    def _model(case: dict[str, Any]) -> nn.Module:
        return tiny(case["family"], case["seed"], case["width"], case["old"])

    def observe(self, answer: Any, inputs: dict[str, Any]) -> dict[str, Any]:
        seen: dict[str, Any] = {}
        for case in inputs["cases"]:
            with own_dice(case["seed"] + 99):
                model = call(answer, self._model(case), case["new"])
                if not isinstance(model, nn.Module):
                    return {**seen, case["family"]: {"type": type(model).__name__}}
                try:
                    with torch.inference_mode():
                        logits = model.eval()(images(case["seed"], 3)).tolist()
                except Exception as error:
                    widths = [one.in_features for one in model.modules() if isinstance(one, nn.Linear)]
                    return {**seen, case["family"]: {"error": raised(error), "width": (widths or [0])[-1]}}
                trains = {name: one.requires_grad for name, one in model.named_parameters()}
                seen[case["family"]] = {"logits": logits, "state": plain(model), "trains": trains}
        return seen

    def verdict(self, inputs: dict[str, Any], seen: dict[str, Any]) -> str:
        for case in inputs["cases"]:
            self._judge(case, seen[case["family"]])
        return "Four families with heads of four kinds, of widths made just now, each with a fresh head that is used."

    def _judge(self, case: dict[str, Any], seen: dict[str, Any]) -> None:
        family, head, width = case["family"], HEADS[case["family"]], case["width"]
        where = f"A model built like a {family}, whose last layer is `{head}` with {width} inputs: "
        require("type" not in seen, f"Expected the model with its new head; seen {article(seen.get('type', ''))}.")
        if "error" in seen:
            said = seen["error"].removeprefix("Your function raised ")
            kind = "whole-classifier" if seen["width"] == width and family == "mobilenet" else "fixed-width"
            mend = (
                "The new layer gets other features than it was made for: `classifier` holds several layers, and only "
                "the last is the head."
                if kind == "whole-classifier"
                else "Read the width from the layer that you replace: `in_features`."
            )
            raise Wrong(f"{where}the call stops with {said} {mend}", kind)
        columns = len(seen["logits"][0])
        state, old = seen["state"], self._model(case).state_dict()
        weight = state.get(f"{head}.weight")
        on_top = columns == case["new"] and (weight is None or len(weight) == case["old"])
        require(
            not on_top,
            f"{where}the old head with {case['old']} outputs is still there, and a layer stands after it. "
            "Put the new layer in the place of the old one.",
            "on-top",
        )
        require(
            columns == case["new"],
            f"{where}it gives {columns} logits an image, expected {case['new']}. Setting an attribute that `forward` "
            "does not call changes nothing; find the place of the last linear layer.",
            "new-attribute",
        )
        backbone = {name: tensor.tolist() for name, tensor in old.items() if not name.startswith(f"{head}.")}
        if family == "mobilenet" and "classifier.0.weight" not in state:
            raise Wrong(f"{where}the layers before the last one in `classifier` are gone.", "whole-classifier")
        require(
            distance(backbone, state) <= CLOSE,
            f"{where}the layers before the head have other numbers than before. The pre-trained backbone must stay.",
            "fresh-backbone",
        )
        first_rows = old[f"{head}.weight"][: case["new"]].tolist()
        require(
            distance({"w": first_rows}, {"w": weight}) > 1e-3,
            f"{where}the new head holds rows of the old one. They answer for other classes; make a new layer.",
            "old-rows",
        )
        frozen = [name for name in (f"{head}.weight", f"{head}.bias") if not seen["trains"].get(name, False)]
        require(not frozen, f"{where}the new head must be trainable, with weight and bias; not so: {frozen}.")


class FreezeCheck(Check):
    """``head_only(model)``: from here on only ``fc`` learns; returns how many parameters that are."""

    MISCONCEPTIONS: ClassVar = {
        "buffers-drift": "Freezing the parameters freezes the model.",
        "attribute": "model.requires_grad = False freezes a model.",
        "all-frozen": "requires_grad_(False) spares the head.",
        "norm-left": "Batch norm's weight and bias are statistics, no parameters.",
        "eval-freezes": "eval() freezes parameters.",
        "counts-tensors": "The number of parameters is the number of tensors.",
    }

    def draw(self, seed: int) -> dict[str, Any]:
        dice = random.Random(seed)
        return {"seed": seed, "width": dice.randint(9, 20), "classes": dice.randint(3, 8)}

    def observe(self, answer: Any, inputs: dict[str, Any]) -> dict[str, Any]:
        seed, classes = inputs["seed"], inputs["classes"]
        model = tiny_resnet(seed, inputs["width"], classes).train()
        with own_dice(seed + 7):
            count = call(answer, model)
            seen: dict[str, Any] = {"type": type(count).__name__, "count": count if type(count) is int else None}
            seen["trains"] = [name for name, one in model.named_parameters() if one.requires_grad]
            seen["learns"] = bool(seen["trains"])
            if not seen["trains"]:
                return seen
            trained = [one for one in model.parameters() if one.requires_grad]
            optimizer = torch.optim.SGD(trained, lr=0.5, momentum=0.9, weight_decay=0.01)
            torch.set_grad_enabled(True)
            functional.cross_entropy(model(images(seed, 12)), labels(seed, 12, classes)).backward()
            optimizer.step()
            return {**seen, "state": plain(model)}

    def verdict(self, inputs: dict[str, Any], seen: dict[str, Any]) -> str:
        model = tiny_resnet(inputs["seed"], inputs["width"], inputs["classes"])
        before = plain(model)
        right = sum(one.numel() for one in model.fc.parameters())
        parameters = {name for name, _ in model.named_parameters()}
        require(
            seen["learns"],
            "After your function no parameter is trainable, the head neither. Freeze all, then thaw `model.fc`.",
            "all-frozen",
        )
        beside = [name for name in seen["trains"] if not name.startswith("fc.")]
        untouched = len(seen["trains"]) == len(parameters)
        drifted = distance(before, seen["state"], [name for name, _ in model.named_buffers()]) > 0
        require(
            not (untouched and not drifted),
            "The running statistics stayed, and all parameters are still trainable: `eval()` changes how layers work, "
            "not what learns.",
            "eval-freezes",
        )
        require(
            not untouched,
            "After your function every parameter is still trainable. `requires_grad` belongs to tensors; a module "
            "has the method `requires_grad_(False)`.",
            "attribute",
        )
        require(
            not beside,
            f"These are still trainable beside the head: {', '.join(beside[:4])}. Batch norm's weight and bias are "
            "parameters as well.",
            "norm-left",
        )
        require(set(seen["trains"]) == {"fc.weight", "fc.bias"}, f"Only {seen['trains']} trains; the head has a bias.")
        require(
            not drifted,
            "After one training step the parameters of the backbone are the same and its running statistics are not: "
            "batch norm updates them in the forward pass. Put the backbone's layers into eval mode.",
            "buffers-drift",
        )
        rest = [name for name in before if not name.startswith("fc.")]
        require(distance(before, seen["state"], rest) == 0, "Your function itself changed numbers of the backbone.")
        moved = distance(before, seen["state"], ["fc.weight"]) > 0
        require(moved, "After one training step the head is where it was.")
        tensors = seen["count"] == 2
        require(
            not tensors,
            f"You returned 2: these are tensors. Count their numbers, `numel()`: {right}.",
            "counts-tensors",
        )
        require(
            seen["count"] == right,
            f"The freezing is right. The number of trainable parameters is {right}; you returned "
            f"{seen['count'] if seen['type'] == 'int' else article(seen['type'])}.",
        )
        return "After a training step only the head has changed: no parameter and no running statistic beside it."


class FeaturesCheck(Check):
    """``cached_features(model, images, batch_size)``: what enters ``fc``, for each image once, model unchanged."""

    MISCONCEPTIONS: ClassVar = {
        "train-mode": "Features can be computed in whatever mode the model is in.",
        "logits": "What the model returns are its features.",
        "keeps-graph": "Where nothing is trained, no gradients are recorded.",
        "inference-tensor": "inference_mode is a faster no_grad, and nothing else.",
        "head-lost": "A head that was taken off comes back by itself.",
        "rest-dropped": "The number of images is a multiple of the batch size.",
        "every-image-twice": "It does not matter how often the backbone is run.",
    }

    def draw(self, seed: int) -> dict[str, Any]:
        dice = random.Random(seed)
        batch = dice.randint(4, 7)
        count = batch * dice.randint(2, 4) + dice.randint(1, batch - 1)
        return {
            "seed": seed,
            "width": dice.randint(9, 20),
            "classes": dice.randint(3, 8),
            "batch": batch,
            "count": count,
        }

    @staticmethod
    def _model(inputs: dict[str, Any]) -> Any:
        return tiny_resnet(inputs["seed"], inputs["width"], inputs["classes"], dropout=0.4)

    def observe(self, answer: Any, inputs: dict[str, Any]) -> dict[str, Any]:
        model = self._model(inputs).train()
        largest = 0

        def watch(module: nn.Module, arguments: tuple[Tensor, ...]) -> None:
            nonlocal largest
            largest = max(largest, len(arguments[0]))

        hook = model.conv1.register_forward_pre_hook(watch)
        with own_dice(inputs["seed"] + 5):
            result = call(answer, model, images(inputs["seed"], inputs["count"]), inputs["batch"])
        hook.remove()
        if not isinstance(result, Tensor):
            return {"type": type(result).__name__}
        return {
            "features": result.detach().cpu().tolist(),
            "recorded": result.requires_grad,
            "inference": result.is_inference(),
            "head": type(model.fc).__name__,
            "state": plain(model),
            "passes": model.seen,
            "largest": largest,
        }

    def verdict(self, inputs: dict[str, Any], seen: dict[str, Any]) -> str:
        require("type" not in seen, f"Expected one tensor of features; seen {article(seen.get('type', ''))}.")
        model = self._model(inputs).eval()
        with torch.inference_mode():
            truth = model.features(images(inputs["seed"], inputs["count"]))
        before, count, width = plain(model), inputs["count"], inputs["width"]
        found = torch.as_tensor(seen["features"], dtype=torch.float32)
        shape = list(found.shape)
        require(
            shape != [count, inputs["classes"]],
            f"Your features have the shape {shape}: these are logits, what comes out of `fc`. Features are what "
            f"enters it, {[count, width]}.",
            "logits",
        )
        require(
            shape != [inputs["batch"] * (count // inputs["batch"]), width],
            f"{count} images came in and {shape[0]} rows came out: the last batch, which is not full, is missing.",
            "rest-dropped",
        )
        require(shape == [count, width], f"Expected features of the shape {[count, width]}; seen {shape}.")
        drifted = distance(before, seen["state"], [name for name, _ in model.named_buffers()]) > 0
        require(
            not drifted and torch.allclose(found, truth, atol=1e-4),
            "The features depend on the batch and on chance, or the running statistics have moved: the model came to "
            "you in train mode. Switch to eval mode before the first image.",
            "train-mode",
        )
        require(
            not seen["recorded"],
            "The features carry a graph of all that made them, which keeps every layer's numbers in memory. Compute "
            "them under `torch.no_grad()`.",
            "keeps-graph",
        )
        require(
            not seen["inference"],
            "A head cannot be trained on these features: tensors that were made under `inference_mode` may never take "
            "part in training. Compute them under `torch.no_grad()`.",
            "inference-tensor",
        )
        require(
            seen["head"] == "Linear" and distance(before, seen["state"]) == 0,
            f"After the call `model.fc` is {article(seen['head'])}. Give the model back its head.",
            "head-lost",
        )
        require(
            seen["passes"] == count,
            f"{count} images were given, and {seen['passes']} went through the backbone. Once each is enough.",
            "every-image-twice",
        )
        require(
            seen["largest"] <= inputs["batch"],
            f"{seen['largest']} images went in at once, and the batch size is {inputs['batch']}.",
        )
        return "The features of every image, computed once, in eval mode, and the model is as it was."


class RatesCheck(Check):
    """``parameter_groups(model, rates)``: a rate for each named part; all other parts are frozen."""

    MISCONCEPTIONS: ClassVar = {
        "one-rate": "One learning rate serves all parts.",
        "unknown-key": "A group may call its rate as it likes.",
        "still-frozen": "What an optimizer holds is trained.",
        "rest-trains": "What is not named keeps still by itself.",
        "swapped": "The backbone needs the larger steps, for it has more to learn.",
    }
    PARTS = ("conv1", "bn1", "layer1", "layer2", "fc")

    def draw(self, seed: int) -> dict[str, Any]:
        dice = random.Random(seed)
        chosen = [*dice.sample(self.PARTS[:-1], 2), "fc"]
        small, middle, large = (dice.uniform(*span) for span in ((0.01, 0.02), (0.04, 0.08), (0.2, 0.4)))
        rates = dict(zip(chosen, (round(one, 4) for one in (small, middle, large)), strict=True))
        return {"seed": seed, "width": dice.randint(9, 20), "classes": dice.randint(3, 8), "rates": rates}

    def observe(self, answer: Any, inputs: dict[str, Any]) -> dict[str, Any]:
        seed, classes = inputs["seed"], inputs["classes"]
        model = tiny_resnet(seed, inputs["width"], classes).train()
        for part in self.PARTS[::2]:
            getattr(model, part).requires_grad_(False)  # as an earlier phase may have left it
        with own_dice(seed + 3):
            groups = call(answer, model, dict(inputs["rates"]))
            trains = [name for name, one in model.named_parameters() if one.requires_grad]
            try:
                optimizer = torch.optim.SGD(groups, lr=self._unnamed(inputs))
            except (TypeError, ValueError, AttributeError) as error:
                return {"refused": f"{type(error).__name__}: {error}"[:160]}
            loss = functional.cross_entropy(model(images(seed, 12)), labels(seed, 12, classes))
            if not trains:
                return {"trains": trains, "state": plain(model)}
            loss.backward()
            optimizer.step()
        return {"trains": trains, "state": plain(model)}

    @staticmethod
    def _unnamed(inputs: dict[str, Any]) -> float:
        """The optimizer's own rate, for a group that names none."""
        return max(inputs["rates"].values()) * 3

    def _moves(self, inputs: dict[str, Any]) -> dict[str, Tensor]:
        """What each parameter moves by at a rate of 1."""
        seed = inputs["seed"]
        model = tiny_resnet(seed, inputs["width"], inputs["classes"]).train()
        functional.cross_entropy(model(images(seed, 12)), labels(seed, 12, inputs["classes"])).backward()
        return {name: -one.grad for name, one in model.named_parameters() if one.grad is not None}

    def verdict(self, inputs: dict[str, Any], seen: dict[str, Any]) -> str:
        require("refused" not in seen, f"`torch.optim.SGD` refuses your groups: {seen.get('refused')}.")
        before = plain(tiny_resnet(inputs["seed"], inputs["width"], inputs["classes"]))
        rates: dict[str, float] = inputs["rates"]
        found: dict[str, set[float]] = {}
        for name, move in self._moves(inputs).items():
            shift = torch.tensor(seen["state"][name]) - torch.tensor(before[name])
            if float(move.abs().max()) > 1e-4:  # a bias before batch norm has no gradient to speak of
                found.setdefault(name.split(".")[0], set()).add(round(float((shift * move).sum() / (move**2).sum()), 4))
        used = {part: sorted(values) for part, values in found.items()}
        said = f"`{inputs['rates']}` was asked for; after one step of SGD "
        others = [part for part in used if part not in rates and used[part] != [0.0]]
        still = [part for part in rates if used.get(part) == [0.0]]
        require(
            not still,
            f"{said}{', '.join(still)} has not moved: it came to you frozen. Thaw what is to be trained, "
            "`requires_grad_(True)`.",
            "still-frozen",
        )
        fallback = self._unnamed(inputs)
        require(
            not all(self._near(used[part], fallback) for part in rates),
            f"{said}every part moved at the optimizer's own rate, {fallback:.4f}. The key of a group's rate is `lr`; "
            "another one is kept and not read.",
            "unknown-key",
        )
        first = used[next(iter(rates))]
        require(
            not all(used[part] == first for part in rates),
            f"{said}all parts moved at {first[0]}. Give each part a group of its own.",
            "one-rate",
        )
        mirrored = dict(zip(rates, reversed(list(rates.values())), strict=True))
        require(
            not all(self._near(used[part], mirrored[part]) for part in rates),
            f"{said}the part that was to take the smallest steps took the largest.",
            "swapped",
        )
        for part, rate in rates.items():
            require(self._near(used[part], rate), f"{said}{part} moved at {used[part]}, expected {rate}.")
        trains = sorted({name.split(".")[0] for name in seen["trains"]} - set(rates))
        require(
            not others and not trains,
            f"{said}these parts are not named and still trainable: {', '.join(trains or others)}. Freeze them, or "
            "backward computes gradients that nobody uses, and the next optimizer moves them.",
            "rest-trains",
        )
        return "Each named part moved at its own rate, and all else is frozen."

    @staticmethod
    def _near(seen: list[float], rate: float) -> bool:
        return all(abs(one - rate) < 0.02 * rate + 2e-4 for one in seen)
