"""Graded questions without their keys: what is handed out with an assignment, made from a bank that is not.

    python -m coursekit.grading.questions      # write NN_questions.json anew, beside each lesson's exercises

A bank of graded questions lies under ``quizzes/graded/``, in no wheel and in no release. What is handed out shows some
variants of each question and nothing else: no key, truth, feedback, hint, solution, proof or misconception; numbers in
place of ids, which could give an answer away; and no seed, from which the order of the options could be undone. Seeds
and names of variants are made from the bank's own bytes, which learners do not have. ``release`` names these bytes, so
that answers can be scored by the very bank they were given to.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from coursekit import progress
from coursekit.errors import CourseError
from coursekit.files import write_whole
from coursekit.paths import content_dir, home_dir
from coursekit.quiz.bank import Bank, read
from coursekit.quiz.handout import FORMAT, questions_name
from coursekit.quiz.items import Item
from coursekit.quiz.kinds.order import Order
from coursekit.quiz.loading import BankError
from coursekit.quiz.sessions.base import question
from coursekit.quiz.variants import Variant, draw

VARIANTS = 8  # of each question, as far as its parameters and options give as many
TRIES = 40
Shown = dict[str, Any]


@dataclass(frozen=True)
class GradedBank:
    """A bank of graded questions, and its bytes."""

    bank: Bank
    content: bytes

    @property
    def release(self) -> str:
        """Names this very bank."""
        return hashlib.blake2b(self.content, digest_size=8, person=b"release").hexdigest()

    @property
    def items(self) -> list[Item]:
        return self.bank.used_for("graded")

    def variants(self, item: Item) -> dict[str, tuple[Variant, Shown]]:
        """The variants of a question that are handed out, by their names: each as drawn, and as shown."""
        key = hashlib.blake2b(self.content, digest_size=32, person=b"variants").digest()
        found: dict[str, tuple[Variant, Shown]] = {}
        # Steps are never shown in a right order: with many shuffles the one that is missing would be the answer.
        wanted = 1 if isinstance(item, Order) else VARIANTS
        for number in range(TRIES):
            name = hashlib.blake2b(f"{item.id}/{number}".encode(), digest_size=8, key=key)
            variant = draw(item, int.from_bytes(name.digest()[:6], "big") + 1)
            shown = asdict(question(variant, ""))
            del shown["key"]
            if shown not in [other for _, other in found.values()]:
                outside = hashlib.blake2b(name.digest(), digest_size=6, key=key).hexdigest()
                found[outside] = (variant, shown)
            if len(found) == wanted:
                break
        return found

    def handout(self) -> bytes:
        """What learners get, as a file; the same for the same bank."""
        questions = [
            {
                "question": f"q{number}",
                "kind": item.kind,
                "unit": getattr(item, "unit", ""),
                "variants": [{"id": name, **shown} for name, (_, shown) in self.variants(item).items()],
            }
            for number, item in enumerate(self.items, 1)
        ]
        data = {"format": FORMAT, "lesson": self.bank.lesson, "release": self.release, "questions": questions}
        return (json.dumps(data, indent=1, ensure_ascii=False) + "\n").encode("utf-8")


def graded_folder() -> Path:
    """Where banks of graded questions lie; the folder need not exist."""
    return content_dir() / "quizzes" / "graded"


def graded_bank(lesson: str, folder: Path | None = None) -> GradedBank | None:
    """The bank of a lesson's graded questions; None if there is none here.

    Args:
        lesson: number or name.
        folder: with the graded banks; the course's if not given.

    Raises:
        BankError: if it has a problem.
    """
    number = progress.lesson_number(lesson)
    paths = sorted((folder or graded_folder()).glob(f"{number}_*.yml"))
    return open_bank(paths[0]) if paths else None


def open_bank(path: Path) -> GradedBank:
    """A bank of graded questions.

    Raises:
        BankError: if it has a problem.
    """
    bank, problems, _ = read(path)
    if bank is None:
        raise BankError(problems)
    return GradedBank(bank, path.read_bytes())


def remember(bank: GradedBank) -> None:
    """Keep the bank that a release was made from, on the instructor's machine: answers are scored by it."""
    path = _kept(bank.bank.lesson, bank.release)
    if path.exists():
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, bank.content)
    except OSError as error:
        raise CourseError(
            f"{path} cannot be written ({error.strerror}). The bank of this release is kept there, for scoring. Free "
            "some disk, or set COURSEKIT_HOME to a folder you can write."
        ) from error


def bank_of_release(lesson: str, release: str) -> GradedBank | None:
    """The bank that a release was made from: the one here, or one that was remembered; None if neither is it.

    Raises:
        BankError: if the bank here has a problem.
    """
    here = graded_bank(lesson)
    if here is not None and here.release == release:
        return here
    if not release.isalnum() or len(release) != 16:
        return None
    path = _kept(progress.lesson_number(lesson), release)
    return open_bank(path) if path.is_file() else None


def _kept(number: str, release: str) -> Path:
    return home_dir() / "graded" / f"{number}_{release}.yml"


def write_all() -> list[Path]:
    """Write the questions of every graded bank beside its lesson's exercises; the files that were written."""
    from coursekit.lessons import find

    written = []
    for path in sorted(graded_folder().glob("[0-9][0-9]_*.yml")):
        made = open_bank(path)
        target = find(made.bank.lesson).notebook.with_name(questions_name(made.bank.lesson))
        write_whole(target, made.handout())
        written.append(target)
    return written


if __name__ == "__main__":
    for one in write_all():
        print(one)
