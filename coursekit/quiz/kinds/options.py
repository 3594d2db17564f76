"""What the kinds with options share: the options themselves, their order, and what each must prove."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import Field, model_validator

from coursekit.quiz.items import Claim, Code, Expectation, Item, Section, Slug, Strict, Text
from coursekit.quiz.variants import Variant


class Option(Strict):
    """One option. Its truth is proven by code of its own, by the item's ``truth``, or argued with a source."""

    text: Text
    right: bool = False
    feedback: Text
    misconception: Slug | None = Field(None, description="What a learner who picks this believes.")
    proof: Code | None = Field(None, description="Code that fails unless this option is what it is said to be.")
    because: Text | None = Field(None, description="The reason, for what no code can show.")
    source: Section | None = Field(None, description="The section of the lesson that says so.")

    @model_validator(mode="after")
    def _complete(self) -> Option:
        if self.right and self.misconception:
            raise ValueError("a right option stands for no misconception")
        if not self.right and not self.misconception:
            raise ValueError("a wrong option needs 'misconception': what a learner who picks it believes")
        if (self.because is None) != (self.source is None):
            raise ValueError("'because' and 'source' belong together")
        return self


class WithOptions(Item):
    """A question whose answer is picked."""

    options: Annotated[list[Option], Field(min_length=2, max_length=8)]

    @model_validator(mode="after")
    def _every_option_has_a_truth(self) -> WithOptions:
        for number, option in enumerate(self.options, 1):
            if self.proof is None and option.proof is None and option.because is None:
                raise ValueError(
                    f"option {number} has nothing that shows it is {'right' if option.right else 'wrong'}: "
                    "give it 'proof', or 'because' with 'source', or the question a 'proof' that leaves 'truth'"
                )
        return self

    def shown(self, variant: Variant) -> list[Option]:
        """The options in this variant's order."""
        return [self.options[index] for index in variant.order(len(self.options))]

    def choices(self, variant: Variant) -> list[str]:
        return [variant.fill(option.text) for option in self.shown(variant)]

    def faults(self, variant: Variant) -> list[str]:
        texts = [plain(text).casefold() for text in self.choices(variant)]
        return [f"two options read the same: {text!r}" for text in sorted({t for t in texts if texts.count(t) > 1})]

    def claims(self, variant: Variant) -> list[Claim]:
        names = {**variant.values, "CODE": variant.code, "STEM": variant.stem}
        found = [
            Claim(
                f"option {number}",
                variant.fill(option.proof),
                {**names, "OPTION": plain(variant.fill(option.text)), "RIGHT": option.right},
                ("options", number - 1, "proof"),
            )
            for number, option in enumerate(self.options, 1)
            if option.proof is not None
        ]
        if self.proof is not None:
            computed = [
                Expectation(f"option {number}", plain(variant.fill(option.text)), option.right)
                for number, option in enumerate(self.options, 1)
                if option.proof is None and option.because is None
            ]
            found.append(Claim("truth", variant.fill(self.proof), names, ("proof",), computed))
        return found


def plain(text: str) -> str:
    """The bare text of an option: without the backticks or the fence around its code."""
    stripped = text.strip()
    fenced = re.fullmatch(r"```[^\n]*\n(.*?)\n?```", stripped, re.DOTALL)
    if fenced:
        return fenced[1]
    single = re.fullmatch(r"`([^`]+)`", stripped)
    return single[1] if single else re.sub(r"\s+", " ", stripped)


def position(raw: Any, count: int) -> int | None:
    """Which option is meant, counted from 0: a number, or a letter as a person types it."""
    if isinstance(raw, int) and not isinstance(raw, bool):
        return raw if 0 <= raw < count else None
    text = str(raw).strip().lower()
    if len(text) == 1 and "a" <= text <= chr(ord("a") + count - 1):
        return ord(text) - ord("a")
    if text.isdecimal() and 1 <= int(text) <= count:
        return int(text) - 1
    return None
