"""Fixtures of the launcher's tests."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest

from tests.house.fake_project import FakeProject, load_launcher


@pytest.fixture
def project(tmp_path: Path) -> FakeProject:
    """A checkout in miniature, nothing installed."""
    return FakeProject(tmp_path)


@pytest.fixture
def launcher() -> ModuleType:
    """The real course.py as a module."""
    return load_launcher()
