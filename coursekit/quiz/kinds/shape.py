"""The shape of a tensor."""

from __future__ import annotations

import re
from typing import Any, Literal

from coursekit.quiz.items import UnreadableError
from coursekit.quiz.kinds.typed import Typed, expression_value
from coursekit.quiz.variants import Variant


class Shape(Typed):
    """The answer is a list of sizes; ``[8, 3]``, ``(8, 3)``, ``8 x 3`` and ``torch.Size([8, 3])`` are all read."""

    kind: Literal["shape"] = "shape"

    def parse(self, variant: Variant, raw: Any) -> list[int]:
        text = ",".join(map(str, raw)) if isinstance(raw, list) else str(raw)
        inner = re.sub(r"^\s*(torch\.)?size\s*", "", text.strip(), flags=re.IGNORECASE).strip("()[] \t,")
        parts = [part for part in re.split(r"\s*[,x×*]\s*|\s+", inner) if part]
        if not text.strip() or not all(re.fullmatch(r"\d{1,12}", part) for part in parts):
            raise UnreadableError("Type the sizes in order, for example [2, 3, 64, 64].")
        return [int(part) for part in parts]

    def equal(self, variant: Variant, one: Any, other: Any) -> bool:
        return list(one) == list(other)

    def value(self, variant: Variant, expression: str) -> list[int]:
        value = expression_value(variant, expression)
        if not isinstance(value, list) or not all(isinstance(size, int) and size >= 0 for size in value):
            raise ValueError(f"{expression!r} is not a shape: a list of whole numbers, such as [batch, 1000]")
        return value

    def show(self, variant: Variant, answer: Any) -> str:
        return f"`torch.Size({list(answer)})`"

    def placeholder(self, variant: Variant) -> str:
        return "a shape such as [2, 3]"
