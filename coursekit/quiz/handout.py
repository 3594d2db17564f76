"""Graded questions as a learner gets them, and the file their answers are kept in. No key comes near this module.

Beside the exercises of a lesson lie two files:

``NN_questions.json``
    made by ``coursekit.grading.questions`` from a bank that learners do not have: for each question some variants, as
    they are shown, under numbers and names that say nothing.
``NN_answers.json``
    written here, whole, with every answer. It is a file of its own, and not a part of the notebook, because a folder is
    what nbgrader collects, its autograder clears a notebook's outputs, and a notebook that was not saved would lose
    answers. The learner's seed stands in it; which variant it draws can be computed again by the instructor.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from coursekit.errors import CourseError
from coursekit.files import write_whole
from coursekit.paths import home_dir

FORMAT = 1  # of both files
LARGEST_QUESTIONS = 20_000_000  # bytes
LARGEST_ANSWERS = 1_000_000
LOCK_SECONDS = 10.0
NAMES = {"format", "lesson", "release", "seed", "answers"}
ANSWER_NAMES = {"question", "variant", "answer", "at"}


@dataclass(frozen=True)
class Pool:
    """A question in several variants; each is what the card shows, with its ``id``."""

    name: str  # q1, q2, ...
    kind: str
    unit: str
    variants: list[dict[str, Any]]


@dataclass(frozen=True)
class Handout:
    """The graded questions of a lesson."""

    lesson: str
    release: str  # names the bank they were made from
    pools: list[Pool]


def questions_name(lesson: str) -> str:
    """The file name of the questions of a lesson."""
    return f"{lesson}_questions.json"


def answers_name(lesson: str) -> str:
    """The file name of the answers to them."""
    return f"{lesson}_answers.json"


def pick(seed: int, release: str, question: str, count: int) -> int:
    """Which of ``count`` variants of a question the learner with this seed gets."""
    digest = hashlib.blake2b(f"{seed}/{release}/{question}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") % count


def read_questions(path: Path) -> Handout:
    """The questions beside a notebook.

    Raises:
        CourseError: if they are not there, or the file is not one of ours.
    """
    try:
        if path.stat().st_size > LARGEST_QUESTIONS:
            raise ValueError("too large")
        data = json.loads(path.read_text(encoding="utf-8"))
        if data["format"] > FORMAT:
            raise CourseError(f"{path.name} was made by a newer coursekit. Update yours; your answers stay.")
        pools = [Pool(one["question"], one["kind"], one["unit"], list(one["variants"])) for one in data["questions"]]
        if not pools or not all(pool.variants for pool in pools):
            raise ValueError("without questions")
        return Handout(str(data["lesson"]), str(data["release"]), pools)
    except FileNotFoundError as error:
        raise CourseError(
            f"{path.name} is not in this folder ({path.parent}). The graded questions lie beside the exercises' "
            "notebook: open that one, or get the assignment again."
        ) from error
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise CourseError(
            f"{path.name} cannot be read ({type(error).__name__}). Get the assignment again; your answers stay."
        ) from error


class Answers:
    """The answers in a folder. Every change is read, made and written under one lock, so two kernels lose nothing.

    Args:
        path: of the file; it is made with the first answer.
        handout: the questions they answer.
        seed: of a learner who has not answered yet.
    """

    def __init__(self, path: Path, handout: Handout, seed: int) -> None:
        self.path, self.handout = path, handout
        self.seed = seed
        self.given: dict[str, Any] = {}  # by question
        self.moved: Path | None = None  # an older file that was put aside
        self.refresh()

    def refresh(self) -> None:
        """Read what the file says now; one that is not of these questions is put aside, never written over."""
        found = _whole(self.path)
        if found is None and self.path.exists():
            self._put_aside()
        if found is not None and found["release"] != self.handout.release:
            self._put_aside()
            found = None
        if found is not None:
            self.seed = found["seed"]
            self.given = {one["question"]: one["answer"] for one in found["answers"]}

    def variant(self, pool: Pool) -> dict[str, Any]:
        """The variant of a question that this learner gets."""
        return pool.variants[pick(self.seed, self.handout.release, pool.name, len(pool.variants))]

    def keep(self, pool: Pool, answer: Any) -> None:
        """Write an answer.

        Raises:
            CourseError: if it cannot be written; then it is not kept.
        """
        try:
            with _lock(self.path):
                self.refresh()
                data = _whole(self.path) or {
                    "format": FORMAT,
                    "lesson": self.handout.lesson,
                    "release": self.handout.release,
                    "seed": self.seed,
                    "answers": [],
                }
                data["answers"] = [one for one in data["answers"] if one["question"] != pool.name]
                data["answers"].append(
                    {
                        "question": pool.name,
                        "variant": self.variant(pool)["id"],
                        "answer": answer,
                        "at": datetime.now(UTC).isoformat(timespec="seconds"),
                    }
                )
                write_whole(self.path, (json.dumps(data, indent=1) + "\n").encode("ascii"))
        except (OSError, Timeout) as error:
            reason = getattr(error, "strerror", None) or "another program holds it"
            raise CourseError(
                f"This answer is not kept: {self.path.name} cannot be written ({reason}). Look at the folder's "
                "permissions and the space on the disk, then answer again."
            ) from error
        self.given[pool.name] = answer

    def _put_aside(self) -> None:
        number = 1
        while (aside := self.path.with_name(f"{self.path.stem}-old-{number}.json")).exists():
            number += 1
        try:
            self.path.rename(aside)
        except OSError as error:
            raise CourseError(
                f"{self.path.name} is not of these questions, and cannot be moved ({error.strerror}). Move it away, "
                "then run the cell again."
            ) from error
        self.moved = aside


def check_answers(data: Any) -> str | None:
    """What is wrong with the content of an answers file as a whole; None if nothing is."""
    if not isinstance(data, dict):
        return "it does not hold what the course writes"
    version = data.get("format")
    if not isinstance(version, int) or isinstance(version, bool) or version != FORMAT:
        return f"its format is {str(version)[:40]!r}, and this coursekit knows {FORMAT}"
    if set(data) != NAMES:
        return f"it does not have exactly {', '.join(sorted(NAMES))}"
    seed = data["seed"]
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < 2**63:
        return "its seed is no number that the course draws"
    if not isinstance(data["lesson"], str) or not isinstance(data["release"], str):
        return "its lesson or release is no text"
    if not isinstance(data["answers"], list):
        return "its answers are no list"
    return None


def _whole(path: Path) -> dict[str, Any] | None:
    """The content of an answers file that this module wrote; None for anything else."""
    try:
        if path.stat().st_size > LARGEST_ANSWERS:
            return None
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    if check_answers(data) is not None:
        return None
    whole = all(isinstance(one, dict) and set(one) == ANSWER_NAMES for one in data["answers"])
    return data if whole and all(isinstance(one["question"], str) for one in data["answers"]) else None


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    """One writer at a time; the lock lies with the learner's state, so that nothing strange is handed in."""
    name = hashlib.blake2b(str(path.resolve()).encode(), digest_size=8).hexdigest()
    folder = home_dir() / "locks"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / f"answers-{name}", timeout=LOCK_SECONDS)
        lock.acquire()
    except OSError as error:
        if isinstance(error, Timeout):
            raise
        yield  # no place for a lock: one kernel at a time is the rule anyway
        return
    try:
        yield
    finally:
        lock.release()
