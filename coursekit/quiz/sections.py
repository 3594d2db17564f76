"""The sections of a lesson that questions point to, by the tags of its cells."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path

from coursekit.errors import CourseError
from coursekit.lessons import find

_NAMES = {"deep": "What happens underneath", "visualize": "See it"}  # where a lesson has no notebook yet


def heading(lesson: str, section: str) -> str:
    """The lesson's own heading of a section; the section's name where the lesson has none."""
    try:
        path = find(lesson).notebook
    except CourseError:
        return _plain(section)
    return headings(path).get(section, _plain(section))


@cache
def headings(notebook: Path) -> dict[str, str]:
    """The first heading of each section of a lesson notebook, by tag without ``mode-``."""
    found: dict[str, str] = {}
    for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]:
        for tag in cell.get("metadata", {}).get("tags", []):
            name = tag.removeprefix("mode-")
            title = re.search(r"^#{1,4}\s+(.+?)\s*$", "".join(cell["source"]), re.MULTILINE)
            if cell["cell_type"] == "markdown" and title and name not in found:
                found[name] = title[1]
    return found


def _plain(section: str) -> str:
    return _NAMES.get(section, section.replace("-", " ").capitalize())
