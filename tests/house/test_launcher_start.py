"""course.py before and after the install: old Pythons, arguments, handing over."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tests.house.fake_project import FakeProject


def test_an_old_python_can_read_the_file_up_to_the_sentence_for_it(checkout: Path) -> None:
    source = (checkout / "course.py").read_text(encoding="utf-8")
    tree = ast.parse(source, feature_version=(3, 6))
    first = [type(statement) for statement in tree.body[:3]]
    assert first == [ast.Expr, ast.Import, ast.If]  # docstring, `import sys`, the check: nothing newer can fail before
    assert [name.name for name in tree.body[1].names] == ["sys"]  # type: ignore[attr-defined]
    newer = (ast.NamedExpr, ast.Match, ast.TryStar)
    assert not [node for node in ast.walk(tree) if isinstance(node, newer)]


def test_an_old_python_is_told_in_one_sentence(checkout: Path) -> None:
    pretend = "import sys; sys.version_info = (3, 8, 0); exec(compile(open(sys.argv[1]).read(), 'course.py', 'exec'))"
    outcome = subprocess.run(
        [sys.executable, "-c", pretend, str(checkout / "course.py")], capture_output=True, text=True
    )
    assert outcome.returncode == 1
    assert outcome.stdout == ""
    assert outcome.stderr.startswith("course.py: the course needs Python 3.11 or newer; this is Python 3.8 (")
    assert outcome.stderr.count("\n") == 1


def test_only_the_standard_library_is_imported(checkout: Path) -> None:
    tree = ast.parse((checkout / "course.py").read_text(encoding="utf-8"))
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {name.name.partition(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(str(node.module).partition(".")[0])
    assert names <= set(sys.stdlib_module_names)
    assert {"fcntl", "msvcrt"} <= names  # both kinds of system are served


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([], ("auto", False, ["lab"])),
        (["lab", "--no-browser"], ("auto", False, ["lab", "--no-browser"])),
        (["--torch", "cpu", "doctor"], ("cpu", False, ["doctor"])),
        (["doctor", "--torch=default", "--json"], ("default", False, ["doctor", "--json"])),
        (["--all"], ("auto", True, ["lab"])),
        (["lab", "--torch", "cpu"], ("cpu", False, ["lab"])),
    ],
)
def test_arguments_of_the_launcher_are_taken_and_the_rest_is_passed_on(
    launcher: ModuleType, given: list[str], expected: tuple[str, bool, list[str]]
) -> None:
    assert launcher.read_arguments(given) == expected


@pytest.mark.parametrize("wrong", [["--torch", "gpu"], ["--torch"], ["--torch="]])
def test_an_unknown_torch_is_named(launcher: ModuleType, wrong: list[str]) -> None:
    with pytest.raises(launcher.StartError, match="takes auto, cpu or default"):
        launcher.read_arguments(wrong)


def test_help_installs_nothing(project: FakeProject) -> None:
    outcome = project.start("--help")
    assert outcome.returncode == 0
    assert "python3 course.py test" in outcome.stdout
    assert not project.venv.exists()


@pytest.mark.parametrize(
    ("given", "passed_on"),
    [
        ([], "lab"),
        (["lab", "--port", "9000"], "lab --port 9000"),
        (["doctor", "--json"], "doctor --json"),
        (["practice", "--help"], "practice --help"),
        (["test", "01"], "test 01"),  # a lesson's test, not the project's
        (["test", "01_loading_weights"], "test 01_loading_weights"),
    ],
)
def test_an_installed_course_hands_over_at_once(project: FakeProject, given: list[str], passed_on: str) -> None:
    project.pretend_installed()
    project.tool("uv", f"touch {project.root}/uv-was-called\n")
    outcome = project.start(*given)
    assert outcome.returncode == 7  # the command's own status
    assert outcome.stdout == f"coursekit called with: {passed_on}\n"
    assert outcome.stderr == ""
    assert not (project.root / "uv-was-called").exists()


def test_test_without_a_lesson_tests_the_project(project: FakeProject) -> None:
    project.pretend_installed()
    (project.root / "tests").mkdir()
    (project.root / "tests" / "run.py").write_text("import sys\nprint('run.py', sys.argv[1:])\nsys.exit(3)\n")
    outcome = project.start("test", "--fast", "-k", "quiz")
    assert outcome.stdout == "run.py ['--fast', '-k', 'quiz']\n"
    assert outcome.returncode == 3


def test_programs_of_the_environment_come_first_on_the_path(project: FakeProject) -> None:
    project.pretend_installed()
    (project.venv / "bin" / "coursekit").write_text('#!/bin/sh\necho "$PATH"\necho "$VIRTUAL_ENV"\n')
    path, environment = project.start("lab").stdout.splitlines()
    assert path.startswith(f"{project.venv}/bin:")
    assert environment == str(project.venv)


@pytest.mark.parametrize(
    ("change", "arguments"),
    [
        ({"digest": "of another lock"}, ["lab"]),
        ({"root": "/somewhere/else"}, ["lab"]),
        ({"python": "3.10"}, ["lab"]),
        ({"set": "lab"}, ["test"]),
        ({"set": "lab"}, ["--all", "lab"]),
        ({"torch": "default"}, ["--torch", "cpu", "lab"]),
    ],
)
def test_what_no_longer_fits_is_installed_anew(
    project: FakeProject, change: dict[str, str], arguments: list[str]
) -> None:
    project.pretend_installed(**change)
    project.tool("uv", f'[ "$1" = --version ] && exit 0\necho "$*" >> {project.root}/uv-calls\nexit 1\n')
    outcome = project.start(*arguments, COURSEKIT_TORCH_INDEX="http://127.0.0.1:9/")
    assert outcome.returncode == 1
    assert "coursekit called" not in outcome.stdout
    assert re.search(rf"(Installing|Updating) into {project.venv} with uv", outcome.stderr)
    assert (project.root / "uv-calls").exists()
