"""One of several: exactly one option is right."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import model_validator

from coursekit.quiz.items import Score, UnreadableError
from coursekit.quiz.kinds.options import WithOptions, position
from coursekit.quiz.variants import Variant


class Choice(WithOptions):
    """The answer is the number of the picked option in the author's order, so that it outlives a shuffle."""

    kind: Literal["choice"] = "choice"
    control: ClassVar[Literal["one"]] = "one"

    @model_validator(mode="after")
    def _one_is_right(self) -> Choice:
        right = sum(option.right for option in self.options)
        if right != 1:
            raise ValueError(f"{right} options are marked 'right: true'; exactly one must be")
        return self

    def parse(self, variant: Variant, raw: Any) -> int:
        picked = position(raw, len(self.options))
        if picked is None:
            raise UnreadableError(f"Pick one of the {len(self.options)} options.")
        return variant.order(len(self.options))[picked]

    def score(self, variant: Variant, answer: Any) -> Score:
        option = self.options[int(answer)]
        return Score(float(option.right), option.right, variant.fill(option.feedback), option.misconception)

    def key(self, variant: Variant) -> int:
        return next(index for index, option in enumerate(self.options) if option.right)

    def show(self, variant: Variant, answer: Any) -> str:
        return variant.fill(self.options[int(answer)].text)

    def raw(self, variant: Variant, answer: Any) -> int:
        return variant.order(len(self.options)).index(int(answer))

    def guess_chance(self, variant: Variant) -> float:
        return 1 / len(self.options)
