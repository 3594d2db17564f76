"""A variant is stable for a learner, differs between learners, and is never nonsense."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coursekit.quiz.bank import Bank, load
from coursekit.quiz.kinds.options import WithOptions
from coursekit.quiz.variants import CANONICAL, draw, seed_for

from .conftest import CHOICE, NUMBER

SEEDS = st.integers(min_value=0, max_value=2**48)


@settings(max_examples=300, deadline=None)
@given(seed=SEEDS)
def test_every_variant_has_one_key_no_equal_options_and_no_equal_slips(seed: int) -> None:
    for item in load("01").items:
        variant = draw(item, seed)
        assert item.faults(variant) == []
        assert item.score(variant, item.key(variant)).right
        if isinstance(item, WithOptions):
            picks = [item.parse(variant, "abcdefgh"[position]) for position in range(len(item.options))]
            if item.kind == "choice":
                assert sum(item.score(variant, pick).right for pick in picks) == 1


@settings(max_examples=50, deadline=None)
@given(seed=SEEDS)
def test_the_same_seed_is_the_same_variant(seed: int) -> None:
    for item in load("01").items:
        one, two = draw(item, seed), draw(item, seed)
        assert (one.values, one.stem, item.choices(one)) == (two.values, two.stem, item.choices(two))


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
