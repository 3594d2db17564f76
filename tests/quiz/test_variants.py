"""A variant is stable for a learner, differs between learners, and is never nonsense."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from scipy.stats import chi2

from coursekit.paths import content_dir
from coursekit.quiz.bank import Bank, read
from coursekit.quiz.expressions import evaluate
from coursekit.quiz.items import Item
from coursekit.quiz.kinds.options import WithOptions, plain
from coursekit.quiz.variants import CANONICAL, Variant, draw, seed_for

from .conftest import CHOICE, NUMBER

LEARNERS = 2000
_QUIZZES = content_dir() / "quizzes"
BANKS = sorted([*_QUIZZES.glob("[0-9]*.yml"), *_QUIZZES.glob("graded/*.yml")])


@cache
def bank_at(path: Path) -> Bank:
    bank, problems, _ = read(path)
    assert bank is not None, problems
    return bank


def variants_of(item: Item, learners: int = LEARNERS) -> Iterator[Variant]:
    """As many learners' variants; one of each set of values where there are no options to shuffle."""
    seen: list[dict[str, Any]] = []
    for learner in range(learners):
        variant = draw(item, seed_for(learner, "property"))
        if isinstance(item, WithOptions) or variant.values not in seen:
            seen.append(variant.values)
            yield variant


def texts_of(item: Item) -> list[str]:
    """Every text of an item that a learner may read, as it is written."""

    def walk(value: Any) -> Iterator[str]:
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict | list):
            for one in value.values() if isinstance(value, dict) else value:
                yield from walk(one)

    return list(walk(item.model_dump(exclude={"params", "require", "setup", "proof"})))


@pytest.mark.slow
@pytest.mark.parametrize("path", BANKS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_every_variant_of_thousands_has_one_key_and_no_equal_options_or_slips(path: Path) -> None:
    for item in bank_at(path).items:
        for variant in variants_of(item):
            assert item.faults(variant) == [], (item.id, variant.values)
            key = item.key(variant)
            assert item.score(variant, key).right, (item.id, variant.values)
            assert item.score(variant, item.parse(variant, item.raw(variant, key))).right, (item.id, variant.values)
            if item.kind == "choice":
                picks = [item.parse(variant, "abcdefgh"[place]) for place in range(len(item.choices(variant)))]
                assert sum(item.score(variant, pick).right for pick in picks) == 1, (item.id, variant.values)
            if isinstance(item, WithOptions):
                shown = [plain(text).casefold() for text in item.choices(variant)]
                assert len(set(shown)) == len(shown), (item.id, variant.values)


@pytest.mark.slow
@pytest.mark.parametrize("path", BANKS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_no_variant_of_thousands_is_nonsense(path: Path) -> None:
    """No text is empty or left with braces, no value is infinite or none, no size below one, no cell below zero."""
    for item in bank_at(path).items:
        texts = [text for text in texts_of(item) if "{{" in text]
        holes = {hole for text in texts for hole in re.findall(r"\{\{(.+?)\}\}", text)}
        for variant in variants_of(item):
            assert variant.stem.strip()
            assert not [text for text in texts if "{{" in variant.fill(text) or not variant.fill(text).strip()], item.id
            for hole in holes:
                value = evaluate(hole, variant.values)
                assert value is not None, (item.id, hole)
                assert not isinstance(value, float) or math.isfinite(value), (item.id, hole, variant.values)
            if item.kind == "shape":
                assert min(item.key(variant), default=1) >= 1, (item.id, variant.values)
            if item.kind == "matrix":
                assert min(min(row) for row in item.key(variant)) >= 0, (item.id, variant.values)
            if item.kind == "number":
                assert math.isfinite(item.key(variant)), (item.id, variant.values)


@pytest.mark.parametrize("path", BANKS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_the_right_option_is_at_each_place_as_often(path: Path) -> None:
    """Chi-square over learners; a fair shuffle goes beyond the bound once in ten million questions."""
    for item in bank_at(path).items:
        if item.kind != "choice" or not isinstance(item, WithOptions):
            continue
        count = len(item.options)
        places = [0] * count
        for learner in range(LEARNERS):
            variant = draw(item, seed_for(learner, "places"))
            places[variant.order(count).index(item.key(variant))] += 1
        statistic = sum((seen - LEARNERS / count) ** 2 for seen in places) / (LEARNERS / count)
        assert statistic < chi2.isf(1e-7, count - 1), (item.id, places)


@pytest.mark.parametrize("path", BANKS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_the_same_seed_is_the_same_variant_also_after_the_bank_is_read_again(path: Path) -> None:
    again, _, _ = read(path)
    assert again is not None
    for one, two in zip(bank_at(path).items, again.items, strict=True):
        for learner in range(20):
            seed = seed_for(learner, "reload")
            first, second = draw(one, seed), draw(two, seed)
            assert (first.values, one.form(first)) == (second.values, two.form(second))
            assert one.key(first) == two.key(second)


def test_a_variant_is_the_same_in_another_process(bank_of: Callable[..., Bank]) -> None:
    """Seeds are hashed by text, not by Python's own hash, which differs from process to process."""
    variant = draw(bank_of(CHOICE, NUMBER).item("01-which"), seed_for(7, "test", "x"))
    assert (variant.values, variant.order(3)) == ({"n": 5}, [0, 2, 1])


def test_ten_thousand_learners_get_different_numbers_and_orders(bank_of: Callable[..., Bank]) -> None:
    bank = bank_of(CHOICE, NUMBER)
    numbers = [draw(bank.item("01-double"), seed_for(learner, "x")).values["n"] for learner in range(10_000)]
    assert set(numbers) == set(range(3, 51))
    orders = [tuple(draw(bank.item("01-which"), seed_for(learner, "x")).order(3)) for learner in range(10_000)]
    share = {order: orders.count(order) / len(orders) for order in set(orders)}
    assert len(share) == 6
    assert all(0.14 < one < 0.20 for one in share.values()), share  # a sixth each


def test_the_canonical_variant_takes_the_first_values_and_hides_the_order_of_the_file(lesson01: Bank) -> None:
    item = lesson01.item("01-practice-shape")
    assert draw(item, CANONICAL).values == {"batch": 8}
    firsts = [
        draw(one, CANONICAL).order(len(one.options))[0] == one.key(draw(one, CANONICAL))
        for one in lesson01.items
        if isinstance(one, WithOptions) and one.kind == "choice"
    ]
    assert sum(firsts) < 0.6 * len(firsts)  # the right option is not always A


def test_conditions_hold_and_impossible_ones_are_told(bank_of: Callable[..., Bank]) -> None:
    bank = bank_of(NUMBER.replace("    answer:", '    require: ["n % 2 == 0"]\n    answer:'))
    assert all(draw(bank.item("01-double"), seed).values["n"] % 2 == 0 for seed in range(200))
    bank = bank_of(NUMBER.replace("    answer:", '    require: ["n < 0"]\n    answer:'))
    with pytest.raises(ValueError, match="no values"):
        draw(bank.item("01-double"), 1)
