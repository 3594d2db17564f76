"""A bank's YAML to plain data that knows its lines, so that every message can name one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from coursekit.errors import CourseError

LARGEST_BANK = 20_000_000  # bytes; a bank of ten thousand questions is about half of it
DEEPEST = 30  # nested lists and mappings; a bank has about six


@dataclass(frozen=True)
class Problem:
    """Something an author can mend: where it is, the rule it breaks, what was seen, what to do."""

    file: str
    line: int
    rule: str
    message: str
    mend: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message} {self.mend}".strip()


class BankError(CourseError):
    """A bank that cannot be used; ``problems`` says why, each with its line."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        more = f" (and {len(problems) - 1} more; see: coursekit lint)" if len(problems) > 1 else ""
        super().__init__(f"{problems[0]}{more}")


@dataclass(frozen=True)
class Source:
    """The data of a YAML file, and the tree it was read from."""

    file: Path
    data: Any
    root: yaml.Node

    def line(self, path: tuple[str | int, ...] = ()) -> int:
        """The line (from 1) of the value at ``path``, or of the nearest thing around it."""
        node = self.root
        line = node.start_mark.line + 1
        for step in path:
            below, found = _below(node, step)
            if below is None:
                continue  # a name that the model put in between, such as the kind of a question
            node, line = below, found
        return line


def read_yaml(file: Path) -> Source:
    """Read a YAML file.

    Raises:
        BankError: if it cannot be read: not there, too large, not UTF-8, malformed, aliases, a key given twice.
    """
    try:
        size = file.stat().st_size
        if size > LARGEST_BANK:
            raise BankError([_problem(file, 1, "size", f"is {size:,} bytes large.", "Split it by lesson.")])
        text = file.read_text(encoding="utf-8-sig")  # some editors begin a file with a byte order mark
    except OSError as error:
        raise BankError([_problem(file, 1, "file", f"cannot be read: {error.strerror}.", "Check the path.")]) from error
    except UnicodeDecodeError as error:
        raise BankError([_problem(file, 1, "file", "is not UTF-8 text.", "Save it as UTF-8.")]) from error
    try:
        _refuse_aliases(file, text)
        root = yaml.compose(text, Loader=_Loader)
    except (yaml.YAMLError, ValueError) as error:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        said = getattr(error, "problem", None) or str(error).splitlines()[0]
        line = mark.line + 1 if mark else 1
        mend = "Check the indentation and the quotes just above; a text with ': ' or '#' needs quotes or '|'."
        if "another document" in said:
            mend = "A bank is one document: take out the line '---'."
        elif "tab character" in said or "\\t" in said:
            mend = "Indent with spaces; YAML takes no tabs."
        raise BankError([_problem(file, line, "yaml", f"is not YAML: {said}.", mend)]) from error
    if root is None:
        raise BankError([_problem(file, 1, "yaml", "is empty.", "A bank has 'lesson', 'items' and 'cards'.")])
    doubles: list[Problem] = []
    data = _data(root, file, doubles)
    _scalars.constructed_objects.clear()  # it would keep every node of every bank
    if doubles:
        raise BankError(doubles)
    return Source(file, data, root)


_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the C parser is ten times as fast
_scalars = yaml.SafeLoader("")


def _problem(file: Path, line: int, rule: str, message: str, mend: str) -> Problem:
    return Problem(str(file), line, rule, message, mend)


def _refuse_aliases(file: Path, text: str) -> None:
    """Nine nested aliases are a gigabyte once unfolded; and depth would overflow the stack of the C parser."""
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.AliasEvent):
            line = event.start_mark.line + 1 if event.start_mark else 1
            raise BankError([_problem(file, line, "yaml", "uses an alias (*name).", "Write the text out.")])
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > DEEPEST:
            line = event.start_mark.line + 1 if event.start_mark else 1
            raise BankError([_problem(file, line, "yaml", "is nested too deeply.", "Check the brackets.")])


def _data(node: yaml.Node, file: Path, doubles: list[Problem]) -> Any:
    if isinstance(node, yaml.SequenceNode):
        return [_data(one, file, doubles) for one in node.value]
    if isinstance(node, yaml.MappingNode):
        found: dict[Any, Any] = {}
        for key_node, value_node in node.value:
            key = str(key_node.value) if isinstance(key_node, yaml.ScalarNode) else str(key_node.tag)
            if key in found:
                line = key_node.start_mark.line + 1
                doubles.append(_problem(file, line, "yaml", f"gives {key!r} twice.", "Keep one of them."))
            found[key] = _data(value_node, file, doubles)
        return found
    try:
        return _scalars.construct_object(node, deep=True)
    except (yaml.YAMLError, ValueError):
        return node.value


def _below(node: yaml.Node, step: str | int) -> tuple[yaml.Node | None, int]:
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        return node.value[step], node.value[step].start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        for key_node, value_node in node.value:
            if key_node.value == step:
                return value_node, key_node.start_mark.line + 1
    return None, 0
