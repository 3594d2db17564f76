"""Lesson 01's exercises: the starter is not attempted, the solution passes, each misconception gets its own message."""

from __future__ import annotations

import random
import re
from pathlib import Path
from typing import Any

import nbformat
import pytest
import torch
from torchvision.models import list_models

from coursekit.checks import Check, check, exercises, judge
from coursekit.checks.core import NotPassed
from coursekit.lessons import find

from .mutants import MUTANTS

SEEDS = (0, 1, 20)
IDS = [one for one in exercises() if one.startswith("01.")]
FUNCTIONS = {
    "01.load": "load_for_inference",
    "01.topk": "predict_topk",
    "01.budget": "best_within",
    "01.offline": "ready_offline",
    "01.repair": "load_checkpoint",
}


def _functions(*, solved: bool) -> dict[str, Any]:
    """What a learner's kernel holds after running the exercises, with solutions or as they are released."""
    scope: dict[str, Any] = {}
    for cell in nbformat.read(find("01").exercises, as_version=4).cells:
        if cell.cell_type == "code" and not cell.source.startswith("check("):
            source = cell.source
            if not solved:
                stub = r"\g<1>raise NotImplementedError()\n"
                source = re.sub(r"( *)### BEGIN SOLUTION\n.*?### END SOLUTION", stub, source, flags=re.DOTALL)
            exec(source, scope)
    return {exercise: scope[name] for exercise, name in FUNCTIONS.items()}


def test_every_exercise_has_its_function_and_objectives_of_the_lesson() -> None:
    known = {objective for objective, _ in find("01").objectives}
    assert set(IDS) == set(FUNCTIONS)
    assert {objective for one in IDS for objective in exercises()[one].objectives} == known


@pytest.mark.parametrize("exercise", IDS)
def test_the_released_starter_is_not_attempted(exercise: str) -> None:
    assert judge(exercise, _functions(solved=False)[exercise], seed=0).status == "not_attempted"
    for nothing in (None, ..., NotImplemented, lambda *_: None, lambda *_: ...):
        assert judge(exercise, nothing, seed=0).status == "not_attempted"


@pytest.mark.parametrize("exercise", IDS)
def test_the_solution_passes_on_every_seed(exercise: str) -> None:
    solution = _functions(solved=True)[exercise]
    for seed in range(12):
        outcome = judge(exercise, solution, seed=seed)
        assert outcome.passed, (seed, outcome)


@pytest.mark.parametrize(("exercise", "misconception"), MUTANTS)
def test_each_misconception_fails_with_its_own_message(exercise: str, misconception: str) -> None:
    for seed in SEEDS:
        outcome = judge(exercise, MUTANTS[exercise, misconception], seed=seed)
        assert outcome.status == "failed", (seed, outcome)
        if misconception != "asks-the-network":  # shows itself by the error it raises
            assert outcome.misconception == misconception, (seed, outcome)
        assert len(outcome.message) > 40


def test_every_named_misconception_has_a_wrong_solution_and_there_are_three_or_more() -> None:
    for one in IDS:
        named = set(exercises()[one].check.MISCONCEPTIONS)
        assert named == {misconception for exercise, misconception in MUTANTS if exercise == one}
        assert len(named) >= 3


def test_messages_of_one_exercise_differ_between_misconceptions() -> None:
    for one in IDS:
        messages = [judge(one, mutant, seed=0).message for (exercise, _), mutant in MUTANTS.items() if exercise == one]
        assert len(set(messages)) == len(messages)


@pytest.mark.parametrize("exercise", IDS)
def test_nonsense_fails_without_an_exception(exercise: str) -> None:
    def raises(*_: Any) -> Any:
        raise KeyError("imagenet")

    for nonsense in (7, "resnet18", lambda *_: 7, lambda *_: "text", lambda *_: [], lambda: 1, raises, print):
        outcome = judge(exercise, nonsense, seed=3)
        assert outcome.status in ("failed", "not_attempted"), outcome
    assert "KeyError: 'imagenet'" in judge(exercise, raises, seed=3).message


@pytest.mark.parametrize("exercise", IDS)
def test_inputs_are_fresh_and_reproducible(exercise: str) -> None:
    one: Check = exercises()[exercise].check
    assert one.draw(5) == one.draw(5)
    assert len({str(one.draw(seed)) for seed in range(6)}) == 6


def test_a_check_leaves_the_registry_and_the_learners_random_numbers_alone() -> None:
    before = list_models()
    torch.manual_seed(11)
    random.seed(11)
    expected = torch.rand(3), random.random()
    torch.manual_seed(11)
    random.seed(11)
    for exercise, solution in _functions(solved=True).items():
        judge(exercise, solution, seed=1)
    assert torch.equal(torch.rand(3), expected[0])
    assert random.random() == expected[1]
    assert list_models() == before


def test_the_hostile_file_does_harm_nowhere_but_in_its_own_folder(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    judge("01.repair", MUTANTS["01.repair", "trusts-pickle"], seed=4)
    assert not any(tmp_path.iterdir())


def test_check_says_so_records_it_and_stops_the_cell(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from coursekit.progress import events

    with pytest.raises(NotPassed, match=r"01\.load: not yet right\."):
        check("01.load", MUTANTS["01.load", "train-mode"])
    check("01.load", _functions(solved=True)["01.load"])
    seen = [(event.item, event.data["status"], event.data["misconception"]) for event in events("01", "exercise")]
    assert seen == [("01.load", "failed", "train-mode"), ("01.load", "passed", None)]


def test_a_failed_cell_shows_one_line_and_no_traceback() -> None:
    assert NotPassed("01.load: not yet right.")._render_traceback_() == ["01.load: not yet right."]
