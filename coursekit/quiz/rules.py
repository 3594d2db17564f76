"""What a bank must have as a whole, beyond what each question must have by itself."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from statistics import mean
from typing import Any, get_args

from coursekit.errors import CourseError
from coursekit.lessons import lessons
from coursekit.quiz.bank import Bank
from coursekit.quiz.items import LEVELS, Card, Item, Section
from coursekit.quiz.kinds.choice import Choice
from coursekit.quiz.kinds.options import WithOptions, plain
from coursekit.quiz.loading import Problem, Source
from coursekit.quiz.markup import to_html
from coursekit.quiz.sections import headings
from coursekit.quiz.variants import CANONICAL, Variant, draw, several

PRACTICE, CHALLENGE, CARDS, TEST_A_LEVEL, COVER = 5, 5, 10, 5, 2
VARIANTS = 300  # of each question, which is all there are of most; the tests look at more
LONGEST = 1.6  # a right option this much longer than every other one gives itself away
SHORTEST = 0.5
LONGEST_SHARE = 0.45  # of a bank's questions; with four options, chance gives a quarter
ABSOLUTE = re.compile(r"\b(always|never|all|none|every|only|must|impossible|completely)\b", re.IGNORECASE)
GRADED_FOLDER, GRADED = "graded", 5
PROSE = {"stem", "text", "feedback", "right", "wrong", "hints", "solution", "quick_check", "mistakes", "because"}
PROSE |= {"steps", "front", "back", "title"}  # the fields that a learner reads
_CODE_OR_MATHS = re.compile(r"^```.*?^```|`+[^`]+`+|\$[^$\n]+\$", re.MULTILINE | re.DOTALL)
_TAG = re.compile(r"</?[a-z][a-z0-9-]*(\s[^<>]*)?/?>|<!--|<script|\]\(\s*(javascript|data|vbscript):", re.IGNORECASE)
TOPICS = ("concept", "predict-the-output", "model-choice", "metrics", "debugging")


def check(bank: Bank, source: Source, *, known: Collection[str] = ()) -> Iterator[Problem]:
    """Every problem of a bank that can be seen without running a proof.

    Args:
        bank: the bank; one under ``quizzes/graded`` is held to fewer counts, and to graded questions alone.
        source: the file it was read from.
        known: the objectives of the lesson's other bank, for a graded bank of a lesson that has no notebook.
    """
    graded = is_graded(source)
    yield from _ids(bank, source)
    yield from _graded_counts(bank, source) if graded else _counts(bank, source)
    yield from _objectives(bank, source, known, graded=graded)
    yield from _html(source)
    for index, item in enumerate(bank.items):
        yield from _uses(item, index, source, graded=graded)
        yield from _variants(item, index, source)
        if isinstance(item, Choice):
            yield from _gives_itself_away(item, index, source)
        if not to_html(item.stem).strip():
            yield _at(source, ("items", index, "stem"), "stem", f"{item.id}: shows nothing.", "Write the question.")
    yield from _whole_bank_tells(bank, source)


def is_graded(source: Source) -> bool:
    """Is this a bank of graded questions, which no learner gets?"""
    return source.file.parent.name == GRADED_FOLDER


def entries(bank: Bank) -> list[tuple[str, Sequence[Item | Card]]]:
    """What has an id, by the part of the bank it is in."""
    return [("items", bank.items), ("cards", bank.cards)]


def _at(source: Source, path: tuple[str | int, ...], rule: str, message: str, mend: str) -> Problem:
    return Problem(str(source.file), source.line(path), rule, message, mend)


def _ids(bank: Bank, source: Source) -> Iterator[Problem]:
    seen: Counter[str] = Counter()
    for part, listed in entries(bank):
        for index, entry in enumerate(listed):
            seen[entry.id] += 1
            if seen[entry.id] == 2:
                mend = "Give each its own id, and never reuse an old one: progress is kept under it."
                yield _at(source, (part, index, "id"), "duplicate-id", f"{entry.id!r} is there twice.", mend)
            if not entry.id.startswith(f"{bank.lesson}-"):
                message = f"{entry.id!r} does not begin with the lesson's number."
                yield _at(source, (part, index, "id"), "id", message, f"Begin it with '{bank.lesson}-'.")


def _counts(bank: Bank, source: Source) -> Iterator[Problem]:
    practice, challenge = bank.used_for("practice"), bank.used_for("challenge")
    if len(practice) < PRACTICE:
        message = f"has {len(practice)} practice questions."
        yield _at(source, ("items",), "counts", message, f"Expected at least {PRACTICE}.")
    if len(challenge) != CHALLENGE:
        message = f"has {len(challenge)} challenge problems."
        yield _at(source, ("items",), "counts", message, f"Expected {CHALLENGE}.")
    elif {item.topic for item in challenge} != set(TOPICS):
        message = "the challenge does not have each topic once."
        yield _at(source, ("items",), "counts", message, f"Topics: {', '.join(TOPICS)}.")
    for level in LEVELS:
        count = sum(item.level == level for item in bank.used_for("test"))
        if count < TEST_A_LEVEL:
            message = f"has {count} test questions of level {level}."
            yield _at(source, ("items",), "counts", message, f"Expected at least {TEST_A_LEVEL}.")
    if len(bank.cards) < CARDS:
        yield _at(source, ("cards",), "counts", f"has {len(bank.cards)} recall cards.", f"Expected at least {CARDS}.")


def _graded_counts(bank: Bank, source: Source) -> Iterator[Problem]:
    count = len(bank.used_for("graded"))
    if count < GRADED:
        yield _at(source, ("items",), "counts", f"has {count} graded questions.", f"Expected at least {GRADED}.")


def _uses(item: Item, index: int, source: Source, *, graded: bool) -> Iterator[Problem]:
    """Graded questions lie apart: what is in a lesson's own bank is on every learner's machine, key and all."""
    path = ("items", index, "uses")
    if graded and item.uses != ["graded"]:
        message = f"{item.id}: is in a bank of graded questions and used for {', '.join(item.uses)}."
        yield _at(source, path, "uses", message, "Give it 'uses: [graded]', or move it to the lesson's own bank.")
    if not graded and "graded" in item.uses:
        message = f"{item.id}: is graded, and this bank is on every learner's machine."
        yield _at(source, path, "uses", message, f"Move it to quizzes/{GRADED_FOLDER}/{source.file.name}.")


def _html(source: Source) -> Iterator[Problem]:
    """HTML in a text that a learner reads. It is harmless, being shown as text; but nobody meant to show it."""
    for path, text in _prose(source.data):
        found = _TAG.search(_CODE_OR_MATHS.sub(" ", text))
        if found:
            entry = source.data[path[0]][path[1]] if len(path) > 1 and isinstance(path[1], int) else {}
            name = f"{entry['id']}: " if isinstance(entry, dict) and "id" in entry else ""
            field = next(step for step in reversed(path) if isinstance(step, str))
            message = f"{name}has HTML in {field!r}: {found[0][:40]}"
            yield _at(source, path, "html", message, "Use Markdown. Code belongs between backticks.")


def _prose(data: Any, path: tuple[str | int, ...] = (), inside: bool = False) -> Iterator[tuple[tuple[Any, ...], str]]:
    """The texts for learners, with the way to each; not names, not code."""
    if isinstance(data, str) and inside:
        yield path, data
    elif isinstance(data, list):
        for index, one in enumerate(data):
            yield from _prose(one, (*path, index), inside)
    elif isinstance(data, dict):
        for name, one in data.items():
            yield from _prose(one, (*path, name), name in PROSE)


def _objectives(bank: Bank, source: Source, others: Collection[str], *, graded: bool) -> Iterator[Problem]:
    sections: Collection[str] = get_args(Section)
    known = {one.id for one in bank.objectives} or set(others)
    try:
        written = [one for one in lessons() if one.number == bank.lesson]
    except CourseError as error:
        yield _at(source, ("lesson",), "objectives", f"the lesson cannot be read: {error}", "Mend the lesson first.")
        return
    if written:
        if bank.objectives or bank.title:
            message = "has a title or objectives of its own, and the lesson's notebook has them too."
            yield _at(source, ("objectives",), "objectives", message, "Take them out of the bank.")
        known, sections = {name for name, _ in written[0].objectives}, headings(written[0].notebook)
    elif not known or not (bank.title or others):
        message = "the lesson has no notebook yet."
        yield _at(source, ("lesson",), "objectives", message, "Give the bank 'title' and 'objectives' until it has.")
        return
    for part, listed in entries(bank):
        for index, entry in enumerate(listed):
            if entry.objective not in known:
                message = f"{entry.id}: {entry.objective!r} is no objective of the lesson."
                mend = f"Objectives: {', '.join(sorted(known))}."
                yield _at(source, (part, index, "objective"), "objectives", message, mend)
    for index, item in enumerate(bank.items):
        options = item.options if isinstance(item, WithOptions) else []
        named: list[tuple[tuple[str | int, ...], str]] = [(("items", index, "where"), item.where)]
        named += [(("items", index, "options", n, "source"), one.source) for n, one in enumerate(options) if one.source]
        for path, section in named:
            if section not in sections:
                message = f"{item.id}: the lesson has no section {section!r}."
                mend = f"Sections (tags with a heading): {', '.join(sorted(sections))}."
                yield _at(source, path, "section", message, mend)
    covered = Counter(item.objective for item in bank.used_for("test"))
    for name in () if graded else sorted(known):
        if covered[name] < COVER:
            message = f"objective {name!r} has {covered[name]} test questions."
            yield _at(source, ("items",), "objectives", message, f"Expected at least {COVER}.")


def _variants(item: Item, index: int, source: Source) -> Iterator[Problem]:
    """Many variants, all if there are few: every text must fill, no two options may be equal, the key must be right."""
    path: tuple[str | int, ...] = ("items", index)
    mend = "Change the parameters, add a condition under 'require', or change the text."
    seen: set[str] = set()
    texts = [text for _, text in _prose(source.data["items"][index]) if "{{" in text]
    variants = several(item, VARIANTS)
    while len(seen) < 3:
        values = ""
        try:
            variant = next(variants, None)
            if variant is None:
                return
            values = f" with {variant.values}" if variant.values else ""
            faults = item.faults(variant)
            faults = faults + [f"{text!r} keeps a '{{{{' that is not closed" for text in _unclosed(variant, texts)]
            if not item.score(variant, item.key(variant)).right:
                faults.append("the right answer is not scored as right")
        except ValueError as error:
            faults = [str(error)]
        for fault in faults:
            if fault not in seen:
                seen.add(fault)
                yield _at(source, path, "variant", f"{item.id}{values}: {fault}.", mend)


def _unclosed(variant: Variant, texts: list[str]) -> list[str]:
    """Texts that still show a parameter's braces when they are filled. ValueError where one cannot be filled."""
    return [text[:40] for text in texts if "{{" in variant.fill(text)]


def _lengths(item: WithOptions) -> list[int]:
    variant = draw(item, CANONICAL)
    return [len(plain(variant.fill(option.text))) for option in item.options]


def _gives_itself_away(item: Choice, index: int, source: Source) -> Iterator[Problem]:
    """Does length or tone tell the right option from the others?"""
    try:
        lengths = _lengths(item)
    except ValueError:
        return  # reported with the variants
    right = item.key(draw(item, CANONICAL))
    others = [length for number, length in enumerate(lengths) if number != right]
    path = ("items", index, "options", right)
    if lengths[right] > LONGEST * max(others) or lengths[right] < SHORTEST * min(others):
        message = (
            f"{item.id}: the right option has {lengths[right]} characters, the others {min(others)} to {max(others)}."
        )
        yield _at(source, path, "option-length", message, "Write options of similar length.")
    absolute = [bool(ABSOLUTE.search(option.text)) for option in item.options]
    if not absolute[right] and sum(absolute) >= len(absolute) - 1 and len(absolute) > 2:
        words = "every wrong option has a word such as 'always' or 'never', the right one has none"
        yield _at(source, path, "option-tone", f"{item.id}: {words}.", "Take the absolute words out.")


def _whole_bank_tells(bank: Bank, source: Source) -> Iterator[Problem]:
    """Over the bank, the right option must not be the longest (or the first written) more often than chance allows."""
    longest, ratios = [], []
    for item in bank.items:
        if not isinstance(item, Choice):
            continue
        try:
            lengths = _lengths(item)
        except ValueError:
            continue
        right = item.key(draw(item, CANONICAL))
        others = [length for number, length in enumerate(lengths) if number != right]
        longest.append(lengths[right] > max(others))
        ratios.append(lengths[right] / mean(others))
    if len(longest) >= 10 and (mean(longest) > LONGEST_SHARE or not 0.75 < mean(ratios) < 1.3):
        message = (
            f"the right option is the longest in {mean(longest):.0%} of the questions, and {mean(ratios):.2f} times as "
            "long as the others on average."
        )
        yield _at(source, ("items",), "option-length", message, "Lengthen wrong options or shorten right ones.")
