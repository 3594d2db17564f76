"""Small banks for tests: whole, valid, and easy to break in one place."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from coursekit.quiz.bank import Bank, bank_file, load, read

HELP = """
    hints: [Look again., Count them.]
    solution: [First this., Then that.]
    quick_check: Run it.
    mistakes: [Guessing.]
"""
CHOICE = f"""
  - id: 01-which
    kind: choice
    level: easy
    objective: 01.api
    uses: [practice]
    where: code
    stem: "Which one of `{{{{n}}}}`?"
    params: {{n: [3, 5, 7]}}
    options:
      - {{text: the right one, right: true, feedback: Yes., because: it is, source: code}}
      - {{text: "the {{{{n}}}} one", misconception: takes-the-number, feedback: "No, not {{{{n}}}}.",
         because: it is, source: code}}
      - {{text: some other one, misconception: takes-any, feedback: Not that., because: b, source: code}}
{HELP}"""
NUMBER = f"""
  - id: 01-double
    kind: number
    level: medium
    objective: 01.output
    uses: [practice]
    where: code
    stem: "Twice {{{{n}}}}?"
    params: {{n: {{low: 3, high: 50}}}}
    answer: n * 2
    proof: truth = n + n
    feedback: {{right: Yes., wrong: Add it to itself.}}
    slips:
      - {{answer: n, misconception: once, feedback: That is once.}}
{HELP}"""


@pytest.fixture
def bank_of(tmp_path: Path) -> Callable[..., Bank]:
    """A bank of these items; the test fails with the problems if it is not valid."""

    def make(*items: str) -> Bank:
        path = tmp_path / "01_small.yml"
        path.write_text('lesson: "01"\nitems:' + "".join(items), encoding="utf-8")
        bank, problems, _ = read(path)
        assert bank is not None, problems
        return bank

    return make


@pytest.fixture
def lesson01() -> Bank:
    """The real bank of lesson 01."""
    return load("01")


@pytest.fixture
def lesson01_text() -> str:
    return bank_file("01").read_text(encoding="utf-8")
