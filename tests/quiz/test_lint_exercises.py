"""Lint rehearses the exercises: each kind of fault is told, at the cell that checks the exercise."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace as replace_fields
from pathlib import Path
from typing import Any

import pytest

from coursekit import lessons, lint_exercises
from coursekit.lessons import Lesson, find
from coursekit.lint_exercises import rehearse
from coursekit.paths import content_dir

Edit = Callable[[dict[str, Any]], None]


@pytest.fixture
def lesson(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lesson:
    """Lesson 01, to be broken; its wrong solutions are the real ones."""
    found = find("01")
    shutil.copytree(found.exercises.parent, tmp_path / "notebooks" / found.name)
    monkeypatch.setattr(lessons, "content_dir", lambda: tmp_path)
    return found


def told(lesson: Lesson, edit: Edit) -> list[str]:
    """What lint says after an edit of the notebook."""
    path = lesson.exercises
    notebook = json.loads(path.read_text(encoding="utf-8"))
    edit(notebook)
    path.write_text(json.dumps(notebook, indent=1), encoding="utf-8")
    problems = list(rehearse(lesson))
    lines = path.read_text(encoding="utf-8").splitlines()
    for one in problems:
        assert one.file == str(path)
        assert one.line == 1 or '"id": "' in lines[one.line - 1]
    return [str(one) for one in problems]


def replace(old: str, new: str) -> Edit:
    def edit(notebook: dict[str, Any]) -> None:
        cells = [cell for cell in notebook["cells"] if old in "".join(cell["source"])]
        assert cells
        for cell in cells:
            cell["source"] = "".join(cell["source"]).replace(old, new)

    return edit


def solve(exercise: str, body: str) -> Edit:
    """Another solution of an exercise, in the whole of its cell."""

    def edit(notebook: dict[str, Any]) -> None:
        check = next(n for n, cell in enumerate(notebook["cells"]) if f'check("{exercise}"' in "".join(cell["source"]))
        notebook["cells"][check - 1]["source"] = body

    return edit


@pytest.mark.slow
def test_the_real_exercises_are_in_order() -> None:
    assert [str(one) for one in rehearse(find("01"))] == []


def test_a_solution_that_fails_is_told(lesson: Lesson) -> None:
    body = "def ready_offline(weights, folder):\n    ### BEGIN SOLUTION\n    return True\n    ### END SOLUTION"
    said = told(lesson, solve("01.offline", body))
    assert len(said) == 1
    assert "01.offline: the solution is judged failed, expected passed" in said[0]


def test_a_starter_that_answers_is_told(lesson: Lesson) -> None:
    body = "def ready_offline(weights, folder):\n    ### BEGIN SOLUTION\n    ### END SOLUTION\n    return True"
    said = told(lesson, solve("01.offline", body))
    assert any("01.offline: the starter is judged failed, expected not_attempted" in one for one in said), said


def test_a_notebook_that_does_not_run_is_told(lesson: Lesson) -> None:
    said = told(lesson, replace("import hashlib", "import no_such_module"))
    assert any("the solution does not run: ModuleNotFoundError" in one for one in said), said


def test_an_exercise_without_a_cell_and_one_that_does_not_exist_are_told(lesson: Lesson) -> None:
    said = told(lesson, replace('check("01.repair"', 'check("01.mend"'))
    assert any("no cell checks the exercise 01.repair" in one for one in said), said
    assert any("There is no exercise '01.mend'" in one for one in said), said


def testwrong_solutions_that_pass_or_are_told_something_else_or_are_too_few_are_told(
    lesson: Lesson, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = lint_exercises.wrong_solutions()
    offline = {name: answer for (of, name), answer in real.items() if of == "01.offline"}
    swapped = {("01.offline", "exists-is-enough"): offline["wrong-name"], ("01.offline", "wrong-name"): lambda *_: None}
    monkeypatch.setattr(lint_exercises, "wrong_solutions", lambda: swapped)
    said = [one for one in told(lesson, lambda _: None) if "01.offline" in one]
    assert any("has 2 wrong solutions, expected 3" in one for one in said), said
    assert any("nothing shows that the misconception 'whole-hash' is told" in one for one in said), said
    assert any("the wrong solution 'exists-is-enough' is judged failed for 'wrong-name'" in one for one in said), said
    assert any("the wrong solution 'wrong-name' is judged not_attempted" in one for one in said), said


def testwrong_solutions_lie_outside_the_package() -> None:
    assert lint_exercises.mutant_files()
    assert not [path for path in (content_dir() / "coursekit").rglob("*mutant*") if path.suffix == ".py"]


def test_an_objective_that_no_exercise_trains_is_told(lesson: Lesson) -> None:
    more = replace_fields(lesson, objectives=(*lesson.objectives, ("01.nothing", "Do nothing.")))
    assert any("no exercise trains the objective 01.nothing" in one for one in told(more, lambda notebook: None))
    assert not any("no exercise trains" in one for one in told(lesson, lambda notebook: None))
