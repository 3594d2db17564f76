"""The exercises, rehearsed: the starter is not attempted, the solution passes, wrong solutions fail with their message.

Run by ``coursekit.lint`` as ``python -m coursekit.lint_exercises 01``, since it needs torch; prints problems as JSON.
Wrong solutions lie in ``tests/checks``, outside the package: one is often the right solution less a line, so they go
into no wheel and no release. An author works in a checkout, which has them. Where there is none, only starter and
solution are rehearsed.
"""

from __future__ import annotations

import ast
import contextlib
import importlib.util
import io
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from coursekit.lessons import Lesson, find
from coursekit.paths import content_dir
from coursekit.quiz.loading import Problem

SEED = 0
MUTANTS = 3  # wrong solutions of an exercise, at least


def mutant_files() -> list[Path]:
    """The files with wrong solutions; none where coursekit is installed without its tests."""
    return sorted((content_dir() / "tests" / "checks").glob("mutants*.py"))


def rehearse(lesson: Lesson) -> Iterator[Problem]:
    """Every problem of a lesson's exercises."""
    from coursekit.checks import exercises
    from coursekit.grading.release import release_notebook

    path = lesson.exercises
    solved = json.loads(path.read_text(encoding="utf-8"))
    released = json.loads(release_notebook(path.read_bytes(), source=path))
    checked = _checked(solved)
    for exercise in exercises():
        if exercise.startswith(f"{lesson.number}.") and exercise not in checked:
            mend = f"Add the cell: check({exercise!r}, the_function)"
            yield _problem(path, 1, f"no cell checks the exercise {exercise}.", mend)
    trained = {one for exercise in checked if exercise in exercises() for one in exercises()[exercise].objectives}
    for objective, _ in lesson.objectives:
        if objective not in trained:
            mend = "Name it among the objectives of an exercise in coursekit.checks, or write one."
            yield _problem(path, 1, f"no exercise trains the objective {objective}.", mend)
    for number, notebook in enumerate((solved, released)):
        try:
            scope = _run(notebook)
        except Exception as error:
            said = f"the {'starter' if number else 'solution'} does not run: {type(error).__name__}: {error}."
            yield _problem(path, 1, said, "Run the notebook from the top.")
            continue
        for exercise, (function, cell) in checked.items():
            yield from _judged(path, exercise, scope.get(function), cell, starter=bool(number))
    wrong = wrong_solutions()
    if wrong:
        for exercise, (_, cell) in checked.items():
            yield from _mutants(
                path, exercise, cell, {name: one for (of, name), one in wrong.items() if of == exercise}
            )


def _problem(path: Path, line: int, message: str, mend: str) -> Problem:
    return Problem(str(path), line, "exercise", message, mend)


def _checked(notebook: dict[str, Any]) -> dict[str, tuple[str, str]]:
    """The name of each exercise's function and the id of the cell that checks it, by exercise."""
    found = {}
    for cell in notebook["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "code" and source.startswith("check("):
            call = ast.parse(source).body[0]
            match call:
                case ast.Expr(value=ast.Call(args=[ast.Constant(value=str(exercise)), ast.Name(id=function)])):
                    found[exercise] = (function, cell["id"])
    return found


def _run(notebook: dict[str, Any]) -> dict[str, Any]:
    """What a kernel holds after the notebook's cells, those that check left out."""
    scope: dict[str, Any] = {"__name__": "__exercises__"}
    for cell in notebook["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "code" and not source.startswith(("check(", "%", "!")):
            exec(compile(source, "<cell>", "exec"), scope)
    return scope


def _judged(path: Path, exercise: str, answer: Any, cell: str, *, starter: bool) -> Iterator[Problem]:
    from coursekit.checks import judge
    from coursekit.errors import CourseError

    line = line_of_cell(path, cell)
    try:
        outcome = judge(exercise, answer, seed=SEED)
    except CourseError as error:
        yield _problem(path, line, str(error), "Name an exercise of coursekit.checks.")
        return
    wanted = "not_attempted" if starter else "passed"
    if outcome.status != wanted:
        who = "starter" if starter else "solution"
        message = f"{exercise}: the {who} is judged {outcome.status}, expected {wanted}: {outcome.message}"
        mend = "Leave nothing in the starter that answers." if starter else "Mend the solution or the check."
        yield _problem(path, line, message, mend)


def _mutants(path: Path, exercise: str, cell: str, wrong: dict[str, Any]) -> Iterator[Problem]:
    """Each wrong solution fails, told by its own message, and each misconception that a check names has one."""
    from coursekit.checks import exercises, judge

    line = line_of_cell(path, cell)
    if exercise not in exercises():
        return
    named = set(getattr(exercises()[exercise].check, "MISCONCEPTIONS", wrong))
    if len(wrong) < MUTANTS:
        mend = "Write more in tests/checks, each for one misconception."
        yield _problem(path, line, f"{exercise}: has {len(wrong)} wrong solutions, expected {MUTANTS}.", mend)
    for name in sorted(named - set(wrong)):
        message = f"{exercise}: nothing shows that the misconception {name!r} is told."
        yield _problem(path, line, message, "Write the wrong solution in tests/checks.")
    said: dict[str, str] = {}
    for name, answer in wrong.items():
        outcome = judge(exercise, answer, seed=SEED)
        by_its_error = outcome.misconception is None and outcome.message.startswith("Your function raised")
        if outcome.status != "failed" or not (outcome.misconception == name or by_its_error):
            message = f"{exercise}: the wrong solution {name!r} is judged {outcome.status}"
            message += f" for {outcome.misconception!r}" if outcome.status == "failed" else ""
            yield _problem(path, line, f"{message}: {outcome.message}", "Mend the check or the wrong solution.")
        elif outcome.message in said:
            message = f"{exercise}: {name!r} and {said[outcome.message]!r} get the same message."
            yield _problem(path, line, message, "Say what was seen in each.")
        said.setdefault(outcome.message, name)


def wrong_solutions() -> dict[tuple[str, str], Any]:
    """Every wrong solution of a checkout's tests, by exercise and misconception."""
    found: dict[tuple[str, str], Any] = {}
    for path in mutant_files():
        spec = importlib.util.spec_from_file_location(path.stem, path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        found |= module.MUTANTS
    return found


def line_of_cell(path: Path, cell: str) -> int:
    """The line of a notebook's file at which a cell's id stands."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return next((number for number, line in enumerate(lines, 1) if f'"id": "{cell}"' in line), 1)


def main() -> None:
    """Rehearse the exercises of some lessons. They may print and write files; nothing of it reaches the report."""
    lessons = [find(name) for name in sys.argv[1:]]
    report, before = sys.stdout, os.getcwd()
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        os.chdir(folder)
        problems = [asdict(one) for lesson in lessons for one in rehearse(lesson)]
        os.chdir(before)
    json.dump(problems, report)


if __name__ == "__main__":
    main()
