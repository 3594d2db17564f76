"""Views: one learning mode of a lesson, as a notebook that runs by itself from top to bottom."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from coursekit.errors import CourseError
from coursekit.grading.release import release_files
from coursekit.lab.modes import ABOUT
from coursekit.lab.page import path_of
from coursekit.lab.workspace import deliver, usable
from coursekit.lessons import MODES, find

if TYPE_CHECKING:
    from nbformat import NotebookNode

SETUP = "setup"  # tag of the cells that every view begins with

# What may hold something that looks like a link and is none, before what is one.
_LINK = re.compile(
    r"(?P<code>(?P<ticks>`+|~{3,}).*?(?P=ticks))"
    r"|(?P<before>\]\(\s*<?|\b(?:src|href)\s*=\s*[\"'])(?P<to>[^)\s>\"']+)",
    re.DOTALL,
)
_ELSEWHERE = re.compile(r"(?:[a-z][a-z0-9+.-]*:|/)", re.IGNORECASE)  # another site, an attachment, an absolute path
_HEADING = re.compile(r"^#{1,6}\s+(.+?)\s*#*\s*$", re.MULTILINE)


def cut(notebook: NotebookNode, mode: str, *, back: str = "") -> NotebookNode:
    """The cells of one mode, with a title of their own and the set-up they need, without outputs.

    Args:
        notebook: a lesson, as read by nbformat; it is left as it is.
        mode: one of the ten.
        back: path from the view to the lesson, for the links.

    Raises:
        CourseError: if there is no such mode, or the lesson has no cell of it.
    """
    import nbformat

    mode = known_mode(mode)
    about: dict[str, Any] = notebook.metadata.get("coursekit", {})
    setup = [cell for cell in notebook.cells if SETUP in _tags(cell)]
    own = [cell for cell in notebook.cells if f"mode-{mode}" in _tags(cell) and SETUP not in _tags(cell)]
    if not own:
        raise CourseError(f"{about.get('title', 'This lesson')} has no cell of the mode {mode!r}.")
    cells = [_plain(cell) for cell in [*setup, *own]]
    anchors = {
        heading.replace(" ", "-")
        for cell in cells
        if cell.cell_type == "markdown"
        for heading in _HEADING.findall(cell.source)
    }
    for cell in cells:
        if cell.cell_type == "markdown" and back:
            cell.source = _relink(cell.source, back, anchors)
    title = nbformat.v4.new_markdown_cell(_title(about, mode, back), id=f"view-{mode}")
    title.metadata["tags"] = [f"mode-{mode}"]
    view = nbformat.v4.new_notebook(cells=[title, *cells])
    for name in ("kernelspec", "language_info"):
        if name in notebook.metadata:
            view.metadata[name] = nbformat.from_dict(notebook.metadata[name])
    view.metadata["coursekit"] = {"view": mode}
    return view


def write_view(lesson: str, mode: str, workspace: Path) -> Path:
    """Write the view into the workspace and return its path.

    A view the learner changed stays; a newer version lands beside it, and then that one's path is returned.

    Raises:
        CourseError: no such lesson or mode, or a folder that cannot be a workspace.
    """
    import nbformat

    mode = known_mode(mode)
    found = find(lesson)
    folder = usable(workspace)
    released = release_files(found)[found.notebook.name]
    view = cut(nbformat.reads(released.decode("utf-8"), as_version=4), mode, back=f"../{found.notebook.name}")
    name = path_of(found, mode)
    delivery = deliver(folder, {name: (nbformat.writes(view, version=4) + "\n").encode("utf-8")})
    for line in delivery.lines() if delivery.beside else []:
        print(line, file=sys.stderr)
    return folder / (delivery.beside[0][1] if delivery.beside else name)


def known_mode(mode: str) -> str:
    """The mode's name as the course writes it.

    Raises:
        CourseError: if it is none of the ten; the message lists them.
    """
    name = mode.strip().lower()
    if name not in MODES:
        raise CourseError(f"There is no mode {mode!r}. The ten modes: {', '.join(MODES)}.")
    return name


def _title(about: dict[str, Any], mode: str, back: str) -> str:
    minutes = about.get("minutes", {}).get(mode)
    lines = [
        f"# {about.get('title', 'Lesson')}: {ABOUT[mode].title.lower()}",
        "",
        ABOUT[mode].what + (f" About {minutes} minutes." if minutes else ""),
        "",
        "This is one of ten ways through the lesson. It runs by itself, from top to bottom.",
    ]
    if back:
        lines.append(f"The others are in [the whole lesson]({back}).")
    return "\n".join(lines)


def _tags(cell: NotebookNode) -> list[str]:
    return list(cell.metadata.get("tags", []))


def _plain(cell: NotebookNode) -> NotebookNode:
    """A copy without outputs."""
    import nbformat

    copy = nbformat.from_dict(cell)
    if copy.cell_type == "code":
        copy.outputs, copy.execution_count = [], None
    return copy


def _relink(source: str, back: str, anchors: set[str]) -> str:
    """Links relative to the lesson, as they have to be from the view's folder; those inside code stay."""
    up = back.rpartition("/")[0]

    def moved(match: re.Match[str]) -> str:
        to = match["to"]
        if match["code"] or _ELSEWHERE.match(to):
            return match[0]
        if to.startswith("#"):
            return match[0] if to[1:] in anchors else f"{match['before']}{back}{to}"
        return f"{match['before']}{up}/{to}" if up else match[0]

    return _LINK.sub(moved, source)
