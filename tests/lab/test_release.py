"""What a learner is handed holds no answer."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell

from coursekit.errors import CourseError
from coursekit.grading import release
from coursekit.grading.release import release_files, release_lesson
from coursekit.lessons import find

from .synthetic import HIDDEN, SECRET, exercises, write_lesson


def test_released_files_hold_no_solution_and_no_hidden_test(course: Path, tmp_path: Path) -> None:
    written = release_lesson("01", tmp_path / "out")

    assert sorted(path.relative_to(tmp_path / "out").as_posix() for path in written) == [
        "01_lesson_1/01_exercises.ipynb",
        "01_lesson_1/01_lesson_1.ipynb",
        "01_lesson_1/images/plot.png",
    ]
    source = (course / "notebooks/01_lesson_1/01_exercises.ipynb").read_text()
    released = (tmp_path / "out/01_lesson_1/01_exercises.ipynb").read_text()
    for secret in (SECRET, HIDDEN, "BEGIN SOLUTION", "END SOLUTION", "HIDDEN TESTS"):
        assert secret in source
        assert secret not in released
    assert "assert answer_1() == 42" in released  # the visible test stays


def test_a_starter_runs_and_gives_nothing(course: Path, tmp_path: Path) -> None:
    release_lesson("01", tmp_path)
    notebook = nbformat.read(tmp_path / "01_lesson_1/01_exercises.ipynb", as_version=4)
    starter = next(cell for cell in notebook.cells if cell.id == "solution-1")
    names: dict = {}
    exec(starter.source, names)
    assert names["answer_1"]() is None


def test_graded_tests_are_locked_and_their_checksums_are_of_what_was_released(course: Path, tmp_path: Path) -> None:
    from nbgrader.utils import compute_checksum

    release_lesson("01", tmp_path)
    notebook = nbformat.read(tmp_path / "01_lesson_1/01_exercises.ipynb", as_version=4)
    tests = [cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("grade")]
    assert len(tests) == 2
    for cell in tests:
        assert cell.metadata["editable"] is False
        assert cell.metadata["deletable"] is False
        assert cell.metadata.nbgrader["checksum"] == compute_checksum(cell)


def test_the_lesson_comes_without_outputs_and_with_its_tags(course: Path, tmp_path: Path) -> None:
    release_lesson("01", tmp_path)
    notebook = nbformat.read(tmp_path / "01_lesson_1/01_lesson_1.ipynb", as_version=4)
    source = nbformat.read(course / "notebooks/01_lesson_1/01_lesson_1.ipynb", as_version=4)
    assert any(cell.get("outputs") for cell in source.cells)
    assert not any(cell.get("outputs") for cell in notebook.cells)
    assert [cell.metadata.get("tags") for cell in notebook.cells] == [c.metadata.get("tags") for c in source.cells]
    assert [cell.id for cell in notebook.cells] == [cell.id for cell in source.cells]


def test_the_same_source_gives_the_same_bytes(course: Path, tmp_path: Path) -> None:
    first = {path.name: path.read_bytes() for path in release_lesson("01", tmp_path / "a")}
    shutil.rmtree(release.home_dir())
    assert {path.name: path.read_bytes() for path in release_lesson("01", tmp_path / "b")} == first


def test_a_second_release_is_read_not_made(course: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = release_files(find("01"))
    monkeypatch.setattr(release, "release_notebook", None)  # calling it would fail
    assert release_files(find("01")) == first


def test_a_changed_source_is_released_anew_and_the_old_one_leaves_the_shelf(course: Path) -> None:
    before = release_files(find("01"))
    write_lesson(course, 1, version="two")
    after = release_files(find("01"))
    assert before != after
    assert b"Version two." in after["01_lesson_1.ipynb"]
    assert len(list((release.home_dir() / "released").iterdir())) == 1


def test_a_home_that_cannot_be_written_costs_only_time(course: Path, home: Path) -> None:
    (home / "released").write_text("a file stands here")
    assert SECRET.encode() not in release_files(find("01"))["01_exercises.ipynb"]


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("### BEGIN SOLUTION\nx = 1", "no end solution"),
        ("### BEGIN SOLUTION\n### BEGIN SOLUTION\n### END SOLUTION", "nested begin solution"),
    ],
)
def test_a_broken_solution_cell_is_named_with_its_file(course: Path, source: str, said: str) -> None:
    path = course / "notebooks/01_lesson_1/01_exercises.ipynb"
    notebook = exercises(1)
    notebook.cells[1].source = source
    nbformat.write(notebook, path)
    with pytest.raises(CourseError) as caught:
        release_files(find("01"))
    assert str(path) in str(caught.value)
    assert said in str(caught.value).lower()


def test_a_solution_outside_a_solution_cell_is_refused(course: Path) -> None:
    path = course / "notebooks/01_lesson_1/01_exercises.ipynb"
    notebook = exercises(1)
    notebook.cells.append(new_code_cell("### BEGIN SOLUTION\nx = 1\n### END SOLUTION", id="loose"))
    nbformat.write(notebook, path)
    with pytest.raises(CourseError, match="within solution cells"):
        release_files(find("01"))


@pytest.mark.parametrize("broken", ["", "not json", "{}"])
def test_a_damaged_notebook_is_named(course: Path, broken: str) -> None:
    path = course / "notebooks/01_lesson_1/01_exercises.ipynb"
    path.write_text(broken)
    with pytest.raises(CourseError, match=r"01_exercises\.ipynb"):
        release_files(find("01"))


def test_a_folder_that_is_a_file_is_said(course: Path, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("")
    with pytest.raises(CourseError, match="--to"):
        release_lesson("01", tmp_path / "out")


@pytest.mark.slow
def test_nbgrader_itself_generates_and_validates(course: Path, checkout: Path) -> None:
    """The repository as an nbgrader course: its own commands, its own database, the same files as ours."""
    shutil.copy(checkout / "nbgrader_config.py", course)
    activated = os.environ | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    }  # it calls alembic

    def nbgrader(*arguments: str) -> str:
        command = [sys.executable, "-m", "nbgrader", *arguments]
        done = subprocess.run(command, cwd=course, env=activated, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    nbgrader("generate_assignment", "01_lesson_1")
    assert "Success" in nbgrader("validate", "notebooks/01_lesson_1/01_exercises.ipynb")
    ours = release_files(find("01"))
    for name, data in ours.items():
        theirs = (course / "release/01_lesson_1" / name).read_bytes()
        assert _same(theirs, data, name), name


def _same(theirs: bytes, ours: bytes, name: str) -> bool:
    return json.loads(theirs) == json.loads(ours) if name.endswith(".ipynb") else theirs == ours
