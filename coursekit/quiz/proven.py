"""What was proven already, so that an author's second ``coursekit lint`` does not run it again.

A group of claims is remembered by one digest of everything that its outcome may depend on: its code, names and
expectations, the versions of Python and of the libraries, and the text of this package. Change any of it, and it is
proven again. Only what holds is remembered.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import platform
import time
from collections.abc import Sequence
from dataclasses import asdict
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from coursekit.files import write_whole
from coursekit.paths import PACKAGE, home_dir
from coursekit.quiz.items import Claim, Item

LIBRARIES = ("torch", "torchvision", "torchmetrics", "numpy", "scikit-learn", "scikit-image", "pillow")
DAYS = 60  # for which something is remembered that no lint has asked for


class Proven:
    """The digests of what holds, in one file of this user's state."""

    def __init__(self, file: Path | None = None) -> None:
        self._file = file or home_dir() / "proven.json"
        self._today = int(time.time() // 86_400)
        self._days = self._read()

    def holds(self, item: Item, claims: Sequence[Claim]) -> bool:
        """Were these claims proven before?"""
        return self.knows(digest(item, claims))

    def add(self, item: Item, claims: Sequence[Claim]) -> None:
        """Remember that these claims hold."""
        self.learn(digest(item, claims))

    def knows(self, name: str) -> bool:
        """Did what this digest names hold before?"""
        if name in self._days:
            self._days[name] = self._today
        return name in self._days

    def learn(self, name: str) -> None:
        """Remember that what this digest names holds."""
        self._days[name] = self._today

    def save(self) -> None:
        """Write the file whole; what nobody asked for in a long time is forgotten."""
        kept = {name: day for name, day in self._days.items() if day > self._today - DAYS}
        with contextlib.suppress(OSError):  # a home that cannot be written to costs time, nothing else
            self._file.parent.mkdir(parents=True, exist_ok=True)
            write_whole(self._file, json.dumps(kept).encode())

    def _read(self) -> dict[str, int]:
        try:
            found = json.loads(self._file.read_text(encoding="utf-8"))
            return {str(name): int(day) for name, day in found.items()}
        except (OSError, ValueError, AttributeError, TypeError):
            return {}  # nothing is lost: it is proven again


def digest(item: Item, claims: Sequence[Claim]) -> str:
    """What a group of claims says, in 32 characters."""
    return digest_of(json.dumps([item.setup, [asdict(one) for one in claims]], default=str, sort_keys=True))


def digest_of(*said: str) -> str:
    """A digest of these texts and of everything around them that may decide whether they hold."""
    return hashlib.blake2b("\n".join([_world(), *said]).encode(), digest_size=16).hexdigest()


@cache
def _world() -> str:
    """The versions of everything that a proof may use, and this package's own text."""
    found = [platform.python_version(), platform.platform()]
    for name in LIBRARIES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            found.append(f"{name} missing")
    text = hashlib.blake2b(digest_size=16)
    for path in sorted(PACKAGE.rglob("*.py")):
        text.update(path.read_bytes())
    found += [text.hexdigest(), *sorted(path.name for path in (PACKAGE / "models" / "files").iterdir())]
    return "\n".join(found)
