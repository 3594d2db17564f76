"""Each kind reads answers as people write them, scores by its stated rule, and names the misconception."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coursekit.quiz.bank import Bank
from coursekit.quiz.expressions import evaluate, fill
from coursekit.quiz.items import UnreadableError
from coursekit.quiz.variants import CANONICAL, draw

from .conftest import CHOICE, NUMBER


def item_of(bank: Bank, name: str):
    item = bank.item(name)
    return item, draw(item, CANONICAL)


def test_choice_names_the_misconception_of_a_wrong_pick(bank_of: Callable[..., Bank]) -> None:
    item, variant = item_of(bank_of(CHOICE), "01-which")
    wrong = item.score(variant, 1)
    assert (wrong.right, wrong.misconception, wrong.feedback) == (False, "takes-the-number", "No, not 3.")
    assert item.score(variant, item.key(variant)).right


@pytest.mark.parametrize("raw", [3, -1, "d", "0", "", None, True, [1], "ab"])
def test_choice_refuses_what_is_no_option(bank_of: Callable[..., Bank], raw: object) -> None:
    item, variant = item_of(bank_of(CHOICE), "01-which")
    with pytest.raises(UnreadableError, match="3 options"):
        item.parse(variant, raw)


def test_choice_reads_letters_and_numbers_in_the_order_shown(bank_of: Callable[..., Bank]) -> None:
    item, variant = item_of(bank_of(CHOICE), "01-which")
    shown = item.choices(variant)
    for position, text in enumerate(shown):
        for raw in (position, "abc"[position], "ABC"[position], str(position + 1)):
            parsed = item.parse(variant, raw)
            assert item.show(variant, parsed) == text
            assert item.raw(variant, parsed) == position


def test_several_gives_partial_credit_by_its_rule(lesson01: Bank) -> None:
    item, variant = item_of(lesson01, "01-test-not-dominated")  # three right, two wrong
    right = item.key(variant)
    wrong = [one for one in range(5) if one not in right]
    for picked, expected in [
        (right, 1.0),
        (right[:2], 2 / 3),
        ([*right, wrong[0]], 2 / 3),
        ([right[0], wrong[0]], 0.0),
        (wrong, 0.0),
        ([*right, *wrong], 1 / 3),
    ]:
        score = item.score(variant, picked)
        assert score.score == pytest.approx(expected)
        assert score.right == (picked == right)
        assert (score.misconception is None) == (not set(picked) & set(wrong))


@pytest.mark.parametrize("raw", ["6", " 6.0 ", "6e0", "+6", "6.", "6,0"])
def test_number_reads_what_people_write(bank_of: Callable[..., Bank], raw: str) -> None:
    item, variant = item_of(bank_of(NUMBER), "01-double")
    assert item.score(variant, item.parse(variant, raw)).right


@pytest.mark.parametrize(("raw", "value"), [("11,689,512", 11689512), ("0,25", 0.25), ("-3", -3), ("\u22123", -3)])
def test_number_reads_separators(bank_of: Callable[..., Bank], raw: str, value: float) -> None:
    item, variant = item_of(bank_of(NUMBER), "01-double")
    assert item.parse(variant, raw) == value


@pytest.mark.parametrize("raw", ["", "six", "1e999", "nan", "inf", "--1", "1 2 x", None])
def test_number_refuses_what_is_no_number(bank_of: Callable[..., Bank], raw: object) -> None:
    item, variant = item_of(bank_of(NUMBER), "01-double")
    with pytest.raises(UnreadableError, match="Type a number"):
        item.parse(variant, raw)


def test_number_names_an_expected_slip(bank_of: Callable[..., Bank]) -> None:
    item, variant = item_of(bank_of(NUMBER), "01-double")
    assert item.score(variant, 3.0).misconception == "once"
    assert item.score(variant, 5.0).misconception is None


@pytest.mark.parametrize(
    "raw", ["[5, 1000]", "(5,1000)", "torch.Size([5, 1000])", "5x1000", "5 × 1000", "5 1000", "Size([5,1000])"]
)
def test_shape_reads_every_usual_spelling(lesson01: Bank, raw: str) -> None:
    item, variant = item_of(lesson01, "01-predict-shape")
    assert item.score(variant, item.parse(variant, raw)).right


@pytest.mark.parametrize("raw", ["", "abc", "[5, -1]", "[5, 1.5]", "5;1000"])
def test_shape_refuses_the_rest(lesson01: Bank, raw: str) -> None:
    item, variant = item_of(lesson01, "01-predict-shape")
    with pytest.raises(UnreadableError, match="sizes in order"):
        item.parse(variant, raw)


@pytest.mark.parametrize(
    "raw", ["[[1,3],[0,3]]", " [[1, 3], [0, 3]] ", "`[[1, 3],[0,3]]`", "[ [ 1 , 3 ] , [ 0 , 3 ] ]"]
)
def test_text_does_not_mind_spaces_and_quotes(lesson01: Bank, raw: str) -> None:
    item, variant = item_of(lesson01, "01-challenge-topk")
    assert item.score(variant, item.parse(variant, raw)).right


def test_text_still_tells_different_answers_apart(lesson01: Bank) -> None:
    item, variant = item_of(lesson01, "01-challenge-topk")
    assert item.score(variant, "[[13], [0, 3]]").right is False
    assert item.score(variant, "[[3, 1], [3, 0]]").misconception == "topk-sorts-upward"


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused_by_every_kind(text: str) -> None:
    from coursekit.quiz.bank import load

    for item in load("01").items:
        variant = draw(item, CANONICAL)
        try:
            parsed = item.parse(variant, text)
        except UnreadableError:
            continue
        score = item.score(variant, parsed)
        assert 0 <= score.score <= 1
        assert item.score(variant, item.parse(variant, item.raw(variant, parsed))) == score


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("a * 2 + 1", 7),
        ("[a, b]", [3, 4]),
        ("(a <= 3) + (b <= 3)", 1),
        ("max(a, b) ** 2", 16),
        ("a if a > b else b", 4),
    ],
)
def test_expressions_compute(expression: str, value: object) -> None:
    assert evaluate(expression, {"a": 3, "b": 4}) == value


@pytest.mark.parametrize(
    "expression",
    [
        "__import__('os').system('true')",
        "a.__class__",
        "[x for x in (1, 2)]",
        "(lambda: 1)()",
        "open('x')",
        "9 ** 9 ** 9",
        "'x' * 10 ** 9",
        "1 / 0",
        "unknown",
        "a +",
        "",
        "(" * 5000,
        "f'{a}'",
    ],
)
def test_expressions_do_arithmetic_and_nothing_else(expression: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        evaluate(expression, {"a": 3})


@given(st.text(max_size=40))
def test_any_expression_has_a_value_or_a_value_error(expression: str) -> None:
    with contextlib.suppress(ValueError):  # any other exception fails the test
        assert evaluate(expression, {"a": 3}) is not None


def test_holes_are_filled_with_values_as_people_write_them() -> None:
    assert fill("{{a}} of {{ a + b }}, {{c}}, {d}", {"a": 1, "b": 2, "c": 0.1 + 0.2}) == "1 of 3, 0.3, {d}"
