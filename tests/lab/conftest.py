"""A course of this test's own in place of the checkout's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from coursekit import lessons
from coursekit.grading import release
from coursekit.lab import start, workspace
from coursekit.quiz import bank

from .synthetic import write_lesson

START = Path(__file__).parents[2] / "notebooks" / "00_start_here.ipynb"


@pytest.fixture
def empty_course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Content with the real start notebook and no lesson."""
    content = tmp_path / "content"
    (content / "notebooks").mkdir(parents=True)
    (content / "quizzes").mkdir()
    (content / "notebooks" / START.name).write_bytes(START.read_bytes())
    for module in (lessons, start, workspace, bank):
        monkeypatch.setattr(module, "content_dir", lambda: content)
    assert not hasattr(release, "content_dir")  # it finds its sources through the lesson
    lessons.lessons.cache_clear()
    yield content
    lessons.lessons.cache_clear()


@pytest.fixture
def course(empty_course: Path) -> Path:
    """Content with one lesson, numbered 01."""
    write_lesson(empty_course, 1)
    return empty_course
