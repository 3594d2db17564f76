"""One learner's version of a question: parameters drawn and options shuffled by a seed, the same at every reload."""

from __future__ import annotations

import hashlib
import itertools
import math
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from coursekit.quiz.expressions import evaluate, fill
from coursekit.quiz.items import Item, Range

CANONICAL = 0  # the seed of what is stored in a notebook, where there is no learner: each parameter's first value
TRIES = 200
_FENCE = re.compile(r"^```[^\n]*\n(.*?)^```\s*$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Variant:
    """An item, the values of its parameters, and the order of its options."""

    item: Item
    seed: int
    values: dict[str, Any] = field(default_factory=dict)

    def fill(self, text: str) -> str:
        """A text of the item with this variant's values in it."""
        return fill(text, self.values)

    @cached_property
    def stem(self) -> str:
        return self.fill(self.item.stem)

    @property
    def code(self) -> str:
        """The code shown in the stem: what a proof runs."""
        return "\n".join(_FENCE.findall(self.stem))

    def order(self, count: int) -> list[int]:
        """The order in which ``count`` options are shown: never the author's, which may have the right one first."""
        order = list(range(count))
        _random(self.seed, self.item.id, "order").shuffle(order)
        return order


def draw(item: Item, seed: int) -> Variant:
    """The variant of ``item`` for ``seed``; ``CANONICAL`` takes each parameter's first value that fits.

    Raises:
        ValueError: if no values meet the item's conditions.
    """
    if not item.params:
        return Variant(item, seed)
    numbers = _random(seed, item.id, "values")
    ranges = {name: _values(values) for name, values in item.params.items()}
    for attempt in range(TRIES):
        plain = seed == CANONICAL and attempt == 0
        values = {name: one[0] if plain else numbers.choice(one) for name, one in ranges.items()}
        if all(evaluate(condition, values) for condition in item.require):
            return Variant(item, seed, values)
    raise ValueError(f"no values of the parameters were found that meet {' and '.join(item.require)}")


def several(item: Item, most: int) -> Iterator[Variant]:
    """Variants with different values: all there are, if that is no more than ``most``; else those of so many learners.

    Raises:
        ValueError: if no values meet the item's conditions.
    """
    yield draw(item, CANONICAL)
    ranges = {name: _values(values) for name, values in item.params.items()}
    if math.prod(len(set(values)) for values in ranges.values()) <= most:
        first = draw(item, CANONICAL).values
        for combination in itertools.product(*(dict.fromkeys(values) for values in ranges.values())):
            values = dict(zip(ranges, combination, strict=True))
            if values != first and all(evaluate(condition, values) for condition in item.require):
                yield Variant(item, CANONICAL, values)
        return
    seen: set[str] = set()
    for number in range(1, most):
        variant = draw(item, seed_for(number, "several"))
        if repr(variant.values) not in seen:
            seen.add(repr(variant.values))
            yield variant


def seed_for(learner: int, *parts: object) -> int:
    """A seed for one learner and one occasion, never ``CANONICAL``."""
    digest = hashlib.blake2b(repr((learner, *parts)).encode(), digest_size=6).digest()
    return int.from_bytes(digest, "big") + 1


def _values(values: list[int | float | str] | Range) -> list[Any]:
    return values.values() if isinstance(values, Range) else list(values)


def _random(seed: int, item: str, purpose: str) -> random.Random:
    return random.Random(f"{seed}/{item}/{purpose}")  # a text seed is hashed the same on every machine
