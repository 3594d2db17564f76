"""An outcome is told by mark and word, in HTML that cannot be broken by a message, and in plain text."""

from __future__ import annotations

import pytest

from coursekit.checks import Outcome, find, judge
from coursekit.checks.display import LOOK, mime_bundle
from coursekit.errors import CourseError


@pytest.mark.parametrize("status", LOOK)
def test_word_and_mark_tell_the_status_without_colour(status: str) -> None:
    bundle = mime_bundle(find("01.load"), Outcome(status, "Because."))  # type: ignore[arg-type]
    mark, word, _ = LOOK[status]
    assert bundle["text/plain"] == f"[{mark}] {word}: {find('01.load').title}\nBecause."
    assert word in bundle["text/html"]
    assert mark in bundle["text/html"]
    assert 'role="status"' in bundle["text/html"]


def test_a_message_cannot_write_html() -> None:
    html = mime_bundle(find("01.load"), Outcome("failed", "<script>x</script> and `a<b`"))["text/html"]
    assert "<script>" not in html
    assert "<code>a&lt;b</code>" in html


def test_an_odd_backtick_is_left_as_it_is() -> None:
    assert "one ` alone" in mime_bundle(find("01.load"), Outcome("failed", "one ` alone"))["text/html"]


def test_an_unknown_exercise_is_named_with_those_there_are() -> None:
    with pytest.raises(CourseError, match=r"no exercise '01\.nothing'.*01\.load"):
        judge("01.nothing", print)
