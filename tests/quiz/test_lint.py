"""Lint runs every proof, says which question and option does not hold and where, and survives any proof."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from coursekit.lint import lint, show
from coursekit.quiz import proofs
from coursekit.quiz.bank import Bank, bank_file

from .conftest import CHOICE, NUMBER


@pytest.mark.slow
def test_every_answer_of_the_course_is_proven() -> None:
    assert [str(one) for one in lint(fresh=True)] == []


BROKEN = {
    "truth = n + n + 1": "is not what came out",
    "truth = n": "slip 1",
    "assert n < 0, 'n is positive'": "AssertionError: n is positive",
    "import torch; truth = torch.no_such_name": "AttributeError",
    "pass": "leaves no 'truth'",
    "raise SystemExit(0)": "SystemExit",
    "from urllib.request import urlopen; urlopen('http://127.0.0.1:9')": "may not use the network",
    "print('loud'); truth = n + n": None,
    "import os; os._exit(0)": "ended the process",
    "while True: pass": "did not end within",
    "truth = n * 3": "is not what came out",  # still proven after those that ended the process
}


@pytest.mark.slow
def test_a_proof_that_fails_is_named_and_the_rest_is_still_proven(bank_of: Callable[..., Bank]) -> None:
    plain = NUMBER.replace("params: {n: {low: 3, high: 50}}", "params: {n: [3]}")
    items = [
        plain.replace("01-double", f"01-double-{number}").replace("truth = n + n", json.dumps(proof))
        for number, proof in enumerate(BROKEN)
    ]
    failures = proofs.prove(bank_of(*items).items, seconds=15)
    for number, (proof, says) in enumerate(BROKEN.items()):
        own = [f"{one.label}: {one.message}" for one in failures if one.item.id == f"01-double-{number}"]
        assert any(says in one for one in own) if says else own == [], (proof, own)


def test_rules_of_a_whole_bank_name_what_is_missing(tmp_path: Path) -> None:
    path = tmp_path / "01_small.yml"
    giveaway = CHOICE.replace("the right one", "the one that is right because it says so at such length").replace(
        "01-which", "01-long"
    )
    twins = CHOICE.replace("some other one", '"the {{n}} one"').replace("01-which", "01-twins")
    lost = CHOICE.replace("01.api", "01.nothing").replace("where: code", "where: symptoms")
    path.write_text('lesson: "01"\nitems:' + CHOICE + giveaway + twins + NUMBER + NUMBER + lost, encoding="utf-8")
    rules = {one.rule for one in lint(proofs=False, banks=[path])}
    assert rules == {"counts", "duplicate-id", "objectives", "option-length", "variant"}


def test_a_problem_names_the_line_in_the_file(tmp_path: Path, lesson01_text: str) -> None:
    path = tmp_path / "01_copy.yml"
    path.write_text(lesson01_text.replace("objective: 01.cache", "objective: 01.cash", 1), encoding="utf-8")
    wrong = 1 + lesson01_text[: lesson01_text.index("objective: 01.cache")].count("\n")
    found = [one for one in lint(proofs=False, banks=[path]) if "01.cash" in one.message]
    assert [one.line for one in found] == [wrong]


def test_the_real_bank_meets_the_rules() -> None:
    assert lint(proofs=False, banks=[bank_file("01")]) == []


def test_problems_are_shown_as_text_and_json(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "01_x.yml"
    path.write_text("lesson: [", encoding="utf-8")
    problems = lint(banks=[path])
    assert show(problems, as_json=False) == 1
    assert "is not YAML" in capsys.readouterr().out
    assert show(problems, as_json=True) == 1
    assert json.loads(capsys.readouterr().out)[0]["rule"] == "yaml"
    assert show([], as_json=False) == 0
