"""Several of several: every right option and no other."""

from __future__ import annotations

import re
from typing import Any, ClassVar, Literal

from pydantic import model_validator

from coursekit.quiz.items import Score, UnreadableError
from coursekit.quiz.kinds.options import WithOptions, position
from coursekit.quiz.variants import Variant


class Choices(WithOptions):
    """The answer is the sorted numbers of the picked options in the author's order.

    Partial credit: (right picks - wrong picks) / number of right options, and never below 0. So picking everything
    earns nothing on a question with as many wrong options as right ones.
    """

    kind: Literal["choices"] = "choices"
    control: ClassVar[Literal["several"]] = "several"

    @model_validator(mode="after")
    def _some_are_right(self) -> Choices:
        right = sum(option.right for option in self.options)
        if not 1 <= right < len(self.options):
            raise ValueError(f"{right} of {len(self.options)} options are marked right; some must be, and not all")
        return self

    def parse(self, variant: Variant, raw: Any) -> list[int]:
        parts = raw if isinstance(raw, list) else re.split(r"[\s,;]+", str(raw).strip())
        picked = [position(part, len(self.options)) for part in parts if part != ""]
        if not picked or None in picked:
            raise UnreadableError("Pick every option that is right, for example: a, c.")
        order = variant.order(len(self.options))
        return sorted({order[one] for one in picked if one is not None})

    def score(self, variant: Variant, answer: Any) -> Score:
        picked = {int(one) for one in answer}
        right = {index for index, option in enumerate(self.options) if option.right}
        wrong = sorted(picked - right)
        missed = sorted(right - picked)
        value = max(0.0, (len(picked & right) - len(wrong)) / len(right))
        said = [self.options[index].feedback for index in wrong or missed or sorted(right)]
        if missed and not wrong:
            said = [f"{len(missed)} more of the options {'is' if len(missed) == 1 else 'are'} right."]
        return Score(
            value if wrong or missed else 1.0,
            not wrong and not missed,
            "\n\n".join(variant.fill(text) for text in said),
            self.options[wrong[0]].misconception if wrong else None,
        )

    def key(self, variant: Variant) -> list[int]:
        return [index for index, option in enumerate(self.options) if option.right]

    def show(self, variant: Variant, answer: Any) -> str:
        return "; ".join(variant.fill(self.options[int(index)].text) for index in answer)

    def raw(self, variant: Variant, answer: Any) -> list[int]:
        order = variant.order(len(self.options))
        return sorted(order.index(int(one)) for one in answer)

    def guess_chance(self, variant: Variant) -> float:
        return 1 / (2 ** len(self.options) - 1)
