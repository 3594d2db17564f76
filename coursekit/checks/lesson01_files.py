"""Checks of lesson 01 that read files: ``01.offline`` and ``01.repair``."""

from __future__ import annotations

import hashlib
import os
import random
import tempfile
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor
from torchvision.models._api import Weights, WeightsEnum

from coursekit.checks.core import Check, attempt, call, require
from coursekit.checks.fixtures import tiny_net, tiny_state


class _FarAway(WeightsEnum):
    """Weights behind an address that no machine has."""

    def get_state_dict(self, *args: Any, **kwargs: Any) -> dict[str, Tensor]:
        raise ConnectionError("these weights are far away, and this question must be answered without the network")


class OfflineCheck(Check):
    """``ready_offline(weights, folder)``: does the folder hold the weights' file, whole and unchanged?"""

    MISCONCEPTIONS: ClassVar = {
        "exists-is-enough": "A file of the right name is the right file.",
        "whole-hash": "The part of a hash in the file name is the whole hash.",
        "wrong-name": "The file is named after the model or the entry.",
        "asks-the-network": "To find out whether weights are there, load them.",
    }
    CASES = ("intact", "long", "missing", "damaged", "cut off")

    def draw(self, seed: int) -> dict[str, Any]:
        dice = random.Random(seed)
        return {"seed": seed, "cases": dice.sample(self.CASES, len(self.CASES))}

    def observe(self, answer: Any, inputs: dict[str, Any]) -> dict[str, Any]:
        seen: dict[str, Any] = {}
        with tempfile.TemporaryDirectory() as folder:
            for number, case in enumerate(inputs["cases"]):
                place = Path(folder, str(number))
                place.mkdir()
                weights = self._prepare(case, inputs["seed"] + number, place)
                result = call(answer, weights, place)
                seen[case] = result if isinstance(result, bool) else type(result).__name__
        return seen

    @staticmethod
    def _prepare(case: str, seed: int, folder: Path) -> WeightsEnum:
        dice = random.Random(seed)
        content = dice.randbytes(dice.randint(2_000, 9_000))
        digest = hashlib.sha256(content).hexdigest()
        name = f"tinynet_{seed % 97}-{digest if case == 'long' else digest[:8]}.pth"
        if case == "damaged":
            place = len(content) // 2
            content = content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]
        if case == "cut off":
            content = content[: len(content) // 2]
        if case != "missing":
            (folder / name).write_bytes(content)
        (folder / "readme-0123abcd.txt").write_text("another file of this folder\n")
        entry = Weights(url=f"https://weights.invalid/models/{name}", transforms=torch.nn.Identity, meta={})
        return _FarAway("TinyNet_Weights", {"V1": entry, "DEFAULT": entry})["V1"]

    def verdict(self, inputs: dict[str, Any], seen: dict[str, Any]) -> str:
        for case in inputs["cases"]:
            require(isinstance(seen[case], bool), f"Expected True or False; seen {seen[case]}.")
        require(
            not (seen["long"] and not seen["intact"]),
            "A whole file was called not ready. Its name holds the first eight digits of the hash, and you seem to "
            "compare them with all 64: does the hash *start with* what the name says?",
            "whole-hash",
        )
        require(
            seen["intact"] and seen["long"],
            "A whole file was called not ready. It has the name that ends the URL, and the SHA-256 digest of its "
            "bytes starts with the digits after the dash.",
            "wrong-name",
        )
        require(not seen["missing"], "The folder has no such file, and your function said that it is ready.")
        require(
            not seen["damaged"],
            "One bit of the file was changed, and your function called it ready. Existing is not enough, and "
            "neither is its size: compare the hash.",
            "exists-is-enough",
        )
        require(
            not seen["cut off"],
            "Half of the file is missing, as after a download that broke off, and your function called it ready.",
            "exists-is-enough",
        )
        return "Right for whole, missing, damaged and cut-off files, with short and long hashes."


class _Bomb:
    """Makes a folder as soon as it is unpickled: what an attacker would do is up to the attacker."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return os.mkdir, (self.path,)


class RepairCheck(Check):
    """``load_checkpoint(model, path)`` loads every tensor, whatever prefix it has, or raises; and runs no code."""

    MISCONCEPTIONS: ClassVar = {
        "strict-false": "strict=False makes loading work.",
        "prefix": "The keys in a checkpoint are always the model's own.",
        "trusts-pickle": "A file of weights holds only numbers.",
    }
    DROPPED = "norm.running_mean"

    def draw(self, seed: int) -> dict[str, Any]:
        return {"seed": seed, "classes": random.Random(seed).randint(3, 9)}

    def observe(self, answer: Any, inputs: dict[str, Any]) -> dict[str, Any]:
        seen: dict[str, Any] = {}
        with tempfile.TemporaryDirectory() as folder:
            files = {case: Path(folder, f"{case}.pth") for case in ("plain", "prefixed", "incomplete", "hostile")}
            flag = Path(folder, "code-was-run")
            self._write(files, inputs, flag)
            for case in ("plain", "prefixed"):
                model = tiny_net(classes=inputs["classes"])
                call(answer, model, files[case])
                seen[case] = {key: value.tolist() for key, value in model.state_dict().items()}
            for case in ("incomplete", "hostile"):
                model = tiny_net(classes=inputs["classes"])
                error = attempt(lambda model=model, path=files[case]: answer(model, path))  # type: ignore[misc]
                seen[case] = type(error).__name__ if error else ""
            seen["code was run"] = flag.exists()
        return seen

    def _state(self, inputs: dict[str, Any]) -> dict[str, Tensor]:
        return tiny_state(inputs["seed"], inputs["classes"])

    def _write(self, files: dict[str, Path], inputs: dict[str, Any], flag: Path) -> None:
        state = self._state(inputs)
        torch.save(state, files["plain"])
        torch.save({f"module.{key}": value for key, value in state.items()}, files["prefixed"])
        torch.save({key: value for key, value in state.items() if key != self.DROPPED}, files["incomplete"])
        torch.save({**state, "author": _Bomb(str(flag))}, files["hostile"])

    def verdict(self, inputs: dict[str, Any], seen: dict[str, Any]) -> str:
        state = self._state(inputs)
        require(
            not seen["code was run"],
            "A checkpoint came with a pickled object that runs code when it is read, and it ran. "
            "Read files with `weights_only=True`.",
            "trusts-pickle",
        )
        arrived = self._arrived(seen["plain"], state)
        require(arrived == len(state), f"From an ordinary checkpoint {arrived} of {len(state)} tensors arrived.")
        arrived = self._arrived(seen["prefixed"], state)
        require(
            arrived == len(state),
            f"From a checkpoint whose keys begin with `module.` {arrived} of {len(state)} tensors arrived, and no "
            "error was raised. Take the prefix off before loading.",
            "prefix",
        )
        require(
            bool(seen["incomplete"]),
            f"`{self.DROPPED}` was missing from a checkpoint, and nothing was raised: the model would predict with "
            "whatever stood there. Leave `strict` at its default.",
            "strict-false",
        )
        require(bool(seen["hostile"]), "A checkpoint with a pickled object in it must be refused with an error.")
        return "Every tensor arrives, with or without the prefix; the incomplete and the hostile file are refused."

    @staticmethod
    def _arrived(seen: dict[str, Any], state: dict[str, Tensor]) -> int:
        return sum(torch.allclose(torch.tensor(seen[key]).double(), value.double()) for key, value in state.items())
