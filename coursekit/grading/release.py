"""Release versions of a lesson's notebooks: no solutions, no hidden tests, locked cells, no outputs.

The steps are nbgrader's own preprocessors, in the order of its ``generate_assignment``, without its database. The
lesson notebook goes through them too: its outputs are taken out, so that a learner predicts before a cell runs.
"""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from coursekit.errors import CourseError
from coursekit.files import write_whole
from coursekit.lessons import Lesson, find
from coursekit.paths import home_dir

if TYPE_CHECKING:
    from traitlets.config import Config

STEPS = "1"  # raise it when the steps below change: it is part of the key of what is cached
CODE_STUB = "# YOUR CODE HERE\n..."  # runs without an error, so that a check can tell "not attempted" from "wrong"
NOT_RELEASED = ("__pycache__", ".ipynb_checkpoints", "views")


def settings() -> Config:
    """What differs from nbgrader's defaults; ``nbgrader_config.py`` takes it over, so that both make the same files."""
    from traitlets.config import Config

    config = Config()
    config.ClearSolutions.code_stub = {"python": CODE_STUB}
    return config


def release_lesson(lesson: str, folder: Path) -> list[Path]:
    """Write the release version of a lesson into ``folder/NN_name`` and return the files' paths.

    Args:
        lesson: number or name.
        folder: made if missing; files of the same names in it are replaced.

    Raises:
        CourseError: no such lesson, a notebook that nbgrader refuses, or a folder that cannot be written.
    """
    found = find(lesson)
    written = []
    for name, data in (release_files(found) | _graded_questions(found)).items():
        path = folder / found.name / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, data)
        except OSError as error:
            raise CourseError(
                f"{path} cannot be written ({error.strerror}). Choose another folder with --to."
            ) from error
        written.append(path)
    return written


def _graded_questions(lesson: Lesson) -> dict[str, bytes]:
    """The lesson's graded questions without their keys, made from the bank as it is now; none where there is no bank.

    The bank is remembered on this machine, since the answers will be scored by it.
    """
    from coursekit.grading.questions import graded_bank, remember
    from coursekit.quiz.handout import questions_name

    bank = graded_bank(lesson.number, lesson.bank.parent / "graded")
    if bank is None:
        return {}
    remember(bank)
    return {questions_name(lesson.number): bank.handout()}


def release_files(lesson: Lesson) -> dict[str, bytes]:
    """The files of a lesson's release version, by path inside the lesson's folder.

    Made once for each state of the source and kept under ``home_dir()``; where nothing can be kept, made each time.
    """
    sources = _sources(lesson.notebook.parent)
    shelf = home_dir() / "released" / f"{lesson.name}-{_key(sources)}"
    if shelf.is_dir():
        return {name: (shelf / name).read_bytes() for name in sources}
    made = {
        name: release_notebook(data, source=lesson.notebook.parent / name) if name.endswith(".ipynb") else data
        for name, data in sources.items()
    }
    _keep(shelf, made, lesson)
    return made


def release_notebook(data: bytes, *, source: Path) -> bytes:
    """The release version of one notebook, as bytes; the same for the same input.

    Args:
        data: the notebook's file.
        source: where it came from, for messages.

    Raises:
        CourseError: if nbgrader refuses it; names the file and nbgrader's reason.
    """
    import nbformat
    from nbgrader.nbgraderformat import SchemaTooNewError, SchemaTooOldError, ValidationError, reads
    from nbgrader.preprocessors import (
        CheckCellMetadata,
        ClearHiddenTests,
        ClearMarkScheme,
        ClearOutput,
        ClearSolutions,
        ComputeChecksums,
        LockCells,
    )

    # As in nbgrader's generate_assignment. Left out: headers and generated tests (we use none), and the database.
    steps = (
        LockCells,
        ClearSolutions,
        ClearOutput,
        CheckCellMetadata,
        ComputeChecksums,
        ClearHiddenTests,
        ClearMarkScheme,
        ComputeChecksums,
        CheckCellMetadata,
    )
    quiet = logging.getLogger("coursekit.release")
    quiet.addHandler(logging.NullHandler())
    quiet.propagate = False
    try:
        notebook = reads(data.decode("utf-8"), as_version=4)
        for step in steps:
            notebook, _ = step(config=settings(), log=quiet).preprocess(notebook, {})
    except (SchemaTooNewError, SchemaTooOldError, ValidationError, RuntimeError, ValueError, KeyError) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise CourseError(
            f"{source}: no release version can be made: {reason} Mend that cell in the source notebook."
        ) from error
    return nbformat.writes(notebook, version=4).encode("utf-8") + b"\n"


def _sources(folder: Path) -> dict[str, bytes]:
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    names = {path: path.relative_to(folder) for path in paths}
    return {
        name.as_posix(): path.read_bytes()
        for path, name in names.items()
        if not any(part in NOT_RELEASED or part.startswith(".") for part in name.parts)
    }


def _key(sources: dict[str, bytes]) -> str:
    digest = hashlib.sha256(f"{STEPS} {version('nbgrader')} {version('nbformat')} {CODE_STUB}".encode())
    for name, data in sources.items():
        digest.update(f"\0{name}\0{len(data)}\0".encode())
        digest.update(data)
    return digest.hexdigest()[:16]


def _keep(shelf: Path, made: dict[str, bytes], lesson: Lesson) -> None:
    """Put the made files on the shelf, in one rename; older versions of the lesson leave it."""
    unfinished = shelf.with_name(f"{shelf.name}.{os.getpid()}")
    try:
        for name, data in made.items():
            path = unfinished / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        os.rename(unfinished, shelf)
    except OSError:  # a full or read-only disk, or another process was first: the next start makes them again
        shutil.rmtree(unfinished, ignore_errors=True)
        return
    for other in shelf.parent.glob(f"{lesson.name}-*"):
        if other != shelf:
            _take_off(other)


def _take_off(shelf: Path) -> None:
    """Remove what is on a shelf; under another name first, so that a kill halfway leaves no shelf that looks whole."""
    gone = shelf.with_name(f"{shelf.name}.gone.{os.getpid()}")
    try:
        os.rename(shelf, gone)
    except OSError:
        return
    shutil.rmtree(gone, ignore_errors=True)
