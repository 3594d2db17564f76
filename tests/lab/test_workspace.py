"""The learner's folder: what is written into it, and what never is."""

from __future__ import annotations

import errno
import itertools
import json
import multiprocessing
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pytest

from coursekit import files
from coursekit.errors import CourseError
from coursekit.files import PART
from coursekit.lab import workspace as module
from coursekit.lab.workspace import PRIVATE, deliver, prepare

from .synthetic import edit, write_lesson

LESSON = "01_lesson_1/01_lesson_1.ipynb"
EXERCISES = "01_lesson_1/01_exercises.ipynb"
START = "00_start_here.ipynb"


def tree(folder: Path) -> dict[str, bytes]:
    """All files a learner sees, by path."""
    paths = [path for path in folder.rglob("*") if path.is_file() and PRIVATE not in path.relative_to(folder).parts]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def test_a_new_workspace_holds_the_start_notebook_and_a_folder_for_each_lesson(course: Path, tmp_path: Path) -> None:
    write_lesson(course, 2)
    _forget_lessons()
    delivery = prepare(tmp_path / "ws")
    assert sorted(tree(tmp_path / "ws")) == [
        START,
        EXERCISES,
        LESSON,
        "01_lesson_1/images/plot.png",
        "02_lesson_2/02_exercises.ipynb",
        "02_lesson_2/02_lesson_2.ipynb",
        "02_lesson_2/images/plot.png",
    ]
    assert sorted(delivery.new) == sorted(tree(tmp_path / "ws"))
    assert b"BEGIN SOLUTION" not in b"".join(tree(tmp_path / "ws").values())


def test_a_second_start_writes_nothing(course: Path, tmp_path: Path) -> None:
    folder = tmp_path / "ws"
    prepare(folder)
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.name != "lock"}
    delivery = prepare(folder)
    assert delivery.lines() == []
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.name != "lock"} == before


def test_a_second_start_loads_neither_nbgrader_nor_torch(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from coursekit.lab.workspace import prepare;"
        f"prepare(Path({str(tmp_path / 'ws')!r}));"
        "print([name for name in ('nbgrader', 'nbconvert', 'torch', 'IPython') if name in sys.modules])"
    )
    for _ in range(2):
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300, check=True)
    assert done.stdout.strip() == "[]"


def test_an_unchanged_file_is_replaced_by_the_new_version(course: Path, tmp_path: Path) -> None:
    prepare(tmp_path / "ws")
    write_lesson(course, 1, version="two")
    delivery = prepare(tmp_path / "ws")
    assert delivery.updated == [LESSON]
    assert b"Version two." in (tmp_path / "ws" / LESSON).read_bytes()


def test_a_changed_file_stays_and_the_new_version_lies_beside_it_once(course: Path, tmp_path: Path) -> None:
    folder = tmp_path / "ws"
    prepare(folder)
    edit(folder / LESSON)
    mine = (folder / LESSON).read_bytes()
    assert prepare(folder).lines() == []  # there is no new version to offer

    write_lesson(course, 1, version="two")
    delivery = prepare(folder)

    assert (folder / LESSON).read_bytes() == mine
    [(kept, beside)] = delivery.beside
    assert kept == LESSON
    assert beside.startswith("01_lesson_1/01_lesson_1.new-")
    assert b"Version two." in (folder / beside).read_bytes()
    assert any(LESSON in line and beside in line for line in delivery.lines())

    (folder / beside).unlink()  # seen, and not wanted
    assert prepare(folder).lines() == []
    assert not (folder / beside).exists()


def test_each_newer_version_is_offered_and_none_is_written_over_another(course: Path, tmp_path: Path) -> None:
    folder = tmp_path / "ws"
    prepare(folder)
    edit(folder / LESSON)
    offered = []
    for version in ("two", "three", "four"):
        write_lesson(course, 1, version=version)
        [(_, beside)] = prepare(folder).beside
        edit(folder / beside, "I work in this one now")
        offered.append(beside)
    assert len(set(offered)) == 3
    assert all(b"I work in this one now" in (folder / beside).read_bytes() for beside in offered)


def test_a_notebook_that_was_only_opened_is_not_changed(course: Path, tmp_path: Path) -> None:
    folder = tmp_path / "ws"
    prepare(folder)
    for name in (START, LESSON):
        notebook = nbformat.read(folder / name, as_version=4)  # as JupyterLab saves it: other layout, its kernel's name
        notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Another", "language": "python"}
        notebook.metadata["language_info"] = {"name": "python", "version": "3.99"}
        (folder / name).write_text(nbformat.writes(notebook, version=4, indent=3), encoding="utf-8")
    write_lesson(course, 1, version="two")
    delivery = prepare(folder)
    assert delivery.updated == [LESSON]
    assert delivery.beside == []


@pytest.mark.parametrize(
    "change",
    [
        lambda cells: cells[1]["source"].append("# mine"),
        lambda cells: cells[1].update(outputs=[{"output_type": "stream", "name": "stdout", "text": "mine"}]),
        lambda cells: cells[1].update(execution_count=1),
        lambda cells: cells[1]["metadata"].update(note="mine"),
        lambda cells: cells.reverse(),
        lambda cells: cells.pop(),
    ],
)
def test_every_change_inside_a_cell_is_the_learners(course: Path, tmp_path: Path, change: Callable) -> None:
    folder = tmp_path / "ws"
    prepare(folder)
    notebook = json.loads((folder / LESSON).read_text(encoding="utf-8"))
    change(notebook["cells"])
    (folder / LESSON).write_text(json.dumps(notebook), encoding="utf-8")
    write_lesson(course, 1, version="two")
    assert [kept for kept, _ in prepare(folder).beside] == [LESSON]


def test_the_start_notebook_gets_a_new_picture_after_it_was_run_and_stays_when_it_was_edited(
    course: Path, tmp_path: Path
) -> None:
    from coursekit.progress import record

    folder = tmp_path / "ws"
    prepare(folder)
    notebook = nbformat.read(folder / START, as_version=4)
    run = next(cell for cell in notebook.cells if cell.cell_type == "code")
    run.execution_count = 1
    run.outputs = [nbformat.v4.new_output("display_data", {"text/plain": "a widget whose kernel is gone"})]
    nbformat.write(notebook, folder / START)
    record("exercise", lesson="01", item="a", data={"status": "passed"})
    assert prepare(folder).lines() == []
    assert b"1 of 2 passed" in (folder / START).read_bytes()

    edit(folder / START)
    mine = (folder / START).read_bytes()
    record("exercise", lesson="01", item="b", data={"status": "passed"})
    assert prepare(folder).lines() == []
    assert (folder / START).read_bytes() == mine


def test_going_back_to_what_was_delivered_makes_the_file_ours_again(course: Path, tmp_path: Path) -> None:
    folder = tmp_path / "ws"
    prepare(folder)
    delivered = (folder / LESSON).read_bytes()
    edit(folder / LESSON)
    prepare(folder)
    (folder / LESSON).write_bytes(delivered)
    write_lesson(course, 1, version="two")
    assert prepare(folder).updated == [LESSON]


def test_a_deleted_notebook_comes_back_fresh(course: Path, tmp_path: Path) -> None:
    folder = tmp_path / "ws"
    prepare(folder)
    fresh = tree(folder)
    edit(folder / EXERCISES)
    prepare(folder)
    (folder / EXERCISES).unlink()
    assert prepare(folder).new == [EXERCISES]
    assert tree(folder) == fresh


def test_what_the_learner_added_is_never_touched(course: Path, tmp_path: Path) -> None:
    folder = tmp_path / "ws"
    prepare(folder)
    (folder / "notes.txt").write_text("mine")
    (folder / "01_lesson_1" / "try.ipynb").write_text("not even a notebook")
    write_lesson(course, 1, version="two")
    prepare(folder)
    assert (folder / "notes.txt").read_text() == "mine"
    assert (folder / "01_lesson_1" / "try.ipynb").read_text() == "not even a notebook"


def test_files_that_were_there_before_the_first_start_are_the_learners(course: Path, tmp_path: Path) -> None:
    folder = tmp_path / "ws"
    folder.mkdir()
    (folder / START).write_text("my own start")
    delivery = prepare(folder)
    assert (folder / START).read_text() == "my own start"
    assert [kept for kept, _ in delivery.beside] == [START]


@pytest.mark.parametrize(
    "damage", [b"", b"{", b"[]", b'{"format": 1}', b'{"format": 1, "files": {"a": 3}}', b"\xff\xfe"]
)
def test_a_lost_or_damaged_record_loses_no_work(course: Path, tmp_path: Path, damage: bytes) -> None:
    folder = tmp_path / "ws"
    prepare(folder)
    edit(folder / LESSON)
    mine = (folder / LESSON).read_bytes()
    (folder / PRIVATE / "delivered.json").write_bytes(damage)
    write_lesson(course, 1, version="two")
    delivery = prepare(folder)
    assert (folder / LESSON).read_bytes() == mine
    assert [kept for kept, _ in delivery.beside] == [LESSON]


def test_a_record_of_a_newer_coursekit_is_left_alone(course: Path, tmp_path: Path) -> None:
    folder = tmp_path / "ws"
    prepare(folder)
    record = folder / PRIVATE / "delivered.json"
    record.write_text(json.dumps({"format": 99, "files": {}}))
    with pytest.raises(CourseError, match="newer coursekit"):
        prepare(folder)
    assert json.loads(record.read_text())["format"] == 99


@pytest.mark.parametrize("name", ["with space", "größe-ключ-数", "ünï cödé/deeper/still", 'quote\'d "x" & $HOME'])
def test_any_folder_name_will_do(course: Path, tmp_path: Path, name: str) -> None:
    prepare(tmp_path / name)
    assert LESSON in tree(tmp_path / name)


def test_another_language_and_no_utf8_change_nothing(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from coursekit.lab.workspace import prepare; prepare(Path(sys.argv[1]))"
    )
    plain = {"LC_ALL": "C", "LANG": "de_DE.ISO-8859-1", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    command = [sys.executable, "-c", code, "wörk"]
    done = subprocess.run(command, cwd=tmp_path, env=os.environ | plain, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "wörk" / START).is_file()


def test_a_file_in_the_folders_place_is_said(course: Path, tmp_path: Path) -> None:
    (tmp_path / "ws").write_text("I am a file")
    with pytest.raises(CourseError, match=r"is a file.*--workspace"):
        prepare(tmp_path / "ws")
    with pytest.raises(CourseError, match="--workspace"):
        prepare(tmp_path / "ws" / "below")


def test_a_file_in_a_lessons_place_is_said_and_stays(course: Path, tmp_path: Path) -> None:
    (tmp_path / "ws").mkdir()
    (tmp_path / "ws" / "01_lesson_1").write_text("mine")
    with pytest.raises(CourseError, match="Move it away"):
        prepare(tmp_path / "ws")
    assert (tmp_path / "ws" / "01_lesson_1").read_text() == "mine"


@pytest.mark.parametrize("inside", ["", "notebooks", "somewhere/new"])
def test_the_courses_own_source_is_refused(course: Path, inside: str) -> None:
    before = tree(course)
    with pytest.raises(CourseError, match="own source"):
        prepare(course / inside)
    assert tree(course) == before


def test_a_link_to_the_courses_source_is_refused_too(course: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(course)
    with pytest.raises(CourseError, match="own source"):
        prepare(tmp_path / "link")


def test_a_workspace_may_be_a_link(course: Path, tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "ws").symlink_to(tmp_path / "real")
    prepare(tmp_path / "ws")
    assert LESSON in tree(tmp_path / "real")


@pytest.mark.parametrize("there", [True, False])
def test_a_link_in_a_notebooks_place_is_the_learners(course: Path, tmp_path: Path, there: bool) -> None:
    folder = tmp_path / "ws"
    prepare(folder)
    elsewhere = tmp_path / "cloud.ipynb"
    if there:
        elsewhere.write_bytes((folder / LESSON).read_bytes())
    (folder / LESSON).unlink()
    (folder / LESSON).symlink_to(elsewhere)
    before = elsewhere.read_bytes() if there else None
    write_lesson(course, 1, version="two")
    delivery = prepare(folder)
    assert (folder / LESSON).is_symlink()
    assert [kept for kept, _ in delivery.beside] == [LESSON]
    assert elsewhere.exists() == there
    assert not there or elsewhere.read_bytes() == before


def test_a_loop_of_links_is_said(course: Path, tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    with pytest.raises(CourseError, match="--workspace"):
        prepare(tmp_path / "a")


def test_a_folder_nobody_can_write_is_said(course: Path) -> None:
    with pytest.raises(CourseError, match="--workspace"):
        prepare(Path("/proc/coursekit-workspace"))


def test_another_start_at_work_is_waited_for_then_said(
    course: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from filelock import FileLock

    prepare(tmp_path / "ws")
    monkeypatch.setattr(module, "LOCK_SECONDS", 0.2)
    with FileLock(tmp_path / "ws" / PRIVATE / "lock"), pytest.raises(CourseError, match="Another start"):
        prepare(tmp_path / "ws")


# --- faults and kills -------------------------------------------------------------------------------------------------


class Killed(BaseException):
    """Stands for a kill: nothing may catch it."""


@contextmanager
def fault(at: int, raised: Callable[[], BaseException]) -> Iterator[list[int]]:
    """Raise at the ``at``-th step that touches the disk; yields the steps that happened."""
    steps: list[int] = []
    real = {name: getattr(os, name) for name in ("replace", "fsync", "mkdir")}

    def wrapped(name: str) -> Callable:
        def step(*arguments: object, **named: object) -> object:
            steps.append(len(steps))
            if len(steps) - 1 == at:
                raise raised()
            return real[name](*arguments, **named)

        return step

    with pytest.MonkeyPatch.context() as patch:
        for name in real:
            patch.setattr(files.os, name, wrapped(name))
        yield steps


@dataclass
class Scene:
    """A workspace of version one with one notebook changed and one deleted, while the course is at version two."""

    workspace: Path
    mine: bytes  # the changed notebook
    expected: dict[str, bytes]  # the workspace after an undisturbed start

    def copy(self, folder: Path) -> Path:
        shutil.copytree(self.workspace, folder)
        return folder

    def whole(self, folder: Path) -> bool:
        """Is every file in the workspace the old one or the new one, and the learner's own as it was?"""
        before = tree(self.workspace)
        now = {name: data for name, data in tree(folder).items() if not name.endswith(PART)}
        return now[EXERCISES] == self.mine and all(d in (before.get(n), self.expected.get(n)) for n, d in now.items())


@pytest.fixture
def scene(course: Path, tmp_path: Path) -> Scene:
    folder = tmp_path / "scene"
    prepare(folder)
    edit(folder / EXERCISES)
    (folder / START).unlink()
    write_lesson(course, 1, version="two", count=3)
    write_lesson(course, 2, version="two")
    _forget_lessons()
    made = Scene(folder, (folder / EXERCISES).read_bytes(), {})
    prepare(made.copy(tmp_path / "undisturbed"))
    made.expected = tree(tmp_path / "undisturbed")
    assert made.expected != tree(folder)
    return made


def _full_disk() -> BaseException:
    return OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("raised", [_full_disk, Killed])
def test_a_fault_at_any_step_leaves_what_the_next_start_completes(
    scene: Scene, tmp_path: Path, raised: Callable[[], BaseException]
) -> None:
    said = set()
    for at in itertools.count():
        folder = scene.copy(tmp_path / f"at-{at}")
        with fault(at, raised) as steps:
            try:
                prepare(folder)
            except (CourseError, Killed) as stopped:
                said.add(str(stopped).partition("device. ")[2])
        if len(steps) <= at:
            break
        assert scene.whole(folder), at
        prepare(folder)
        assert tree(folder) == scene.expected, at
    assert at > 10  # the faults did happen
    assert said == (
        {""} if raised is Killed else {"Free some disk space and start again; nothing of yours was touched."}
    )


def _forget_lessons() -> None:
    from coursekit.lessons import lessons

    lessons.cache_clear()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="kills a forked start; this system cannot fork")
def test_killed_at_random_moments_it_is_completed_by_the_next_start(scene: Scene, home: Path, tmp_path: Path) -> None:
    fork = multiprocessing.get_context("fork")
    dice = random.Random(20261123)
    takes = {True: 0.5, False: 0.05}  # seconds, measured below: with the release to be made, and without
    killed = 0
    for turn in range(40):
        folder = scene.copy(tmp_path / f"turn-{turn}")
        making = turn % 8 == 0
        if making:
            shutil.rmtree(home / "released", ignore_errors=True)
        for _ in range(3):  # a kill in the start after a kill, too
            child = fork.Process(target=prepare, args=(folder,))
            child.start()
            time.sleep(dice.uniform(0, takes[making]))
            child.kill()
            child.join()
            killed += child.exitcode == -signal.SIGKILL
            assert scene.whole(folder), turn
        started = time.perf_counter()
        prepare(folder)
        takes[making] = time.perf_counter() - started
        assert tree(folder) == scene.expected, turn
    assert killed >= 20  # the kills did hit


def test_two_starts_at_once_deliver_once(course: Path, tmp_path: Path) -> None:
    fork = multiprocessing.get_context("fork")
    children = [fork.Process(target=prepare, args=(tmp_path / "ws",)) for _ in range(4)]
    for child in children:
        child.start()
    for child in children:
        child.join(120)
    assert [child.exitcode for child in children] == [0, 0, 0, 0]
    assert not [name for name in tree(tmp_path / "ws") if ".new-" in name or name.endswith(PART)]
    assert prepare(tmp_path / "ws").lines() == []


def test_a_delivery_outside_the_lessons_follows_the_same_rules(tmp_path: Path) -> None:
    (tmp_path / "ws").mkdir()
    assert deliver(tmp_path / "ws", {"a/b.txt": b"one"}).new == ["a/b.txt"]
    assert deliver(tmp_path / "ws", {"a/b.txt": b"two"}).updated == ["a/b.txt"]
    (tmp_path / "ws/a/b.txt").write_bytes(b"mine")
    assert deliver(tmp_path / "ws", {"a/b.txt": b"three"}).beside[0][0] == "a/b.txt"
