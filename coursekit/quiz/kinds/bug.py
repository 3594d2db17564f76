"""Find the line with the bug."""

from __future__ import annotations

import re
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, model_validator

from coursekit.quiz.items import Claim, Form, Item, Score, Slug, Strict, Text, UnreadableError
from coursekit.quiz.kinds.coded import part
from coursekit.quiz.kinds.typed import Feedback
from coursekit.quiz.variants import Variant

LineNumber = Annotated[int, Field(ge=1, le=60)]

_BOTH_WAYS = """
assert symptom(CODE), "symptom(code) is false for the code of the stem: it has no bug that shows"
assert not symptom(FIXED), f"symptom(code) is still true with 'fixed' in place:\\n{FIXED}"
"""  # runs after the author's proof, which defines ``symptom``


class Line(Strict):
    """What is said to somebody who suspects a line that is innocent."""

    misconception: Slug
    feedback: Text


class Bug(Item):
    """The answer is the number of a line, from 1. A line without code cannot be picked."""

    kind: Literal["bug"] = "bug"
    line: Annotated[LineNumber, Field(description="The line with the bug, counted from 1 inside the fence.")]
    fixed: Annotated[Text, Field(description="This line without the bug, with its indentation.")]
    lines: dict[LineNumber, Line] = Field({}, description="What to say to other lines, by number.")
    feedback: Feedback
    control: ClassVar[Literal["line"]] = "line"

    @model_validator(mode="after")
    def _lines_are_lines(self) -> Bug:
        code = part(self.stem).code.split("\n")
        candidates = _candidates(code)
        for name, number in [("line", self.line), *(("lines", number) for number in self.lines)]:
            if number > len(code):
                raise ValueError(f"{name!r} names line {number}, and the code of the stem has {len(code)}")
            if number not in candidates:
                raise ValueError(f"{name!r} names line {number}, which has no code")
        if self.line in self.lines:
            raise ValueError(f"'lines' is about innocent lines, and line {self.line} has the bug")
        if len(candidates) < 3:
            raise ValueError(f"the code has {len(candidates)} lines with code; expected at least 3 to choose from")
        if "\n" in self.fixed.rstrip("\n"):
            raise ValueError("'fixed' has several lines; give the one line that takes the place of the bug")
        if self.fixed.rstrip() == code[self.line - 1].rstrip():
            raise ValueError(f"'fixed' is line {self.line} as it was; write it without the bug")
        if self.proof is None:
            raise ValueError("needs 'proof': code that defines symptom(code), true with the bug and false without")
        return self

    def parse(self, variant: Variant, raw: Any) -> int:
        number = 0
        if isinstance(raw, int) and not isinstance(raw, bool):
            number = raw
        elif isinstance(raw, str):
            typed = re.fullmatch(r"(?:line\s*)?0*([0-9]{1,3})[.:]?", raw.strip(), re.IGNORECASE | re.ASCII)
            number = int(typed[1]) if typed else 0
        candidates = _candidates(self._code(variant))
        if number not in candidates:
            raise UnreadableError(f"Pick one line of the code by its number, for example {candidates[-1]}.")
        return number

    def score(self, variant: Variant, answer: Any) -> Score:
        if int(answer) == self.line:
            return Score(1.0, True, variant.fill(self.feedback.right))
        said = self.lines.get(int(answer))
        if said:
            return Score(0.0, False, variant.fill(said.feedback), said.misconception)
        return Score(0.0, False, variant.fill(self.feedback.wrong))

    def key(self, variant: Variant) -> int:
        return self.line

    def show(self, variant: Variant, answer: Any) -> str:
        number = int(answer)
        said = f"line {number}: {_quoted(self._code(variant)[number - 1])}"
        return f"{said}, better {_quoted(variant.fill(self.fixed))}" if number == self.line else said

    def raw(self, variant: Variant, answer: Any) -> int:
        return int(answer)

    def form(self, variant: Variant) -> Form:
        parted = part(variant.stem)
        code = parted.code.split("\n")
        candidates = _candidates(code)
        idle = [number for number in range(1, len(code) + 1) if number not in candidates]
        return Form(parted.before, lines=code, idle=idle, after=parted.after)

    def placeholder(self, variant: Variant) -> str:
        return "the number of the line"

    def guess_chance(self, variant: Variant) -> float:
        return 1 / len(_candidates(self._code(variant)))

    def claims(self, variant: Variant) -> list[Claim]:
        code = self._code(variant)
        mended = [*code[: self.line - 1], variant.fill(self.fixed).rstrip("\n"), *code[self.line :]]
        names = {
            **variant.values,
            "CODE": "\n".join(code) + "\n",
            "FIXED": "\n".join(mended) + "\n",
            "STEM": variant.stem,
        }
        return [Claim("bug", variant.fill(self.proof or "") + "\n" + _BOTH_WAYS, names, ("proof",))]

    def faults(self, variant: Variant) -> list[str]:
        code = self._code(variant)
        same = variant.fill(self.fixed).rstrip() == code[self.line - 1].rstrip()
        return [f"'fixed' is line {self.line} as it was"] if same else []

    def _code(self, variant: Variant) -> list[str]:
        return part(variant.stem).code.split("\n")


def _candidates(code: list[str]) -> list[int]:
    """The numbers of the lines that can have a bug: not the empty ones, nor those with a comment alone."""
    return [number for number, line in enumerate(code, 1) if line.strip() and not line.strip().startswith("#")]


def _quoted(line: str) -> str:
    return f"`{line.strip().replace('`', '')}`"
