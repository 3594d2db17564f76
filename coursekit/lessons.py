"""The lessons that exist, as their notebooks describe themselves.

A lesson notebook carries, in its metadata under ``coursekit``: ``title``, ``summary``, ``objectives`` (a list of
``{"id", "text"}``) and ``minutes`` (one number for each learning mode).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from coursekit.errors import CourseError
from coursekit.paths import content_dir

MODES = ("why", "idea", "code", "visualize", "deep", "experiment", "metrics", "practice", "challenge", "review")


@dataclass(frozen=True)
class Lesson:
    """One lesson: ``name`` is its folder's (``01_loading_weights``), ``number`` the two digits in front."""

    name: str
    title: str
    summary: str
    objectives: tuple[tuple[str, str], ...]  # (id, text)
    minutes: dict[str, int]  # by learning mode

    @property
    def number(self) -> str:
        return self.name[:2]

    @property
    def notebook(self) -> Path:
        """The source notebook, solutions and all."""
        return content_dir() / "notebooks" / self.name / f"{self.name}.ipynb"

    @property
    def exercises(self) -> Path:
        return content_dir() / "notebooks" / self.name / f"{self.number}_exercises.ipynb"

    @property
    def bank(self) -> Path:
        return content_dir() / "quizzes" / f"{self.name}.yml"


@cache
def lessons() -> tuple[Lesson, ...]:
    """Every lesson that has a notebook, in order."""
    folders = sorted((content_dir() / "notebooks").glob("[0-9][0-9]_*/"))
    return tuple(_read(folder) for folder in folders if (folder / f"{folder.name}.ipynb").is_file())


def _read(folder: Path) -> Lesson:
    path = folder / f"{folder.name}.ipynb"
    try:
        about = json.loads(path.read_text(encoding="utf-8"))["metadata"]["coursekit"]
        return Lesson(
            name=folder.name,
            title=about["title"],
            summary=about["summary"],
            objectives=tuple((one["id"], one["text"]) for one in about["objectives"]),
            minutes={mode: int(about["minutes"][mode]) for mode in MODES},
        )
    except (json.JSONDecodeError, KeyError, TypeError, ValueError) as error:
        raise CourseError(
            f"{path}: the notebook's metadata does not describe a lesson ({type(error).__name__}: {error}). "
            "Expected under 'coursekit': title, summary, objectives and the minutes of all ten modes."
        ) from error


def find(lesson: str) -> Lesson:
    """The lesson with this number or name.

    Raises:
        CourseError: if there is none.
    """
    for one in lessons():
        if lesson in (one.number, one.name, one.number.lstrip("0")):
            return one
    known = ", ".join(one.name for one in lessons()) or "none yet"
    raise CourseError(f"There is no lesson {lesson!r}. Lessons here: {known}.")
