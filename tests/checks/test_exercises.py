"""Every lesson's exercises: the starter is not attempted, the solution passes, each misconception has its message."""

from __future__ import annotations

import random
import re
from functools import cache
from typing import Any

import nbformat
import pytest
import torch
from torchvision.models import list_models

from coursekit.checks import Check, exercises, judge
from coursekit.lessons import find, lessons
from coursekit.lint_exercises import wrong_solutions

SEEDS = (0, 1, 20)
PASSES = 12  # seeds for a solution
LESSONS = [one.number for one in lessons()]
IDS = list(exercises())
MUTANTS = wrong_solutions()
CHECK_CELL = re.compile(r"check\(\"(.+?)\", (\w+)\)")


@cache
def answers(lesson: str, *, solved: bool) -> dict[str, Any]:
    """What a learner's kernel holds after running the exercises, with solutions or as they are released."""
    scope: dict[str, Any] = {"__name__": "__exercises__"}
    names: dict[str, str] = {}
    for cell in nbformat.read(find(lesson).exercises, as_version=4).cells:
        found = CHECK_CELL.match(cell.source)
        if found:
            names[found[1]] = found[2]
        elif cell.cell_type == "code":
            source = cell.source
            if not solved:
                stub = r"\g<1>raise NotImplementedError()\n"
                source = re.sub(r"( *)### BEGIN SOLUTION\n.*?### END SOLUTION", stub, source, flags=re.DOTALL)
            exec(source, scope)
    return {exercise: scope[name] for exercise, name in names.items()}


def answer(exercise: str, *, solved: bool) -> Any:
    return answers(exercise[:2], solved=solved)[exercise]


@pytest.mark.parametrize("lesson", LESSONS)
def test_every_exercise_has_its_function_and_objectives_of_the_lesson(lesson: str) -> None:
    known = {objective for objective, _ in find(lesson).objectives}
    own = [one for one in IDS if one.startswith(f"{lesson}.")]
    assert 3 <= len(own) <= 5
    assert set(own) == set(answers(lesson, solved=True))
    assert {objective for one in own for objective in exercises()[one].objectives} == known


@pytest.mark.parametrize("exercise", IDS)
def test_the_released_starter_is_not_attempted(exercise: str) -> None:
    assert judge(exercise, answer(exercise, solved=False), seed=0).status == "not_attempted"
    for nothing in (None, ..., NotImplemented, lambda *_: None, lambda *_: ...):
        assert judge(exercise, nothing, seed=0).status == "not_attempted"


@pytest.mark.slow
@pytest.mark.parametrize("exercise", IDS)
def test_the_solution_passes_on_every_seed(exercise: str) -> None:
    for seed in range(PASSES):
        outcome = judge(exercise, answer(exercise, solved=True), seed=seed)
        assert outcome.passed, (seed, outcome)


@pytest.mark.parametrize(("exercise", "misconception"), MUTANTS)
def test_each_misconception_fails_with_its_own_message(exercise: str, misconception: str) -> None:
    for seed in SEEDS:
        outcome = judge(exercise, MUTANTS[exercise, misconception], seed=seed)
        assert outcome.status == "failed", (seed, outcome)
        if not outcome.message.startswith("Your function raised"):  # shows itself by the error it raises
            assert outcome.misconception == misconception, (seed, outcome)
        assert len(outcome.message) > 40


@pytest.mark.parametrize("exercise", IDS)
def test_every_named_misconception_has_a_wrong_solution_and_there_are_three_or_more(exercise: str) -> None:
    named = set(exercises()[exercise].check.MISCONCEPTIONS)
    assert named == {misconception for of, misconception in MUTANTS if of == exercise}
    assert len(named) >= 3


@pytest.mark.parametrize("exercise", IDS)
def test_messages_differ_between_misconceptions(exercise: str) -> None:
    messages = [judge(exercise, mutant, seed=0).message for (of, _), mutant in MUTANTS.items() if of == exercise]
    assert len(set(messages)) == len(messages)


@pytest.mark.slow
@pytest.mark.parametrize("exercise", IDS)
def test_nonsense_fails_without_an_exception(exercise: str) -> None:
    def raises(*_: Any) -> Any:
        raise KeyError("imagenet")

    for nonsense in (7, "resnet18", lambda *_: 7, lambda *_: "text", lambda *_: [], lambda: 1, raises, print):
        outcome = judge(exercise, nonsense, seed=3)
        assert outcome.status in ("failed", "not_attempted"), outcome
    assert "KeyError: 'imagenet'" in judge(exercise, raises, seed=3).message


@pytest.mark.slow
@pytest.mark.parametrize("exercise", IDS)
def test_inputs_are_fresh_and_reproducible(exercise: str) -> None:
    one: Check = exercises()[exercise].check
    assert str(one.draw(5)) == str(one.draw(5))
    assert len({str(one.draw(seed)) for seed in range(6)}) == 6


@pytest.mark.parametrize("lesson", LESSONS)
def test_a_check_leaves_the_registry_and_the_learners_random_numbers_alone(lesson: str) -> None:
    before = list_models()
    torch.manual_seed(11)
    random.seed(11)
    expected = torch.rand(3), random.random()
    torch.manual_seed(11)
    random.seed(11)
    for exercise, solution in answers(lesson, solved=True).items():
        if exercise in IDS:
            judge(exercise, solution, seed=1)
    assert torch.equal(torch.rand(3), expected[0])
    assert random.random() == expected[1]
    assert list_models() == before
