"""Where things lie: the course's content, and this user's state."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

PACKAGE = Path(__file__).resolve().parent


def content_dir() -> Path:
    """The folder with ``notebooks/`` and ``quizzes/``: the checkout's own, else the copy inside the wheel."""
    checkout = PACKAGE.parent
    if (checkout / "course.py").is_file() and (checkout / "notebooks").is_dir():
        return checkout
    return PACKAGE / "content"


def home_dir() -> Path:
    """This user's state (progress, caches): ``COURSEKIT_HOME``, else the system's place for it. Not created here."""
    chosen = os.environ.get("COURSEKIT_HOME")
    return Path(chosen).expanduser() if chosen else Path(platformdirs.user_data_dir("coursekit", appauthor=False))


def offline() -> bool:
    """Is every use of the network forbidden, by ``COURSEKIT_OFFLINE``?"""
    return os.environ.get("COURSEKIT_OFFLINE", "").strip().lower() not in ("", "0", "false", "no")
