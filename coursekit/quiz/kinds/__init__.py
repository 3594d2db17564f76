"""The kinds of question: one class a kind, and this list."""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from coursekit.quiz.items import Item
from coursekit.quiz.kinds.bug import Bug
from coursekit.quiz.kinds.choice import Choice
from coursekit.quiz.kinds.choices import Choices
from coursekit.quiz.kinds.matrix import Matrix
from coursekit.quiz.kinds.number import Number
from coursekit.quiz.kinds.order import Order
from coursekit.quiz.kinds.output import Output
from coursekit.quiz.kinds.shape import Shape
from coursekit.quiz.kinds.text import ShortText

KINDS: tuple[type[Item], ...] = (Choice, Choices, Number, Shape, ShortText, Output, Order, Bug, Matrix)

if TYPE_CHECKING:
    AnyItem = Item
else:
    AnyItem = Annotated[reduce(or_, KINDS, KINDS[0]), Field(discriminator="kind")]

__all__ = [
    "KINDS",
    "AnyItem",
    "Bug",
    "Choice",
    "Choices",
    "Matrix",
    "Number",
    "Order",
    "Output",
    "Shape",
    "ShortText",
    "names",
]


def names() -> list[Any]:
    """The names of the kinds, as a bank writes them."""
    return [kind.model_fields["kind"].default for kind in KINDS]
