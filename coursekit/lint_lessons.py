"""What an author can get wrong in a lesson's notebooks: tags, links, pictures, numbers in prose, minutes.

Reads what is stored. Nothing is run: the tests run the notebooks.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import yaml

from coursekit.lessons import MODES, Lesson
from coursekit.lint_exercises import line_of_cell
from coursekit.quiz.loading import Problem

TAGS = {*(f"mode-{mode}" for mode in MODES), "opening", "setup", "closing"}
KINDS, WORTH = {"markdown", "code"}, 3  # words of a cell that is not empty
MORE_TAGS = {"misconceptions", "symptoms", "test", "key-result", "volatile"}

SMALL = 12  # a count up to here may be a word of the text: two models, 10 modes
NUMBER = re.compile(r"(?<![\w.-])\d+(?:[.,]\d+)*(?![\w-])")
NOT_PROSE = re.compile(
    r"```(?s:.*?)```|`[^`]*`|\[[^\]]*\]\(https?:[^)]*\)|\]\([^)]*\)|\$[^$]*\$|^\|.*$|^#.*$", re.MULTILINE
)

# Minutes that a learner needs: slow reading of a text in which each sentence counts, code read with care, a guess.
WORDS, LINES, GUESS = 1 / 180, 0.13, 1.0
PRACTICE, CARD = 2.5, 0.4  # a question with its feedback; a recall card
FACTOR, SPARE = 2.0, 3.0  # stated minutes may be off by both together


def lesson_problems(lesson: Lesson) -> Iterator[Problem]:
    """Every problem that can be read off a lesson's two notebooks."""
    yield from _tags(lesson)
    yield from _numbers(lesson.notebook)
    yield from _minutes(lesson)
    for path in (lesson.notebook, lesson.exercises):
        if path.is_file():
            yield from _links(path)
            yield from _figures(path)


def _tags(lesson: Lesson) -> Iterator[Problem]:
    """Each cell belongs to a mode or a part of the lesson; each mode has cells."""
    path = lesson.notebook
    seen: set[str] = set()
    filled: dict[str, set[str]] = {mode: set() for mode in MODES}
    for number, cell in enumerate(_cells(path), 1):
        tags = set(cell.get("metadata", {}).get("tags", []))
        seen |= tags
        if len("".join(cell["source"]).split()) >= WORTH:
            for mode in MODES:
                filled[mode] |= {cell["cell_type"]} if f"mode-{mode}" in tags else set()
        name = cell.get("id", "")
        if not tags & (TAGS | MORE_TAGS):
            mend = f"Tag it with one of: {', '.join(sorted(TAGS))}."
            yield Problem(
                str(path), line_of_cell(path, name), "tags", f"cell {number} belongs to no part of the lesson.", mend
            )
        for tag in sorted(tag for tag in tags if tag.startswith("mode-") and tag not in TAGS):
            mend = f"Modes: {', '.join(MODES)}."
            yield Problem(
                str(path),
                line_of_cell(path, name),
                "tags",
                f"cell {number} has the tag {tag!r}, which is no mode.",
                mend,
            )
    for mode in MODES:
        if f"mode-{mode}" not in seen:
            message = f"has no cell of the mode {mode!r}."
            yield Problem(str(path), 1, "tags", message, f"Tag its cells 'mode-{mode}'.")
        elif filled[mode] != {"markdown", "code"}:
            missing = " and ".join(sorted({"markdown": "text", "code": "code"}[kind] for kind in KINDS - filled[mode]))
            yield Problem(
                str(path), 1, "tags", f"the mode {mode!r} has no {missing}.", "Write some, or take the tag away."
            )


def _links(path: Path) -> Iterator[Problem]:
    """Links inside the course lead somewhere, and pictures say in words what they show."""
    text = path.read_text(encoding="utf-8")
    cells = [cell for cell in json.loads(text)["cells"] if cell["cell_type"] == "markdown"]
    prose = [re.sub(r"```.*?```|`[^`]*`", "", "".join(cell["source"]), flags=re.DOTALL) for cell in cells]
    headings = re.findall(r"^#{1,6}\s+(.+?)\s*$", "\n".join("".join(cell["source"]) for cell in cells), re.MULTILINE)
    anchors = {heading.replace(" ", "-") for heading in headings}  # as JupyterLab makes them
    for cell, source in zip(cells, prose, strict=True):
        line = line_of_cell(path, cell.get("id", ""))
        for target in re.findall(r"(?<!!)\[[^\]]*\]\(([^)\s]+)[^)]*\)", source):
            if re.match(r"https?://|mailto:|attachment:", target):
                continue
            file, _, anchor = unquote(target).partition("#")
            if file and not (path.parent / file).exists():
                yield Problem(
                    str(path), line, "link", f"a link leads to {file!r}, which is not there.", "Mend the path."
                )
            if anchor and not file and anchor not in anchors:
                near = difflib.get_close_matches(anchor, anchors, n=1)
                mend = f"Did you mean '#{near[0]}'?" if near else "Name a heading, with '-' for each space."
                yield Problem(str(path), line, "link", f"no heading answers to the link '#{anchor}'.", mend)
        for picture in re.findall(r"!\[\s*\]\([^)]*\)|<img(?![^>]*\balt=[\"'][^\"'])[^>]*>", source):
            mend = "Say in its alt text what the picture shows."
            yield Problem(str(path), line, "alt", f"the picture {picture[:60]} has no alt text.", mend)


def _figures(path: Path) -> Iterator[Problem]:
    """Every stored picture is shown with words: ``coursekit.plots.show`` puts them beside it."""
    for cell in _cells(path):
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if any(kind.startswith("image/") for kind in data) and "aria-label=" not in "".join(
                data.get("text/html", "")
            ):
                mend = "Show it with coursekit.plots.show(figure, alt=...)."
                yield Problem(str(path), line_of_cell(path, cell["id"]), "alt", "a figure has no alt text.", mend)


def _numbers(path: Path) -> Iterator[Problem]:
    """A number in prose stands in a cell's code or output of the same notebook, so that running it would contradict it.

    Left out: the opening with its minutes, tables, code, maths, links, years, and counts up to ``SMALL``.
    """
    cells = _cells(path)
    said = "\n".join(_said(cell) for cell in cells if cell["cell_type"] == "code")
    known = set(NUMBER.findall(said)) | {re.sub("[,_]", "", one) for one in re.findall(r"\d[\d,_.]*", said)}
    known |= {one.rstrip(".") for one in known}
    for cell in cells:
        if cell["cell_type"] != "markdown" or "opening" in cell.get("metadata", {}).get("tags", []):
            continue
        for number in NUMBER.findall(NOT_PROSE.sub("", "".join(cell["source"]))):
            plain = number.replace(",", "")
            whole = "." not in number
            if number in known or plain in known or (whole and (int(plain) <= SMALL or 1900 <= int(plain) <= 2099)):
                continue
            message = f"the text says {number}, and no cell prints or holds it."
            yield Problem(
                str(path), line_of_cell(path, cell["id"]), "number", message, "Let a cell print it, or say it in words."
            )


def _said(cell: dict[str, Any]) -> str:
    """The code of a cell, and all that it printed."""
    parts = ["".join(cell["source"])]
    for output in cell.get("outputs", []):
        parts.append("".join(output.get("text", "")))
        parts += ["".join(text) for kind, text in output.get("data", {}).items() if kind.startswith("text/")]
    return "\n".join(parts)


def _minutes(lesson: Lesson) -> Iterator[Problem]:
    """The minutes that a lesson promises are near those that its text, code and questions take."""
    cells = _cells(lesson.notebook)
    bank = yaml.safe_load(lesson.bank.read_text(encoding="utf-8")) if lesson.bank.is_file() else {}
    items = [one for one in (bank.get("items") or []) if isinstance(one, dict)]
    questions = {
        "practice": PRACTICE * sum("practice" in (one.get("uses") or []) for one in items),
        "challenge": sum(one.get("seconds") or 0 for one in items if "challenge" in (one.get("uses") or [])) / 60,
        "review": CARD * len(bank.get("cards") or []),
    }
    for mode, stated in lesson.minutes.items():
        needed = questions.get(mode, 0.0)
        for cell in cells:
            if f"mode-{mode}" in cell.get("metadata", {}).get("tags", []):
                text = "".join(cell["source"])
                if cell["cell_type"] == "markdown":
                    needed += WORDS * len(text.split())
                else:
                    needed += LINES * len([line for line in text.splitlines() if line.strip()])
                    needed += GUESS * text.count("predict(")
        if not (needed - SPARE) / FACTOR <= stated <= needed * FACTOR + SPARE:
            message = f"the mode {mode!r} is said to take {stated} minutes; its text, code and questions take about"
            mend = "Set 'minutes' in the notebook's metadata, and in its opening."
            yield Problem(str(lesson.notebook), 1, "minutes", f"{message} {needed:.0f}.", mend)


def _cells(path: Path) -> list[dict[str, Any]]:
    return list(json.loads(path.read_text(encoding="utf-8"))["cells"])
