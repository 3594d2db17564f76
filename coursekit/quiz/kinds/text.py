"""A short text: a name, or what a piece of code prints."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import Field

from coursekit.quiz.items import UnreadableError
from coursekit.quiz.kinds.typed import Typed
from coursekit.quiz.variants import Variant


class ShortText(Typed):
    """Compared without regard to quotes, backticks, case, and spaces at the ends or beside brackets and commas."""

    kind: Literal["text"] = "text"
    accept: list[Annotated[str, Field(min_length=1, max_length=200)]] = Field([], description="Other right spellings.")

    def parse(self, variant: Variant, raw: Any) -> str:
        text = str(raw).strip()
        if not _normal(text):
            raise UnreadableError("Type your answer first.")
        if len(text) > 200:
            raise UnreadableError("That is too long for an answer here: at most 200 characters.")
        return text

    def equal(self, variant: Variant, one: Any, other: Any) -> bool:
        return _normal(str(one)) == _normal(str(other))

    def value(self, variant: Variant, expression: str) -> str:
        return variant.fill(expression)

    def score(self, variant: Variant, answer: Any) -> Any:
        if any(self.equal(variant, answer, variant.fill(other)) for other in self.accept):
            answer = self.key(variant)
        return super().score(variant, answer)

    def show(self, variant: Variant, answer: Any) -> str:
        return f"`{str(answer).replace('`', '')}`"

    def placeholder(self, variant: Variant) -> str:
        return "a short text"


def _normal(text: str) -> str:
    bare = re.sub(r"[`'\"]", "", text)
    beside_signs = re.sub(r"\s*([\[\](){},:=])\s*", r"\1", bare)
    return re.sub(r"\s+", " ", beside_signs).strip().casefold()
