"""Everything an author can get wrong, said by file and line with the mend: ``coursekit lint``."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, replace
from pathlib import Path

import typer

from coursekit.errors import CourseError
from coursekit.lessons import lessons
from coursekit.lint_exercises import mutant_files
from coursekit.lint_lessons import lesson_problems
from coursekit.paths import content_dir
from coursekit.quiz.bank import Bank
from coursekit.quiz.bank import read as read_bank
from coursekit.quiz.loading import Problem, Source
from coursekit.quiz.proven import Proven, digest_of

__all__ = ["Problem", "lint", "show"]
EXERCISES_SECONDS = 600


def lint(*, proofs: bool = True, banks: list[Path] | None = None, fresh: bool = False) -> list[Problem]:
    """Every problem of the course's content, in the order of the files.

    Args:
        proofs: run the proofs of the questions too; they import torch in child processes.
        banks: look at these banks only; all banks and lesson notebooks if not given.
        fresh: run every proof, also those that held before and did not change since.
    """
    found: list[Problem] = []
    read: list[tuple[Bank, Source]] = []
    for path in banks if banks is not None else bank_files():
        bank, problems, source = read_bank(path)
        found += problems
        if bank is not None and source is not None:
            read.append((bank, source))
    found += _all_banks(read)
    if proofs:
        proven = Proven()
        with _exercises(proven, fresh, wanted=banks is None) as told:
            found += _proofs(read, proven, fresh)
        found += told
        proven.save()
    if banks is None:
        found += [*_schema(), *_notebooks()]
    return [
        replace(one, file=_short(one.file)) for one in sorted(found, key=lambda one: (one.file, one.line, one.rule))
    ]


def show(problems: list[Problem], *, as_json: bool) -> int:
    """Print the problems; 0 if there are none, else 1."""
    if as_json:
        typer.echo(json.dumps([asdict(one) for one in problems], indent=1, ensure_ascii=False))
    else:
        for one in problems:
            typer.echo(f"{one.file}:{one.line}: [{one.rule}] {one.message} {one.mend}".rstrip())
        typer.echo(f"{len(problems)} problem{'' if len(problems) == 1 else 's'}." if problems else "No problems.")
    return 1 if problems else 0


def bank_files() -> list[Path]:
    """Every bank: those of the lessons, and those of graded questions."""
    folder = content_dir() / "quizzes"
    return [*sorted(folder.glob("*.yml")), *sorted((folder / "graded").glob("*.yml"))]


def _all_banks(read: list[tuple[Bank, Source]]) -> Iterator[Problem]:
    """The rules of each bank, and that no two banks use one id."""
    from coursekit.quiz.rules import check, entries, is_graded

    objectives: dict[str, list[str]] = {}
    first: dict[str, Source] = {}
    for bank, source in read:
        if not is_graded(source):
            objectives[bank.lesson] = [one.id for one in bank.objectives]
    for bank, source in read:
        path = source.file
        yield from check(bank, source, known=objectives.get(bank.lesson, ()))
        if not path.stem.startswith(f"{bank.lesson}_"):
            mend = "Name the file after the lesson's folder, and give its number."
            yield Problem(str(path), source.line(("lesson",)), "lesson", f"says it is of lesson {bank.lesson!r}.", mend)
        for part, listed in entries(bank):
            for index, entry in enumerate(listed):
                other = first.setdefault(entry.id, source)
                if other is not source:
                    line = source.line((part, index, "id"))
                    message = f"{entry.id!r} is also in {_short(str(other.file))}."
                    mend = "Give each its own id: progress is kept under it."
                    yield Problem(str(path), line, "duplicate-id", message, mend)


def _proofs(read: list[tuple[Bank, Source]], proven: Proven, fresh: bool) -> Iterator[Problem]:
    """The proofs of all banks in one go, so that torch is imported once for all of them."""
    from coursekit.quiz.proofs import prove

    place = {id(item): (source, index) for bank, source in read for index, item in enumerate(bank.items)}
    failures = prove([item for bank, _ in read for item in bank.items], proven=proven, fresh=fresh)
    for failure in failures:
        source, index = place[id(failure.item)]
        line = source.line(("items", index, *failure.path))
        message = f"{failure.item.id}, {failure.label}: {failure.message}."
        yield Problem(str(source.file), line, "proof", message, "Mend the text or its proof: one of them is not true.")


@contextmanager
def _exercises(proven: Proven, fresh: bool, *, wanted: bool) -> Iterator[list[Problem]]:
    """The exercises' problems, found by a process of their own while the body runs; complete after it."""
    found: list[Problem] = []
    open_ones: dict[str, str] = {}
    with suppress(CourseError):  # told with the notebooks
        mutants = [path.read_text(encoding="utf-8") for path in mutant_files()]
        for lesson in lessons() if wanted else ():
            if lesson.exercises.is_file():
                name = digest_of(lesson.exercises.read_text(encoding="utf-8"), *mutants)
                if fresh or not proven.knows(name):
                    open_ones[lesson.number] = name
    if not open_ones:
        yield found
        return
    command = [sys.executable, "-m", "coursekit.lint_exercises", *open_ones]
    world = {**os.environ, "COURSEKIT_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8", env=world
    )
    try:
        yield found
        said, error = process.communicate(timeout=EXERCISES_SECONDS)
    except subprocess.TimeoutExpired:
        said, error = "", f"did not end within {EXERCISES_SECONDS} seconds"
    finally:
        process.kill()
    if process.returncode or not said:
        reason = error.strip().splitlines()[-1] if error.strip() else "ended without a word"
        found.append(Problem(str(content_dir() / "notebooks"), 1, "exercise", f"cannot be rehearsed: {reason}.", ""))
        return
    found += [Problem(**one) for one in json.loads(said)]
    for number, name in open_ones.items():
        if not any(Path(one.file).name.startswith(number) for one in found):
            proven.learn(name)


def _schema() -> Iterator[Problem]:
    from coursekit.quiz.bank import schema

    path = content_dir() / "quizzes" / "schema.json"
    mend = "Write it again: python -m coursekit.quiz.schema"
    try:
        if json.loads(path.read_text(encoding="utf-8")) != schema():
            yield Problem(str(path), 1, "schema", "is not the schema of this coursekit.", mend)
    except (OSError, json.JSONDecodeError) as error:
        yield Problem(str(path), 1, "schema", f"cannot be read: {error}.", mend)


def _notebooks() -> Iterator[Problem]:
    try:
        known = lessons()
    except CourseError as error:
        yield Problem(str(content_dir() / "notebooks"), 1, "lesson", str(error), "")
        return
    for lesson in known:
        yield from lesson_problems(lesson)


def _short(file: str) -> str:
    """A path inside the course as the author writes it."""
    try:
        return Path(file).relative_to(content_dir()).as_posix()
    except ValueError:
        return file
