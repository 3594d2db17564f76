"""A lesson's bank of questions and recall cards."""

from __future__ import annotations

import difflib
import itertools
import json
import os
from functools import cache, cached_property
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, TypeAdapter, ValidationError

from coursekit.errors import CourseError
from coursekit.paths import content_dir
from coursekit.quiz import kinds
from coursekit.quiz.items import Card, Item, Objective, Strict, Use
from coursekit.quiz.kinds import AnyItem
from coursekit.quiz.kinds.options import Option
from coursekit.quiz.kinds.typed import Slip
from coursekit.quiz.loading import BankError, Problem, Source, read_yaml

_PATTERNS = {
    "lesson": "Expected the two digits of the lesson, in quotes, such as '01'.",
    "id": "Expected the lesson's number and words of a-z and 0-9, joined by dashes, such as '01-test-shape'.",
    "objective": "Expected the id of an objective, such as '01.api'.",
}


class Bank(Strict):
    """All questions of one lesson."""

    lesson: Annotated[str, Field(pattern=r"^\d\d$", description="The two digits of the lesson.")]
    title: Annotated[str, Field(max_length=80, description="Only while the lesson has no notebook.")] = ""
    objectives: list[Objective] = Field([], description="Only while the lesson has no notebook, which then names them.")
    items: list[AnyItem]
    cards: list[Card] = Field(default_factory=list)

    @cached_property
    def by_id(self) -> dict[str, Item]:
        return {item.id: item for item in self.items}

    def used_for(self, use: Use) -> list[Item]:
        """The items of one use, in the order of the file."""
        return [item for item in self.items if use in item.uses]

    def item(self, item_id: str) -> Item:
        """The item with this id.

        Raises:
            CourseError: if there is none; the message names the nearest.
        """
        if item_id in self.by_id:
            return self.by_id[item_id]
        near = difflib.get_close_matches(item_id, self.by_id, n=3, cutoff=0.4)
        raise CourseError(
            f"There is no question {item_id!r} in lesson {self.lesson}. Near it: {', '.join(near) or 'none'}."
        )


def bank_file(lesson: str) -> Path:
    """The bank of a lesson given by number or name.

    Raises:
        CourseError: if there is none.
    """
    folder = content_dir() / "quizzes"
    banks = sorted(folder.glob("[0-9][0-9]_*.yml"))
    for path in banks:
        if lesson in (path.stem, path.stem[:2], path.stem[:2].lstrip("0")):
            return path
    known = ", ".join(path.stem for path in banks) or "none"
    raise CourseError(f"There is no quiz for lesson {lesson!r}. Quizzes here: {known}.")


def load(lesson: str) -> Bank:
    """The bank of a lesson, read once for each version of its file.

    Raises:
        BankError: if the file has problems; the first is in the message.
        CourseError: if there is no such lesson.
    """
    path = bank_file(lesson)
    return _load(path, os.stat(path).st_mtime_ns)


@cache
def _load(path: Path, version: int) -> Bank:
    bank, problems, _ = read(path)
    if bank is None:
        raise BankError(problems)
    return bank


def read(path: Path) -> tuple[Bank | None, list[Problem], Source | None]:
    """A bank, or every problem that keeps it from being one."""
    try:
        source = read_yaml(path)
    except BankError as error:
        return None, error.problems, None
    try:
        return _adapter().validate_python(source.data), [], source
    except ValidationError as error:
        return None, [_explain(source, one) for one in error.errors(include_url=False)], source


def schema() -> dict[str, Any]:
    """The JSON Schema of a bank, for editors."""
    found = _adapter().json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "coursekit question bank", **found}


def write_schema(path: Path) -> None:
    """Write the schema where ``quizzes/*.yml`` name it: whole or not at all."""
    part = path.with_name(path.name + ".part")
    part.write_text(json.dumps(schema(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    os.replace(part, path)


@cache
def _adapter() -> TypeAdapter[Bank]:
    return TypeAdapter(Bank)


def _explain(source: Source, error: Any) -> Problem:
    """A pydantic error in words for an author."""
    path = tuple(error["loc"])
    names = [step for step in path if isinstance(step, str)]
    last = names[-1] if names else "the file"
    kind, context = error["type"], error.get("ctx", {})
    who = _who(source, path)
    message, mend = f"{who}{last!r}: {error['msg']}.", "See the schema, quizzes/schema.json."
    if kind == "missing":
        message, mend = f"{who}needs {last!r}.", "Add it."
    elif kind == "extra_forbidden":
        models: tuple[type[Strict], ...] = (*kinds.KINDS, Bank, Card, Objective, Option, Slip)
        fields = sorted({name for one in models for name in one.model_fields})
        near = difflib.get_close_matches(last, fields, n=1)
        message = f"{who}has {last!r}, which means nothing here."
        mend = f"Did you mean {near[0]!r}?" if near else "Remove it."
    elif kind in ("union_tag_invalid", "union_tag_not_found"):
        message = f"{who}is of a kind that does not exist: {context.get('tag', 'no kind given')!r}."
        mend = f"Kinds: {', '.join(kinds.names())}."
    elif kind == "literal_error":
        message, mend = f"{who}{last!r} is {error['input']!r}.", f"Expected {context.get('expected')}."
    elif kind == "string_type" and isinstance(error["input"], bool | int | float):
        message = f"{who}{last!r} is read as {error['input']!r}, not as text."
        mend = "Put it in quotes: YAML reads yes, no, 12 and 1:30 as something else."
    elif kind in ("list_type", "dict_type", "model_type", "model_attributes_type", "string_type"):
        wanted = {"list_type": "a list", "string_type": "a text"}.get(kind, "names with values")
        message = f"{who}{last!r} is {_type(error['input'])}; expected {wanted}."
        mend = "Check the indentation and the dashes."
    elif kind == "string_pattern_mismatch":
        message, mend = f"{who}{last!r} is {error['input']!r}.", _PATTERNS.get(last, "Use a-z, 0-9 and single dashes.")
    elif kind == "value_error":
        text = str(context.get("error", error["msg"]))
        message, mend = f"{who}{text}.", ""
    return Problem(str(source.file), source.line(path), kind.replace("_", "-"), message, mend)


def _type(value: Any) -> str:
    names = {dict: "names with values", list: "a list", str: "a text", type(None): "empty", bool: "yes or no"}
    return names.get(type(value), "a number")


def _who(source: Source, path: tuple[Any, ...]) -> str:
    """The item or card that a path leads into, by its id."""
    if len(path) < 2 or path[0] not in ("items", "cards") or not isinstance(path[1], int):
        return ""
    entry = source.data[path[0]][path[1]]
    name = entry.get("id") if isinstance(entry, dict) else None
    options = [step for before, step in itertools.pairwise(path) if before == "options"]
    part = f", option {options[0] + 1}" if options and isinstance(options[0], int) else ""
    return f"{name or f'{path[0]} number {path[1] + 1}'}{part}: "
