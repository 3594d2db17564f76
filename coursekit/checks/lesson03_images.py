"""Checks of lesson 03 on single images: ``03.prepare``, ``03.undo``, ``03.shrink``."""

from __future__ import annotations

import random
from typing import Any, ClassVar

import torch
from PIL import Image
from torch import Tensor
from torchvision.transforms import functional

from coursekit.checks.core import Check, Wrong, article, call, require
from coursekit.checks.fixtures import random_image, tiny_weights


def plain(result: Any) -> dict[str, Any]:
    """A tensor as plain data: type, shape and values; of anything else its type alone."""
    if not isinstance(result, Tensor):
        return {"type": type(result).__name__}
    return {"type": "Tensor", "dtype": str(result.dtype), "shape": list(result.shape), "values": result.tolist()}


def wanted_tensor(seen: dict[str, Any], what: str) -> None:
    require(seen["type"] == "Tensor", f"A tensor is expected, {what}; seen {article(seen['type'])}.")


class PrepareCheck(Check):
    """``prepare(image, weights)`` gives a batch of one, whatever the mode of the image."""

    MISCONCEPTIONS: ClassVar = {
        "rgb-only": "Each image file holds three channels.",
        "no-batch": "The transforms add the batch axis.",
        "fixed-transforms": "Every model wants 224 pixels and ImageNet's mean and deviation.",
        "scaling-only": "An image in 0 to 1 is ready for the model.",
    }
    MODES: ClassVar = {
        "RGB": "an RGB image",
        "L": "a grey image",
        "RGBA": "an image with transparency",
        "P": "a palette",
    }

    def draw(self, seed: int) -> dict[str, Any]:
        dice = random.Random(seed)
        return {"seed": seed, "modes": dice.sample(list(self.MODES), len(self.MODES))}

    def observe(self, answer: Any, inputs: dict[str, Any]) -> dict[str, Any]:
        seen: dict[str, Any] = {}
        for mode in ["RGB", *inputs["modes"]]:
            image, weights = self._image(inputs["seed"], mode), tiny_weights(inputs["seed"])["DEFAULT"]
            try:
                seen[mode] = plain(call(answer, image, weights))
            except Wrong as wrong:
                if mode == "RGB":
                    raise
                seen[mode] = {"type": "error", "message": wrong.outcome.message}
        return seen

    @staticmethod
    def _image(seed: int, mode: str) -> Image.Image:
        image = random_image(seed)
        if mode == "RGBA":
            alpha = random_image(seed + 1).convert("L").resize(image.size)
            return Image.merge("RGBA", [*image.split(), alpha])
        return image.convert(mode)

    def verdict(self, inputs: dict[str, Any], seen: dict[str, Any]) -> str:
        transforms = tiny_weights(inputs["seed"])["DEFAULT"].transforms()
        side = transforms.crop_size[0]
        for mode in ["RGB", *inputs["modes"]]:
            one, name = seen[mode], self.MODES[mode]
            require(
                one["type"] != "error",
                f"For {name} (mode {mode!r}): {one.get('message')} Not every file holds three channels: convert first.",
                "rgb-only",
            )
            wanted_tensor(one, "a batch of one image")
            image = self._image(inputs["seed"], mode).convert("RGB")
            expected = transforms(image)[None]
            values, shape = torch.tensor(one["values"]), one["shape"]
            require(
                shape != list(expected.shape[1:]),
                f"For {name} the shape is {shape}. A model takes a batch: {list(expected.shape)}.",
                "no-batch",
            )
            require(
                len(shape) == 4 and shape[0] == 1,
                f"For {name} the shape is {shape}; expected {list(expected.shape)}, a batch of one.",
            )
            require(
                shape[1] == 3,
                f"For {name} the batch has {shape[1]} channels; the model takes 3. Convert the image first.",
                "rgb-only",
            )
            require(
                shape[2:] == [side, side],
                f"For {name} the sides are {shape[2:]}; these weights expect {side} x {side}. "
                "Ask the weights for their own transforms.",
                "fixed-transforms",
            )
            if not torch.allclose(values.double(), expected.double(), atol=2e-2):
                inside = bool(values.min() >= 0) and bool(values.max() <= 1)
                raise Wrong(
                    f"For {name} all values lie between {values.min():.2f} and {values.max():.2f}, as before "
                    "normalisation. Subtract the weights' mean and divide by their deviation."
                    if inside
                    else f"For {name} the sides are right, and the values are not those of these weights' transforms.",
                    "scaling-only" if inside else "fixed-transforms",
                )
        return "A batch of one from RGB, grey, transparent and palette images, as the weights expect."


class UndoCheck(Check):
    """``undo(batch, weights)``: from what enters the model back to bytes."""

    MISCONCEPTIONS: ClassVar = {
        "adds-first": "Undoing goes in the same order as doing.",
        "fixed-statistics": "The mean and the deviation are always ImageNet's.",
        "stays-float": "An image to look at may as well be floats, whatever was asked for.",
        "truncates": "Casting to bytes rounds.",
        "no-clamp": "Nothing lies outside of 0 to 255.",
    }

    def draw(self, seed: int) -> dict[str, Any]:
        dice = random.Random(seed)
        return {"seed": seed, "shape": [dice.randint(2, 4), 3, dice.randint(8, 12), dice.randint(8, 12)]}

    @staticmethod
    def _levels(inputs: dict[str, Any]) -> Tensor:
        """What the images hold, in levels: whole numbers, and a few beyond both ends, as sharpening leaves them."""
        dice = torch.Generator().manual_seed(inputs["seed"])
        levels = torch.randint(0, 256, inputs["shape"], generator=dice).double()
        levels[0, :, 0, :4], levels[0, :, 1, :4] = 263.0, -9.0
        return levels

    def observe(self, answer: Any, inputs: dict[str, Any]) -> dict[str, Any]:
        weights = tiny_weights(inputs["seed"])["DEFAULT"]
        transforms = weights.transforms()
        batch = functional.normalize((self._levels(inputs) / 255).float(), transforms.mean, transforms.std)
        return plain(call(answer, batch, weights))

    def verdict(self, inputs: dict[str, Any], seen: dict[str, Any]) -> str:
        wanted_tensor(seen, "of bytes")
        shape = inputs["shape"]
        require(seen["shape"] == shape, f"The shape is {seen['shape']}; expected that of the batch, {shape}.")
        require(
            seen["dtype"] == "torch.uint8",
            f"The type is {seen['dtype']}; bytes were asked for, `torch.uint8`, from 0 to 255.",
            "stays-float",
        )
        levels = self._levels(inputs)
        values, expected = torch.tensor(seen["values"]).double(), levels.clamp(0, 255)
        inside = (levels >= 0) & (levels <= 255)
        gap = (values - expected)[inside]
        if bool((gap.abs() > 1).any()):
            transforms = tiny_weights(inputs["seed"])["DEFAULT"].transforms()
            mean, std = (torch.tensor(one).double().view(3, 1, 1) for one in (transforms.mean, transforms.std))
            ready = (levels / 255 - mean) / std
            swapped = (((ready + mean) * std) * 255).clamp(0, 255)
            require(
                not bool(((values - swapped).abs() <= 1.5).all()),
                "The mean was added first, then everything was multiplied. Undo the last step first: times the "
                "deviation, then plus the mean.",
                "adds-first",
            )
            raise Wrong(
                f"Most pixels are off, by up to {gap.abs().max():.0f} levels. Undo with the mean and the deviation "
                "of *these* weights, `weights.transforms().mean` and `.std`.",
                "fixed-statistics",
            )
        wrapped = (values - expected)[~inside].abs() > 1
        require(
            not bool(wrapped.any()),
            "Values a little above white or below black came out as something else: bytes have no 263 and start "
            "again at 0. Clamp before the cast.",
            "no-clamp",
        )
        require(
            not bool((gap != 0).any()),
            f"{int((gap != 0).sum())} of {gap.numel()} pixels are one level too low. A cast cuts the digits off "
            "after the point: round first.",
            "truncates",
        )
        return "Every pixel comes back to the level, and what lies outside is clamped."


class ShrinkCheck(Check):
    """``shrink(picture, side)``: the shorter side resized with antialiasing, the middle square, bytes."""

    MISCONCEPTIONS: ClassVar = {
        "squeezed": "Resizing to a square keeps the picture as it is.",
        "crop-first": "A crop and a resize may change places.",
        "no-antialias": "All ways of resizing give the same picture.",
        "corner": "Any square of the picture will do.",
    }

    def draw(self, seed: int) -> dict[str, Any]:
        dice = random.Random(seed)
        short, side = dice.randint(80, 100), dice.randint(18, 26)
        long = short + dice.randint(40, 60)
        shape = [short, long] if dice.random() < 0.5 else [long, short]
        return {"seed": seed, "sides": shape, "side": side}

    @staticmethod
    def _picture(inputs: dict[str, Any]) -> Tensor:
        dice = torch.Generator().manual_seed(inputs["seed"])
        height, width = inputs["sides"]
        coarse = torch.rand(1, 3, 6, 6, generator=dice)
        smooth = torch.nn.functional.interpolate(coarse, size=(height, width), mode="bilinear")[0]
        grain = torch.randn(3, height, width, generator=dice)
        return ((smooth * 0.7 + 0.15 + 0.2 * grain).clamp(0, 1) * 255).round().byte()

    def observe(self, answer: Any, inputs: dict[str, Any]) -> dict[str, Any]:
        return plain(call(answer, self._picture(inputs), inputs["side"]))

    def verdict(self, inputs: dict[str, Any], seen: dict[str, Any]) -> str:
        wanted_tensor(seen, "a byte image")
        side, picture = inputs["side"], self._picture(inputs)
        require(
            seen["shape"] == [3, side, side],
            f"The shape is {seen['shape']}; expected {[3, side, side]}.",
        )
        require(seen["dtype"] == "torch.uint8", f"The type is {seen['dtype']}; expected bytes, `torch.uint8`.")
        values = torch.tensor(seen["values"]).double()

        def off(other: Tensor) -> float:
            return float((values - other.double()).abs().mean())

        small = functional.resize(picture, side, antialias=True)
        expected = functional.center_crop(small, side)
        if float((values - expected.double()).abs().max()) <= 3:
            return "The middle square, in the right ratio, as smooth as PIL makes it."
        long = [side, side]
        unsmooth = functional.center_crop(functional.resize(picture, side, antialias=False), side)
        wrong = {
            "squeezed": (functional.resize(picture, long, antialias=True), self._squeezed(inputs)),
            "crop-first": (functional.center_crop(picture, side), "A square was cut out of the large picture, so most "
                           "of it is lost. Resize first, then crop."),
            "no-antialias": (unsmooth, "The grain of single pixels is still there. PIL averages over the pixels that "
                             "become one: resize with `antialias=True`."),
            "corner": (small[:, :side, :side], "The square is not the middle of the picture. Use a centre crop."),
        }  # fmt: skip
        nearest = min(wrong, key=lambda name: off(wrong[name][0]))
        likeness, message = wrong[nearest]
        require(off(likeness) > 4, message, nearest)
        raise Wrong(f"The shape is right, and the pixels are off by {off(expected):.0f} levels on average.")

    @staticmethod
    def _squeezed(inputs: dict[str, Any]) -> str:
        height, width = inputs["sides"]
        return f"A picture of {height} x {width} was squeezed into a square. One number to `resize` keeps the ratio."
