"""What the kinds with a typed answer share: the right answer is an expression, wrong ones we expect are named."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, ClassVar, Literal

from pydantic import Field, model_validator

from coursekit.quiz.expressions import evaluate
from coursekit.quiz.items import Claim, Expectation, Item, Score, Slug, Strict, Text
from coursekit.quiz.variants import Variant


class Slip(Strict):
    """A wrong answer that tells what the learner believes."""

    answer: Text
    misconception: Slug
    feedback: Text


class Feedback(Strict):
    """What is said to a right answer, and to a wrong one that no slip names."""

    right: Text
    wrong: Text


class Typed(Item):
    """A question whose answer is typed. ``answer`` is an expression over the parameters; ``proof`` shows it true."""

    answer: Text
    slips: list[Slip] = Field(default_factory=list)
    feedback: Feedback
    control: ClassVar[Literal["text"]] = "text"

    @model_validator(mode="after")
    def _proven(self) -> Typed:
        if self.proof is None:
            raise ValueError("needs 'proof': code that leaves the right value in 'truth'")
        return self

    @abstractmethod
    def equal(self, variant: Variant, one: Any, other: Any) -> bool:
        """Do two parsed answers count as the same?"""

    @abstractmethod
    def value(self, variant: Variant, expression: str) -> Any:
        """What an expression of the bank stands for, in the form of a parsed answer."""

    def tolerated(self) -> float:
        return 0.0

    def key(self, variant: Variant) -> Any:
        return self.value(variant, self.answer)

    def score(self, variant: Variant, answer: Any) -> Score:
        if self.equal(variant, answer, self.key(variant)):
            return Score(1.0, True, variant.fill(self.feedback.right))
        for slip in self.slips:
            if self.equal(variant, answer, self.value(variant, slip.answer)):
                return Score(0.0, False, variant.fill(slip.feedback), slip.misconception)
        return Score(0.0, False, variant.fill(self.feedback.wrong))

    def raw(self, variant: Variant, answer: Any) -> str:
        return self.show(variant, answer).strip("`")

    def claims(self, variant: Variant) -> list[Claim]:
        expected = [Expectation("answer", self.key(variant), True, self.tolerated())]
        expected += [
            Expectation(f"slip {number}", self.value(variant, slip.answer), False, self.tolerated())
            for number, slip in enumerate(self.slips, 1)
        ]
        code = variant.fill(self.proof or "")
        return [
            Claim("truth", code, {**variant.values, "CODE": variant.code, "STEM": variant.stem}, ("proof",), expected)
        ]

    def faults(self, variant: Variant) -> list[str]:
        found: list[Any] = [self.key(variant)]
        faults = []
        for number, slip in enumerate(self.slips, 1):
            value = self.value(variant, slip.answer)
            if any(self.equal(variant, value, other) for other in found):
                faults.append(f"slip {number} ({self.show(variant, value)}) equals the answer or another slip")
            found.append(value)
        return faults


def expression_value(variant: Variant, expression: str) -> Any:
    """An expression over the parameters of this variant."""
    return evaluate(expression, variant.values)
