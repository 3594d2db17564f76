"""The quiz in the terminal: the same questions and the same progress."""

from __future__ import annotations

import io

from rich.console import Console

from coursekit import progress
from coursekit.quiz.bank import Bank
from coursekit.quiz.sessions import Practice, Test
from coursekit.quiz.terminal import converse


def talk(session: object, lines: list[str]) -> str:
    """What the terminal shows when these lines are typed; then the input ends."""
    out = Console(file=io.StringIO(), width=100, highlight=False)
    typed = iter(lines)

    def ask(_: str) -> str:
        try:
            return next(typed)
        except StopIteration:
            raise EOFError from None

    assert converse(session, console=out, ask=ask) == 0  # type: ignore[arg-type]
    return out.file.getvalue()  # type: ignore[attr-defined]


def test_practice_answers_back_and_is_kept(lesson01: Bank) -> None:
    session = Practice(lesson01)
    work = session.work[0]
    order = work.variant.order(4)
    wrong, right = "abcd"[order.index(1)], "abcd"[order.index(0)]
    said = talk(session, ["zzz", wrong, ":2", right, ""])
    assert "Pick one of the 4 options" in said
    assert "Not right." in said
    assert "Hint 1" in said
    assert "Right." in said
    assert "Question 2 of 5" in said
    assert [one.data["right"] for one in progress.events("01", "answer")] == [False, True]
    assert Practice(lesson01).at == 1


def test_the_test_runs_to_a_verdict(lesson01: Bank) -> None:
    said = talk(Test(lesson01), ["", ":2", ":2", ":2", ":2", ":2", ":2", ":2", ":2", ":2", ":2", "q"])
    assert "0 of 10 right" in said
    assert "Kept. See you." in said
