"""A number, with a tolerance and a unit."""

from __future__ import annotations

import math
import re
from typing import Annotated, Any, Literal

from pydantic import Field

from coursekit.quiz.expressions import written
from coursekit.quiz.items import UnreadableError
from coursekit.quiz.kinds.typed import Typed, expression_value
from coursekit.quiz.variants import Variant

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?")


class Number(Typed):
    """Right within ``tolerance`` (absolute, in the unit of the question)."""

    kind: Literal["number"] = "number"
    tolerance: Annotated[float, Field(ge=0)] = 0.0
    unit: Annotated[str, Field(max_length=20)] = ""

    def parse(self, variant: Variant, raw: Any) -> float:
        text = str(raw).strip().lower().replace("\u2212", "-").replace("_", "").replace(" ", "")
        text = text.removesuffix(self.unit.lower().replace(" ", "")) if self.unit else text
        if re.fullmatch(r"[+-]?\d{1,3}(,\d{3})+(\.\d*)?", text):  # 11,689,512
            text = text.replace(",", "")
        elif re.fullmatch(r"[+-]?\d+,\d+", text):  # 0,5
            text = text.replace(",", ".")
        if not _NUMBER.fullmatch(text) or not math.isfinite(float(text)):
            raise UnreadableError(f"Type a number{f' in {self.unit}' if self.unit else ''}, for example 12 or 0.5.")
        return float(text)

    def equal(self, variant: Variant, one: Any, other: Any) -> bool:
        return math.isclose(float(one), float(other), rel_tol=1e-9, abs_tol=self.tolerance + 1e-12)

    def value(self, variant: Variant, expression: str) -> float:
        return float(expression_value(variant, expression))

    def tolerated(self) -> float:
        return self.tolerance

    def show(self, variant: Variant, answer: Any) -> str:
        return f"{written(float(answer))} {self.unit}".strip()

    def placeholder(self, variant: Variant) -> str:
        return f"a number{f' in {self.unit}' if self.unit else ''}"
