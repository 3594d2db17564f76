"""Put steps into order."""

from __future__ import annotations

import re
from itertools import pairwise, permutations
from math import factorial
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, model_validator

from coursekit.quiz.items import Claim, Item, Score, Slug, Strict, Text, UnreadableError
from coursekit.quiz.kinds.options import plain, position
from coursekit.quiz.kinds.typed import Feedback
from coursekit.quiz.variants import Variant

Positions = Annotated[list[Annotated[int, Field(ge=0)]], Field(min_length=3, max_length=6)]

# Runs after the author's proof, which defines ``works``. What raises does not work, unless it should.
_EVERY_ORDER = """

def _check_every_order(works, steps, right):
    from itertools import permutations
    import torch
    for order in permutations(range(len(steps))):
        torch.manual_seed(0)
        said, reason = list(order) in right, ""
        try:
            seen = bool(works([steps[one] for one in order]))
        except Exception as error:
            seen, reason = False, f" ({type(error).__name__}: {error})"
        if seen != said:
            ruling = "right, and it does not work" if said else "wrong, and it works"
            raise AssertionError(f"the order {list(order)} is {ruling}{reason}: {[steps[one] for one in order]}")

_check_every_order(works, STEPS, ORDERS)
"""


class OrderSlip(Strict):
    """A wrong order that tells what the learner believes."""

    order: Positions
    misconception: Slug
    feedback: Text


class Order(Item):
    """The answer is the list of positions in ``steps``, so that it outlives a shuffle.

    Partial credit: of the pairs of neighbours in the right order (the nearest one, where several are right), the share
    that are neighbours in the same order in the answer. Only a right order keeps all of them.
    """

    kind: Literal["order"] = "order"
    steps: Annotated[list[Text], Field(min_length=3, max_length=6, description="Written in the right order.")]
    also: list[Positions] = Field([], description="Other right orders, as positions in 'steps', from 0.")
    slips: list[OrderSlip] = Field(default_factory=list)
    feedback: Feedback
    control: ClassVar[Literal["order"]] = "order"

    @model_validator(mode="after")
    def _orders_are_orders(self) -> Order:
        count = len(self.steps)
        seen = [list(range(count))]
        named = [(f"'also' number {number}", order) for number, order in enumerate(self.also, 1)]
        named += [(f"slip {number}", slip.order) for number, slip in enumerate(self.slips, 1)]
        for name, order in named:
            if sorted(order) != list(range(count)):
                raise ValueError(f"{name} is {order}; expected each of the numbers 0 to {count - 1} once")
            if order in seen:
                raise ValueError(f"{name} is {order}, which is the order of 'steps' or was given before")
            seen.append(order)
        if 2 * len(self.rights()) > factorial(count):
            raise ValueError("more than half of all orders are right; such a question asks for nothing")
        if self.proof is None:
            raise ValueError("needs 'proof': code that defines works(steps), true exactly for the right orders")
        return self

    def rights(self) -> list[list[int]]:
        """Every right order; the author's first."""
        return [list(range(len(self.steps))), *self.also]

    def shuffled(self, variant: Variant) -> list[int]:
        """The order in which the steps are shown: never a right one."""
        rights = self.rights()
        return next(list(one) for one in permutations(variant.order(len(self.steps))) if list(one) not in rights)

    def choices(self, variant: Variant) -> list[str]:
        return [variant.fill(self.steps[index]) for index in self.shuffled(variant)]

    def parse(self, variant: Variant, raw: Any) -> list[int]:
        count = len(self.steps)
        if isinstance(raw, list):
            parts = raw
        elif isinstance(raw, str):
            text = re.sub(r"[\s,;.>\u2192-]+", " ", raw).strip()
            parts = list(text) if " " not in text else text.split(" ")
        else:
            parts = []
        places = [position(one, count) for one in parts]
        if len(places) != count or set(places) != set(range(count)):
            letters = "cabdef"[:count] if count > 2 else "ba"
            raise UnreadableError(
                f"Put all {count} steps into order, each of them once, for example: {', '.join(letters)}."
            )
        shown = self.shuffled(variant)
        return [shown[place] for place in places if place is not None]

    def score(self, variant: Variant, answer: Any) -> Score:
        order = [int(one) for one in answer]
        if order in self.rights():
            return Score(1.0, True, variant.fill(self.feedback.right))
        pairs = len(order) - 1
        kept = max(len(set(pairwise(right)) & set(pairwise(order))) for right in self.rights())
        slip = next((one for one in self.slips if one.order == order), None)
        said = variant.fill(slip.feedback if slip else self.feedback.wrong)
        said += f"\n\n{kept} of {pairs} steps are followed by the right one."
        return Score(kept / pairs, False, said, slip.misconception if slip else None)

    def key(self, variant: Variant) -> list[int]:
        return self.rights()[0]

    def show(self, variant: Variant, answer: Any) -> str:
        return " \u2192 ".join(_one_line(variant.fill(self.steps[int(index)])) for index in answer)

    def raw(self, variant: Variant, answer: Any) -> list[int]:
        shown = self.shuffled(variant)
        return [shown.index(int(one)) for one in answer]

    def placeholder(self, variant: Variant) -> str:
        return f"the letters in order, such as {', '.join('cabdef'[: len(self.steps)])}"

    def guess_chance(self, variant: Variant) -> float:
        return len(self.rights()) / factorial(len(self.steps))

    def claims(self, variant: Variant) -> list[Claim]:
        names = {
            **variant.values,
            "CODE": variant.code,
            "STEM": variant.stem,
            "STEPS": [plain(variant.fill(step)) for step in self.steps],
            "ORDERS": self.rights(),
        }
        return [Claim("order", variant.fill(self.proof or "") + _EVERY_ORDER, names, ("proof",))]

    def faults(self, variant: Variant) -> list[str]:
        texts = [plain(variant.fill(step)).casefold() for step in self.steps]
        return [f"two steps read the same: {text!r}" for text in sorted({t for t in texts if texts.count(t) > 1})]


def _one_line(step: str) -> str:
    """A step inside a sentence; a fence of code becomes code in the line."""
    if not step.strip().startswith("```"):
        return " ".join(step.split())
    return f"`{' '.join(plain(step).split())}`"
