"""Scores the answers to graded questions, on the instructor's side. The key is here; the learner's file is not trusted.

Whatever stands in a file of answers, nothing is raised: what is not as the course writes it becomes a flag, and counts
for nothing.
"""

from __future__ import annotations

import json
import math
import os
import stat
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from coursekit import progress
from coursekit.errors import CourseError
from coursekit.grading.questions import GradedBank, bank_of_release, graded_bank
from coursekit.quiz.handout import ANSWER_NAMES, LARGEST_ANSWERS, check_answers, pick
from coursekit.quiz.items import Item, UnreadableError

POINTS = 1.0  # of each question
LONGEST = 2100  # characters of one answer, as JSON
MOST_FLAGS = 20  # named one by one
Status = Literal["passed", "failed", "not_attempted", "error"]


@dataclass(frozen=True)
class Flag:
    """Something that the course would not have written: a short name, and what was seen."""

    name: str
    message: str


@dataclass(frozen=True)
class ItemScore:
    """The points of one question. ``message`` is for the instructor and for feedback after the deadline."""

    id: str
    points: float
    max_points: float
    status: Status
    message: str = ""


@dataclass(frozen=True)
class QuizScore:
    """The points of one submission."""

    lesson: str
    items: list[ItemScore]
    flags: list[Flag] = field(default_factory=list)
    seed: int | None = None

    @property
    def score(self) -> float:
        return sum(item.points for item in self.items)

    @property
    def max_score(self) -> float:
        return sum(item.max_points for item in self.items)


def score_answers(lesson: str, answers_file: Path) -> QuizScore:
    """The points of each graded question of a lesson.

    Args:
        lesson: number or name.
        answers_file: ``NN_answers.json`` of a submission; it need not exist.

    Raises:
        CourseError: if this machine has no graded bank of the lesson, or one with a problem. Never for what the learner
            handed in.
    """
    number = progress.lesson_number(lesson)
    here = graded_bank(number)
    if here is None:
        raise CourseError(
            f"There are no graded questions of lesson {number} here. Expected a bank in quizzes/graded/: scoring needs "
            "the course's checkout, not the package alone."
        )
    flags: list[Flag] = []
    data = _read(answers_file, flags)
    if data is None:
        return QuizScore(number, _nothing(here), flags)
    bank: GradedBank | None = here
    if data["release"] != here.release:
        bank = bank_of_release(number, data["release"])
    if data["lesson"] != number or bank is None:
        what = f"lesson {_short(data['lesson'])}, release {_short(data['release'])}"
        flags.append(Flag("unknown-release", f"answers to {what}, of which this machine has no bank"))
        return QuizScore(number, _nothing(here), flags, data["seed"])
    given = _by_question(bank, data, flags)
    scores = [_score(bank, n, item, given.get(f"q{n}"), data, flags) for n, item in enumerate(bank.items, 1)]
    if len(flags) > MOST_FLAGS:
        more = len(flags) - MOST_FLAGS
        flags = [*flags[:MOST_FLAGS], Flag("more", f"{more} more flags of this file are not listed")]
    return QuizScore(number, scores, flags, data["seed"])


def shared_seeds(scores: Mapping[str, QuizScore]) -> list[list[str]]:
    """Submissions, by the names they are given under, that carry the same seed: one file of answers was copied."""
    groups: dict[int, list[str]] = {}
    for name, score in sorted(scores.items()):
        if score.seed is not None:
            groups.setdefault(score.seed, []).append(name)
    return [names for names in groups.values() if len(names) > 1]


def _nothing(bank: GradedBank) -> list[ItemScore]:
    return [ItemScore(item.id, 0.0, POINTS, "not_attempted") for item in bank.items]


def _read(path: Path, flags: list[Flag]) -> dict[str, Any] | None:
    """The content of a file of answers, if it is one as a whole."""
    try:
        content = _bytes(path)
    except FileNotFoundError:
        return None  # nothing was answered
    except OSError as error:
        flags.append(Flag("unreadable-file", f"the file cannot be read ({error.strerror})"))
        return None
    if content is None:
        flags.append(Flag("unreadable-file", f"it is no plain file of at most {LARGEST_ANSWERS:,} bytes"))
        return None
    doubles: list[str] = []

    def pairs(found: list[tuple[str, Any]]) -> dict[str, Any]:
        doubles.extend(name for name, count in Counter(name for name, _ in found).items() if count > 1)
        return dict(found)

    try:
        data = json.loads(content.decode("utf-8"), object_pairs_hook=pairs)
    except (ValueError, RecursionError, MemoryError) as error:
        flags.append(Flag("unreadable-file", f"it is no JSON ({type(error).__name__})"))
        return None
    wrong = f"it names {_short(doubles[0])} twice" if doubles else check_answers(data)
    if wrong is not None:
        flags.append(Flag("unreadable-file", wrong))
        return None
    return dict(data)


def _bytes(path: Path) -> bytes | None:
    """The bytes of a plain file; None for a link, a device, a pipe, or one that is too large."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    if path.is_symlink():
        return None
    handle = os.open(path, flags)
    try:
        about = os.fstat(handle)
        if not stat.S_ISREG(about.st_mode) or about.st_size > LARGEST_ANSWERS:
            return None
        with os.fdopen(os.dup(handle), "rb") as file:
            content = file.read(LARGEST_ANSWERS + 1)
        return content if len(content) <= LARGEST_ANSWERS else None
    finally:
        os.close(handle)


def _by_question(bank: GradedBank, data: dict[str, Any], flags: list[Flag]) -> dict[str, dict[str, Any]]:
    """The answers by question; of a question answered twice, none."""
    known = {f"q{number}" for number in range(1, len(bank.items) + 1)}
    found: dict[str, dict[str, Any]] = {}
    twice: set[str] = set()
    for one in data["answers"]:
        if not isinstance(one, dict) or set(one) != ANSWER_NAMES or not isinstance(one["question"], str):
            flags.append(Flag("junk", f"an answer without exactly {', '.join(sorted(ANSWER_NAMES))}: {_short(one)}"))
        elif one["question"] not in known:
            flags.append(Flag("unknown-question", f"an answer to {_short(one['question'])}, which was not asked"))
        elif one["question"] in found:
            twice.add(one["question"])
        else:
            found[one["question"]] = one
    for name in sorted(twice):
        flags.append(Flag("duplicate-answer", f"{name} is answered more than once; none of them counts"))
        del found[name]
    return found


def _score(
    bank: GradedBank, number: int, item: Item, given: dict[str, Any] | None, data: dict[str, Any], flags: list[Flag]
) -> ItemScore:
    if given is None:
        return ItemScore(item.id, 0.0, POINTS, "not_attempted")
    variants = bank.variants(item)
    names = list(variants)
    own = names[pick(data["seed"], bank.release, f"q{number}", len(names))]
    if given["variant"] != own:
        what = "another one of this question" if given["variant"] in names else "none of this question"
        flags.append(Flag("wrong-variant", f"q{number}: the seed draws variant {own}, the answer names {what}"))
        return ItemScore(item.id, 0.0, POINTS, "error", "The answer is to a variant that this learner was not given.")
    variant = variants[own][0]
    try:
        if len(json.dumps(given["answer"])) > LONGEST:
            raise UnreadableError("too long")
        answer = item.parse(variant, given["answer"])
        score = item.score(variant, answer)
        points = POINTS * score.score
        if not (math.isfinite(points) and 0 <= points <= POINTS):
            raise UnreadableError("no score")
        said = f"Answer: {item.show(variant, answer)}\n\n{score.feedback}"
    except Exception as error:  # whatever a hostile answer makes a kind raise, the others are still scored
        flags.append(Flag("unreadable-answer", f"q{number}: {_short(given['answer'])} ({type(error).__name__})"))
        return ItemScore(item.id, 0.0, POINTS, "error", "The answer cannot be read as what was asked for.")
    return ItemScore(item.id, points, POINTS, "passed" if score.right else "failed", said)


def _short(value: Any) -> str:
    text = ascii(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
