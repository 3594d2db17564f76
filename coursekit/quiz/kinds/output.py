"""Predict what code prints: the right answer is what comes out when the code of the stem runs."""

from __future__ import annotations

import re
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, model_validator

from coursekit.quiz.items import Claim, Expectation, Form, Item, Score, UnreadableError
from coursekit.quiz.kinds.coded import part
from coursekit.quiz.kinds.typed import Feedback, Slip
from coursekit.quiz.variants import Variant

LONGEST = 2000  # characters of an answer


class Output(Item):
    """The answer is the printed text. How it is spaced, broken into lines, quoted or capitalised does not count.

    ``expected`` is stated, so that scoring needs no torch; the prover runs the code and compares.
    """

    kind: Literal["output"] = "output"
    expected: Annotated[str, Field(min_length=1, max_length=LONGEST, description="What the code of the stem prints.")]
    slips: list[Slip] = Field(default_factory=list)
    feedback: Feedback
    control: ClassVar[Literal["text"]] = "text"

    @model_validator(mode="after")
    def _code_is_the_proof(self) -> Output:
        part(self.stem)
        if self.proof is not None:
            raise ValueError("the code of the stem is the proof; take 'proof' out")
        return self

    def parse(self, variant: Variant, raw: Any) -> str:
        text = raw.strip() if isinstance(raw, str) else ""
        if not normal(text):
            raise UnreadableError("Type what the code prints.")
        if len(text) > LONGEST:
            raise UnreadableError(f"That is too long for an answer here: at most {LONGEST:,} characters.")
        return text

    def score(self, variant: Variant, answer: Any) -> Score:
        given = normal(str(answer))
        if given == normal(self.key(variant)):
            return Score(1.0, True, variant.fill(self.feedback.right))
        for slip in self.slips:
            if given == normal(variant.fill(slip.answer)):
                return Score(0.0, False, variant.fill(slip.feedback), slip.misconception)
        return Score(0.0, False, variant.fill(self.feedback.wrong))

    def key(self, variant: Variant) -> str:
        return variant.fill(self.expected).strip()

    def show(self, variant: Variant, answer: Any) -> str:
        return f"`{' '.join(str(answer).replace('`', '').split())}`"

    def raw(self, variant: Variant, answer: Any) -> str:
        return str(answer)

    def form(self, variant: Variant) -> Form:
        return Form(variant.stem, rows=2)

    def placeholder(self, variant: Variant) -> str:
        return "what is printed; a space will do for a new line"

    def claims(self, variant: Variant) -> list[Claim]:
        expected = [Expectation("expected", self.key(variant), True)]
        expected += [
            Expectation(f"slip {number}", variant.fill(slip.answer), False) for number, slip in enumerate(self.slips, 1)
        ]
        names = {**variant.values, "CODE": variant.code, "STEM": variant.stem}
        return [Claim("expected", "truth = printed(CODE)", names, ("expected",), expected)]

    def faults(self, variant: Variant) -> list[str]:
        found = [normal(self.key(variant))]
        faults = [] if found[0] else ["'expected' is empty; a question about output needs code that prints"]
        for number, slip in enumerate(self.slips, 1):
            value = normal(variant.fill(slip.answer))
            if value in found:
                faults.append(f"slip {number} ({value}) equals what is printed or another slip")
            found.append(value)
        return faults


def normal(text: str) -> str:
    """A printed text without what a person may write in another way: spaces, line breaks, quotes, capitals."""
    one_quote = re.sub(r"[\"`\u2018\u2019\u201c\u201d]", "'", text)
    beside_signs = re.sub(r"\s*([\[\](){},:=])\s*", r"\1", one_quote)
    return re.sub(r"\s+", " ", beside_signs).strip().casefold()
